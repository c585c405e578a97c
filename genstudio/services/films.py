"""Films from frames: their colours, their length and what they were made with are exact.

Needs PyAV, which is the extra "video"; PNG sequences and animated WebP do without.
"""

import math
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from genstudio.artifacts.animation import SUFFIX as ANIMATION
from genstudio.artifacts.animation import said_of_animation
from genstudio.artifacts.clip import said_of_clip
from genstudio.artifacts.image import save_picture
from genstudio.data.films import pyav
from genstudio.domain.errors import GenStudioError, SettingsError
from genstudio.domain.files import explained, replacing
from genstudio.domain.films import Codec
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working
from genstudio.domain.recipes import Recipe
from genstudio.domain.settings import setting

# Suffix => encoder and its options. A fixed number of threads: pixels depend on it. Without
# B-frames MP4 ends when its last frame does.
ENCODERS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    ".mp4": ("libx264", {"crf": "14", "bf": "0", "threads": "2", "preset": "medium"}),
    ".webm": ("libvpx-vp9", {"crf": "18", "b": "0", "threads": "2", "row-mt": "0"}),
}
# Goes into both. SVT-AV1 gives the same whatever its number of threads.
AV1: Final = ("libsvtav1", {"crf": "20", "preset": "8", "svtav1-params": "lp=2"})
# SVT-AV1 4.1 was seen to wait for ever for some very small frames.
SMALLEST_AV1_PX: Final = 64
SUFFIXES: Final = (*ENCODERS, ANIMATION)
# Small pictures are enlarged by whole numbers to about this side, which players can show.
_SHOWN_SIDE_PX: Final = 512
_THREADS: Final = Path("/proc/self/task")
_BT709: Final = 1
_LIMITED_RANGE: Final = 1


def write_film(
    frames: Iterator[np.ndarray],
    path: Path,
    *,
    count: int,
    fps: int,
    recipe: Recipe,
    codec: Codec = "usual",
) -> Working[Path]:
    """Write frames as they come; what is cancelled or fails leaves nothing behind.

    Args:
        frames: uint8 of shape (height, width, 3), all of one size.
        path: A file that is not there yet, ending in one of :data:`SUFFIXES`; with no suffix, a
            folder for numbered PNG files.
        count: How many frames there are.
        fps: Frames a second.
        recipe: Goes along in the file.
        codec: Of .mp4 and .webm.

    Returns:
        The path.

    Raises:
        SettingsError: The suffix is unknown or does not go with the codec, or the extra "video" is
            missing.
        ProjectError: The disk is full or the folder cannot be written to.
    """
    suffix = path.suffix.lower()
    if codec == "av1" and suffix not in ENCODERS:
        raise SettingsError(
            tr("AV1 does not go into such a film"),
            tr("{name} is another kind.", name=path.name),
            tr("Name a file that ends in {suffixes}.", suffixes=", ".join(ENCODERS)),
        )
    if not suffix:
        return _write_pictures(frames, path, count, recipe)
    if suffix == ANIMATION:
        return _write_webp(frames, path, count, fps, recipe)
    if suffix not in ENCODERS:
        raise SettingsError(
            tr("Films cannot be written as {suffix}", suffix=suffix),
            "",
            tr(
                "Name a file that ends in {suffixes}, or a folder for single pictures.",
                suffixes=", ".join(SUFFIXES),
            ),
        )
    return _encode(frames, path, count, fps, recipe, codec)


def codec_setting() -> Any:
    """The setting that asks for a codec."""
    return setting(
        "usual",
        title="Encoding — codec",
        help="“Usual” (H.264 in MP4, VP9 in WebM) plays everywhere; “av1” makes smaller files and "
        "needs a player of today.",
    )


def encoder_for(suffix: str, codec: Codec) -> tuple[str, dict[str, str]]:
    """An encoder and its options.

    Args:
        suffix: Of :data:`ENCODERS`.
        codec: What is wanted.

    Raises:
        SettingsError: The extra "video" is missing, or its build here has no such encoder.
    """
    if codec == "usual":
        return ENCODERS[suffix]
    # It tells of each film that it begins, and asks this alone whether to.
    os.environ.setdefault("SVT_LOG", "1")
    if AV1[0] not in pyav(writes=True).codec.codecs_available:
        raise SettingsError(
            tr("AV1 cannot be written here"),
            tr("The installed PyAV was built without an encoder for it."),
            tr("Choose the usual encoding."),
        )
    return AV1


def best_suffix() -> str:
    """Of the films that can be written here: .mp4 with the extra "video", else .webp."""
    return ".mp4" if find_spec("av") is not None else ANIMATION


def _encode(
    frames: Iterator[np.ndarray], path: Path, count: int, fps: int, recipe: Recipe, codec: Codec
) -> Working[Path]:
    av = pyav(writes=True)
    encoder, options = encoder_for(path.suffix.lower(), codec)
    kind = path.suffix.lower().removeprefix(".")
    smallest = SMALLEST_AV1_PX if codec == "av1" else 1
    convert = FrameConverter()
    with explained(path), replacing(path) as temporary:
        try:
            with av.open(str(temporary), "w", format=kind) as film:
                film.metadata.update(said_of_clip(recipe))
                stream = None
                for number, frame_HWC in enumerate(frames):
                    enlarged_HWC = _enlarged(frame_HWC, smallest)
                    if stream is None:
                        stream = film.add_stream(encoder, rate=Fraction(fps), options=options)
                        stream.height, stream.width = enlarged_HWC.shape[:2]
                        stream.pix_fmt = "yuv420p"
                        colour_tagged(stream.codec_context)
                        open_encoder(stream.codec_context)
                    frame = convert(enlarged_HWC)
                    frame.pts = number
                    frame.time_base = Fraction(1, fps)
                    film.mux(stream.encode(frame))
                    yield Progress(tr("Filming"), number + 1, count)
                if stream is not None:
                    film.mux(stream.encode())
        except av.FFmpegError as error:
            raise GenStudioError(
                tr("{name} could not be written", name=path.name),
                f"{error.strerror or error}",
                tr("Choose another kind of file, such as .webm or .mp4."),
            ) from error
    return path


def open_encoder(context: Any) -> None:
    """Begin to encode; no thread becomes more urgent by it.

    Where root runs it, SVT-AV1 (4.1) makes its own threads and the one that opens it real-time ones
    of the highest priority, and leaves them so: whatever that thread begins afterwards keeps all
    other programs from the processor.
    """
    if sys.platform != "linux":
        context.open()
        return
    before = os.sched_getscheduler(0)
    context.open()
    if before in (os.SCHED_FIFO, os.SCHED_RR):
        return  # A person wants this program to be more urgent.
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # It has ended meanwhile.
            if os.sched_getscheduler(int(thread.name)) == os.SCHED_FIFO:
                os.sched_setscheduler(int(thread.name), before, os.sched_param(0))


def colour_tagged(context: Any) -> None:
    """Have an encoder say that its colours are BT.709, as a :class:`FrameConverter` makes them."""
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = _LIMITED_RANGE


class FrameConverter:
    """Makes frames of pictures whose colours are BT.709 and say so: a tag alone changes them."""

    def __init__(self) -> None:
        self._av = pyav(writes=True)
        # Of its own: without one, FFmpeg's tables are made anew for each frame, which takes longer
        # than encoding it.
        self._reformatter = self._av.video.reformatter.VideoReformatter()

    def __call__(self, frame_HWC: np.ndarray) -> Any:
        """Convert one: uint8 (height, width, 3) => PyAV's own, yuv420p."""
        frame = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(frame_HWC), format="rgb24")
        converted = self._reformatter.reformat(
            frame, format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
        )
        converted.colorspace = converted.color_primaries = converted.color_trc = _BT709
        converted.color_range = _LIMITED_RANGE
        return converted


def _write_webp(
    frames: Iterator[np.ndarray], path: Path, count: int, fps: int, recipe: Recipe
) -> Working[Path]:
    kept: list[Image.Image] = []
    for number, frame_HWC in enumerate(frames):
        kept.append(Image.fromarray(_enlarged(frame_HWC)))
        yield Progress(tr("Filming"), number + 1, count)
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
            xmp=said_of_animation(recipe),
        )
    return path


def _write_pictures(
    frames: Iterator[np.ndarray], folder: Path, count: int, recipe: Recipe
) -> Working[Path]:
    for number, frame_HWC in enumerate(frames):
        place = recipe.model_copy(update={"position": number})
        save_picture(frame_HWC, folder / f"{number:05}.png", place)
        yield Progress(tr("Filming"), number + 1, count)
    return folder


def _enlarged(frame_HWC: np.ndarray, smallest: int = 1) -> np.ndarray:
    shortest, longest = sorted(frame_HWC.shape[:2])
    factor = max(1, _SHOWN_SIDE_PX // longest, math.ceil(smallest / shortest))
    return frame_HWC if factor == 1 else frame_HWC.repeat(factor, axis=1).repeat(factor, axis=0)
