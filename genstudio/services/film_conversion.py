"""One film becomes another, frame by frame: the times of its frames and its sound stay."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from genstudio.data.films import Film, Frame, opened_film, pyav
from genstudio.domain.errors import DatasetError, GenStudioError, SettingsError
from genstudio.domain.files import explained
from genstudio.domain.films import Codec
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working
from genstudio.services.films import (
    SMALLEST_AV1_PX,
    FrameConverter,
    colour_tagged,
    encoder_for,
    same_priority,
)

# Fine enough for the times of every camera: it is what films over the air count in.
_TIME_BASE: Final = Fraction(1, 90_000)
_LAYOUTS: Final = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
_PREVIEW_EVERY: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Format:
    """How films of a suffix are written.

    Attributes:
        container: As FFmpeg calls it.
        time_base: Of frames: what the container holds.
        copied: Sound that it holds and players play; other is encoded anew.
        sound: What other sound is encoded as.
        sound_rate: At which rate; None for its own.
        has_even_sides: Whether frames must have even sides.
        options: Of its usual encoder, besides those of all films.
    """

    container: str
    time_base: Fraction
    copied: frozenset[str]
    sound: str
    sound_rate: int | None = None
    has_even_sides: bool = False
    options: dict[str, str]


_FORMATS: Final = {
    ".mp4": _Format(
        container="mp4",
        time_base=_TIME_BASE,
        copied=frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"}),
        sound="aac",
        has_even_sides=True,
        options={},
    ),
    # Nothing is finer in WebM than a thousandth of a second. A quicker search, and nothing is held
    # back, since frames come one by one.
    ".webm": _Format(
        container="webm",
        time_base=Fraction(1, 1000),
        copied=frozenset({"opus", "vorbis"}),
        sound="libopus",
        sound_rate=48_000,
        options={"deadline": "good", "cpu-used": "4", "lag-in-frames": "0"},
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What became of a film.

    Attributes:
        num_frames: Written.
        num_damaged: Places where the given film could not be read; what is there is left out.
        sound: What became of its sound: "aac" as it was, "vorbis → aac" encoded anew; empty for
            none.
    """

    num_frames: int
    num_damaged: int
    sound: str

    @property
    def has_sound(self) -> bool:
        """Whether its sound went along."""
        return bool(self.sound)


def convert_film(
    source: Path,
    target: Path,
    work: Callable[[np.ndarray], np.ndarray],
    *,
    largest_side: int,
    what: str,
    codec: Codec = "usual",
) -> Working[Converted]:
    """Write a film whose frames are made from those of another one; memory does not grow with it.

    Args:
        source: Only read.
        target: An .mp4 or a .webm that is not there yet.
        work: uint8 (height, width, 3) => uint8 of the same size.
        largest_side: Larger frames are made smaller before.
        what: What is being done, for people.
        codec: Of the pictures.

    Raises:
        DatasetError: Nothing of it can be read.
        SettingsError: It is too small for the codec.
        GenStudioError: It cannot be written.
    """
    av = pyav()
    form = _FORMATS[target.suffix]
    with explained(target), opened_film(source) as film:
        try:
            with av.open(str(target), "w", format=form.container) as made:
                writer = _Writer(av, made, film, target.suffix, codec)
                total = max(film.info.num_frames, 1)
                for frame in writer.copied_with_sound(film, largest_side):
                    given_HWC = even(frame.image_HWC) if form.has_even_sides else frame.image_HWC
                    image_HWC = work(given_HWC)
                    writer.write(image_HWC, frame.seconds)
                    shown = image_HWC if frame.number % _PREVIEW_EVERY == 0 else None
                    yield Progress(what, min(frame.number + 1, total), total, shown)
                writer.end()
        except av.FFmpegError as error:
            raise GenStudioError(
                tr("{name} could not be written", name=target.name), f"{error.strerror or error}."
            ) from error
        if writer.num_frames == 0:
            raise DatasetError(tr("{name} has no frames that can be read", name=source.name))
        return Converted(
            num_frames=writer.num_frames,
            num_damaged=film.num_damaged,
            sound=writer.sound,
        )


class _Writer:
    """The film that is written: picture as it comes, sound in between."""

    def __init__(self, av: Any, made: Any, film: Film, suffix: str, codec: Codec) -> None:
        self._av = av
        self._made = made
        self._convert = FrameConverter()
        self._suffix = suffix
        self._codec: Codec = codec
        self._format = _FORMATS[suffix]
        self._stream: Any = None
        self._rate = film.info.fps
        self._first = film.first
        self.num_frames = 0
        self._last = -1
        sounds = film.container.streams.audio
        self._given = sounds[0] if sounds else None
        self._resampler: Any = None
        self._sound = self._add_sound()

    @property
    def sound(self) -> str:
        """What becomes of the sound; see :class:`Converted`."""
        if self._given is None:
            return ""
        given = self._given.codec_context.name
        return f"{given} → {self._sound.codec_context.codec.name}" if self._resampler else given

    def copied_with_sound(self, film: Film, largest_side: int) -> Iterator[Frame]:
        """The frames of the given film; the sound between them is written on the way."""
        streams = [film.stream] if self._given is None else [film.stream, self._given]
        for packet in film.container.demux(streams):
            if packet.stream.index == film.stream.index:
                yield from film.decoded(packet, largest_side)
            elif self._sound is not None:
                # The header, which comes before all sound, wants the size of the frames.
                self._waiting.append(packet)
                if self._stream is not None:
                    self._write_sound()

    def write(self, image_HWC: np.ndarray, seconds: Fraction) -> None:
        """Add a frame that is shown from then on."""
        if self._stream is None:
            self._stream = self._add_pictures(image_HWC.shape[:2])
        frame = self._convert(image_HWC)
        # Two frames of one time are one too many for players; the next moment will do.
        time_base = self._format.time_base
        frame.pts = self._last = max(round(seconds / time_base), self._last + 1)
        frame.time_base = time_base
        with same_priority():
            self._made.mux(self._stream.encode(frame))
        self.num_frames += 1

    def end(self) -> None:
        """Write what is still held back."""
        if self._stream is None:
            return
        self._made.mux(self._stream.encode())
        if self._sound is not None:
            self._write_sound()
            if self._resampler is not None:
                self._made.mux(self._sound.encode())

    def _add_pictures(self, size: tuple[int, ...]) -> Any:
        encoder, options = encoder_for(self._suffix, self._codec)
        if self._codec == "usual":
            options = {**options, **self._format.options}
        elif min(size) < SMALLEST_AV1_PX:
            raise SettingsError(
                tr("This film is too small for AV1"),
                tr("It has {width} × {height} pixels.", width=size[1], height=size[0]),
                tr("Choose the usual encoding."),
            )
        stream = self._made.add_stream(encoder, rate=self._rate, options=options)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = stream.time_base = self._format.time_base
        colour_tagged(stream.codec_context)
        return stream

    def _add_sound(self) -> Any:
        self._waiting: list[Any] = []
        if self._given is None:
            return None
        if self._given.codec_context.name in self._format.copied:
            return self._made.add_stream_from_template(self._given)
        given = self._given.codec_context
        # One channel spread over two would be less loud. Some files only say how many there are.
        layout = _LAYOUTS.get(given.layout.nb_channels, "stereo")
        rate = self._format.sound_rate or given.sample_rate
        stream = self._made.add_stream(self._format.sound, rate=rate, layout=layout)
        self._resampler = self._av.AudioResampler(
            format=stream.codec_context.format, layout=layout, rate=rate
        )
        return stream

    def _write_sound(self) -> None:
        waiting, self._waiting = self._waiting, []
        for packet in waiting:
            if self._resampler is not None:
                self._encode_sound(packet)
            elif packet.dts is not None:
                self._shift(packet)
                packet.stream = self._sound
                self._made.mux(packet)

    def _shift(self, sound: Any) -> None:
        """Begin where the picture begins: some films count from when they were sent."""
        if self._first and sound.pts is not None:
            by = round(self._first / sound.time_base)
            sound.pts -= by
            sound.dts = None if sound.dts is None else sound.dts - by

    def _encode_sound(self, packet: Any) -> None:
        try:
            frames = packet.decode()
        except self._av.FFmpegError:
            return  # A gap in the sound; the film goes on.
        for frame in frames:
            self._shift(frame)
            for resampled in self._resampler.resample(frame):
                self._made.mux(self._sound.encode(resampled))


def even(image_HWC: np.ndarray) -> np.ndarray:
    """Without the last row or column where there is an odd one: H.264 wants even sides."""
    height, width = (side - side % 2 for side in image_HWC.shape[:2])
    return np.ascontiguousarray(image_HWC[:height, :width])
