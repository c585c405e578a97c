"""Which button of the Train page is the thing to do next."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from genstudio.domain.runs import RunState, RunSummary
from genstudio.domain.training import TrainingSettings
from genstudio.models.catalog import model_class
from genstudio.services.fitting import PictureFacts
from genstudio.services.studio import CatalogueEntry, Machine
from genstudio.ui.bridge import Bridge
from genstudio.ui.pages.train_controls import TrainControls
from genstudio.ui.state.training import TrainingState

GAN, VAE = (model_class(family).card.key for family in ("gan", "vae"))


@pytest.fixture
def controls(qtbot: QtBot) -> Iterator[TrainControls]:
    parent = QWidget()
    qtbot.addWidget(parent)
    bridge = Bridge(parent)
    state = TrainingState(bridge, parent)
    controls = TrainControls(state, parent)
    state.machine = Machine(devices=("cpu",), names={"cpu": "CPU"})
    state.entries = {
        key: CatalogueEntry(card=model.card, config=model.Config, sampling=None)
        for key, model in ((key, model_class(key)) for key in (GAN, VAE))
    }
    state.catalogue_loaded.emit()
    controls.set_pictures(PictureFacts(count=400), "")
    controls.choices.choose_model(VAE)
    yield controls
    bridge.stop()


def show(controls: TrainControls, state: RunState | None) -> None:
    training = controls._state
    training.shown = None
    if state is not None:
        training.shown = RunSummary(
            path=Path("/runs/20260131-154500-a"),
            settings=TrainingSettings(model_key=VAE),
            state=state,
            step=9,
            seconds=1.0,
            losses=(),
            previews=(),
        )
    training.runs_changed.emit()


def next_of(controls: TrainControls) -> list[str]:
    buttons = controls.findChildren(QPushButton)
    return [it.text() for it in buttons if it.property("primary") is True and not it.isHidden()]


def test_the_first_run_is_started(controls: TrainControls) -> None:
    show(controls, None)
    assert next_of(controls) == ["Start learning"]


def test_a_run_that_was_stopped_is_kept_learning(controls: TrainControls) -> None:
    for state in (RunState.STOPPED, RunState.INTERRUPTED, RunState.FAILED):
        show(controls, state)
        assert next_of(controls) == ["Keep learning — resume"]
    show(controls, None)
    assert next_of(controls) == ["Start learning"]


def test_a_finished_run_or_another_architecture_leads_to_a_new_one(
    controls: TrainControls,
) -> None:
    show(controls, RunState.FINISHED)
    assert next_of(controls) == ["Start learning"]
    show(controls, RunState.STOPPED)
    controls.choices.choose_model(GAN)
    assert next_of(controls) == ["Start learning"]
    controls.choices.choose_model(VAE)
    assert next_of(controls) == ["Keep learning — resume"]


def test_what_would_be_learned_stands_above_the_buttons(controls: TrainControls) -> None:
    reason = controls.findChild(QLabel, "train.reason")
    controls.choices.choose_preset("quick")
    assert reason.text() == "Describe and redraw · 64\N{NO-BREAK SPACE}px · 10 minutes"
    controls.set_pictures(None, "There are no pictures yet.")
    assert reason.text() == "There are no pictures yet."
