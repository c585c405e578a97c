"""A queue whose project, or whose run, is left while it is still looked whether a run can begin."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from genstudio.domain.errors import ProjectError
from genstudio.domain.notices import Notice
from genstudio.domain.progress import Progress
from genstudio.domain.queue import CheckedRun, ItemState, QueuedRun
from genstudio.domain.training import TrainingSettings
from genstudio.services import queue_report, run_queue
from genstudio.services.projects import Project, open_or_create
from genstudio.ui.bridge import Bridge
from genstudio.ui.state.first_pictures import FirstPicturesState
from genstudio.ui.state.queue import QueueState
from genstudio.ui.state.training import TrainingState


def item(name: str, **values: object) -> QueuedRun:
    settings = TrainingSettings.model_validate({"model_key": "vae"})
    given = {"title": name, "folder": Path(name), "settings": settings}
    return QueuedRun.model_validate({**given, **values})


class Check:
    """Looks whether a run can begin, and finds so when it is told to."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.may_end = threading.Event()

    def __call__(self, item: QueuedRun, *_: object, **__: object) -> Iterator[Progress]:
        self.begun.append(item.title)
        for number in range(100_000):
            yield Progress("Looking", number, 100_000)
            if self.may_end.wait(0.01):
                break
        return CheckedRun(item=item.model_copy(update={"told": "It can."}))


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Iterator[Check]:
    check = Check()
    monkeypatch.setattr(run_queue, "checking", check)
    yield check
    check.may_end.set()


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, str]]:
    begun: list[tuple[Path, str]] = []
    monkeypatch.setattr(
        TrainingState,
        "start_queued",
        lambda _self, project, item, _report: begun.append((project, item.title)),
    )
    return begun


@pytest.fixture
def queue(qtbot: QtBot) -> Iterator[QueueState]:
    bridge = Bridge()
    training = TrainingState(bridge)
    state = QueueState(bridge, training, FirstPicturesState(bridge, training))
    yield state
    state.close()
    bridge.stop()


@pytest.fixture
def projects(tmp_path: Path) -> tuple[Project, Project]:
    return open_or_create(tmp_path / "a"), open_or_create(tmp_path / "b")


def put(queue: QueueState, *items: QueuedRun) -> None:
    assert queue.queue is not None
    queue._keep(queue.queue.model_copy(update={"items": items}))


def test_a_run_of_another_project_is_not_begun_in_this_one(
    queue: QueueState,
    check: Check,
    begun: list[tuple[Path, str]],
    projects: tuple[Project, Project],
    qtbot: QtBot,
) -> None:
    one, other = projects
    queue.set_project(one)
    put(queue, item("here"))
    queue.start()
    qtbot.waitUntil(lambda: queue.progress is not None)
    queue.set_project(other)
    assert queue.progress is None
    put(queue, item("there"))
    queue.start()
    qtbot.waitUntil(lambda: check.begun == ["here", "there"])
    check.may_end.set()
    qtbot.waitUntil(lambda: bool(begun))
    assert begun == [(other.path, "there")]
    assert [it.title for it in queue.items] == ["there"]


def test_a_run_that_is_taken_out_while_it_is_looked_at_is_not_begun(
    queue: QueueState,
    check: Check,
    begun: list[tuple[Path, str]],
    projects: tuple[Project, Project],
    qtbot: QtBot,
) -> None:
    queue.set_project(projects[0])
    first, second = item("first"), item("second")
    put(queue, first, second)
    queue.start()
    qtbot.waitUntil(lambda: queue.progress is not None)
    queue.remove(first.id)
    qtbot.waitUntil(lambda: check.begun == ["first", "second"])
    check.may_end.set()
    qtbot.waitUntil(lambda: bool(begun))
    assert [title for _, title in begun] == ["second"]


def test_a_report_that_cannot_be_written_does_not_say_that_none_could_begin(
    queue: QueueState,
    projects: tuple[Project, Project],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise ProjectError("The disk is full", "", "")

    monkeypatch.setattr(queue_report, "write_report", refuse)
    told: list[Notice] = []
    queue.noticed.connect(told.append)
    queue.set_project(projects[0])
    put(queue, item("done", state=ItemState.DONE))
    queue.start()
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told[0].title == "The disk is full"
    assert "1 run" in told[1].title
    assert "None of them could begin" not in told[1].message
