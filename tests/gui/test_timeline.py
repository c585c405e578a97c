"""The checkpoints of a run on the Train page: seen, starred, and told of."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QSlider
from pytestqt.qtbot import QtBot
from saved_runs import (
    STEPS,
    Opener,
    choose,
    only_run,
    run_started,
    step_done,
    steps_of,
    strip_of,
    wait_for_end,
)
from studio_driver import StudioDriver

from genstudio.domain import events
from genstudio.domain.notices import Level, Notice
from genstudio.domain.runs import CheckpointInfo
from genstudio.engine.stepper import Stepper
from genstudio.services import studio as studio_module
from genstudio.ui.state.training import Activity
from genstudio.ui.widgets.checkpoint_strip import CheckpointStrip


def test_cards_come_with_training_and_the_strip_keeps_its_place(
    studio: StudioDriver, pictures: Path
) -> None:
    studio.open_pictures(pictures, 24)
    studio.set_up_small_run("Describe and redraw", steps=100_000)
    strip = strip_of(studio)
    place = strip.geometry()
    assert "at least one a minute" in strip.accessibleDescription()
    studio.click("train.start")
    studio.wait(lambda: "a second" in studio.text("status.state"))
    studio.click("train.save")
    studio.wait(lambda: len(strip.checkpoints()) == 1)
    assert strip.geometry() == place
    choose(studio, strip.checkpoints()[0].step)
    for name in ("train.continue", "train.branch"):
        assert not studio.find(name).isEnabled()
        assert "under way" in studio.find(name).toolTip()
    studio.click("train.star")
    studio.wait(lambda: strip.current() is not None and strip.current().is_starred)
    studio.click("train.stop")
    studio.wait(lambda: len(strip.checkpoints()) == 2)
    wait_for_end(studio)
    assert only_run(studio.window._project.path).store.starred() == {strip.checkpoints()[0].step}


def test_cards_that_were_cleared_away_go(open_project: Opener, project: Path) -> None:
    studio = open_project()
    assert steps_of(studio) == STEPS
    choose(studio, 2)
    run = only_run(project)
    shutil.rmtree(run.store.folder / "2")
    saved = events.CheckpointSaved(step=6, path=run.store.folder / "6", took_s=0.1)
    studio.window._training._on_events([saved])
    studio.wait(lambda: steps_of(studio) == STEPS[1:])
    assert strip_of(studio).current() is None
    assert not studio.find("train.star").isEnabled()


def test_a_film_of_the_previews_lies_among_the_results(open_project: Opener, project: Path) -> None:
    studio = open_project()
    told: list[str] = []
    studio.window._states.create.noticed.connect(lambda notice: told.append(str(notice)))
    assert studio.find("train.film").isEnabled()
    studio.click("train.film")
    studio.wait(lambda: told)
    assert "The film is made" in told[0]
    (film,) = (project / "results").glob("*-time-lapse/*.*")
    assert film.stat().st_size > 0


def test_a_card_says_everything_and_shows_its_preview(open_project: Opener) -> None:
    studio = open_project()
    newest = studio.find("train.preview").grab().toImage()
    choose(studio, 2)
    assert studio.find("train.preview").grab().toImage() != newest
    strip = strip_of(studio)
    index = strip.model().index(0, 0)
    details = index.data(Qt.ItemDataRole.ToolTipRole)
    assert "step 2" in details
    assert "MB on the disk" in details
    assert all(f"{name}:" in details for name in strip.checkpoints()[0].losses)
    assert "step 2" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    slider = studio.find("train.timeline", QSlider)
    slider.setValue(slider.maximum())
    assert strip.current() is None
    assert studio.find("train.preview").grab().toImage() == newest


def test_a_checkpoint_without_a_picture_shows_the_preview_before_it(
    open_project: Opener, project: Path
) -> None:
    run = only_run(project)
    (run.store.folder / "4" / "preview.png").unlink()
    studio = open_project()
    strip = strip_of(studio)
    studio.wait(lambda: strip._loader.thumbnail(run.store.folder / "4" / "preview.png"))
    studio.wait(lambda: strip._loader.thumbnail(run.store.folder / "2" / "preview.png"))
    assert not strip._loader.thumbnail(run.store.folder / "4" / "preview.png").pixmap.isNull()


def test_a_star_stays_on_disk_and_after_reopening(open_project: Opener, project: Path) -> None:
    studio = open_project()
    strip = strip_of(studio)
    card = strip._cards.card_rect(strip.visualRect(strip.model().index(0, 0)), strip.font())
    star = strip._cards.star_rect(card).center()
    studio.qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=star)
    studio.wait(lambda: strip.checkpoints()[0].is_starred)
    assert strip.current() is None, "the star alone was meant"
    assert only_run(project).store.starred() == {2}
    studio.window.close()
    again = open_project()
    assert [item.is_starred for item in strip_of(again).checkpoints()] == [True, False, False]
    choose(again, 2)
    assert again.find("train.star", QPushButton).text() == "Remove star"
    again.click("train.star")
    again.wait(lambda: not only_run(project).store.starred())


def test_everything_works_from_the_keyboard(open_project: Opener, project: Path) -> None:
    studio = open_project()
    strip = strip_of(studio)
    strip.setFocus()
    studio.qtbot.keyClick(strip, Qt.Key.Key_Left)
    assert strip.current().step == 4
    studio.qtbot.keyClick(strip, Qt.Key.Key_Right)
    studio.qtbot.keyClick(strip, Qt.Key.Key_Home)
    assert strip.current().step == 2
    studio.qtbot.keyClick(strip, Qt.Key.Key_S)
    studio.wait(lambda: strip.current().is_starred)
    menu = studio.find("train.checkpoint_menu", QMenu)
    studio.qtbot.keyClick(strip, Qt.Key.Key_Return)
    assert menu.isVisible()
    assert [action.text() for action in menu.actions()][-1] == "Remove star"
    menu.close()
    reason = QContextMenuEvent.Reason.Keyboard
    QApplication.sendEvent(strip.viewport(), QContextMenuEvent(reason, QPoint(), QPoint()))
    assert menu.isVisible()
    menu.close()
    studio.qtbot.keyClick(strip, Qt.Key.Key_Escape)
    assert strip.current() is None


def test_fifty_checkpoints_are_shown_at_once(qtbot: QtBot, tmp_path: Path) -> None:
    strip = CheckpointStrip()
    qtbot.addWidget(strip)
    strip.resize(600, strip.height())
    strip.show()
    many = [
        CheckpointInfo(path=tmp_path / str(step), step=step, images_seen=step, seconds=step)
        for step in range(50)
    ]
    strip.set_checkpoints(many[:49], picture_px=32)
    bar = strip.horizontalScrollBar()
    assert bar.value() == bar.maximum() > 0
    strip.set_checkpoints(many, picture_px=32)
    assert bar.value() == bar.maximum(), "the newest is followed"
    bar.setValue(0)
    strip.set_checkpoints(many[1:], picture_px=32)
    assert bar.value() == 0, "what a person looks at stays"
    strip.shutdown()


def test_the_corner_of_a_sheet_is_read(tmp_path: Path) -> None:
    from PIL import Image

    sheet = np.zeros((8 + 3 * 2, 12 + 4 * 2, 3), np.uint8)
    sheet[2:6, 2:6] = 200
    Image.fromarray(sheet).save(tmp_path / "sheet.png")
    corner = studio_module.sheet_corner(tmp_path / "sheet.png", 20, picture_px=4)
    assert corner.shape == (20, 20, 3)
    assert corner[:6, :6].min() > 150
    assert corner[12:, 12:].max() < 50


# --- messages -----------------------------------------------------------------------------


def test_remarks_stay_readable_and_warnings_become_notices(
    open_project: Opener, project: Path
) -> None:
    studio = open_project()
    state, run = studio.window._training, only_run(project).path
    notices: list[Notice] = []
    state.noticed.connect(notices.append)
    info = events.Message(step=6, level="info", title="It goes on", message="Well.")
    state._on_events([run_started(run, 6), info])
    assert studio.text("train.coach") == "It goes on. Well."
    assert notices == []
    care = events.Message(step=6, level="warning", title="Memory ran out", message="In parts.")
    state._on_events([care])
    assert studio.text("train.coach") == "Memory ran out. In parts."
    assert notices == [Notice(level=Level.WARNING, title="Memory ran out", message="In parts.")]
    wait_for_end(studio)
    state._set_activity(Activity.IDLE)


def test_an_error_in_the_worker_leaves_one_notice_and_a_usable_window(
    studio: StudioDriver, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Stepper) -> None:
        raise ZeroDivisionError("a bug of ours")

    studio.open_pictures(pictures, 24)
    studio.set_up_small_run("Describe and redraw", steps=2)
    notices: list[Notice] = []
    studio.window._training.noticed.connect(notices.append)
    with monkeypatch.context() as patched:
        patched.setattr(Stepper, "take_step", fail)
        studio.click("train.start")
        studio.wait(lambda: notices)
        wait_for_end(studio)
    (notice,) = notices
    assert notice.level is Level.ERROR
    assert "ZeroDivisionError" in notice.details
    assert "it begins again" in studio.text("train.coach")
    assert studio.find("train.resume_here").isVisible()
    studio.click("train.start")
    studio.wait(lambda: studio.text("train.coach").startswith("Finished"))
    wait_for_end(studio)
    assert len(notices) == 1


# --- losses -------------------------------------------------------------------------------


def test_going_back_cuts_the_losses_live(open_project: Opener, project: Path) -> None:
    studio = open_project()
    page, run = studio.window._train_page, only_run(project).path
    page._on_received([run_started(run, 6), *map(step_done, range(7, 30))])
    history = page._plot._histories["bound"]
    assert history.last_step == 29
    page._on_received([step_done(10)])
    assert history.steps()[-1] == 10
    assert history.last_step == 10
    page._on_received([run_started(run, 4)])
    assert history.last_step <= 4
    assert all(name.last_step <= 4 for name in page._plot._histories.values())
