"""A clock that is set back, as by a time zone, an empty battery or a server of time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tiny_studio import Script, small_settings, steps

from genstudio.domain import commands, events
from genstudio.services import runs, training
from genstudio.services.projects import open_project
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, resume_run, start_run

pytestmark = pytest.mark.usefixtures("toy", "small_sheets")


class Clock(datetime):
    """The machine's clock, which can be set."""

    offset = timedelta()

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.offset


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(Clock, "offset", timedelta())
    for module in ("domain.training", "services.runs", "engine.state", "services.locks"):
        monkeypatch.setattr(f"genstudio.{module}.datetime", Clock)
    return Clock


def test_the_run_begun_last_stays_the_newest(
    clock: type[Clock], flowers: Path, tmp_path: Path
) -> None:
    begun = []
    for hours in (0, -3, 0, -48):
        clock.offset = timedelta(hours=hours)
        request = NewRun(folder=flowers, project=tmp_path / "P", settings=small_settings("toy"))
        *_, last = start_run(request, Script())
        assert isinstance(last, events.Finished)
        begun.append(last.run)

    assert open_project(tmp_path / "P").run_folders() == begun


def test_a_run_goes_on_and_its_newest_checkpoint_stays_the_newest(
    clock: type[Clock], flowers: Path, tmp_path: Path
) -> None:
    settings = small_settings("toy", budget=steps(6))
    request = NewRun(folder=flowers, project=tmp_path / "P", settings=settings)
    told = list(start_run(request, Script(None, commands.SaveNow(), None, commands.Stop())))
    assert isinstance(told[-1], events.Stopped)
    run = Run(told[-1].run)  # type: ignore[arg-type]
    seconds = run.summary().seconds

    clock.offset = -timedelta(days=400)
    *_, last = resume_run(run.path, Script())

    assert isinstance(last, events.Finished)
    summary = run.summary()
    assert [info.step for info in summary.checkpoints] == [1, 2, 6]
    assert run.checkpoint("last").state.step == 6
    # Time spent training is counted by a clock of its own.
    assert seconds < summary.seconds < seconds + 60
    saved_at = [info.saved_at for info in summary.checkpoints if info.saved_at]
    assert saved_at[-1] < saved_at[0] < datetime.now(UTC)


def test_names_of_runs_are_told_apart_within_a_second(flowers: Path, tmp_path: Path) -> None:
    project = training.open_or_create(tmp_path / "P", dataset=flowers)
    made = [
        runs.create_run(project, project.dataset_folder("x"), small_settings("toy")).path
        for _ in range(5)
    ]

    assert project.run_folders() == made
