"""What a folder is learned as: found, chosen, and which architectures that leaves."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QListWidget, QPushButton, QWidget
from studio_driver import StudioDriver
from tiny_studio import save_sounds

from genstudio.services.projects import open_project
from genstudio.services.runs import Run

PAIRED = "Translate by example"


@pytest.fixture
def pairs(pictures: Path, tmp_path: Path) -> Path:
    """Six pairs, and a picture without a partner."""
    folder = tmp_path / "pairs"
    for name, count in (("lines", 6), ("paint", 7)):
        (folder / name).mkdir(parents=True)
        for path in sorted(pictures.iterdir())[:count]:
            shutil.copy(path, folder / name / path.name)
    return folder


def words_of(studio: StudioDriver, title: str) -> str:
    models = studio.find("train.model", QListWidget)
    studio.wait(lambda: models.count() > 0)
    words = [
        str(models.item(row).data(Qt.ItemDataRole.AccessibleTextRole))
        for row in range(models.count())
    ]
    return next(it for it in words if it.startswith(title))


def learned_as(studio: StudioDriver, title: str) -> None:
    studio.wait(lambda: studio.find("dataset.modality", QComboBox).currentText() == title)


def test_a_folder_of_pictures_is_learned_as_pictures(studio: StudioDriver, pictures: Path) -> None:
    studio.open_pictures(pictures, 24)
    learned_as(studio, "Pictures")
    assert studio.text("dataset.examples") == "24 pictures"
    assert not studio.find("dataset.modality").isEnabled()
    studio.go_to("train")
    assert "Learns from pairs of pictures; this folder holds pictures." in words_of(studio, PAIRED)
    studio.choose_model(PAIRED)
    assert not studio.find("train.start").isEnabled()
    studio.choose_model("Describe and redraw")
    assert studio.find("train.start").isEnabled()
    assert not studio.find("setting.reverse").isVisibleTo(studio.find("page.train"))


def test_pairs_are_found_and_can_be_learned_as_something_else(
    studio: StudioDriver, pairs: Path
) -> None:
    studio.open_pictures(pairs, 13)
    learned_as(studio, "Pairs of pictures")
    assert studio.text("dataset.examples") == "6 pairs: “lines” → “paint”"
    assert "1 of “paint” has no partner in “lines”" in studio.text("dataset.remarks")
    studio.go_to("train")
    words = words_of(studio, "Describe and redraw")
    assert "this folder is learned as pairs of pictures" in words
    assert "The Dataset page lets you choose “Pictures”." in words
    assert "Learns from pairs of pictures;" not in words_of(studio, PAIRED)
    assert studio.window._train_page.controls.choices.settings().model_key == "paired-translation"
    row = studio.find("setting.reverse", QCheckBox)
    assert row.isVisibleTo(form_of(row))
    told = studio.find("train.reason", QLabel)
    assert "6 pairs: “lines” → “paint”" in told.text()
    row.setChecked(True)
    assert "6 pairs: “paint” → “lines”" in told.text()
    assert studio.window._train_page.controls.choices.settings().reverse

    studio.go_to("dataset")
    choice = studio.find("dataset.modality", QComboBox)
    choice.setCurrentIndex(choice.findText("Pictures"))
    choice.activated.emit(choice.currentIndex())
    studio.go_to("train")
    assert "Learns from pictures" not in words_of(studio, "Describe and redraw")
    assert "this folder is learned as pictures" in words_of(studio, PAIRED)
    assert not row.isVisibleTo(form_of(row))


def test_what_is_seen_twice_depends_on_what_it_is_learned_as(
    studio: StudioDriver, pairs: Path
) -> None:
    def offers_to_leave_out() -> bool:
        page = studio.find("page.dataset")
        buttons = page.findChildren(QPushButton)
        return any("look like others" in it.accessibleName() for it in buttons)

    studio.open_pictures(pairs, 13)
    learned_as(studio, "Pairs of pictures")
    studio.wait(lambda: not offers_to_leave_out())
    studio.window._states.materials.choose("images")
    studio.wait(offers_to_leave_out)


def test_sides_of_pairs_are_not_told_to_be_left_out(studio: StudioDriver, tmp_path: Path) -> None:
    def grey_buttons() -> list[str]:
        buttons = studio.find("page.dataset").findChildren(QPushButton)
        return [it.accessibleName() for it in buttons if "grey" in it.accessibleName()]

    draw = np.random.default_rng(1)
    for name, channels in (("lines", 1), ("paint", 3)):
        (tmp_path / "both" / name).mkdir(parents=True)
        for number in range(6):
            pixels = draw.integers(0, 256, (24, 24, channels), np.uint8)
            pixels = np.broadcast_to(pixels, (24, 24, 3))
            Image.fromarray(pixels).save(tmp_path / "both" / name / f"{number}.png")
    studio.open_pictures(tmp_path / "both", 12)
    learned_as(studio, "Pairs of pictures")
    studio.wait(lambda: not grey_buttons())
    studio.window._states.materials.choose("images")
    studio.wait(grey_buttons)


def test_architectures_for_other_material_are_folded_away(
    studio: StudioDriver, pairs: Path
) -> None:
    def shown() -> list[str]:
        rows = [row for row in range(models.count()) if not models.isRowHidden(row)]
        return [models.item(row).text() for row in rows]

    studio.open_pictures(pairs, 13)
    learned_as(studio, "Pairs of pictures")
    studio.go_to("train")
    models = studio.find("train.model", QListWidget)
    studio.wait(lambda: shown() == [PAIRED])
    others = studio.find("train.others", QPushButton)
    folded = models.count() - 1
    assert others.text() == f"{folded} more, for other material"
    low = models.height()
    others.click()
    assert len(shown()) == models.count()
    assert models.height() > low
    # What is chosen is never out of sight.
    studio.choose_model("Describe and redraw")
    others.click()
    assert sorted(shown()) == ["Describe and redraw", PAIRED]
    assert others.text() == f"{folded - 1} more, for other material"


def form_of(control: QWidget) -> QWidget:
    """The form that a setting's editor is in."""
    row = control.parentWidget()
    form = None if row is None else row.parentWidget()
    assert form is not None
    return form


def test_the_run_learns_what_was_chosen(studio: StudioDriver, pairs: Path) -> None:
    studio.open_pictures(pairs, 13)
    learned_as(studio, "Pairs of pictures")
    studio.find("dataset.modality", QComboBox).setCurrentIndex(1)
    studio.window._states.materials.choose("images")
    learned_as(studio, "Pictures")
    studio.set_up_small_run("Describe and redraw", steps=2)
    studio.click("train.start")
    studio.wait(lambda: studio.text("train.coach").startswith("Finished"))
    project = open_project(studio.window._project.path)
    assert Run(project.run_folders()[0]).settings.modality == "images"


def test_what_is_left_out_is_not_counted(studio: StudioDriver, pairs: Path) -> None:
    studio.open_pictures(pairs, 13)
    learned_as(studio, "Pairs of pictures")
    first = sorted(path.name for path in (pairs / "lines").iterdir())[0]
    studio.window._dataset.exclude([f"lines/{first}"])
    studio.wait(lambda: studio.text("dataset.examples").startswith("5 pairs"))


def test_pictures_with_sounds_are_found_and_have_a_size(
    studio: StudioDriver, pictures: Path, tmp_path: Path
) -> None:
    folder = save_sounds(tmp_path / "both", 6)
    for number, path in enumerate(sorted(pictures.iterdir())[:7]):
        shutil.copy(path, folder / f"{number:02}.png")
    studio.open_pictures(folder, 13)
    learned_as(studio, "Pictures with sounds or music")
    assert studio.text("dataset.examples") == "6 pairs of pictures and sounds"
    studio.go_to("train")
    assert "this folder holds pictures with sounds or music" in words_of(
        studio, "Describe and redraw"
    )
    studio.choose_model("Pictures and what belongs to them")
    assert studio.find("train.start").isEnabled()
    assert studio.find("train.size").isVisibleTo(studio.find("page.train"))
