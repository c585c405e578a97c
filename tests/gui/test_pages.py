"""The pages, control by control, in the real window on a project that has been trained in."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLabel,
    QLineEdit,
    QSlider,
    QSpinBox,
)
from pytestqt.qtbot import QtBot
from studio_driver import StudioDriver

from genstudio.app import build_window
from genstudio.domain.notices import Level
from genstudio.domain.progress import drain
from genstudio.engine.trainer import NoCommands
from genstudio.services import trash as trash_module
from genstudio.services.first_pictures import hang_first_pictures
from genstudio.services.preferences import load_preferences
from genstudio.services.presets import resolve_settings
from genstudio.services.training import NewRun, start_run


@pytest.fixture(scope="module")
def trained(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one finished run."""
    project = tmp_path_factory.mktemp("trained") / "Meadow"
    settings = resolve_settings(
        preset="quick",
        model_key="residual-vae",
        training={
            "size": 32,
            "batch": 4,
            "seed": 1,
            "preview_every_s": 0.01,
            "budget": {"unit": "steps", "amount": 3},
        },
    )
    for _ in start_run(NewRun(folder=pictures, project=project, settings=settings), NoCommands()):
        pass
    (run,) = (project / "runs").iterdir()
    drain(hang_first_pictures(run))
    return project


@pytest.fixture
def open_studio(qtbot: QtBot, trained: Path, tmp_path: Path) -> Iterator[StudioDriver]:
    """The window on a copy of that project."""
    project = tmp_path / "Meadow"
    shutil.copytree(trained, project)
    window = build_window(project)
    qtbot.addWidget(window)
    window.show()
    driver = StudioDriver(window, qtbot)
    driver.wait(lambda: driver.text("dataset.summary").startswith("24 found"))
    driver.wait(lambda: window._training.entries and window._training.shown)
    driver.wait(lambda: window._gallery.is_open)
    yield driver
    window.close()


# --- Dataset ------------------------------------------------------------------------------


def test_the_report_shows_and_leaves_out_look_alikes(
    studio: StudioDriver, pictures: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    shutil.copytree(pictures, folder)
    shutil.copy(folder / "flower-0001.png", folder / "z-copy.png")
    (folder / "broken.png").write_bytes(b"no picture")
    studio.open_pictures(folder, 25)
    words = " ".join(label.text() for label in studio.find("page.dataset").findChildren(QLabel))
    assert "1 looks like another" in words
    assert "broken.png: It is no picture" in words
    _press(studio, "Show: 1 looks like another")
    assert studio.find("dataset.grid").selected_keys() == ["z-copy.png"]
    _press(studio, "Leave out: 1 looks like another")
    assert studio.text("dataset.summary") == "25 found · 24 will be used"
    _press(studio, "Use again: 1 looks like another")
    assert studio.text("dataset.summary") == "25 found · 25 will be used"


def _press(studio: StudioDriver, accessible_name: str) -> None:
    studio.wait(lambda: _buttons(studio, accessible_name))
    _buttons(studio, accessible_name)[0].click()


def _buttons(studio: StudioDriver, accessible_name: str) -> list[QAbstractButton]:
    buttons = studio.find("page.dataset").findChildren(QAbstractButton)
    return [
        button
        for button in buttons
        if button.accessibleName() == accessible_name and not button.isHidden()
    ]


def test_leaving_out_with_the_buttons(open_studio: StudioDriver) -> None:
    grid = open_studio.find("dataset.grid")
    grid.select_keys(["flower-0001.png", "flower-0003.png"])
    open_studio.click("dataset.exclude")
    assert open_studio.text("dataset.summary") == "24 found · 22 will be used"
    assert not open_studio.find("dataset.exclude").isEnabled()
    open_studio.click("dataset.include")
    assert open_studio.text("dataset.summary") == "24 found · 24 will be used"


def test_the_dataset_leads_on_to_learning(open_studio: StudioDriver) -> None:
    open_studio.go_to("dataset")
    open_studio.click("dataset.next")
    assert open_studio.find("page.train").isVisible()


def test_dropping_a_picture_opens_its_folder(studio: StudioDriver, pictures: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(pictures / "flower-0001.png"))])
    drop = QDropEvent(
        QPointF(20, 20),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    studio.find("page.dataset").dropEvent(drop)
    studio.wait(lambda: studio.text("dataset.summary").startswith("24 found"))
    assert studio.text("dataset.path") == str(pictures)


def test_too_few_pictures_say_why_training_cannot_begin(
    studio: StudioDriver, tmp_path: Path
) -> None:
    Image.new("RGB", (64, 64), "red").save(tmp_path / "only.png")
    studio.open_pictures(tmp_path, 1)
    studio.go_to("train")
    words = [label.text() for label in studio.find("page.train").findChildren(QLabel)]
    assert any("At least two pictures are needed" in text for text in words)
    assert not studio.find("train.start").isEnabled()


# --- Train --------------------------------------------------------------------------------


def test_the_timeline_goes_back_to_earlier_previews(open_studio: StudioDriver) -> None:
    open_studio.go_to("train")
    slider = open_studio.find("train.timeline", QSlider)
    assert slider.value() == slider.maximum() > 0
    newest = open_studio.find("train.preview").grab().toImage()
    slider.setValue(0)
    assert open_studio.find("train.preview").grab().toImage() != newest


def test_a_preset_sets_the_form_and_own_changes_reach_the_run(open_studio: StudioDriver) -> None:
    open_studio.go_to("train")
    open_studio.choose_model("Describe and redraw")
    open_studio.choose("train.preset", "Thorough")
    controls = open_studio.window._train_page.controls
    assert controls.settings().model["latent_size"] == 256
    assert controls.settings().budget.amount == 480
    open_studio.set_number("setting.latent_size", 64)
    open_studio.choose("train.size", "128 ×")
    settings = controls.settings()
    assert (settings.model["latent_size"], settings.size) == (64, 128)


def test_what_was_chosen_stays_when_a_picture_is_left_out(open_studio: StudioDriver) -> None:
    open_studio.choose("train.size", "128 ×")
    open_studio.window._dataset.toggle("flower-0001.png")
    assert open_studio.find("train.size", QComboBox).currentText().startswith("128")


def test_an_unwritable_project_is_explained(qtbot: QtBot, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    window = build_window(tmp_path / "file" / "Meadow")
    qtbot.addWidget(window)
    window.show()
    studio = StudioDriver(window, qtbot)
    studio.open_pictures(pictures, 24)
    studio.set_up_small_run("Describe and redraw", steps=1)
    studio.click("train.start")
    studio.wait(lambda: window._notice_bar.current() is not None)
    assert window._notice_bar.current().level is Level.ERROR
    studio.wait(lambda: studio.find("train.start").isEnabled())
    window.close()


# --- Gallery ------------------------------------------------------------------------------


def test_rating_tagging_and_searching(open_studio: StudioDriver) -> None:
    open_studio.go_to("gallery")
    grid = open_studio.find("gallery.grid")
    chosen = grid.current_key()
    open_studio.click("gallery.star4")
    tags = open_studio.find("gallery.tags", QLineEdit)
    open_studio.qtbot.keyClicks(tags, "poppy, red")
    open_studio.qtbot.keyClick(tags, Qt.Key.Key_Return)
    open_studio.find("gallery.search", QLineEdit).setText("POPPY")
    open_studio.wait(lambda: open_studio.text("gallery.count") == "1 picture")
    assert grid.current_key() == chosen
    open_studio.find("gallery.search", QLineEdit).clear()
    open_studio.choose("gallery.rating", "★★★★ ")
    open_studio.wait(lambda: open_studio.text("gallery.count") == "1 picture")
    open_studio.choose("gallery.rating", "★★★★★")
    open_studio.wait(lambda: open_studio.text("gallery.count") == "0 pictures")


def test_the_same_star_again_takes_the_rating_away(open_studio: StudioDriver) -> None:
    open_studio.go_to("gallery")
    key = open_studio.find("gallery.grid").current_key()
    open_studio.click("gallery.star2")
    assert open_studio.window._gallery.items[key].rating == 2
    open_studio.click("gallery.star2")
    assert open_studio.window._gallery.items[key].rating == 0


def test_looking_at_tags_does_not_change_those_of_other_selected_pictures(
    open_studio: StudioDriver,
) -> None:
    open_studio.go_to("gallery")
    grid = open_studio.find("gallery.grid")
    first, second = list(open_studio.window._gallery.items)[:2]
    open_studio.window._gallery.tag([second], ["keep"])
    grid.select_keys([first, second])
    tags = open_studio.find("gallery.tags", QLineEdit)
    tags.setFocus()
    open_studio.qtbot.keyClick(tags, Qt.Key.Key_Return)
    assert open_studio.window._gallery.items[second].tags == ("keep",)


def test_removing_moves_to_the_trash(
    open_studio: StudioDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trash = tmp_path / "trash"
    trash.mkdir()
    monkeypatch.setattr(trash_module, "send2trash", lambda path: shutil.move(path, trash))
    open_studio.go_to("gallery")
    open_studio.click("gallery.trash")
    open_studio.wait(lambda: open_studio.text("gallery.count") == "23 pictures")
    assert len(list(trash.iterdir())) == 1


def test_a_damaged_recipe_is_told_of_and_the_other_pictures_are_shown(
    open_studio: StudioDriver,
) -> None:
    first, second = list(open_studio.window._gallery.items)[:2]
    with closing(sqlite3.connect(open_studio.window._project.path / "library.sqlite")) as index:
        index.execute("UPDATE pictures SET recipe = '{}' WHERE name = ?", [first])
        index.commit()
    open_studio.window._gallery.refresh()
    open_studio.go_to("gallery")
    grid = open_studio.find("gallery.grid")
    grid.select(first)
    assert "damaged" in open_studio.text("gallery.recipe")
    assert grid.currentIndex().data(Qt.ItemDataRole.ToolTipRole) == first
    grid.select(second)
    assert "seed" in open_studio.text("gallery.recipe")


def test_a_gallery_that_is_closed_shows_nothing_any_more(open_studio: StudioDriver) -> None:
    open_studio.go_to("gallery")
    grid = open_studio.find("gallery.grid")
    open_studio.window._gallery.close()
    grid.repaint()
    assert grid.keys() == []
    assert open_studio.text("gallery.recipe") == ""


def test_new_pictures_hang_where_the_index_has_them(open_studio: StudioDriver) -> None:
    gallery = open_studio.window._gallery
    open_studio.go_to("gallery")
    for query, shown in (("", 3), ("no such word", 0)):
        open_studio.find("gallery.search", QLineEdit).setText(query)
        gallery.filter(query, 0)
        before = gallery._gallery.count()
        open_studio.find("gallery.number", QSpinBox).setValue(3)
        open_studio.click("gallery.generate")
        open_studio.wait(lambda: not gallery.is_busy)
        assert gallery._gallery.count() == before + 3
        assert list(gallery.items) == [item.name for item in gallery._gallery.items(query)]
        assert open_studio.find("gallery.grid").keys() == list(gallery.items)
        assert len(gallery.items) == (before + shown if shown else 0)


def test_training_previews_are_shown_too(open_studio: StudioDriver) -> None:
    open_studio.go_to("gallery")
    open_studio.choose("gallery.source", "previews")
    previews = list((open_studio.window._project.path / "runs").glob("*/previews/*.png"))
    assert open_studio.rows("gallery.grid") == len(previews) > 1
    assert not open_studio.find("gallery.export").isEnabled()


# --- Window -------------------------------------------------------------------------------


def test_light_and_dark_are_chosen_and_remembered(studio: StudioDriver) -> None:
    def background() -> QColor:
        return studio.window.palette().color(QPalette.ColorRole.Window)

    studio.window._actions["view.light"].trigger()
    assert background().lightness() > 200
    studio.window._actions["view.dark"].trigger()
    assert background().lightness() < 60
    studio.window.close()
    assert load_preferences().theme == "dark"


def test_a_project_of_a_newer_program_is_refused_and_left_alone(
    qtbot: QtBot, trained: Path, tmp_path: Path
) -> None:
    project = tmp_path / "Newer"
    shutil.copytree(trained, project)
    text = (project / "project.toml").read_text().replace("= 1", "= 99", 1)
    (project / "project.toml").write_text(text)
    window = build_window(project)
    qtbot.addWidget(window)
    notice = window._notice_bar.current()
    assert notice is not None
    assert "newer" in notice.title
    assert (project / "project.toml").read_text() == text
    window.close()


def test_every_control_has_a_name_for_screen_readers(open_studio: StudioDriver) -> None:
    for page in ("dataset", "train", "gallery"):
        open_studio.go_to(page)
        for kind in (QAbstractButton, QComboBox, QLineEdit, QSlider):
            for widget in open_studio.find(f"page.{page}").findChildren(kind):
                if widget.isVisible() and not widget.objectName().startswith("qt_"):
                    name = widget.accessibleName() or getattr(widget, "text", str)()
                    assert name, f"{page}: {widget.objectName() or widget}"
