"""A run goes on from a checkpoint, or branches from it, also after an interruption."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot
from saved_runs import (
    STEPS,
    Opener,
    answer,
    choose,
    hashes,
    interrupt,
    only_run,
    steps_of,
    wait_for_end,
)
from studio_driver import StudioDriver

from genstudio.app import build_window
from genstudio.domain import events
from genstudio.domain.notices import Level
from genstudio.services import runs as runs_module
from genstudio.ui.state.training import Activity


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
    assert (trash / "previews-000000006.png").is_file()
    starts = [event.step for event in run.record.read() if isinstance(event, events.RunStarted)]
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
    assert "12 seconds (35 steps), is lost" in studio.text("train.coach")
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


@pytest.mark.parametrize(("is_interrupted", "page"), [(True, "train"), (False, "dataset")])
def test_a_project_opens_where_its_run_waits_to_go_on(
    qtbot: QtBot, project: Path, is_interrupted: bool, page: str
) -> None:
    if is_interrupted:
        interrupt(project, keep_checkpoints=True)
    window = build_window(project)
    qtbot.addWidget(window)
    window.show()
    studio = StudioDriver(window, qtbot)
    studio.wait(lambda: window._training.runs and window._dataset.report)
    assert studio.find(f"page.{page}").isVisible()


def test_a_page_that_a_person_went_to_is_not_left(qtbot: QtBot, project: Path) -> None:
    interrupt(project, keep_checkpoints=True)
    window = build_window(project)
    qtbot.addWidget(window)
    window.show()
    studio = StudioDriver(window, qtbot)
    studio.go_to("dataset")
    studio.wait(lambda: window._training.runs and window._dataset.report)
    assert studio.find("page.dataset").isVisible()
