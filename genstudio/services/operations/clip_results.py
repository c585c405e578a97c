"""What operations on clips share: their settings, their size, and films or frames as results."""

import csv
import io
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np

from genstudio.data.films import look_at_film, opened_film
from genstudio.domain.artifacts import CLIP, IMAGE, Artifact
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr
from genstudio.domain.operations import Report
from genstudio.domain.progress import Progress
from genstudio.domain.recipes import Recipe
from genstudio.domain.settings import Settings, setting
from genstudio.models.style.steadying import Steadier
from genstudio.services.film_conversion import convert_film
from genstudio.services.operations.key_frames import frame_name
from genstudio.services.operations.marking import marked, visible_mark
from genstudio.services.operations.pictures import SMALLEST_SIDE
from genstudio.services.operations.protocol import Made

_PICTURES = "png"
_TIMES = "times.csv"


def steadying_setting(only_with: tuple[str, Any] | None = None) -> Any:
    """The setting that holds paint to what moves; see :class:`Steadier`.

    Args:
        only_with: Another setting and its value without which it changes nothing.
    """
    return setting(
        0.7,
        title="How firmly paint stays on what moves — steadying",
        help="Blends each frame with the painted one before, moved as the film moves. 0 paints "
        "each frame by itself, which flickers more and is a little sharper.",
        ge=0.0,
        le=0.95,
        before=0.0,
        only_with=only_with,
    )


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
    saved_as: Literal["mp4", "webm", "av1", "png"] = setting(
        "mp4",
        title="Saved as",
        help="“mp4” plays everywhere; “webm” (VP9, Opus) is free of patents and for the web, but "
        "slower to write; “av1” is an MP4 with AV1, smaller, for players of today; “png” is "
        "each frame as a picture without loss, for editing, with a table of their times and "
        "without sound.",
    )
    steadying: float = steadying_setting()
    mark: bool = visible_mark()


def refuse_flat(clip: Path, largest_side: int) -> None:
    """Refuse a clip of whose frames nothing is left when they are made smaller.

    Raises:
        DatasetError: It is so flat, or cannot be read.
    """
    info = look_at_film(clip)
    scale = min(1.0, largest_side / max(info.width, info.height))
    width, height = round(info.width * scale), round(info.height * scale)
    if min(width, height) < SMALLEST_SIDE:
        raise DatasetError(
            tr("{name} is too flat for this size", name=clip.name),
            tr(
                "A frame has {width:,} × {height:,} pixels. Made smaller for this, it has "
                "{width2:,} × {height2:,}, and nothing is seen in it.",
                width=info.width,
                height=info.height,
                width2=width,
                height2=height,
            ),
            tr("Choose a longer side, or another film."),
        )


def filmed(
    source: Path,
    paint: Callable[[np.ndarray], np.ndarray],
    recipe: Recipe,
    settings: ClipSettings,
    *,
    what: str,
    steadying: float,
) -> Generator[Made | Progress, None, None]:
    """Paint a film frame by frame; a film as result is there until the next step.

    Args:
        source: The film.
        paint: Gives what becomes of a frame: both uint8 (height, width, 3).
        recipe: Of the film; pictures of frames get their position.
        settings: Size, format and mark.
        what: Is being done, for people.
        steadying: Share of the paint before that stays on what moves, from 0 to 1.

    Raises:
        GenStudioError: The film cannot be read, or the new one not written.
    """
    steadier = Steadier(steadying)

    def work(frame_HWC: np.ndarray) -> np.ndarray:
        painted_HWC = steadier.steady(frame_HWC, paint(frame_HWC))
        return marked(painted_HWC) if settings.mark else painted_HWC

    if settings.saved_as == _PICTURES:
        yield from _pictured(source, work, recipe, settings.largest_side, what)
        return
    with TemporaryDirectory(prefix="genstudio-clip-") as folder:
        is_av1 = settings.saved_as == "av1"
        path = Path(folder) / ("clip.mp4" if is_av1 else f"clip.{settings.saved_as}")
        done = yield from convert_film(
            source,
            path,
            work,
            largest_side=settings.largest_side,
            what=what,
            codec="av1" if is_av1 else "usual",
        )
        values: dict[str, float | str] = {"frames": done.num_frames}
        if done.sound:
            values["sound"] = done.sound
        if done.num_damaged:
            values["damaged"] = done.num_damaged
        yield Made(
            artifact=Artifact(kind=CLIP, data=path, seed=recipe.seed, values=values),
            recipe=recipe,
            name=f"{source.stem}-{recipe.operation}",
            source=source,
        )
        yield Progress(what, done.num_frames, done.num_frames)


def _pictured(
    source: Path,
    work: Callable[[np.ndarray], np.ndarray],
    recipe: Recipe,
    largest_side: int,
    what: str,
) -> Generator[Made | Progress, None, None]:
    """Each frame as a picture; a table says when it is shown."""
    times: list[tuple[str, float]] = []
    with opened_film(source) as film:
        for frame in film.frames(largest_side):
            image_HWC = work(frame.image_HWC)
            name = f"{frame_name(source, frame.number)}-{recipe.operation}"
            seconds = float(frame.seconds)
            times.append((name, seconds))
            yield Made(
                artifact=Artifact(
                    kind=IMAGE, data=image_HWC, seed=recipe.seed, values={"seconds": seconds}
                ),
                recipe=recipe.model_copy(update={"position": frame.number}),
                name=name,
            )
            total = max(film.info.num_frames, frame.number + 1)
            yield Progress(what, frame.number + 1, total)
        words = tr("{name} says when each frame is shown.", name=_TIMES)
        if film.info.has_sound:
            words = tr("{words} The sound stays in {source}.", words=words, source=source.name)

    def files(names: Mapping[Path, str]) -> Mapping[str, bytes]:
        return {_TIMES: _table(times, names)}

    yield Progress(what, len(times), len(times), Report(files=files, words=words))


def _table(times: Sequence[tuple[str, float]], names: Mapping[Path, str]) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["file", "seconds"])
    table.writerows((names[Path(name)], f"{seconds:.6f}") for name, seconds in times)
    return text.getvalue().encode()
