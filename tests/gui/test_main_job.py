"""The program's main job in the real window: a folder becomes a trained model and a gallery."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import (
    QAbstractButton,
    QFileDialog,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
)
from studio_driver import StudioDriver

from genstudio.artifacts.image import read_recipe
from genstudio.services.projects import open_project
from genstudio.services.runs import Run

MODELS = ("Painter and critic", "Describe and redraw")


@pytest.mark.parametrize("model", MODELS)
def test_from_a_folder_to_an_exported_gallery(
    studio: StudioDriver,
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
) -> None:
    studio.open_pictures(pictures, 24)
    studio.set_up_small_run(model, steps=3)
    studio.click("train.start")
    studio.wait(lambda: studio.text("train.coach").startswith("Finished"))
    assert studio.progress() == 1000
    studio.wait(lambda: "Ready" in studio.text("status.state"))
    assert "CPU" in studio.text("status.device")

    studio.go_to("gallery")
    studio.wait(lambda: studio.rows("gallery.grid") == 24)
    studio.set_number("gallery.number", 3)
    studio.click("gallery.generate")
    studio.wait(lambda: studio.rows("gallery.grid") == 27)
    assert studio.text("gallery.count") == "27 pictures"

    studio.wait(lambda: not studio.window._gallery.is_busy)
    grid = studio.find("gallery.grid")
    grid.select(grid.keys()[0])
    studio.window._pages.gallery._on_menu(QPoint(4, 4))
    (menu,) = grid.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert not studio.window._gallery.is_busy
    (again,) = [action for action in menu.actions() if action.text() == "Make this again"]
    again.trigger()
    menu.close()
    studio.wait(lambda: "was made again" in _notice(studio))
    assert "same to the last pixel" in _notice(studio)
    studio.window._notice_bar.close_current()

    out = tmp_path / "Ausstellung für Ä"
    opened: list[str] = []
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(out))
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    export = studio.find("gallery.export", QPushButton)
    studio.wait(export.isEnabled)
    _menu_action(export, "web page").trigger()
    studio.click("export.choose")
    assert studio.find("export.place", QLineEdit).text() == str(out)
    studio.click("export.start")
    studio.wait(lambda: opened)
    page = out / "index.html"
    assert Path(opened[0]) == page
    images = list((out / "images").glob("*.png"))
    assert len(images) == 27
    assert all(image.name in page.read_text(encoding="utf-8") for image in images)
    recipe = read_recipe(images[0])
    assert recipe is not None
    assert recipe.size == 32


def _notice(studio: StudioDriver) -> str:
    notice = studio.window._notice_bar.current()
    return f"{notice.title}. {notice.message}" if notice else ""


def _menu_action(button: QPushButton, words: str) -> QAction:
    (action,) = [action for action in button.menu().actions() if words in action.text()]
    return action


def test_pausing_stopping_and_going_on(studio: StudioDriver, pictures: Path) -> None:
    studio.open_pictures(pictures, 24)
    studio.set_up_small_run("Describe and redraw", steps=100_000)
    studio.click("train.start")
    studio.wait(lambda: "a second" in studio.text("status.state"))
    studio.click("train.pause")
    studio.wait(lambda: studio.text("status.state") == "Paused")
    studio.click("train.save")
    studio.wait(lambda: studio.text("train.coach").startswith("Saved at step"))
    studio.click("train.pause")
    studio.wait(lambda: "a second" in studio.text("status.state"))
    studio.click("train.stop")
    studio.wait(lambda: studio.find("train.resume").isVisible())
    run = Run(open_project(studio.window._project.path).run_folders()[0])
    stopped_at = run.store.steps()[-1]
    studio.click("train.resume")
    studio.wait(lambda: "a second" in studio.text("status.state"))
    studio.click("train.stop")
    studio.wait(lambda: run.store.steps()[-1] > stopped_at)
    studio.wait(lambda: studio.text("status.state") == "Ready")


def test_closing_asks_while_training_then_saves(studio: StudioDriver, pictures: Path) -> None:
    studio.open_pictures(pictures, 24)
    studio.set_up_small_run("Painter", steps=100_000)
    studio.click("train.start")
    studio.wait(lambda: "a second" in studio.text("status.state"))
    studio.window.close()
    assert studio.window.isVisible()
    _answer(studio, "Keep training")
    assert studio.find("train.stop").isEnabled()
    studio.window.close()
    _answer(studio, "Stop, save and close")
    studio.wait(lambda: not studio.window.isVisible())
    (folder,) = open_project(studio.window._project.path).run_folders()
    assert Run(folder).checkpoint("last").state.step > 0
    assert Run(folder).summary().state.value == "stopped"


def _answer(studio: StudioDriver, words: str) -> None:
    box = studio.find("dialog.closing", QMessageBox)
    (button,) = [button for button in box.buttons() if words in button.text()]
    assert isinstance(button, QAbstractButton)
    button.click()
    studio.wait(lambda: studio.window.findChild(QMessageBox, "dialog.closing") is None)


def test_a_picture_left_out_is_not_learned_from(studio: StudioDriver, pictures: Path) -> None:
    studio.open_pictures(pictures, 24)
    grid = studio.find("dataset.grid")
    grid.select("flower-0002.png")
    studio.qtbot.keyClick(grid, Qt.Key.Key_Space)
    assert studio.text("dataset.summary") == "24 found · 23 will be used"
    studio.set_up_small_run("Describe and redraw", steps=1)
    studio.click("train.start")
    studio.wait(lambda: studio.text("train.coach").startswith("Finished"))
    project = open_project(studio.window._project.path)
    manifest = project.load_manifest(Run(project.run_folders()[0]).file.dataset)
    assert len(manifest.pictures) == 23
    assert manifest.excluded == ("flower-0002.png",)


def test_a_project_opens_as_it_was_left(
    studio: StudioDriver, pictures: Path, tmp_path: Path
) -> None:
    from genstudio.app import build_window

    studio.open_pictures(pictures, 24)
    studio.set_up_small_run("Describe and redraw", steps=2)
    studio.click("train.start")
    studio.wait(lambda: studio.text("train.coach").endswith("hang in the Gallery."))
    studio.window.close()
    again = StudioDriver(build_window(tmp_path / "Meadow"), studio.qtbot)
    studio.qtbot.addWidget(again.window)
    again.window.show()
    again.wait(lambda: again.text("dataset.summary").startswith("24 found"))
    again.go_to("train")
    again.wait(lambda: again.find("train.resume").isVisible())
    assert "step 2" in again.text("train.coach").lower()
    again.go_to("gallery")
    assert again.rows("gallery.grid") == 24
    again.window.close()


def test_a_folder_that_is_no_good_is_explained_and_the_one_before_stays(
    studio: StudioDriver, pictures: Path, tmp_path: Path
) -> None:
    studio.open_pictures(pictures, 24)
    (tmp_path / "empty").mkdir()
    studio.window.open_dataset(tmp_path / "empty")
    studio.wait(lambda: studio.window._notice_bar.current() is not None)
    notice = studio.window._notice_bar.current()
    assert "There are no pictures" in notice.title
    assert studio.text("dataset.summary").startswith("24 found")
