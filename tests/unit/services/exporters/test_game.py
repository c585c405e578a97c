"""What goes to a game has few colours, hard edges and whole pixels, and lies where it says."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hung_pictures import hung
from PIL import Image

from genstudio.artifacts.image import save_picture
from genstudio.domain.errors import SettingsError
from genstudio.domain.progress import drain
from genstudio.domain.recipes import Recipe
from genstudio.services.export import export_gallery
from genstudio.services.exporters.protocol import ExportDone
from genstudio.services.gallery_items import GalleryItem

SIDE = 12


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    return tmp_path / "Meadow" / "gallery"


def sprites(gallery: Path, count: int = 5, operation: str = "generate") -> list[GalleryItem]:
    items: list[GalleryItem] = []
    recipe = hung(gallery, 1)[0].recipe.model_copy(update={"operation": operation})
    for number in range(count):
        generator = np.random.default_rng(number)
        pixels = generator.integers(0, 256, (SIDE, SIDE, 4), dtype=np.uint8)
        path = gallery / f"7-{number:03}.png"
        own = recipe.model_copy(update={"position": number})
        save_picture(pixels, path, own)
        items.append(GalleryItem(path.name, gallery, own.model_dump_json(), 0, ()))
    return items


def game(items: list[GalleryItem], to: Path, **options: Any) -> ExportDone:
    return drain(export_gallery(items, to=to, kind="game", title="Meadow", options=options))


def test_all_files_together_keep_to_the_palette(gallery: Path, tmp_path: Path) -> None:
    game(sprites(gallery), tmp_path / "out", colours=8, scale=2)
    seen: set[tuple[int, ...]] = set()
    files = sorted((tmp_path / "out").glob("*.png"))
    names = {it.name for it in files}
    assert names == {"Meadow-sheet.png", *(f"7-00{it}.png" for it in range(5))}
    for path in files:
        picture = Image.open(path)
        assert picture.mode == "P"
        pixels = np.asarray(picture.convert("RGBA"))
        assert set(np.unique(pixels[..., 3])) <= {0, 255}
        seen |= {tuple(it) for it in pixels[pixels[..., 3] == 255][:, :3].tolist()}
        if path.name.startswith("7-"):
            assert pixels.shape == (2 * SIDE, 2 * SIDE, 4)
            np.testing.assert_array_equal(pixels[::2, ::2], pixels[1::2, 1::2])
    assert 2 <= len(seen) <= 8


def test_the_sheet_holds_each_picture_where_its_list_says(gallery: Path, tmp_path: Path) -> None:
    game(sprites(gallery), tmp_path / "out", colours=16, columns=2, spacing=3)
    sheet = np.asarray(Image.open(tmp_path / "out/Meadow-sheet.png").convert("RGBA"))
    told = json.loads((tmp_path / "out/Meadow-sheet.json").read_text())
    assert told["meta"]["size"] == {"w": sheet.shape[1], "h": sheet.shape[0]}
    assert told["meta"]["image"] == "Meadow-sheet.png"
    covered = np.zeros(sheet.shape[:2], bool)
    for frame in told["frames"]:
        box = frame["frame"]
        rows, columns = (slice(box[at], box[at] + box[size]) for at, size in ("yh", "xw"))
        single = np.asarray(Image.open(tmp_path / "out" / frame["filename"]).convert("RGBA"))
        np.testing.assert_array_equal(sheet[rows, columns], single)
        covered[rows, columns] = True
    assert len(told["frames"]) == 5
    assert (sheet[~covered] == 0).all()


def test_frames_of_an_animation_are_a_tag_and_have_a_speed(gallery: Path, tmp_path: Path) -> None:
    items = [*sprites(gallery, 3, "animate"), *hung(gallery, 1)]
    game(items, tmp_path / "a", frames_per_second=10, sheet="aseprite hash")
    told = json.loads((tmp_path / "a/Meadow-sheet.json").read_text())
    assert told["meta"]["frameTags"] == [{"name": "7", "from": 0, "to": 2, "direction": "forward"}]
    assert {frame["duration"] for frame in told["frames"].values()} == {100}
    assert list(told["frames"]) == ["7-000.png", "7-001.png", "7-002.png", "0.png"]

    game(items, tmp_path / "b", sheet="godot", singles=False, columns=2)
    assert sorted(it.name for it in (tmp_path / "b").iterdir()) == [
        "Meadow-sheet.png",
        "Meadow-sheet.tres",
    ]
    text = (tmp_path / "b/Meadow-sheet.tres").read_text()
    assert text.startswith('[gd_resource type="SpriteFrames" load_steps=6 format=3]')
    regions = re.findall(r"region = Rect2\((\d+), (\d+), (\d+), (\d+)\)", text)
    assert regions[2] == ("0", str(SIDE), str(SIDE), str(SIDE))
    assert re.findall(r'"name": &"(\w+)"', text) == ["default", "7"]
    assert len(set(re.findall(r'SubResource\("(frame_\d)"\)', text))) == 4


def test_a_palette_of_ones_own_and_nothing_else(gallery: Path, tmp_path: Path) -> None:
    (tmp_path / "two.hex").write_text("102030\nf0e0d0\n")
    game(sprites(gallery, 2), tmp_path / "out", palette=str(tmp_path / "two.hex"))
    pixels = np.asarray(Image.open(tmp_path / "out/7-000.png").convert("RGBA"))
    seen = {tuple(it) for it in pixels[pixels[..., 3] == 255][:, :3].tolist()}
    assert seen == {(0x10, 0x20, 0x30), (0xF0, 0xE0, 0xD0)}


def test_all_colours_and_soft_edges_are_kept_on_wish(gallery: Path, tmp_path: Path) -> None:
    items = sprites(gallery, 1)
    game(items, tmp_path / "out", colours=0, hard_edges=False)
    made = Image.open(tmp_path / "out/7-000.png")
    np.testing.assert_array_equal(np.asarray(made), np.asarray(Image.open(items[0].path)))


def test_only_what_a_model_made_says_so(gallery: Path, tmp_path: Path) -> None:
    def says(folder: str) -> bool:
        return b"trainedAlgorithmicMedia" in (tmp_path / folder / "7-000.png").read_bytes()

    items = sprites(gallery, 1)
    game(items, tmp_path / "a")
    game(items, tmp_path / "b", metadata="nothing")
    own = Recipe.model_validate({**items[0].recipe.model_dump(), "synthetic": False})
    game([items[0]._replace(recipe_json=own.model_dump_json())], tmp_path / "c")
    assert (says("a"), says("b"), says("c")) == (True, False, False)


def test_nothing_at_all_is_told(gallery: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Nothing would be exported"):
        game(sprites(gallery, 1), tmp_path / "out", sheet="none", singles=False)


def test_256_colours_leave_no_place_for_what_is_clear(gallery: Path, tmp_path: Path) -> None:
    lines = "\n".join(f"{it:02x}{255 - it:02x}00" for it in range(256))
    (tmp_path / "full.hex").write_text(lines)
    with pytest.raises(SettingsError, match="see-through"):
        game(sprites(gallery, 1), tmp_path / "out", palette=str(tmp_path / "full.hex"))
