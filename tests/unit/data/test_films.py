"""Films as cameras and other programs write them."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_studio import save_film

from genstudio.data.films import (
    frames_at,
    is_film,
    look_at_film,
    moments_of,
    opened_film,
    poster,
)
from genstudio.domain.errors import DatasetError

av: Any = pytest.importorskip("av", reason="films need the extra “video”")


def write(
    path: Path,
    times_ms: list[int],
    *,
    codec: str = "libx264",
    size: tuple[int, int] = (48, 64),
    sound: bool = False,
) -> Path:
    """Frames of one grey each, twenty levels apart, at those times."""
    height, width = size
    with av.open(str(path), "w") as film:
        stream = film.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        heard = film.add_stream("aac", rate=22050) if sound else None
        for number, time_ms in enumerate(times_ms):
            grey = np.full((height, width, 3), 20 * number, np.uint8)
            grey[: height // 2, : width // 2] = 255  # Says which way is up.
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
        if heard is not None:
            hum = np.sin(np.arange(22050, dtype=np.float32) / 10)[None]
            frame = av.AudioFrame.from_ndarray(hum, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 22050, 0
            film.mux(heard.encode(frame))
            film.mux(heard.encode())
    return path


def test_times_of_frames_are_kept_however_long_each_is_shown(tmp_path: Path) -> None:
    times_ms = [0, 40, 80, 500, 520, 2000]
    film = write(tmp_path / "a.mp4", times_ms, sound=True)
    with opened_film(film) as opened:
        frames = list(opened.frames())
        assert opened.info.has_sound
        assert (opened.info.width, opened.info.height) == (64, 48)
    assert [float(frame.seconds) * 1000 for frame in frames] == pytest.approx(times_ms, abs=0.1)
    assert [frame.number for frame in frames] == list(range(6))
    grey = [frame.image_HWC[-1, -1, 0] for frame in frames]
    assert grey == pytest.approx([0, 20, 40, 60, 80, 100], abs=4)


@pytest.mark.parametrize("name", ["a.mkv", "a.webm", "a.avi", "a.mov"])
def test_other_containers_are_read(name: str, tmp_path: Path) -> None:
    codec = {"a.webm": "libvpx-vp9", "a.avi": "mpeg4"}.get(name, "libx264")
    film = write(tmp_path / name, [0, 40, 80], codec=codec)
    with opened_film(film) as opened:
        assert len(list(opened.frames())) == 3
    assert is_film(film)
    assert poster(film, 32).shape == (24, 32, 3)


def test_frames_are_made_smaller_and_found_by_their_number(tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", 5)
    info = look_at_film(film)
    assert (info.num_frames, info.fps) == (5, 10)
    last, first = frames_at(film, [4, 0], 32)
    assert first.shape == last.shape == (32, 32, 3)
    assert np.abs(first.astype(int) - last).mean() > 1
    with pytest.raises(DatasetError, match="no frame 5"):
        frames_at(film, [5])


def test_frames_are_counted_where_the_sound_goes_on_after_them(tmp_path: Path) -> None:
    # Matroska says how long all of it is, and not how many frames there are.
    film = write(tmp_path / "a.mkv", [0, 40, 80], sound=True)
    assert look_at_film(film).num_frames > 3
    assert [float(moment.seconds) for moment in moments_of(film)] == [0, 0.04, 0.08]


def test_what_is_damaged_in_the_middle_is_passed_over(tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4", 60)
    content = bytearray(film.read_bytes())
    start, length = content.index(b"mdat") + len(content) // 3, len(content) // 3
    content[start : start + length] = bytes(length)
    film.write_bytes(bytes(content))
    with opened_film(film) as opened:
        frames = list(opened.frames())
    assert 10 < len(frames) < 60
    assert opened.num_damaged >= 10


def test_sound_alone_is_no_film(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as film:
        heard = film.add_stream("aac", rate=22050)
        silence = np.zeros((1, 2048), np.float32)
        frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 22050, 0
        film.mux(heard.encode(frame))
        film.mux(heard.encode())
    with pytest.raises(DatasetError, match="no picture") as caught:
        look_at_film(path)
    assert "only sound" in caught.value.message


def test_what_is_no_film_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"a story")
    with pytest.raises(DatasetError, match=r"a\.mp4 cannot be read as a film"):
        look_at_film(path)
    with pytest.raises(DatasetError, match="cannot be read"):
        look_at_film(tmp_path / "missing.mp4")


def test_a_tiny_film_is_refused(tmp_path: Path) -> None:
    film = write(tmp_path / "a.mkv", [0], size=(8, 8), codec="mpeg4")
    with pytest.raises(DatasetError, match="8 × 8"):
        look_at_film(film)


def test_an_animated_webp_is_refused_with_what_can_be_done(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    frames = [Image.new("RGB", (32, 32), (shade, 0, 0)) for shade in (0, 100, 200)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    with pytest.raises(DatasetError) as caught:
        look_at_film(path)
    assert "WebP" in caught.value.message
    assert "GIF" in caught.value.hint
