"""A contact sheet shows every picture where it belongs, whole and sharp."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hung_pictures import hung
from PIL import Image
from PIL.PdfParser import PdfParser

from genstudio.domain.errors import SettingsError
from genstudio.domain.progress import drain
from genstudio.services.export import export_gallery
from genstudio.services.exporters.protocol import ExportDone
from genstudio.services.gallery_items import GalleryItem


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    return tmp_path / "Meadow" / "gallery"


def sheet(items: list[GalleryItem], to: Path, **options: Any) -> ExportDone:
    return drain(export_gallery(items, to=to, kind="sheet", title="Wiese", options=options))


def test_each_picture_stands_in_its_place_enlarged_by_whole_numbers(
    gallery: Path, tmp_path: Path
) -> None:
    items = hung(gallery, 7)
    done = sheet(items, tmp_path / "out.png", columns=3, cell=36, captions="none")

    page = np.asarray(Image.open(done.path))
    gap, cell, side = 4, 36, 32
    assert page.shape == (gap + 3 * (cell + gap), gap + 3 * (cell + gap), 3)
    for number in range(7):
        left = gap + number % 3 * (cell + gap) + (cell - side) // 2
        top = gap + number // 3 * (cell + gap) + (cell - side) // 2
        expected = np.full((side, side, 3), 10 * number)
        expected[:4, :4] = 255 - 10 * number
        np.testing.assert_array_equal(page[top : top + side, left : left + side], expected)
    assert (page[:gap] == 255).all()


def test_what_is_see_through_lies_on_the_paper(gallery: Path, tmp_path: Path) -> None:
    items = hung(gallery, 1, alpha=0)
    for paper, level in [("white", 255), ("black", 0), ("grey", 119)]:
        done = sheet(items, tmp_path / f"{paper}.png", paper=paper, captions="none")
        assert (np.asarray(Image.open(done.path)) == level).all()


def test_captions_are_written_and_left_out_with_the_recipe(gallery: Path, tmp_path: Path) -> None:
    items = hung(gallery, 2)
    plain = np.asarray(Image.open(sheet(items, tmp_path / "a.png", captions="none").path))
    seeds = np.asarray(Image.open(sheet(items, tmp_path / "b.png").path))
    bare = np.asarray(Image.open(sheet(items, tmp_path / "c.png", metadata="mark").path))

    assert seeds.shape[0] > plain.shape[0]
    assert (seeds[plain.shape[0] - 8 :] < 128).any()
    np.testing.assert_array_equal(bare, plain)


@pytest.mark.parametrize(("count", "pages"), [(88, 1), (89, 2)])
def test_a_pdf_has_pages_to_print(gallery: Path, tmp_path: Path, count: int, pages: int) -> None:
    done = sheet(hung(gallery, count), tmp_path / "out.pdf", columns=8, cell=32, captions="none")

    with PdfParser(str(done.path)) as pdf:
        assert len(pdf.pages) == pages


def test_very_many_make_several_sheets_that_other_programs_can_open(
    gallery: Path, tmp_path: Path
) -> None:
    items = hung(gallery, 40)
    sheet(items, tmp_path / "out.png", columns=1, cell=1024, captions="none")

    made = sorted(tmp_path.glob("out*.png"))
    assert [path.name for path in made] == ["out-2.png", "out-3.png", "out.png"]
    heights: list[int] = []
    for path in made:
        with Image.open(path) as page:
            heights.append(page.height)
    assert max(heights) <= 16_384
    assert sum(height // (1024 + 64) for height in heights) == 40


def test_it_goes_where_it_is_wanted_and_nothing_is_overwritten(
    gallery: Path, tmp_path: Path
) -> None:
    items = hung(gallery, 1)
    (tmp_path / "out.png").write_bytes(b"mine")
    assert sheet(items, tmp_path / "out.png").path.name == "out-2.png"
    assert sheet(items, tmp_path / "folder").path == tmp_path / "folder" / "Wiese.png"
    assert (tmp_path / "out.png").read_bytes() == b"mine"


def test_options_that_are_not_right_are_refused(gallery: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        sheet(hung(gallery, 1), tmp_path / "out.png", cell=5)
    with pytest.raises(SettingsError):
        sheet(hung(gallery, 1), tmp_path / "out.png", colour="red")
    assert not (tmp_path / "out.png").exists()
