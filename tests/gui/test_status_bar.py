"""The bar at the bottom says what is so now, not what was so when a run began."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from genstudio.domain import events
from genstudio.ui.widgets import status_bar
from genstudio.ui.widgets.status_bar import StudioStatusBar

STARTED = events.RunStarted(
    run=Path("1"), model="toy", device="CPU, 2 threads", precision="bf16", threads=2, num_images=16,
    num_parameters=1000, step=0,
)  # fmt: skip


@pytest.fixture
def bar(qtbot: QtBot) -> StudioStatusBar:
    bar = StudioStatusBar()
    qtbot.addWidget(bar)
    return bar


def device(bar: StudioStatusBar) -> str:
    label = bar.findChild(QLabel, "status.device")
    assert isinstance(label, QLabel)
    return label.text()


def step_done(threads: int) -> events.StepDone:
    return events.StepDone(
        step=1, images_seen=4, losses={}, images_per_s=1.0, seconds=1.0, progress=0.1, eta_s=None,
        memory_gib=0.1, threads=threads,
    )  # fmt: skip


def test_threads_that_a_run_gave_up_are_told_until_it_has_them_again(bar: StudioStatusBar) -> None:
    bar.show_run(STARTED)
    assert device(bar) == "CPU, 2 threads · bf16"
    bar.show_step(step_done(1))
    assert device(bar) == "CPU, 2 threads (now 1) · bf16"
    bar.show_step(step_done(2))
    assert device(bar) == "CPU, 2 threads · bf16"
    # A run that does not tell.
    bar.show_step(step_done(0))
    assert device(bar) == "CPU, 2 threads · bf16"


def test_steps_of_a_run_whose_beginning_nobody_saw_leave_the_device_alone(
    bar: StudioStatusBar,
) -> None:
    bar.show_device("CPU, 2 threads")
    bar.show_step(step_done(1))
    assert device(bar) == "CPU, 2 threads"


def test_what_a_training_does_between_two_steps_is_said_when_it_takes_long(
    bar: StudioStatusBar, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_bar, "_BETWEEN_STEPS_MS", 1)
    monkeypatch.setattr(status_bar, "_STEPS_LATE", 0)
    state = bar.findChild(QLabel, "status.state")
    assert isinstance(state, QLabel)
    bar.show_step(step_done(1))
    assert "examples a second" in state.text()
    qtbot.waitUntil(lambda: state.text() == "Training · step 1 · draws, measures or saves")
    bar.show_step(step_done(1))
    bar.show_state("Ready")
    assert not bar._between.isActive()
    assert state.text() == "Ready"
