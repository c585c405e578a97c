"""Which frame was painted: as written, by name, or by what is on it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_studio import save_film

from genstudio.data.films import frames_at
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.services.operations.key_frames import (
    frame_name,
    frame_numbers,
    key_frames,
    unpainted_frames,
)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return save_film(tmp_path / "Walk.mp4", 12)


def painted(clip: Path, number: int, path: Path) -> Path:
    (frame,) = frames_at(clip, [number])
    Image.fromarray(np.ascontiguousarray(255 - frame[..., ::-1])).save(path)
    return path


def test_what_a_person_wrote_counts(clip: Path) -> None:
    files = [Path("a-f000003.png"), Path("b.png")]
    assert frame_numbers(clip, files, "7; 2") == [7, 2]
    for wrong in ("7", "7, two", "1, 2, 3"):
        with pytest.raises(SettingsError, match="which frames"):
            frame_numbers(clip, files, wrong)


def test_names_say_it(clip: Path) -> None:
    assert frame_numbers(clip, [Path(f"{frame_name(clip, 10)}.png")], "") == [10]


def test_where_no_name_says_it_the_edges_do(clip: Path, tmp_path: Path) -> None:
    files = [painted(clip, number, tmp_path / f"{number}.png") for number in (9, 2)]
    assert frame_numbers(clip, files, " ") == [9, 2]


def test_pictures_are_brought_to_the_size_of_the_frames(clip: Path, tmp_path: Path) -> None:
    path = painted(clip, 1, tmp_path / "large.png")
    Image.open(path).resize((640, 640)).save(path)
    (pair,) = key_frames(clip, [path], [1], 32)
    assert pair.seen_HWC.shape == pair.painted_HWC.shape == (32, 32, 3)
    Image.open(path).resize((640, 320)).save(path)
    with pytest.raises(DatasetError, match="another shape"):
        key_frames(clip, [path], [1], 32)
    with pytest.raises(DatasetError, match="no frame 40"):
        key_frames(clip, [path], [40], 32)


def test_frames_that_were_not_painted_lie_around_the_painted_ones(clip: Path) -> None:
    one, two, three = (it.tobytes() for it in unpainted_frames(clip, [4], 32))
    every = [it.tobytes() for it in frames_at(clip, range(12), 32)]
    assert [every.index(it) for it in (one, two, three)] == [2, 7, 9]


def test_a_film_of_few_frames_is_not_looked_at(tmp_path: Path) -> None:
    assert unpainted_frames(save_film(tmp_path / "Short.mp4", 5), [2], 32) == []
