"""Places for new files: free ones, and never among the pictures of a training set."""

from pathlib import Path

import numpy as np
import pytest
from gallery_helpers import pixels, recipe
from PIL import Image

from genstudio.artifacts.image import read_recipe, save_picture
from genstudio.domain.errors import ProjectError
from genstudio.services.outputs import (
    free_place,
    refuse_pictures_folders,
    save_drawn,
    save_generated,
)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def shown(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_a_picture_goes_to_its_name_and_made_again_stays_there(tmp_path: Path) -> None:
    first = save_generated(pixels(7), tmp_path / "7.png", recipe(seed=7))
    again = save_generated(pixels(7), tmp_path / "7.png", recipe(seed=7, software="GenStudio 9"))

    assert first == again == tmp_path / "7.png"
    assert [path.name for path in tmp_path.iterdir()] == ["7.png"]


@pytest.mark.parametrize(
    "change",
    [{"run": "other"}, {"step": 1}, {"seed": 8}, {"size": 16}, {"sampling": {"truncation": 0.5}},
     {"weights_sha256": "cd" * 32}],
)  # fmt: skip
def test_another_picture_of_that_name_stays(tmp_path: Path, change: dict[str, object]) -> None:
    save_picture(pixels(1), tmp_path / "7.png", recipe(**change))
    before = contents(tmp_path)
    place = save_generated(pixels(7), tmp_path / "7.png", recipe(seed=7))

    assert place == tmp_path / "7-2.png"
    assert read_recipe(place) == recipe(seed=7)
    assert before.items() <= contents(tmp_path).items()


def test_a_retouched_picture_of_ours_stays(tmp_path: Path) -> None:
    save_picture(255 - pixels(7), tmp_path / "7.png", recipe(seed=7))
    before = contents(tmp_path)

    assert save_generated(pixels(7), tmp_path / "7.png", recipe(seed=7)) == tmp_path / "7-2.png"
    assert before.items() <= contents(tmp_path).items()


def test_files_that_are_no_pictures_folders_and_links_stay(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "7.png").write_bytes(b"a person's own")
    (out / "7-2.png").mkdir()
    original = tmp_path / "original.png"
    Image.fromarray(pixels(3)).save(original)
    (out / "7-3.png").symlink_to(original)
    (out / "7-4.png").symlink_to(tmp_path / "nowhere")
    Image.fromarray(pixels(7)).save(out / "7-5.png")
    before = original.read_bytes()

    assert save_generated(pixels(7), out / "7.png", recipe(seed=7)) == out / "7-6.png"
    assert (out / "7.png").read_bytes() == b"a person's own"
    assert (out / "7-3.png").is_symlink()
    assert original.read_bytes() == before
    assert not (tmp_path / "nowhere").exists()


def test_a_drawn_picture_is_not_doubled_and_overwrites_nothing(tmp_path: Path) -> None:
    Image.fromarray(pixels(1)).save(tmp_path / "0000.png")
    before = contents(tmp_path)

    for _ in range(2):
        place = save_drawn(pixels(2), tmp_path / "0000.png", "GenStudio")
        assert place == tmp_path / "0000-2.png"
    assert np.array_equal(shown(place), pixels(2))
    assert before.items() <= contents(tmp_path).items()
    assert len(contents(tmp_path)) == 2


def test_numbers_go_up_until_one_is_free(tmp_path: Path) -> None:
    for name in ("report.txt", "report-2.txt", "report-4.txt"):
        (tmp_path / name).touch()

    assert free_place(tmp_path / "report.txt") == tmp_path / "report-3.txt"
    assert free_place(tmp_path / "new.txt") == tmp_path / "new.txt"


@pytest.mark.parametrize("out", ["pictures", "pictures/new", "link", "link/new", "a/../pictures"])
def test_folders_of_pictures_are_refused(tmp_path: Path, out: str) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "pictures")

    with pytest.raises(ProjectError, match="learned from") as caught:
        refuse_pictures_folders(tmp_path / out, [tmp_path / "others", tmp_path / "pictures"])
    assert str(tmp_path / out) in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("out", [".", "pictures 2", "new/pictures"])
def test_folders_beside_and_around_them_are_fine(tmp_path: Path, out: str) -> None:
    (tmp_path / "pictures").mkdir()
    refuse_pictures_folders(tmp_path / out, [tmp_path / "pictures", tmp_path / "gone"])
