"""A run is moved to the trash after a question."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from saved_runs import STEPS, Opener, answer, only_run, steps_of, wait_for_end

from genstudio.services import runs as runs_module
from genstudio.services import studio as studio_module
from genstudio.services.jobs import Job


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
