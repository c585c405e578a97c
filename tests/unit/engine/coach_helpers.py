"""Trains for real, in little, with the coach looking on: a look every so many steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_studio import small_settings, steps

from genstudio.data.dataset import image_dataset
from genstudio.domain import events
from genstudio.domain.training import TrainingSettings
from genstudio.engine import trainer
from genstudio.engine.job import TrainingJob
from genstudio.engine.schedule import Pace, Task, paces
from genstudio.engine.state import TrainState
from genstudio.engine.trainer import CommandSource, NoCommands, train


def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure before each checkpoint, and let checkpoints come by the number of steps."""
    measure_at(monkeypatch, every_s=0.0)
    advance = TrainState.advance

    def second_long(state: TrainState) -> None:
        before_s = state.seconds
        advance(state)
        state.counters.seconds = before_s + 1.0

    monkeypatch.setattr(TrainState, "advance", second_long)


def measure_at(monkeypatch: pytest.MonkeyPatch, *, every_s: float) -> None:
    """Measure as often as this at most, however long that takes."""

    def often(settings: TrainingSettings) -> dict[Task, Pace]:
        return {**paces(settings), Task.MEASURE: Pace(every_s=every_s)}

    monkeypatch.setattr(trainer, "paces", often)


def watch(
    folder: Path,
    images_NHWC: np.ndarray,
    *,
    model_key: str,
    model: dict[str, Any],
    num_steps: int,
    look_every: int,
    num_held_out: int = 0,
    source: CommandSource | None = None,
    **changes: Any,
) -> list[events.Event]:
    """Train with a look every ``look_every`` steps; the last pictures are held out."""
    settings = small_settings(
        model_key,
        model={"width": 32, **model},
        budget=steps(num_steps),
        save_every_s=look_every,
        **{"batch": 8, "ema_half_life_kimg": 0.1, **changes},
    )
    count = len(images_NHWC)
    job = TrainingJob(
        settings=settings,
        dataset=image_dataset(images_NHWC, held_out=np.arange(count - num_held_out, count)),
        run=folder,
        checkpoints=folder,
    )
    return list(train(job, source or NoCommands()))


def topics(told: Sequence[events.Event]) -> list[str]:
    """Topics of all that the coach said, in order."""
    return [event.topic for event in told if isinstance(event, events.Advice)]


def said(topic: str, told: Sequence[events.Event]) -> events.Advice:
    """What the coach said first on a topic."""
    return next(
        event for event in told if isinstance(event, events.Advice) and event.topic == topic
    )


def noise_NHWC(count: int, size: int = 32) -> np.ndarray:
    """Pictures that have nothing in common: every pixel by chance."""
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), np.uint8)
