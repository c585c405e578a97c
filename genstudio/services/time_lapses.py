"""How a run's pictures came about, as a film of its previews."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

import genstudio
from genstudio.data.decode import PARSER_ERRORS
from genstudio.domain.errors import ProjectError
from genstudio.domain.films import Codec
from genstudio.domain.language import tr
from genstudio.domain.progress import Working
from genstudio.domain.recipes import Recipe
from genstudio.services.films import write_film
from genstudio.services.outputs import free_place
from genstudio.services.runs import Run

_FPS: Final = 30
_FEWEST: Final = 2
# The end is what it was all for: it stays to be looked at.
_END_S: Final = 1.5


def film_run(
    run: Run, path: Path, *, seconds: float = 10.0, codec: Codec = "usual"
) -> Working[Path]:
    """Film the previews of a run, each as long as another, the last one longer.

    Args:
        run: With two previews or more.
        path: See :func:`~genstudio.services.films.write_film`; what is there stays, and the film
            gets a number.
        seconds: How long it is, without the end.
        codec: Of .mp4 and .webm.

    Returns:
        Where it is.

    Raises:
        ProjectError: There are too few previews, or it cannot be written.
    """
    previews = _alike(run)
    if len(previews) < _FEWEST:
        raise ProjectError(
            tr("There is nothing to film yet"),
            tr(
                "The run {name} has {num_previews} previews that can be read.",
                name=run.path.name,
                num_previews=len(previews),
            ),
            tr("Let it learn a while longer."),
        )
    moving = max(len(previews), round(seconds * _FPS))
    count = moving + round(_END_S * _FPS)
    recipe = Recipe(
        software=f"GenStudio {genstudio.__version__}",
        model_key=run.settings.model_key,
        run=run.path.name,
        project=run.project().name,
        step=previews[-1][0],
        size=run.settings.size,
        sampling={"seconds": seconds},
        created=datetime.now(UTC).replace(microsecond=0),
        operation="time-lapse",
    )
    frames = _frames([path for _, path in previews], moving, count)
    place = free_place(path)
    return (yield from write_film(frames, place, count=count, fps=_FPS, recipe=recipe, codec=codec))


def _alike(run: Run) -> list[tuple[int, Path]]:
    """Step and file of the previews that can be read, of the commonest size."""
    sizes: dict[tuple[int, Path], tuple[int, int]] = {}
    for preview in run.previews():
        try:
            with Image.open(preview[1], formats=("PNG",)) as picture:
                sizes[preview] = picture.size
        except PARSER_ERRORS:
            continue
    if not sizes:
        return []
    commonest = Counter(sizes.values()).most_common(1)[0][0]
    return [preview for preview, size in sizes.items() if size == commonest]


def _frames(files: list[Path], moving: int, count: int) -> Iterator[np.ndarray]:
    shown, frame_HWC = -1, np.empty(0, np.uint8)
    for number in range(count):
        wanted = min(number * len(files) // moving, len(files) - 1)
        if wanted != shown:
            with Image.open(files[wanted], formats=("PNG",)) as picture:
                frame_HWC = _even(np.asarray(picture.convert("RGB")))
            shown = wanted
        yield frame_HWC


def _even(frame_HWC: np.ndarray) -> np.ndarray:
    """H.264 wants even sides: the last row or column is shown twice."""
    height, width = frame_HWC.shape[:2]
    return np.pad(frame_HWC, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
