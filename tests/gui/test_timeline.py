"""The checkpoints of a run on the Train page: seen, starred, gone on from, branched from."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QMenu,
    QMessageBox,
    QPushButton,
    QSlider,
)
from pytestqt.qtbot import QtBot
from studio_driver import StudioDriver

from genstudio.app import build_window
from genstudio.domain import events
from genstudio.domain.notices import Level, Notice
from genstudio.domain.runs import CheckpointInfo
from genstudio.domain.training import Budget
from genstudio.engine.stepper import Stepper
from genstudio.engine.trainer import NoCommands
from genstudio.services import runs as runs_module
from genstudio.services import studio as studio_module
from genstudio.services.jobs import Job
from genstudio.services.presets import resolve_settings
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, resume_run, start_run
from genstudio.ui.state.training import Activity
from genstudio.ui.widgets.checkpoint_strip import CheckpointStrip

STEPS = [2, 4, 6]


@pytest.fixture(scope="module")
def saved(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one finished run that was saved at steps 2, 4 and 6."""
    project = tmp_path_factory.mktemp("saved") / "Meadow"
    settings = resolve_settings(
        preset="quick",
        model_key="residual-vae",
        training={
            "size": 32,
            "batch": 4,
            "seed": 1,
            "preview_every_s": 0.01,
            "budget": {"unit": "steps", "amount": STEPS[0]},
        },
    )
    for _ in start_run(NewRun(folder=pictures, project=project, settings=settings), NoCommands()):
        pass
    (run,) = (project / "runs").iterdir()
    for steps in STEPS[1:]:
        for _ in resume_run(run, NoCommands(), budget=Budget(unit="steps", amount=steps)):
            pass
    assert Run(run).store.steps() == STEPS
    return project


Opener = Callable[[], StudioDriver]


@pytest.fixture
def project(saved: Path, tmp_path: Path) -> Path:
    """A copy of that project that a test may change."""
    return Path(shutil.copytree(saved, tmp_path / "Meadow"))


@pytest.fixture
def open_project(qtbot: QtBot, project: Path) -> Iterator[Opener]:
    """Opens the window on the project, once it is as the test wants it."""
    opened: list[StudioDriver] = []

    def open_window() -> StudioDriver:
        window = build_window(project)
        qtbot.addWidget(window)
        window.show()
        driver = StudioDriver(window, qtbot)
        opened.append(driver)
        driver.wait(lambda: window._training.entries and window._training.shown)
        driver.wait(lambda: driver.text("dataset.summary").startswith("24 found"))
        driver.go_to("train")
        return driver

    yield open_window
    for driver in opened:
        driver.wait(lambda driver=driver: not driver.window._training.is_running)
        driver.window.close()


@pytest.fixture
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trash of the test's own."""
    folder = tmp_path / "trash"
    folder.mkdir()

    def move(path: Path) -> None:
        shutil.move(path, folder / f"{path.parent.name}-{path.name}")

    monkeypatch.setattr(runs_module, "move_to_trash", move)
    monkeypatch.setattr(studio_module, "move_to_trash", move)
    return folder


def only_run(project: Path) -> Run:
    (path,) = (project / "runs").iterdir()
    return Run(path)


def strip_of(studio: StudioDriver) -> CheckpointStrip:
    return studio.find("train.checkpoints", CheckpointStrip)


def steps_of(studio: StudioDriver) -> list[int]:
    return [checkpoint.step for checkpoint in strip_of(studio).checkpoints()]


def choose(studio: StudioDriver, step: int) -> CheckpointInfo:
    strip = strip_of(studio)
    (checkpoint,) = [item for item in strip.checkpoints() if item.step == step]
    strip.choose(checkpoint)
    return checkpoint


def answer(studio: StudioDriver, dialog: str, words: str) -> str:
    box = studio.find(dialog, QMessageBox)
    told = f"{box.text()} {box.informativeText()}"
    (button,) = [button for button in box.buttons() if words in button.text()]
    assert isinstance(button, QAbstractButton)
    button.click()
    studio.wait(lambda: studio.window.findChild(QMessageBox, dialog) is None)
    return told


def wait_for_end(studio: StudioDriver) -> None:
    studio.wait(lambda: not studio.window._training.is_running)
    studio.wait(lambda: not studio.window._training._jobs)


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def interrupt(project: Path, *, keep_checkpoints: bool) -> None:
    """Leave the record as a power cut does: no ending, and steps that were not saved."""
    run = only_run(project)
    record = run.path / "events.jsonl"
    lines = [line for line in record.read_text().splitlines() if '"Finished"' not in line]
    lost = {
        "event": "StepDone",
        "step": 41,
        "images_seen": 164,
        "losses": {"bound": 1.0},
        "images_per_s": 1.0,
        "seconds": run.store.infos()[-1].seconds + 12,
        "progress": 0.5,
        "eta_s": None,
        "memory_gib": 0.1,
    }
    record.write_text("\n".join([*lines, json.dumps(lost)]) + "\n")
    if not keep_checkpoints:
        shutil.rmtree(run.store.folder)


# --- cards --------------------------------------------------------------------------------


def test_cards_come_with_training_and_the_strip_keeps_its_place(
    studio: StudioDriver, pictures: Path
) -> None:
    studio.open_pictures(pictures, 24)
    studio.set_up_small_run("Describe", steps=100_000)
    strip = strip_of(studio)
    place = strip.geometry()
    assert "at least one a minute" in strip.accessibleDescription()
    studio.click("train.start")
    studio.wait(lambda: "pictures/s" in studio.text("status.state"))
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


# --- going on -----------------------------------------------------------------------------


def test_a_branch_leaves_the_first_run_untouched(open_project: Opener, project: Path) -> None:
    first = only_run(project)
    before = hashes(first.path)
    studio = open_project()
    studio.choose("train.unit", "steps")
    studio.set_number("train.budget", 3)
    choose(studio, 4)
    studio.click("train.branch")
    studio.wait(lambda: studio.text("train.coach").startswith("Finished"))
    wait_for_end(studio)
    assert hashes(first.path) == before
    (second,) = [run for run in studio.window._training.runs if run.path != first.path]
    assert second.branched_from == f"{first.path.name}/4"
    assert studio.window._training.shown == second
    assert second.step == 7
    assert "from step 4" in studio.find("train.run", QComboBox).currentText()


def test_going_back_asks_then_trashes_what_came_later_and_goes_on(
    open_project: Opener, project: Path, trash: Path
) -> None:
    run = only_run(project)
    run.store.star(6, is_starred=True)
    studio = open_project()
    studio.choose("train.unit", "steps")
    studio.set_number("train.budget", 1)
    choose(studio, 4)
    studio.click("train.continue")
    answer(studio, "dialog.going_back", "Cancel")
    assert run.store.steps() == STEPS
    studio.click("train.continue")
    told = answer(studio, "dialog.going_back", "Go back")
    assert "Go back to step 4?" in told
    assert "starred" in told
    studio.wait(lambda: studio.text("train.coach").startswith("Finished"))
    wait_for_end(studio)
    assert run.store.steps() == [2, 4, 5]
    assert (trash / "checkpoints-6").is_dir()
    assert (trash / "previews-6.png").is_file()
    starts = [event.step for event in run.events() if isinstance(event, events.RunStarted)]
    assert starts[-1] == 4
    assert steps_of(studio) == [2, 4, 5]
    assert max(step for step, _ in studio.window._training.shown.losses) == 5


def test_a_trash_that_does_not_work_is_told_and_the_window_stays_usable(
    open_project: Opener, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise runs_module.ProjectError(f"{path.name} could not be moved to the trash")

    monkeypatch.setattr(runs_module, "move_to_trash", refuse)
    studio = open_project()
    choose(studio, 2)
    studio.click("train.continue")
    answer(studio, "dialog.going_back", "Go back")
    studio.wait(studio.window._notice_bar.current)
    wait_for_end(studio)
    assert studio.window._training.activity is Activity.IDLE
    assert studio.text("train.coach") == "Step 6 is the last that is saved."
    assert studio.find("train.start").isEnabled()


def test_a_branch_can_be_chosen_instead_of_going_back(open_project: Opener, project: Path) -> None:
    studio = open_project()
    studio.choose("train.unit", "steps")
    studio.set_number("train.budget", 1)
    choose(studio, 2)
    studio.click("train.continue")
    answer(studio, "dialog.going_back", "Branch")
    studio.wait(lambda: studio.text("train.coach").startswith("Finished"))
    wait_for_end(studio)
    assert studio.window._training.shown.step == 3
    assert len(studio.window._training.runs) == 2


def test_the_newest_goes_on_without_a_question(open_project: Opener, project: Path) -> None:
    studio = open_project()
    studio.choose("train.unit", "steps")
    studio.set_number("train.budget", 2)
    choose(studio, 6)
    studio.click("train.continue")
    studio.wait(lambda: studio.text("train.coach").startswith("Finished"))
    wait_for_end(studio)
    assert only_run(project).store.steps()[-1] == 8


# --- interruptions ------------------------------------------------------------------------


def test_an_interrupted_run_is_told_of_and_goes_on(open_project: Opener, project: Path) -> None:
    interrupt(project, keep_checkpoints=True)
    studio = open_project()
    assert "the last 12 seconds (35 steps) are lost" in studio.text("train.coach")
    studio.wait(studio.window._notice_bar.current)
    assert studio.window._notice_bar.current().level is Level.WARNING
    assert "interrupted" in studio.window._notice_bar.current().title
    studio.window._training.reload_runs()
    wait_for_end(studio)
    studio.window._notice_bar.close_current()
    assert studio.window._notice_bar.current() is None, "it is told once"
    studio.choose("train.unit", "steps")
    studio.set_number("train.budget", 2)
    studio.click("train.resume_here")
    studio.wait(lambda: studio.text("train.coach").startswith("Finished"))
    wait_for_end(studio)
    assert only_run(project).store.steps()[-1] == 8
    assert not studio.find("train.resume_here").isVisible()


def test_a_run_that_was_never_saved_begins_again(open_project: Opener, project: Path) -> None:
    interrupt(project, keep_checkpoints=False)
    studio = open_project()
    assert "before it was first saved; it begins again" in studio.text("train.coach")
    assert studio.find("train.resume").isVisible()
    studio.click("train.resume_here")
    studio.wait(lambda: studio.text("train.coach").startswith("Finished"))
    wait_for_end(studio)
    assert only_run(project).store.steps() == [2]


# --- messages -----------------------------------------------------------------------------


def _started(run: Path, step: int) -> events.RunStarted:
    return events.RunStarted(
        run=run,
        model="residual-vae",
        device="CPU",
        precision="fp32",
        threads=1,
        num_images=24,
        num_parameters=1_000_000,
        step=step,
    )


def _step_done(step: int) -> events.StepDone:
    return events.StepDone(
        step=step,
        images_seen=4 * step,
        losses={"bound": float(step)},
        images_per_s=1.0,
        seconds=float(step),
        progress=0.1,
        eta_s=None,
        memory_gib=0.1,
    )


def test_remarks_stay_readable_and_warnings_become_notices(
    open_project: Opener, project: Path
) -> None:
    studio = open_project()
    state, run = studio.window._training, only_run(project).path
    notices: list[Notice] = []
    state.noticed.connect(notices.append)
    info = events.CoachSaid(step=6, level="info", title="It goes on", message="Well.")
    state._on_events([_started(run, 6), info])
    assert studio.text("train.coach") == "It goes on. Well."
    assert notices == []
    care = events.CoachSaid(step=6, level="warning", title="Memory ran out", message="In parts.")
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
    studio.set_up_small_run("Describe", steps=2)
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


# --- removing -----------------------------------------------------------------------------


def test_a_run_is_removed_after_a_question_and_the_next_is_shown(
    open_project: Opener, project: Path, trash: Path
) -> None:
    older = only_run(project).path
    newer = older.with_name(older.name.replace("20", "30", 1))
    shutil.copytree(older, newer)
    studio = open_project()
    assert studio.window._training.shown.path == newer
    studio.click("train.remove_run")
    answer(studio, "dialog.removing_run", "Cancel")
    assert newer.is_dir()
    studio.click("train.remove_run")
    told = answer(studio, "dialog.removing_run", "Move")
    assert "6 steps" in told
    assert "3 saved points" in told
    assert "MB" in told
    wait_for_end(studio)
    assert not newer.exists()
    assert (trash / f"runs-{newer.name}").is_dir()
    assert studio.window._training.shown.path == older
    assert steps_of(studio) == STEPS
    studio.click("train.remove_run")
    answer(studio, "dialog.removing_run", "Move")
    wait_for_end(studio)
    assert studio.window._training.shown is None
    assert steps_of(studio) == []
    assert not studio.find("train.remove_run").isEnabled()


def test_a_run_that_cannot_be_removed_comes_back(
    open_project: Opener, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(run: Path) -> Job[None]:
        def items() -> Iterator[None]:
            raise runs_module.ProjectError("It could not be moved")
            yield

        return Job("refuse", items)

    monkeypatch.setattr(studio_module, "remove_run", refuse)
    studio = open_project()
    studio.click("train.remove_run")
    answer(studio, "dialog.removing_run", "Move")
    studio.wait(lambda: studio.window._training.shown)
    assert "could not be moved" in studio.window._notice_bar.current().title
    assert steps_of(studio) == STEPS


# --- losses -------------------------------------------------------------------------------


def test_going_back_cuts_the_losses_live(open_project: Opener, project: Path) -> None:
    studio = open_project()
    page, run = studio.window._train_page, only_run(project).path
    page._on_received([_started(run, 6), *map(_step_done, range(7, 30))])
    history = page._plot._histories["bound"]
    assert history.last_step == 29
    page._on_received([_step_done(10)])
    assert history.steps()[-1] == 10
    assert history.last_step == 10
    page._on_received([_started(run, 4)])
    assert history.last_step <= 4
    assert all(name.last_step <= 4 for name in page._plot._histories.values())
