"""A film is counted once, and any frame of it is then the one that going through it gives."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_studio import save_film

from genstudio.data.films import frames_at
from genstudio.domain.errors import DatasetError
from genstudio.services.film_looking import (
    FilmLooker,
    FilmOpened,
    FilmPassed,
    FramePassed,
    FrameShown,
)
from genstudio.services.jobs import JobEnded

WAIT_S = 120


def looker(path: Path) -> FilmLooker:
    return FilmLooker(path, num_small=5, small_side=16, largest_side=64)


def until(looker: FilmLooker, kind: type) -> list[Any]:
    items: list[Any] = []
    while not (items and isinstance(items[-1], kind)):
        items.append(looker.items.get(timeout=WAIT_S))
    return items


def test_frames_are_counted_and_gone_to(tmp_path: Path) -> None:
    # Longer than what encoders put between two frames that stand alone.
    film = save_film(tmp_path / "a.mp4", 300, fps=10)
    looked = looker(film)
    looked.start()
    opened, *small, passed = until(looked, FilmPassed)
    assert isinstance(opened, FilmOpened)
    assert opened.info.width == 64
    assert all(isinstance(it, FramePassed) and it.image_HWC.shape == (16, 16, 3) for it in small)
    assert [it.number for it in small] == [0, 60, 120, 180, 240]
    assert passed.seconds == tuple(number / 10 for number in range(300))
    for number in (0, 299, 7, 251, 250):
        looked.want(number)
        (shown,) = until(looked, FrameShown)
        assert shown.number == number
        assert np.array_equal(shown.image_HWC, frames_at(film, [number], 64)[0])
    looked.stop()
    (ended,) = until(looked, JobEnded)
    assert ended.error is None


def test_what_is_no_film_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"a story")
    looked = looker(path)
    looked.start()
    (ended,) = until(looked, JobEnded)
    assert isinstance(ended.error, DatasetError)
    looked.stop()


def test_it_is_stopped_on_the_way(tmp_path: Path) -> None:
    looked = looker(save_film(tmp_path / "a.mp4", 300, fps=10))
    looked.start()
    assert isinstance(looked.items.get(timeout=WAIT_S), FilmOpened)
    looked.stop()
    until(looked, JobEnded)


@pytest.mark.parametrize("suffix", [".webm", ".avi", ".mkv"])
def test_frames_of_other_containers_are_found_again(suffix: str, tmp_path: Path) -> None:
    av: Any = pytest.importorskip("av")
    source, film = save_film(tmp_path / "a.mp4", 40, fps=10), tmp_path / f"b{suffix}"
    encoder = {".webm": "libvpx-vp9", ".avi": "mpeg4", ".mkv": "libx264"}[suffix]
    with av.open(str(film), "w") as made:
        stream = made.add_stream(encoder, rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for frame_HWC in frames_at(source, range(40)):
            made.mux(stream.encode(av.VideoFrame.from_ndarray(frame_HWC, format="rgb24")))
        made.mux(stream.encode())
    looked = looker(film)
    looked.start()
    *_, passed = until(looked, FilmPassed)
    assert len(passed.seconds) == 40
    for number in (33, 2, 39):
        looked.want(number)
        (shown,) = until(looked, FrameShown)
        assert np.array_equal(shown.image_HWC, frames_at(film, [number], 64)[0])
    looked.stop()
