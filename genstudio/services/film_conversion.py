"""One film becomes another, frame by frame: the times of its frames and its sound stay."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from genstudio.data.films import Film, Frame, opened_film, pyav
from genstudio.domain.errors import DatasetError, GenStudioError
from genstudio.domain.files import explained
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working
from genstudio.services.films import ENCODERS, colour_tagged, converted_frame

# Fine enough for the times of every camera: it is what films over the air count in.
_TIME_BASE: Final = Fraction(1, 90_000)
# What MP4 holds and players play; other sound is encoded anew.
_COPIED_SOUND: Final = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"})
_LAYOUTS: Final = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
_PREVIEW_EVERY: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What became of a film.

    Attributes:
        num_frames: Written.
        num_damaged: Places where the given film could not be read; what is there is left out.
        has_sound: Whether its sound went along.
    """

    num_frames: int
    num_damaged: int
    has_sound: bool


def convert_film(
    source: Path,
    target: Path,
    work: Callable[[np.ndarray], np.ndarray],
    *,
    largest_side: int,
    what: str,
) -> Working[Converted]:
    """Write a film whose frames are made from those of another one; memory does not grow with it.

    Args:
        source: Only read.
        target: An .mp4 that is not there yet.
        work: uint8 (height, width, 3) => uint8 of the same size.
        largest_side: Larger frames are made smaller before.
        what: What is being done, for people.

    Raises:
        DatasetError: Nothing of it can be read.
        GenStudioError: It cannot be written.
    """
    av = pyav()
    with explained(target), opened_film(source) as film:
        try:
            with av.open(str(target), "w", format="mp4") as made:
                writer = _Writer(av, made, film)
                total = max(film.info.num_frames, 1)
                for frame in writer.copied_with_sound(film, largest_side):
                    image_HWC = work(_even(frame.image_HWC))
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
            has_sound=writer.has_sound,
        )


class _Writer:
    """The film that is written: picture as it comes, sound in between."""

    def __init__(self, av: Any, made: Any, film: Film) -> None:
        self._av = av
        self._made = made
        self._stream: Any = None
        self._rate = film.info.fps
        self.num_frames = 0
        self._last = -1
        sounds = film.container.streams.audio
        self._given = sounds[0] if sounds else None
        self._resampler: Any = None
        self._sound = self._add_sound()

    @property
    def has_sound(self) -> bool:
        """Whether sound goes along."""
        return self._sound is not None

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
        frame = converted_frame(self._av, image_HWC)
        # Two frames of one time are one too many for players; the next moment will do.
        frame.pts = self._last = max(round(seconds / _TIME_BASE), self._last + 1)
        frame.time_base = _TIME_BASE
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
        encoder, options = ENCODERS[".mp4"]
        stream = self._made.add_stream(encoder, rate=self._rate, options=options)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = stream.time_base = _TIME_BASE
        colour_tagged(stream.codec_context)
        return stream

    def _add_sound(self) -> Any:
        self._waiting: list[Any] = []
        if self._given is None:
            return None
        if self._given.codec_context.name in _COPIED_SOUND:
            return self._made.add_stream_from_template(self._given)
        given = self._given.codec_context
        # One channel spread over two would be less loud. Some files only say how many there are.
        layout = _LAYOUTS.get(given.layout.nb_channels, "stereo")
        self._resampler = self._av.AudioResampler(format="fltp", layout=layout)
        return self._made.add_stream("aac", rate=given.sample_rate, layout=layout)

    def _write_sound(self) -> None:
        waiting, self._waiting = self._waiting, []
        for packet in waiting:
            if self._resampler is not None:
                self._encode_sound(packet)
            elif packet.dts is not None:
                packet.stream = self._sound
                self._made.mux(packet)

    def _encode_sound(self, packet: Any) -> None:
        try:
            frames = packet.decode()
        except self._av.FFmpegError:
            return  # A gap in the sound; the film goes on.
        for frame in frames:
            for resampled in self._resampler.resample(frame):
                self._made.mux(self._sound.encode(resampled))


def _even(image_HWC: np.ndarray) -> np.ndarray:
    """Without the last row or column where there is an odd one: H.264 wants even sides."""
    height, width = (side - side % 2 for side in image_HWC.shape[:2])
    return np.ascontiguousarray(image_HWC[:height, :width])
