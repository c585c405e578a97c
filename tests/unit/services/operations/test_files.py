"""Files as a person names them behind an operation."""

from pathlib import Path

import pytest
from PIL import Image

from genstudio.domain.errors import DatasetError
from genstudio.services.operations.files import input_files


@pytest.fixture
def named(tmp_path: Path) -> dict[str, Path]:
    files = {name: tmp_path / name for name in ("a.png", "b.png", "style.png", "film.mov")}
    for path in files.values():
        Image.new("RGB", (8, 8)).save(path, "PNG")
    return files


def test_the_last_picture_is_the_style_and_all_before_are_painted(named: dict[str, Path]) -> None:
    a, b, style = (named[name] for name in ("a.png", "b.png", "style.png"))
    assert input_files("style-transfer", [a, style]) == {"input": [a], "style": [style], "mask": []}
    assert input_files("style-transfer", [a, b, style])["input"] == [a, b]


def test_a_clip_goes_where_clips_go_in_whatever_order(named: dict[str, Path]) -> None:
    a, b, film = (named[name] for name in ("a.png", "b.png", "film.mov"))
    wanted = {"input": [film], "key_frames": [a, b]}
    assert input_files("restyle-video", [film, a, b]) == wanted
    assert input_files("restyle-video", [a, b, film]) == wanted


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no file"):
        input_files("translate", [tmp_path / "nothing.png"])
