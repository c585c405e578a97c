"""Films from frames: their colours, their length and what they were made with are exact.

Needs PyAV, which is the extra "video"; PNG sequences and animated WebP do without.
"""

from collections.abc import Iterator
from fractions import Fraction
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from genstudio.artifacts.clip import said_of_clip
from genstudio.artifacts.image import save_picture
from genstudio.data.films import pyav
from genstudio.domain.errors import GenStudioError, SettingsError
from genstudio.domain.files import explained, replacing
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working
from genstudio.domain.recipes import Recipe

# Suffix => encoder and its options. A fixed number of threads: pixels depend on it. Without
# B-frames MP4 ends when its last frame does.
ENCODERS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    ".mp4": ("libx264", {"crf": "14", "bf": "0", "threads": "2", "preset": "medium"}),
    ".webm": ("libvpx-vp9", {"crf": "18", "b": "0", "threads": "2", "row-mt": "0"}),
}
_WEBP = ".webp"
SUFFIXES: Final = (*ENCODERS, _WEBP)
# Small pictures are enlarged by whole numbers to about this side, which players can show.
_SHOWN_SIDE_PX: Final = 512
_BT709: Final = 1
_LIMITED_RANGE: Final = 1


def write_film(
    frames: Iterator[np.ndarray], path: Path, *, count: int, fps: int, recipe: Recipe
) -> Working[Path]:
    """Write frames as they come; what is cancelled or fails leaves nothing behind.

    Args:
        frames: uint8 of shape (height, width, 3), all of one size.
        path: A file that is not there yet, ending in one of :data:`SUFFIXES`; with no suffix, a
            folder for numbered PNG files.
        count: How many frames there are.
        fps: Frames a second.
        recipe: Goes along in the file.

    Returns:
        The path.

    Raises:
        SettingsError: The suffix is unknown, or the extra "video" is missing.
        ProjectError: The disk is full or the folder cannot be written to.
    """
    suffix = path.suffix.lower()
    if not suffix:
        return _write_pictures(frames, path, count, recipe)
    if suffix == _WEBP:
        return _write_webp(frames, path, count, fps)
    if suffix not in ENCODERS:
        raise SettingsError(
            tr("Films cannot be written as {suffix}", suffix=suffix),
            "",
            tr(
                "Name a file that ends in {suffixes}, or a folder for single pictures.",
                suffixes=", ".join(SUFFIXES),
            ),
        )
    return _encode(pyav(), frames, path, count, fps, recipe)


def read_film_recipe(path: Path) -> Recipe | None:
    """How a film was made, from its file; None if it does not say so.

    Raises:
        SettingsError: The extra "video" is missing, or it is no film.
    """
    av = pyav()
    try:
        with av.open(str(path)) as film:
            text = film.metadata.get("comment") or film.metadata.get("COMMENT") or ""
    except av.FFmpegError as error:
        raise SettingsError(
            tr("{name} cannot be read as a film", name=path.name), str(error)
        ) from error
    try:
        return Recipe.model_validate_json(text)
    except ValueError:
        return None


def best_suffix() -> str:
    """Of the films that can be written here: .mp4 with the extra "video", else .webp."""
    return ".mp4" if find_spec("av") is not None else _WEBP


def _encode(
    av: Any, frames: Iterator[np.ndarray], path: Path, count: int, fps: int, recipe: Recipe
) -> Working[Path]:
    encoder, options = ENCODERS[path.suffix.lower()]
    kind = path.suffix.lower().removeprefix(".")
    with explained(path), replacing(path) as temporary:
        try:
            with av.open(str(temporary), "w", format=kind) as film:
                film.metadata.update(said_of_clip(recipe))
                stream = None
                for number, frame_HWC in enumerate(frames):
                    enlarged_HWC = _enlarged(frame_HWC)
                    if stream is None:
                        stream = film.add_stream(encoder, rate=Fraction(fps), options=options)
                        stream.height, stream.width = enlarged_HWC.shape[:2]
                        stream.pix_fmt = "yuv420p"
                        colour_tagged(stream.codec_context)
                    frame = converted_frame(av, enlarged_HWC)
                    frame.pts = number
                    frame.time_base = Fraction(1, fps)
                    film.mux(stream.encode(frame))
                    yield Progress("Filming", number + 1, count)
                if stream is not None:
                    film.mux(stream.encode())
        except av.FFmpegError as error:
            raise GenStudioError(
                tr("{name} could not be written", name=path.name),
                f"{error.strerror or error}",
                tr("Choose another kind of file, such as .webm or .mp4."),
            ) from error
    return path


def colour_tagged(context: Any) -> None:
    """Have an encoder say that its colours are BT.709, as :func:`converted_frame` makes them."""
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = _LIMITED_RANGE


def converted_frame(av: Any, frame_HWC: np.ndarray) -> Any:
    """A frame whose colours are BT.709 and say so: a tag alone changes what is seen."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame_HWC), format="rgb24")
    converted = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
    converted.colorspace = converted.color_primaries = converted.color_trc = _BT709
    converted.color_range = _LIMITED_RANGE
    return converted


def _write_webp(frames: Iterator[np.ndarray], path: Path, count: int, fps: int) -> Working[Path]:
    kept: list[Image.Image] = []
    for number, frame_HWC in enumerate(frames):
        kept.append(Image.fromarray(_enlarged(frame_HWC)))
        yield Progress("Filming", number + 1, count)
    # Whole milliseconds, whose sum is the length: each frame ends where the next begins.
    ends = [round(1000 * number / fps) for number in range(len(kept) + 1)]
    durations = [end - start for start, end in pairwise(ends)]
    with explained(path), replacing(path) as temporary:
        kept[0].save(
            temporary,
            "WEBP",
            save_all=True,
            append_images=kept[1:],
            duration=durations,
            loop=0,
            quality=90,
        )
    return path


def _write_pictures(
    frames: Iterator[np.ndarray], folder: Path, count: int, recipe: Recipe
) -> Working[Path]:
    for number, frame_HWC in enumerate(frames):
        place = recipe.model_copy(update={"position": number})
        save_picture(frame_HWC, folder / f"{number:05}.png", place)
        yield Progress("Filming", number + 1, count)
    return folder


def _enlarged(frame_HWC: np.ndarray) -> np.ndarray:
    factor = max(1, _SHOWN_SIDE_PX // max(frame_HWC.shape[:2]))
    return frame_HWC.repeat(factor, axis=0).repeat(factor, axis=1)
