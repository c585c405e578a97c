"""Films and animated pictures, frame by frame and in bounded memory; they are only read.

Needs PyAV, which is the extra "video".
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.files import is_file
from genstudio.domain.language import tr
from genstudio.domain.pack_hints import how_to_get

SUFFIXES: Final = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".mts", ".m2ts", ".ts",
     ".wmv", ".flv", ".3gp", ".ogv", ".mxf"}
)  # fmt: skip
_HD_LINES = 720
# Films are cut into frames by strangers' code: what claims to be larger is not opened.
_LARGEST_SIDE = 16_384
_SMALLEST_SIDE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmInfo:
    """What a film says of itself.

    Attributes:
        width: In pixels, upright.
        height: In pixels, upright.
        fps: Frames a second on average.
        seconds: Length; 0 where it does not say.
        num_frames: As far as it says or can be told from its length; 0 where neither is known.
        has_sound: Whether there is any.
    """

    width: int
    height: int
    fps: Fraction
    seconds: float
    num_frames: int
    has_sound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame.

    Attributes:
        number: From 0, of those that could be read.
        seconds: When it is shown, exactly.
        image_HWC: uint8 of shape (height, width, 3), upright.
    """

    number: int
    seconds: Fraction
    image_HWC: np.ndarray


def is_film(path: Path | str) -> bool:
    """Whether a file is called like a film."""
    return Path(path).suffix.lower() in SUFFIXES


def pyav(*, writes: bool = False) -> Any:
    """The library that reads and writes films.

    Args:
        writes: A film is to be written, for which there are other ways; none is there to read one.

    Raises:
        SettingsError: It is not installed.
    """
    try:
        return import_module("av")
    except ImportError as error:
        install = how_to_get("video")
        raise SettingsError(
            tr("Films need the pack “video”"),
            tr("The part of GenStudio that reads and writes films is not installed."),
            tr("{install} A folder of pictures or a .webp goes without.", install=install)
            if writes
            else install,
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a frame is shown.

    Attributes:
        number: Of the frame, from 0, of those that could be read.
        seconds: When it is shown, exactly.
        pts: Its time as the file has it, by which it is found again; None where it has none.
    """

    number: int
    seconds: Fraction
    pts: int | None


class Film:
    """An opened film; see :func:`opened_film`.

    Attributes:
        info: What it says of itself.
        num_damaged: Packets that could not be decoded so far, whose frames are left out.
        container: PyAV's own, for whoever copies the sound.
        first: Time of its first frame in the file, which is 0 for all others; None where it has no
            times.
    """

    def __init__(self, container: Any, path: Path, looked: "Film | None" = None) -> None:
        self.container = container
        self.num_damaged = 0
        self._av = pyav()
        self._path = path
        self.stream = _moving(container, path)
        self.stream.thread_type = "AUTO"
        self._turns = 0
        self.first: Fraction | None = None
        self._number = 0
        self.info = self._looked_at() if looked is None else looked.info
        if looked is not None:
            self.first = looked.first

    def frames(self, largest_side: int | None = None) -> Iterator[Frame]:
        """Go through all frames, from where it stands.

        Args:
            largest_side: Larger frames are made smaller.
        """
        for packet in self.container.demux(self.stream):
            yield from self.decoded(packet, largest_side)

    def decoded(self, packet: Any, largest_side: int | None = None) -> Iterator[Frame]:
        """The frames of a packet of :attr:`stream`; what is damaged is counted and passed over."""
        try:
            found = packet.decode()
        except self._av.FFmpegError:
            self.num_damaged += 1
            return
        for frame in found:
            yield self._made(frame, largest_side)

    def moments(
        self, is_drawn: Callable[[int], bool], largest_side: int
    ) -> Iterator[tuple[Moment, np.ndarray | None]]:
        """Go through all frames and draw only some, which is much faster.

        Args:
            is_drawn: Whether a frame is drawn, by its number.
            largest_side: Drawn frames that are larger are made smaller.
        """
        for frame in self._undamaged():
            number = self._number
            moment = Moment(number=number, seconds=self._time_of(frame), pts=frame.pts)
            self._number += 1
            yield moment, _upright(frame, largest_side) if is_drawn(number) else None

    def found_again(self, moment: Moment, largest_side: int) -> np.ndarray | None:
        """Go to a frame that was passed and draw it: uint8 (height, width, 3).

        None where it cannot be gone to: then only going through the film from its beginning
        finds it. Frames that are gone through afterwards have no right numbers.
        """
        if moment.pts is None:
            return None
        try:
            self.container.seek(moment.pts, stream=self.stream)
        except self._av.FFmpegError:
            return None
        for frame in self._undamaged():
            if frame.pts == moment.pts:
                return _upright(frame, largest_side)
            if frame.pts is None or frame.pts > moment.pts:
                return None
        return None

    def _made(self, frame: Any, largest_side: int | None) -> Frame:
        seconds = self._time_of(frame)
        image_HWC = _upright(frame, largest_side)
        made = Frame(number=self._number, seconds=seconds, image_HWC=image_HWC)
        self._number += 1
        return made

    def _time_of(self, frame: Any) -> Fraction:
        if frame.pts is None or frame.time_base is None:
            return Fraction(self._number) / self.info.fps
        time = frame.pts * Fraction(frame.time_base)
        if self.first is None:
            self.first = time
        return max(time - self.first, Fraction(0))

    def _looked_at(self) -> FilmInfo:
        """Read one frame, which alone knows which way up it is."""
        first = next(self._undamaged(), None)
        if first is None:
            raise DatasetError(
                tr("{name} has no frames that can be read", name=self._path.name),
                tr("It is damaged, or holds only sound."),
                tr("Choose another film."),
            )
        self._time_of(first)
        height, width = _turned_size(first)
        stream = self.stream
        fps = stream.average_rate or stream.guessed_rate or Fraction(25)
        seconds = float(stream.duration * stream.time_base) if stream.duration else 0.0
        if not seconds and self.container.duration:
            seconds = self.container.duration / 1_000_000
        return FilmInfo(
            width=width,
            height=height,
            fps=Fraction(fps),
            seconds=seconds,
            num_frames=stream.frames or round(seconds * fps),
            has_sound=bool(self.container.streams.audio),
        )

    def _undamaged(self) -> Iterator[Any]:
        for packet in self.container.demux(self.stream):
            try:
                yield from packet.decode()
            except self._av.FFmpegError:
                continue


@contextmanager
def opened_film(path: Path) -> Iterator[Film]:
    """Open a film.

    Raises:
        SettingsError: The extra "video" is missing.
        DatasetError: It is no film, holds no picture, or its sides are out of bounds.
    """
    av = pyav()
    if not is_file(path):
        raise DatasetError(
            tr("{name} cannot be read", name=path.name),
            tr("{path} is no file.", path=path),
            tr("Choose a film."),
        )
    try:
        # No playlist that leads elsewhere, and nothing from a network. It is opened twice, since
        # going back to the beginning loses the sound before it that decoders need to get going.
        options = {"protocol_whitelist": "file"}
        with av.open(str(path), options=options) as container:
            looked = Film(container, path)
        with av.open(str(path), options=options) as container:
            yield Film(container, path, looked)
    except av.FFmpegError as error:
        raise DatasetError(
            tr("{name} cannot be read as a film", name=path.name),
            f"{error.strerror or error}.",
            tr("Choose another film, such as .mp4, .mov, .mkv or .webm."),
        ) from error


def look_at_film(path: Path) -> FilmInfo:
    """Read what a film says of itself; see :func:`opened_film`."""
    with opened_film(path) as film:
        return film.info


def moments_of(path: Path) -> list[Moment]:
    """When each frame of a film is shown: those that can be read, whatever it promises.

    Films that say how long they are, but not how many frames they have, count what goes on after
    the last frame, as the sound does; where frames come unevenly, no rate tells their number.

    Raises:
        SettingsError: The extra "video" is missing.
        DatasetError: It is no film.
    """
    with opened_film(path) as film:
        return [moment for moment, _ in film.moments(lambda _: False, 1)]


def chosen_frames(
    path: Path, numbers: Sequence[int], largest_side: int | None = None
) -> Iterator[Frame]:
    """Some frames of a film in their order, each once; the film is gone through once.

    Raises:
        DatasetError: There is no such frame, or it is no film.
    """
    wanted = sorted(set(numbers))
    count = 0
    with opened_film(path) as film:
        for frame in film.frames(largest_side):
            if not wanted:
                return
            count += 1
            if frame.number == wanted[0]:
                del wanted[0]
                yield frame
    if wanted:
        raise DatasetError(
            tr("{name} has no frame {wanted:,}", name=path.name, wanted=wanted[0]),
            tr("It has {count:,} frames, which are counted from 0.", count=count),
            tr("Name a frame that is there."),
        )


def frames_at(
    path: Path, numbers: Sequence[int], largest_side: int | None = None
) -> list[np.ndarray]:
    """Some frames of a film, in the order asked for: uint8 of shape (height, width, 3).

    Raises:
        DatasetError: There is no such frame, or it is no film.
    """
    found = {it.number: it.image_HWC for it in chosen_frames(path, numbers, largest_side)}
    return [found[number] for number in numbers]


def poster(path: Path, side: int) -> np.ndarray:
    """The first frame, made small: uint8 (height, width, 3), no side longer than ``side``."""
    with opened_film(path) as film:
        return next(iter(film.frames(side))).image_HWC


def _moving(container: Any, path: Path) -> Any:
    """The stream that is the film: covers and previews are streams as well."""
    cover = import_module("av.stream").Disposition.attached_pic
    streams = [it for it in container.streams.video if not it.disposition & cover]
    if not streams:
        raise DatasetError(
            tr("{name} has no picture", name=path.name),
            tr("It holds only sound.") if container.streams.audio else tr("It holds no film."),
            tr("Choose a film."),
        )
    stream = max(streams, key=lambda it: (it.frames or 0, it.width * it.height))
    if not stream.width or not stream.height:
        raise DatasetError(
            tr("{name} cannot be read as a film", name=path.name),
            tr("How large its frames are is not known; that of animated WebP never is."),
            tr("Save it as MP4, WebM or GIF, and choose that."),
        )
    if (
        not _SMALLEST_SIDE
        <= min(stream.width, stream.height)
        <= max(stream.width, stream.height)
        <= _LARGEST_SIDE
    ):
        raise DatasetError(
            tr(
                "{name} has frames of {width} × {height} pixels",
                name=path.name,
                width=stream.width,
                height=stream.height,
            ),
            tr(
                "Films may have sides of {smallest_side} to {largest_side:,} pixels.",
                smallest_side=_SMALLEST_SIDE,
                largest_side=_LARGEST_SIDE,
            ),
            tr("Choose another film."),
        )
    return stream


def _turned_size(frame: Any) -> tuple[int, int]:
    size = frame.height, frame.width
    return size if _quarter_turns(frame) % 2 == 0 else size[::-1]


def _quarter_turns(frame: Any) -> int:
    """By how many quarters to turn it anticlockwise, as cameras write it beside the film."""
    return round(getattr(frame, "rotation", 0) / 90) % 4


def _upright(frame: Any, largest_side: int | None) -> np.ndarray:
    longest = max(frame.width, frame.height)
    scale = min(1.0, (largest_side or longest) / longest)
    size = {
        "width": max(1, round(frame.width * scale)),
        "height": max(1, round(frame.height * scale)),
    }
    # What says nothing of its colours is BT.709 from high definition on, and BT.601 below.
    unspecified = 2
    source = "ITU709" if frame.colorspace == unspecified and frame.height >= _HD_LINES else None
    converted = frame.reformat(
        format="rgb24", src_colorspace=source, interpolation="AREA" if scale < 1 else None, **size
    )
    return np.ascontiguousarray(np.rot90(converted.to_ndarray(), _quarter_turns(frame)))
