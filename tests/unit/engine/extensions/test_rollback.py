"""Going back when the numbers run away: how far, how often, and with what kept."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_studio import small_settings

from genstudio.data.dataset import image_dataset
from genstudio.domain.errors import RunawayError, TrainingError
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.extensions.rollback import Rollback
from genstudio.engine.job import TrainingJob
from genstudio.engine.state import Counters, TrainState

pytestmark = pytest.mark.usefixtures("toy")
ERROR = RunawayError("The numbers ran away", "A loss stopped being a number.")


@pytest.fixture
def state(pictures_NHWC: np.ndarray, tmp_path: Path) -> TrainState:
    return TrainState(
        TrainingJob(
            settings=small_settings("self-supervised-gan", model={"width": 32, "latent_size": 8}),
            dataset=image_dataset(pictures_NHWC),
            run=tmp_path,
            checkpoints=tmp_path,
        )
    )


def save(state: TrainState, store: CheckpointStore) -> None:
    snapshot = state.snapshot()
    store.save(snapshot.state, snapshot.tensors, snapshot.preview_HWC)
    state.milestones.safe = state.step


def test_weights_and_counters_are_those_of_the_newest_checkpoint(
    state: TrainState, store: CheckpointStore
) -> None:
    state.counters = Counters(step=4, images_seen=16, seconds=2.0)
    save(state, store)
    saved = state.tensors()
    with torch.no_grad():
        next(iter(state.model.network.parameters())).fill_(torch.nan)
    state.counters = Counters(step=9, images_seen=36, seconds=5.0)

    said = Rollback(store).roll_back(state, ERROR)

    assert (state.step, state.counters.images_seen, state.seconds) == (4, 16, 2.0)
    again = state.tensors()
    for group, tensors in saved.items():
        assert all(torch.equal(value, again[group][name]) for name, value in tensors.items())
    assert "from step 4" in said.title  # type: ignore[union-attr]


def test_a_changed_setting_stays_and_the_learning_rate_is_halved(
    state: TrainState, store: CheckpointStore
) -> None:
    save(state, store)
    state.change({"gamma": 3.0})
    rates = [group["lr"] for group in groups(state)]

    Rollback(store).roll_back(state, ERROR)

    assert state.models.changes == {"gamma": 3.0}
    assert getattr(state.model.config, "gamma") == 3.0  # noqa: B009  # of any model's settings
    assert [group["lr"] for group in groups(state)] == pytest.approx([rate / 2 for rate in rates])
    # So what lies on the disk is no longer the run as it is.
    assert state.milestones.saved is None


def groups(state: TrainState) -> list[dict[str, float]]:
    return [it for optimizer in state.optimizers.by_phase.values() for it in optimizer.param_groups]


def test_it_is_counted_anew_after_a_checkpoint_beyond_the_place(
    state: TrainState, store: CheckpointStore
) -> None:
    save(state, store)
    rollback = Rollback(store)

    def diverge(step: int) -> None:
        state.counters.step = step
        rollback.roll_back(state, ERROR)

    for step in (7, 5, 7, 6):
        diverge(step)
    state.counters.step = 7
    save(state, store)
    with pytest.raises(TrainingError, match="4 times"):
        diverge(8)
    state.counters.step = 8
    save(state, store)
    diverge(9)
    assert state.step == 8
