"""Settings on the Train page follow the pictures and the machine until a person chooses."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from genstudio.domain.operations import GENERATE
from genstudio.domain.settings import setting_fields
from genstudio.domain.training import TrainingSettings
from genstudio.models.catalog import model_class, model_keys
from genstudio.models.tasks import find_task
from genstudio.services import studio
from genstudio.services.fitting import PictureFacts
from genstudio.services.jobs import Job
from genstudio.services.studio import CatalogueEntry, Machine
from genstudio.ui.bridge import Bridge
from genstudio.ui.pages.train_choices import TrainChoices
from genstudio.ui.state.training import TrainingState
from genstudio.ui.widgets.model_cards import ModelCards
from genstudio.ui.widgets.number_boxes import DecimalBox

GAN, VAE = (model_class(family).card.key for family in ("gan", "vae"))
SOME = PictureFacts(count=400, kinds={"a": 190, "b": 210})
FEW = PictureFacts(count=60, num_cut_out=50, is_cut_out=True)


def catalogue() -> Iterator[CatalogueEntry]:
    for key in model_keys():
        model = model_class(key)
        task = find_task(model, GENERATE)
        sampling = None if task is None else task.settings
        yield CatalogueEntry(card=model.card, config=model.Config, sampling=sampling)


@pytest.fixture
def choices(qtbot: QtBot) -> Any:
    parent = QWidget()
    qtbot.addWidget(parent)
    bridge = Bridge(parent)
    state = TrainingState(bridge, parent)
    state.machine = Machine(devices=("cuda", "cpu"), names={"cuda": "Card", "cpu": "Processor"})
    state.entries.update({entry.card.key: entry for entry in catalogue()})
    choices = TrainChoices(state)
    qtbot.addWidget(choices)
    state.catalogue_loaded.emit()
    choices.show()
    yield choices
    bridge.stop()


def cards(choices: TrainChoices) -> ModelCards:
    return choices.findChild(ModelCards, "train.model")


def choose(choices: TrainChoices, name: str, data: Any) -> None:
    box = choices.findChild(QComboBox, name)
    index = box.findData(data)
    assert index >= 0
    box.setCurrentIndex(index)


def button(choices: TrainChoices) -> QToolButton:
    (found,) = [
        it for it in choices.findChildren(QToolButton) if it.text().startswith(("Fitted", "Fits"))
    ]
    return found


def words(choices: TrainChoices) -> str:
    return choices.findChild(QLabel, "train.fit.why").text()


def test_the_form_has_what_declares_a_group_and_its_values_reach_the_run(
    choices: TrainChoices,
) -> None:
    in_form = {it.name for it in setting_fields(TrainingSettings) if it.hints.group}
    shown = {name for name in in_form if choices.findChild(QWidget, f"setting.{name}") is not None}
    assert shown == in_form
    assert "held_out" in in_form

    choices.findChild(DecimalBox, "setting.held_out").setValue(0.05)
    assert choices.settings().held_out == 0.05


def test_what_fits_is_filled_in_when_pictures_are_known(choices: TrainChoices) -> None:
    assert not choices.settings().kinds
    choices.set_pictures(SOME)
    settings = choices.settings()
    assert (settings.kinds, settings.model["augment"], settings.batch) == (True, "full", 32)
    choices.set_pictures(PictureFacts(count=5_000, num_cut_out=5_000, is_cut_out=True))
    settings = choices.settings()
    assert (settings.kinds, settings.transparency) == (False, True)
    assert settings.model["augment"] == "adaptive"


def test_pictures_that_are_known_before_the_whole_catalogue_wait_for_it(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_half, is_whole = threading.Event(), threading.Event()

    def slowly() -> Iterator[CatalogueEntry | Machine]:
        *most, last = catalogue()
        yield Machine(devices=("cpu",), names={"cpu": "Processor"})
        yield from most
        is_half.set()
        is_whole.wait(600)
        yield last

    monkeypatch.setattr(studio, "load_catalogue", lambda: Job("catalogue", slowly))
    bridge = Bridge()
    state = TrainingState(bridge)
    choices = TrainChoices(state)
    qtbot.addWidget(choices)
    state.load_catalogue()
    assert is_half.wait(600)
    bridge.pump()
    choices.set_pictures(FEW)
    assert (cards(choices).count(), cards(choices).suggested_key()) == (0, "")
    with qtbot.waitSignal(state.catalogue_loaded):
        is_whole.set()
    assert (cards(choices).suggested_key(), cards(choices).current_key()) == (VAE, VAE)
    bridge.stop()


def test_size_device_and_preset_are_fitted_to_as_well(choices: TrainChoices) -> None:
    choices.set_pictures(SOME)
    choose(choices, "train.size", 512)
    assert choices.settings().accumulate == 4
    choose(choices, "train.device", "cpu")
    settings = choices.settings()
    assert (settings.accumulate, settings.batch) == (1, 16)
    assert settings.model["width"] == 32
    choose(choices, "train.preset", "thorough")
    assert choices.settings().model["width"] == 48
    assert choices.settings().budget.amount == 480


def test_what_a_person_chose_stands_and_back_means_what_fits(choices: TrainChoices) -> None:
    choices.set_pictures(SOME)
    choices.findChild(QWidget, "setting.kinds").click()
    choices.findChild(QWidget, "train.batch").setValue(24)
    choices.findChild(QWidget, "train.budget").setValue(7)
    choose(choices, "train.device", "cpu")
    choose(choices, "train.preset", "quick")
    choices.set_pictures(PictureFacts(count=1_400, kinds={"a": 700, "b": 700}))
    settings = choices.settings()
    assert (settings.kinds, settings.batch, settings.budget.amount) == (False, 24, 7)

    for name in ("kinds", "batch", "budget"):
        back = choices.findChild(QToolButton, f"reset.{name}")
        assert not back.isHidden()
        back.click()
        assert back.isHidden()
    settings = choices.settings()
    assert (settings.kinds, settings.batch, settings.budget.amount) == (True, 16, 10)


def test_choices_for_an_architecture_are_there_again_after_another(choices: TrainChoices) -> None:
    choices.set_pictures(SOME)
    choices.findChild(QComboBox, "setting.augment").setCurrentText("adaptive")
    cards(choices).select(VAE)
    assert "augment" not in choices.settings().model
    cards(choices).select(GAN)
    assert choices.settings().model["augment"] == "adaptive"


def test_the_architecture_that_suits_the_pictures_is_chosen_until_a_person_does(
    choices: TrainChoices,
) -> None:
    assert cards(choices).suggested_key() == ""
    choices.set_pictures(FEW)
    assert (cards(choices).suggested_key(), cards(choices).current_key()) == (VAE, VAE)
    choices.set_pictures(SOME)
    assert (cards(choices).suggested_key(), cards(choices).current_key()) == (GAN, GAN)

    cards(choices).select("token-flow")
    choices.set_pictures(FEW)
    assert (cards(choices).suggested_key(), cards(choices).current_key()) == (VAE, "token-flow")


def test_the_reasons_can_be_read_and_heard(choices: TrainChoices) -> None:
    assert not button(choices).isEnabled()
    choices.set_pictures(FEW)
    assert button(choices).text() == "Fitted to your 60 examples"
    assert button(choices).isEnabled()
    for sentence in ("is suggested", "60 examples are few", "50 of 60 pictures are cut out"):
        assert sentence in words(choices)
        assert sentence in button(choices).accessibleDescription()
    choices.findChild(QWidget, "setting.transparency").click()
    assert "cut out" not in words(choices), "a person chose otherwise"
    assert button(choices).accessibleDescription().startswith("closed. ")
    button(choices).click()
    assert button(choices).accessibleDescription().startswith("open. ")
    assert choices.findChild(QLabel, "train.fit.why").isVisible()


def test_nothing_moves_when_pictures_become_known(choices: TrainChoices, qtbot: QtBot) -> None:
    qtbot.waitExposed(choices)
    before = [it.pos() for it in choices.findChildren(QComboBox) if it.isVisible()]
    cards(choices).select(GAN)
    choices.set_pictures(SOME)
    qtbot.wait(20)
    assert [it.pos() for it in choices.findChildren(QComboBox) if it.isVisible()] == before
