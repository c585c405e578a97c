"""A toy that is trained, a clock that it is timed by, and a place for checkpoints."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_studio import Script, small_settings, train_to_end

from genstudio.domain import commands
from genstudio.domain.events import Event
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.meters import Stopwatch
from genstudio.engine.stepper import Stepper

sys.path.insert(0, str(Path(__file__).parent))

from engine_helpers import Clock, TrainToy  # beside this file, which is no package


@pytest.fixture
def run(tmp_path: Path, pictures_NHWC: np.ndarray) -> TrainToy:
    """Trains the toy for four steps in ``tmp_path``; a person says what is given."""

    def train(
        *words: commands.Command | None, resume_from: int | None = None, **changes: Any
    ) -> list[Event]:
        settings = small_settings(**{"model_key": "toy", **changes})
        person = Script(*words)
        return train_to_end(tmp_path, settings, pictures_NHWC, person, resume_from=resume_from)

    return train


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of a run: each step takes a second, and what takes no step takes no time."""
    clock = Clock()
    take_step = Stepper.take_step

    def second_long(stepper: Stepper) -> None:
        clock.now_s += 1.0
        take_step(stepper)

    monkeypatch.setattr(Stopwatch, "now_s", lambda _: clock.now_s)
    monkeypatch.setattr(Stepper, "take_step", second_long)
    return clock


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(tmp_path / "checkpoints")
