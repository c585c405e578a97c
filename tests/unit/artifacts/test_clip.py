"""Clips that say how they were made."""

import errno
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genstudio.artifacts import clip
from genstudio.artifacts.clip import KIND
from genstudio.domain.artifacts import CLIP, Artifact
from genstudio.domain.errors import DiskFullError
from genstudio.domain.recipes import Recipe

av: Any = pytest.importorskip("av", reason="films need the extra “video”")

RECIPE = Recipe(software="GenStudio 0.1.0", created=datetime(2026, 1, 31, tzinfo=UTC))


def slow_film(path: Path) -> Path:
    """A picture for every two seconds, and sound all the while."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=Fraction(1, 2), options={"bf": "0"})
        stream.height, stream.width, stream.pix_fmt = 32, 32, "yuv420p"
        heard = film.add_stream("aac", rate=22050)
        # As encoders do that look ahead: all sound before the first picture.
        for start in range(0, 12 * 22050, 1024):
            hum = np.sin(np.arange(start, start + 1024, dtype=np.float32) / 10)[None]
            frame = av.AudioFrame.from_ndarray(hum, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 22050, start
            film.mux(heard.encode(frame))
        film.mux(heard.encode())
        for number in range(6):
            grey = np.full((32, 32, 3), 20 * number, np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        film.mux(stream.encode())
    return path


def test_a_copy_is_the_same_film_however_sound_and_picture_lie_in_it(tmp_path: Path) -> None:
    film = Artifact(kind=CLIP, data=slow_film(tmp_path / "a.mp4"))

    KIND.write(film, tmp_path / "b.mp4", RECIPE)

    assert KIND.is_same(film, KIND.read(tmp_path / "b.mp4"))
    other = Artifact(kind=CLIP, data=tmp_path / "c.mp4")
    with av.open(str(tmp_path / "a.mp4")) as given, av.open(str(other.data), "w") as made:
        silent = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(given.streams.video[0]):
            if packet.dts is not None:
                packet.stream = silent
                made.mux(packet)
    assert not KIND.is_same(film, other)


def test_a_full_disk_is_not_taken_for_a_damaged_film(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copied(*_: Any) -> None:
        av.error.err_check(-errno.ENOSPC)

    monkeypatch.setattr(clip, "_copied", copied)
    with pytest.raises(DiskFullError):
        KIND.write(Artifact(kind=CLIP, data=tmp_path / "a.mp4"), tmp_path / "b.mp4", RECIPE)
    assert list(tmp_path.iterdir()) == []
