"""Figures of pictures: what is dark, sharp, colourful, strange; where it is on the map."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from genstudio.data import picture_figures
from genstudio.data.picture_figures import groups_of_alike, measure_pictures
from genstudio.data.scan import scan_folder
from genstudio.domain.datasets import PictureInfo
from genstudio.domain.progress import drain


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for number in range(12):
        base = np.full((64, 96, 3), 120, np.uint8)
        base += rng.integers(0, 30, base.shape, dtype=np.uint8)
        Image.fromarray(base).save(tmp_path / f"usual{number:02}.png")
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / "dark.png")
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 255
    red[::8] = 0
    Image.fromarray(red).save(tmp_path / "red.png")
    return tmp_path


def test_figures_say_what_a_person_sees(folder: Path) -> None:
    report = drain(scan_folder(folder))
    figures = drain(measure_pictures(folder, report.pictures))
    at = {name: place for place, name in enumerate(figures.names)}
    assert set(at) == {it.name for it in report.pictures}
    assert figures.brightness.argmin() == at["dark.png"]
    assert figures.colour.argmax() == at["red.png"]
    assert figures.hue[at["red.png"]] == pytest.approx(0, abs=0.02)
    assert figures.sharpness.argmax() == at["red.png"]
    assert {figures.names[i] for i in figures.strangeness.argsort()[-2:]} == {"dark.png", "red.png"}
    assert figures.aspect[at["usual00.png"]] == pytest.approx(1.5)
    assert figures.place.min() >= 0
    assert figures.place.max() <= 1
    again = drain(measure_pictures(folder, report.pictures))
    np.testing.assert_array_equal(figures.place, again.place)


def test_a_blurred_copy_is_less_sharp(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    sharp = Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8))
    sharp.save(tmp_path / "sharp.png")
    sharp.filter(ImageFilter.GaussianBlur(3)).save(tmp_path / "soft.png")
    figures = drain(measure_pictures(tmp_path, drain(scan_folder(tmp_path)).pictures))
    assert dict(zip(figures.names, figures.sharpness, strict=True))["soft.png"] < 60


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_pictures_are_no_trouble(folder: Path, count: int) -> None:
    report = drain(scan_folder(folder))
    figures = drain(measure_pictures(folder, report.pictures[:count]))
    assert len(figures.names) == len(figures.place) == len(figures.strangeness) == count


def test_pictures_that_are_gone_are_left_out(folder: Path) -> None:
    report = drain(scan_folder(folder))
    (folder / "dark.png").unlink()
    figures = drain(measure_pictures(folder, report.pictures))
    assert "dark.png" not in figures.names
    assert len(figures.names) == len(report.pictures) - 1


def picture(name: str, of: str | None = None, side: int = 10) -> PictureInfo:
    return PictureInfo(name=name, width=side, height=side, content_hash=name, duplicate_of=of)


def test_of_alike_pictures_the_sharpest_comes_first() -> None:
    pictures = [picture("a"), picture("b", "a"), picture("c", "a", 20), picture("d"), picture("e")]
    assert groups_of_alike(pictures, {"a": 5, "b": 9, "c": 5}) == [["b", "c", "a"]]
    assert groups_of_alike(pictures, {}) == [["c", "a", "b"]]


def test_arranging_very_many_tells_how_far_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_figures, "_CHUNK", 4)
    told = list(measure_pictures(folder, drain(scan_folder(folder)).pictures))
    arranging = [it.done for it in told if it.what == "Arranging them on the map"]
    assert arranging == [0, 4, 8, 12]
