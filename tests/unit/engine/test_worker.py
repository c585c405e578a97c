"""What a process does that helps another one to train."""

from pathlib import Path

import numpy as np
import pytest
from tiny_studio import small_settings, steps, train_to_end

from genstudio.data.dataset import image_dataset
from genstudio.domain.errors import TrainingError
from genstudio.domain.training import TrainingSettings
from genstudio.engine import worker
from genstudio.engine.job import TrainingJob
from genstudio.engine.process_group import Message, ProcessGroup
from genstudio.engine.state import TrainState
from genstudio.engine.stepper import Stepper
from genstudio.engine.worker import END, run_worker

pytestmark = pytest.mark.usefixtures("toy", "small_sheets")


class Told(ProcessGroup):
    """Hears what a test has written down."""

    def __init__(self, *messages: Message) -> None:
        super().__init__()
        self.messages = [*messages, END]

    def receive(self) -> Message:
        return self.messages.pop(0)


@pytest.fixture
def helped(monkeypatch: pytest.MonkeyPatch) -> list[Stepper]:
    """The steppers that helping has made."""
    made: list[Stepper] = []

    def make(state: TrainState, settings: TrainingSettings) -> Stepper:
        made.append(Stepper(state, settings))
        return made[-1]

    monkeypatch.setattr(worker, "Stepper", make)
    return made


def help_with(folder: Path, pictures_NHWC: np.ndarray, *messages: Message) -> None:
    job = TrainingJob(
        settings=small_settings("toy"),
        dataset=image_dataset(pictures_NHWC),
        run=folder,
        checkpoints=folder,
        process_group=Told(*messages),
    )
    run_worker(job)


STEP: Message = {"do": "step"}


def test_it_steps_as_often_as_it_is_told(
    tmp_path: Path, pictures_NHWC: np.ndarray, helped: list[Stepper]
) -> None:
    help_with(tmp_path, pictures_NHWC, STEP, STEP, STEP)

    assert (helped[0].state.step, helped[0].state.counters.images_seen) == (3, 12)


def test_it_goes_back_as_far_as_it_is_told(
    tmp_path: Path, pictures_NHWC: np.ndarray, helped: list[Stepper]
) -> None:
    train_to_end(tmp_path, small_settings("toy", budget=steps(2)), pictures_NHWC)

    help_with(tmp_path, pictures_NHWC, *[STEP] * 3, {"do": "restore", "step": 2}, STEP)
    help_with(tmp_path, pictures_NHWC, *[STEP] * 3, {"do": "reset"}, STEP)
    help_with(tmp_path, pictures_NHWC, {"do": "scale", "to": 0.25})

    assert [stepper.state.step for stepper in helped] == [3, 1, 0]
    assert helped[2].state.optimizers.scale == 0.25


def test_what_it_does_not_understand_it_does_not_do(
    tmp_path: Path, pictures_NHWC: np.ndarray
) -> None:
    with pytest.raises(TrainingError, match="understand"):
        help_with(tmp_path, pictures_NHWC, {"do": "dance"})
