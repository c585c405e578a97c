"""What operations on clips share: their settings, their size, and films as results."""

from collections.abc import Callable, Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from genstudio.domain.artifacts import CLIP, Artifact
from genstudio.domain.progress import Progress
from genstudio.domain.recipes import Recipe
from genstudio.domain.settings import Settings, setting
from genstudio.services.film_conversion import convert_film
from genstudio.services.operations.marking import marked, visible_mark
from genstudio.services.operations.protocol import Made


class ClipSettings(Settings):
    """What a person chooses for every clip that is made."""

    largest_side: int = setting(
        640,
        title="Longest side of the clip",
        help="Larger films are made smaller first; twice the side takes four times as long.",
        ge=64,
        le=3840,
        unit="px",
    )
    mark: bool = visible_mark()


def filmed(
    source: Path,
    paint: Callable[[np.ndarray], np.ndarray],
    recipe: Recipe,
    settings: ClipSettings,
    *,
    what: str,
) -> Generator[Made | Progress, None, None]:
    """Paint a film frame by frame; the result is there until the next step.

    Raises:
        GenStudioError: The film cannot be read, or the new one not written.
    """

    def work(frame_HWC: np.ndarray) -> np.ndarray:
        painted_HWC = paint(frame_HWC)
        return marked(painted_HWC) if settings.mark else painted_HWC

    with TemporaryDirectory(prefix="genstudio-clip-") as folder:
        path = Path(folder) / "clip.mp4"
        done = yield from convert_film(
            source, path, work, largest_side=settings.largest_side, what=what
        )
        values: dict[str, float | str] = {"frames": done.num_frames}
        if done.num_damaged:
            values["damaged"] = done.num_damaged
        yield Made(
            artifact=Artifact(kind=CLIP, data=path, seed=recipe.seed, values=values),
            recipe=recipe,
            name=f"{source.stem}-{recipe.operation}",
            source=source,
        )
        yield Progress(what, done.num_frames, done.num_frames)
