"""Settings of the architecture that a person changes while a run goes on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_helpers import Clock, advice, messages, the_ending
from tiny_studio import Script, of_kind, small_settings, steps, train_to_end

from genstudio.domain import commands, events
from genstudio.domain.errors import SettingsError
from genstudio.domain.events import CHANGED
from genstudio.engine.changes import with_changes
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.models.gan.self_supervised import SelfSupervisedGANConfig

pytestmark = pytest.mark.usefixtures("toy", "small_sheets")
CALMER = commands.Change("gamma", 2.0)


def train_gan(
    folder: Path, pictures_NHWC: np.ndarray, *words: commands.Command | None, **how: Any
) -> list[events.Event]:
    resume_from, budget = how.pop("resume_from", None), how.pop("budget", steps(3))
    settings = small_settings(
        "self-supervised-gan",
        model={"width": 32, "latent_size": 8, "r1_interval": 1},
        budget=budget,
    )
    return train_to_end(folder, settings, pictures_NHWC, Script(*words), resume_from=resume_from)


def test_a_change_is_told_with_the_way_back_and_is_saved(
    pictures_NHWC: np.ndarray, tmp_path: Path
) -> None:
    told = train_gan(tmp_path, pictures_NHWC, None, CALMER)

    (said,) = advice(told)
    assert (said.step, said.level, said.topic) == (1, "info", CHANGED)
    assert said.title == "“Calm the critic” is now 2"
    assert said.action is not None
    assert (said.action.setting, said.action.value, said.action.before) == ("gamma", 0.5, 2.0)
    assert CheckpointStore(tmp_path).load(3).state.changes == {"gamma": 2.0}


def test_a_change_is_saved_soon(clock: Clock, pictures_NHWC: np.ndarray, tmp_path: Path) -> None:
    told = train_gan(tmp_path, pictures_NHWC, None, CALMER, budget=steps(4))

    assert [event.step for event in of_kind(events.CheckpointSaved, told)] == [2, 4]


def test_whoever_changes_something_and_stops_at_once_finds_it_changed(
    pictures_NHWC: np.ndarray, tmp_path: Path
) -> None:
    train_gan(tmp_path, pictures_NHWC, budget=steps(1))
    told = train_gan(tmp_path, pictures_NHWC, CALMER, commands.Stop(), resume_from=1)

    assert the_ending(told).step == 1
    assert CheckpointStore(tmp_path).load(1).state.changes == {"gamma": 2.0}


def test_what_was_taken_back_is_as_if_it_had_not_been(
    pictures_NHWC: np.ndarray, tmp_path: Path
) -> None:
    back = commands.Change("gamma", 0.5)
    train_gan(tmp_path / "plain", pictures_NHWC)
    told = train_gan(tmp_path / "back", pictures_NHWC, None, CALMER, back)

    plain, changed = (CheckpointStore(tmp_path / name).load(3) for name in ("plain", "back"))
    assert [said.title[-3:] for said in advice(told)] == ["w 2", "0.5"]
    assert plain.checksums["weights.safetensors"] == changed.checksums["weights.safetensors"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (commands.Change("gamma", 1000), "Allowed: from 0 to 100"),
        (commands.Change("gamma", "much"), "number"),
        (commands.Change("augment", "wild"), "shift only"),
        (commands.Change("augment", ["full"]), "augment"),
        (commands.Change("learning_rate", 0.001), "“Calm the critic” (gamma)"),
        (commands.Change("__class__", 1), "cannot be changed"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_the_run_goes_on(
    pictures_NHWC: np.ndarray, tmp_path: Path, change: commands.Change, words: str
) -> None:
    told = train_gan(tmp_path, pictures_NHWC, None, change, budget=steps(2))

    (said,) = messages(told)
    assert said.level == "warning"
    assert words in f"{said.title} {said.text}"
    assert isinstance(the_ending(told), events.Finished)
    assert CheckpointStore(tmp_path).load(2).state.changes == {}


@pytest.mark.parametrize(
    "changes", [{"no_such": 1}, {"gamma": -1.0}, {"learning_rate": 1.0}, {"augment": "wild"}]
)
def test_changes_of_strangers_that_do_not_fit_are_refused(
    pictures_NHWC: np.ndarray, tmp_path: Path, changes: dict[str, Any]
) -> None:
    train_gan(tmp_path, pictures_NHWC, budget=steps(1))
    store = CheckpointStore(tmp_path)
    saved = store.load(1)
    tensors = {name: saved.tensors(name) for name in ("weights", "ema", "optimizer")}
    store.save(saved.state.model_copy(update={"changes": changes}), tensors, None)

    ending = the_ending(train_gan(tmp_path, pictures_NHWC, resume_from=1))
    assert isinstance(ending, events.Failed)
    assert ending.title == "The checkpoint does not fit this model"


def test_changes_are_checked_together_and_leave_the_rest() -> None:
    config = SelfSupervisedGANConfig(width=32)

    changed = with_changes(config, {"gamma": 3, "augment": "off"})
    assert changed == SelfSupervisedGANConfig(width=32, gamma=3.0, augment="off")
    with pytest.raises(SettingsError):
        with_changes(config, {"gamma": 3, "width": 64})
