"""What changed since the last run is told of the set that is open, whatever takes longer."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from genstudio.domain.datasets import PictureInfo, ScanReport
from genstudio.services import studio_dataset
from genstudio.services.jobs import Job
from genstudio.services.manifest_changes import SetChanges
from genstudio.services.projects import Project, open_or_create
from genstudio.ui.bridge import Bridge
from genstudio.ui.state.dataset import DatasetState
from genstudio.ui.state.figures import FiguresState
from genstudio.ui.state.project import ProjectState


@pytest.fixture
def dataset(qtbot: QtBot) -> Iterator[DatasetState]:
    bridge = Bridge()
    yield DatasetState(bridge)
    bridge.stop()


@pytest.fixture
def figures(dataset: DatasetState) -> Iterator[FiguresState]:
    figures = FiguresState(dataset._bridge, dataset, ProjectState())
    yield figures
    figures.close()


def show(dataset: DatasetState, folder: Path) -> None:
    folder.mkdir()
    picture = PictureInfo(name="a.png", width=8, height=8, content_hash="a")
    dataset.report = ScanReport(folder=folder, pictures=(picture,))
    dataset.changed.emit()


def test_a_set_that_takes_long_to_compare_does_not_answer_for_the_next_one(
    dataset: DatasetState,
    figures: FiguresState,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_end, begun = threading.Event(), list[str]()

    def compare(_: Project, report: ScanReport, __: object) -> Job[SetChanges]:
        def items() -> Iterator[SetChanges]:
            begun.append(report.folder.name)
            if report.folder.name == "many":
                assert may_end.wait(60)
            yield SetChanges(added=(report.folder.name,))

        return Job("compare", items)

    monkeypatch.setattr(studio_dataset, "compare_with_last", compare)
    figures.set_project(open_or_create(tmp_path / "project"))
    show(dataset, tmp_path / "many")
    qtbot.waitUntil(lambda: begun == ["many"])
    show(dataset, tmp_path / "few")
    qtbot.waitUntil(lambda: figures.since_last_run.added == ("few",))
    may_end.set()
    qtbot.waitUntil(lambda: not figures._jobs)
    assert figures.since_last_run.added == ("few",)
