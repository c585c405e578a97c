"""What can be done is known whatever project is opened meanwhile."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from genstudio.services import studio_operations
from genstudio.services.jobs import Job
from genstudio.services.projects import open_or_create
from genstudio.services.studio_operations import OperationEntry
from genstudio.ui.bridge import Bridge
from genstudio.ui.state.create import CreateState


def test_operations_are_known_though_a_project_is_opened_while_they_are_got_ready(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = Bridge()
    known: list[OperationEntry] = []
    load = studio_operations.load_operations()
    bridge.follow(load.items, known.extend, lambda _: None)
    load.start()
    qtbot.waitUntil(lambda: not bridge._followed)
    may_go_on = threading.Event()

    def items() -> Iterator[OperationEntry]:
        yield known[0]
        assert may_go_on.wait(60)
        yield from known[1:]

    monkeypatch.setattr(studio_operations, "load_operations", lambda: Job("load", items))
    state = CreateState(bridge)
    state.load()
    state.set_project(open_or_create(tmp_path / "Meadow"))
    may_go_on.set()
    qtbot.waitUntil(lambda: bool(state.entries))
    assert len(state.entries) == len(known)
    state.close()
    bridge.stop()
