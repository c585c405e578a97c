"""How a run's pictures came about, as a film of its previews."""

import hashlib
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import genstudio
from genstudio.artifacts.image import LARGEST_RECIPE_BYTES
from genstudio.artifacts.protocol import ArtifactCard
from genstudio.data.decode import PARSER_ERRORS
from genstudio.domain.artifacts import CLIP, IMAGE, Artifact
from genstudio.domain.errors import ProjectError
from genstudio.domain.films import Codec
from genstudio.domain.language import tr, trn
from genstudio.domain.progress import Progress, Working
from genstudio.domain.recipes import Recipe
from genstudio.domain.values import Count
from genstudio.services.films import write_film
from genstudio.services.outputs import free_place
from genstudio.services.runs import Run

TIME_LAPSE: Final = "time-lapse"
_FPS: Final = 30
_FEWEST: Final = 2
# The end is what it was all for: it stays to be looked at.
_END_S: Final = 1.5
# A recipe may be a stranger's.
_LONGEST_S: Final = 3600
_MOST_FPS: Final = 120
_MOST_FRAMES: Final = 200_000


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
            trn(
                "The run {name} has {number} preview that can be read.",
                "The run {name} has {number} previews that can be read.",
                len(previews),
                name=run.path.name,
            ),
            tr("Let it learn a while longer."),
        )
    told: dict[str, Any] = {"seconds": seconds, "fps": _FPS, "end_s": _END_S, "codec": codec}
    recipe = _recipe(
        run,
        previews,
        {**told, "previews": [step for step, _ in previews], "digest": _digest_of(previews)},
    )
    if len(recipe.model_dump_json().encode()) > LARGEST_RECIPE_BYTES:
        recipe = _recipe(run, previews, told)  # It cannot be made again, and says so.
    lapse = _Lapse(seconds=seconds, fps=_FPS, end_s=_END_S, codec=codec)
    return (yield from _film(lapse, previews, free_place(path), recipe))


class _Lapse(BaseModel):
    """What a recipe says of a time-lapse.

    Attributes:
        seconds: How long previews change.
        fps: Frames a second.
        end_s: How much longer the last one stays.
        codec: Of the film.
        previews: Steps of those that it was made of; none where there were too many to note.
        digest: Of their pixels.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    seconds: float = Field(gt=0, le=_LONGEST_S)
    fps: int = Field(ge=1, le=_MOST_FPS)
    end_s: float = Field(ge=0, le=_LONGEST_S)
    codec: Codec = "usual"
    previews: tuple[Count, ...] = ()
    digest: str = Field(default="", max_length=64)

    def moving(self, num_previews: int) -> int:
        """Frames in which previews change."""
        return max(num_previews, round(self.seconds * self.fps))

    def count(self, num_previews: int) -> int:
        """All frames."""
        return self.moving(num_previews) + round(self.end_s * self.fps)


def film_again(
    run: Run, recipe: Recipe, kind: ArtifactCard, suffix: str
) -> Generator[Progress | Artifact, None, None]:
    """Film the same previews again, or draw one of the frames.

    Args:
        run: That the film is of.
        recipe: Of the film, or of the frame at its position.
        kind: Of the result: a clip or a picture.
        suffix: Of the film, which is written like the first one.

    Yields:
        At last the result; a film is there until the next step.

    Raises:
        ProjectError: The recipe does not say of which previews it was made, or is damaged; or some
            of them are gone, or others now.
    """
    lapse = _read(recipe)
    previews = _kept(run, lapse)
    if kind.key == IMAGE:
        moving, count = lapse.moving(len(previews)), lapse.count(len(previews))
        if recipe.position >= count:
            raise _damaged()
        files = [path for _, path in previews]
        frame_HWC = next(islice(_frames(files, moving, count), recipe.position, None))
        yield Artifact(kind=IMAGE, data=frame_HWC)
        return
    with TemporaryDirectory(prefix="genstudio-time-lapse-") as folder:
        film = Path(folder) / f"time-lapse{suffix}"
        path = yield from _film(lapse, previews, film, recipe)
        yield Artifact(kind=CLIP, data=path)


def _film(
    lapse: _Lapse, previews: Sequence[tuple[int, Path]], path: Path, recipe: Recipe
) -> Working[Path]:
    moving, count = lapse.moving(len(previews)), lapse.count(len(previews))
    frames = _frames([file for _, file in previews], moving, count)
    return (
        yield from write_film(
            frames, path, count=count, fps=lapse.fps, recipe=recipe, codec=lapse.codec
        )
    )


def _recipe(run: Run, previews: Sequence[tuple[int, Path]], sampling: dict[str, Any]) -> Recipe:
    return Recipe(
        software=f"GenStudio {genstudio.__version__}",
        model_key=run.settings.model_key,
        run=run.path.name,
        project=run.project().name,
        step=previews[-1][0],
        size=run.settings.size,
        sampling=sampling,
        created=datetime.now(UTC).replace(microsecond=0),
        operation=TIME_LAPSE,
    )


def _read(recipe: Recipe) -> _Lapse:
    # Earlier versions noted how long it is, and nothing else.
    if not recipe.sampling.get("previews"):
        raise ProjectError(
            tr("This time-lapse cannot be made again"),
            tr(
                "It does not say of which previews it was made: an earlier version made it, or "
                "there were more than a film can note."
            ),
            tr("Film the run anew on the Train page, or with “genstudio timelapse”."),
        )
    try:
        lapse = _Lapse.model_validate(recipe.sampling)
    except ValidationError as error:
        raise _damaged() from error
    if len(lapse.previews) > _MOST_FRAMES or lapse.count(len(lapse.previews)) > _MOST_FRAMES:
        raise _damaged()
    return lapse


def _damaged() -> ProjectError:
    return ProjectError(
        tr("The recipe of this time-lapse is damaged"),
        tr("It does not say how the previews followed each other."),
        tr("Use the original film, as GenStudio saved it."),
    )


def _kept(run: Run, lapse: _Lapse) -> list[tuple[int, Path]]:
    """The previews that a time-lapse was made of, where all of them are as they were."""
    there = dict(run.previews())
    gone = [step for step in lapse.previews if step not in there]
    if gone:
        raise ProjectError(
            tr("Previews of the run are no longer there"),
            tr(
                "Missing of the {count:,} that were filmed: {missing:,}, first that of step "
                "{step:,}.",
                count=len(lapse.previews),
                missing=len(gone),
                step=gone[0],
            ),
            tr("What a run showed while it learned is not drawn anew: put its files back."),
        )
    previews = [(step, there[step]) for step in lapse.previews]
    try:
        digest = _digest_of(previews)
    except PARSER_ERRORS:
        digest = ""
    if digest != lapse.digest:
        raise ProjectError(
            tr("The run has other previews now"),
            tr("They show something else than what was filmed."),
            tr(
                "Was the run gone back and trained anew, or the recipe changed? Then nothing can "
                "make it again."
            ),
        )
    return previews


def _digest_of(previews: Sequence[tuple[int, Path]]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for _, path in previews:
        with Image.open(path, formats=("PNG",)) as picture:
            digest.update(f"{picture.size}".encode())
            digest.update(picture.convert("RGB").tobytes())
    return digest.hexdigest()


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
