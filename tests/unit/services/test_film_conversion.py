"""A film made of another one: frames, times and sound are those of the first."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_studio import save_film

from genstudio.data.films import look_at_film, opened_film
from genstudio.domain.errors import SettingsError
from genstudio.domain.progress import Progress, drain, with_result
from genstudio.services.film_conversion import Converted, convert_film

av: Any = pytest.importorskip("av", reason="films need the extra “video”")


def converted(source: Path, target: Path, largest_side: int = 256) -> tuple[Converted, int]:
    *steps, done = with_result(
        convert_film(source, target, lambda it: 255 - it, largest_side=largest_side, what="Turning")
    )
    assert isinstance(done, Converted)
    assert all(isinstance(step, Progress) for step in steps)
    return done, len(steps)


def sounding(path: Path, codec: str, suffix_rate: int = 22050) -> Path:
    """A second of a hum under ten frames of odd height at uneven times."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("ffv1", rate=10)
        stream.height, stream.width, stream.pix_fmt = 51, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        heard = film.add_stream(codec, rate=suffix_rate, layout="mono")
        for number in range(10):
            grey = np.full((51, 64, 3), 20 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts, frame.time_base = 100 * number + 7 * (number % 3), Fraction(1, 1000)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
        hum = (np.sin(np.arange(suffix_rate) / 10) * 12000).astype(np.int16)[None]
        for start in range(0, suffix_rate, 1024):
            part = np.ascontiguousarray(hum[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
            frame.sample_rate, frame.pts = suffix_rate, start
            frame.time_base = Fraction(1, suffix_rate)
            film.mux(heard.encode(frame))
        film.mux(heard.encode())
    return path


@pytest.mark.parametrize(
    ("codec", "suffix", "sound"),
    [
        ("pcm_s16le", ".mp4", "pcm_s16le → aac"),
        ("flac", ".mp4", "flac"),
        ("pcm_s16le", ".webm", "pcm_s16le → libopus"),
        ("libopus", ".webm", "opus"),
    ],
)
def test_times_and_sound_stay(codec: str, suffix: str, sound: str, tmp_path: Path) -> None:
    source = sounding(tmp_path / "a.mkv", codec, 48_000 if codec == "libopus" else 22_050)
    target = tmp_path / f"b{suffix}"
    done, _ = converted(source, target)
    assert (done.num_frames, done.num_damaged, done.sound) == (10, 0, sound)
    with opened_film(source) as one, opened_film(target) as other:
        before, after = list(one.frames()), list(other.frames())
    assert [it.seconds for it in after] == [it.seconds for it in before]
    # H.264 has even sides.
    assert after[0].image_HWC.shape == (50 if suffix == ".mp4" else 51, 64, 3)
    levels = [it.image_HWC.mean() for it in after]
    assert levels == pytest.approx([255 - it.image_HWC.mean() for it in before], abs=3)

    with av.open(str(target)) as film:
        parts = [frame.to_ndarray()[0] for frame in film.decode(audio=0)]
    heard = np.concatenate(parts)
    full = np.iinfo(heard.dtype).max if heard.dtype.kind == "i" else 1.0
    heard = heard.astype(np.float64) / full
    # It is there from its first moment on: what an encoder needs to get going was not cut off.
    assert np.abs(heard[:200]).max() > 0.2
    hum = 12000 / 2**15 * 2**-0.5
    assert np.sqrt(np.mean(np.square(heard))) == pytest.approx(hum, rel=0.1)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_picture_and_sound_begin_together_wherever_a_film_begins_to_count(
    suffix: str, tmp_path: Path
) -> None:
    """A stream that is cut out of a broadcast counts from when that began."""
    early = sounding(tmp_path / "a.mkv", "pcm_s16le")
    late = tmp_path / "late.mkv"
    with av.open(str(early)) as given, av.open(str(late), "w") as made:
        streams = {it.index: made.add_stream_from_template(it) for it in given.streams}
        for packet in given.demux():
            if packet.dts is not None:
                packet.pts, packet.dts = packet.pts + 3000, packet.dts + 3000
                packet.stream = streams[packet.stream.index]
                made.mux(packet)
    converted(late, tmp_path / f"b{suffix}")
    with av.open(str(tmp_path / f"b{suffix}")) as film:
        picture, sound = next(film.decode(video=0)), None
    with av.open(str(tmp_path / f"b{suffix}")) as film:
        sound = next(film.decode(audio=0))
    assert float(picture.pts * picture.time_base) == pytest.approx(0, abs=0.01)
    assert float(sound.pts * sound.time_base) == pytest.approx(0, abs=0.03)


def test_a_film_without_sound_stays_without(tmp_path: Path) -> None:
    source = save_film(tmp_path / "a.mp4", 4)
    done, steps = converted(source, tmp_path / "b.mp4", largest_side=32)
    assert not done.has_sound
    assert steps == done.num_frames == 4
    assert look_at_film(tmp_path / "b.mp4").width == 32


def test_memory_does_not_grow_with_the_film(tmp_path: Path) -> None:
    """Frames are asked for one by one, each when the one before is done with."""
    source = save_film(tmp_path / "a.mp4", 30)
    seen: list[int] = []
    work = convert_film(
        source,
        tmp_path / "b.mp4",
        lambda it: seen.append(1) or it,  # type: ignore[func-returns-value]
        largest_side=64,
        what="Counting",
    )
    for number in range(1, 6):
        next(work)
        assert len(seen) == number
    work.close()


def test_what_is_cancelled_leaves_the_source_alone(tmp_path: Path) -> None:
    source = save_film(tmp_path / "a.mp4", 5)
    content = source.read_bytes()
    work = convert_film(source, tmp_path / "b.mp4", lambda it: it, largest_side=64, what="x")
    next(work)
    work.close()
    assert source.read_bytes() == content


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_times_sound_and_colours_stay_in_av1(suffix: str, tmp_path: Path) -> None:
    source = tmp_path / "a.mkv"
    with av.open(str(source), "w") as film:
        stream = film.add_stream("ffv1", rate=10)
        stream.height, stream.width, stream.pix_fmt = 100, 128, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        heard = film.add_stream("pcm_s16le", rate=22_050, layout="mono")
        for number in range(40):
            frame = av.VideoFrame.from_ndarray(
                np.full((100, 128, 3), (220, 60, 5 * number), np.uint8), format="rgb24"
            )
            frame.pts, frame.time_base = 100 * number + 7 * (number % 3), Fraction(1, 1000)
            film.mux(stream.encode(frame))
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 2205), np.int16), "s16", "mono")
            sound.sample_rate, sound.pts = 22_050, 2205 * number
            sound.time_base = Fraction(1, 22_050)
            film.mux(heard.encode(sound))
        film.mux(stream.encode())
    target = tmp_path / f"b{suffix}"

    work = convert_film(
        source, target, lambda it: it, largest_side=256, what="Turning", codec="av1"
    )
    *_, done = with_result(work)

    assert isinstance(done, Converted)
    assert done.num_frames == 40
    assert done.has_sound
    with opened_film(source) as one, opened_film(target) as other:
        before, after = list(one.frames()), list(other.frames())
    assert [it.seconds for it in after] == [it.seconds for it in before]
    for number in (0, 20, 39):
        colour = after[number].image_HWC.mean(axis=(0, 1))
        assert colour == pytest.approx(before[number].image_HWC.mean(axis=(0, 1)), abs=4)


def test_what_is_too_small_for_av1_is_told(tmp_path: Path) -> None:
    source = sounding(tmp_path / "a.mkv", "pcm_s16le")  # Of 51 lines.
    with pytest.raises(SettingsError, match="too small for AV1"):
        drain(
            convert_film(
                source, tmp_path / "b.mp4", lambda it: it, largest_side=256, what="", codec="av1"
            )
        )
