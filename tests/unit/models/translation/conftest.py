"""Synthetic domains that can be translated into each other exactly, and training in little."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from genstudio.domain.fields import IMAGE, DataSpec, FieldSpec
from genstudio.engine.phases import freeze_except, make_optimizer
from genstudio.models.protocol import Batch, Losses, TrainableModel

# Background and shapes.
_PALETTE = np.array([[250, 230, 120], [200, 40, 30], [40, 90, 190], [40, 50, 45]], np.uint8)


def _other_palette(pictures_NHWC: np.ndarray) -> np.ndarray:
    """Red becomes blue and so on; light stays light."""
    return np.ascontiguousarray(pictures_NHWC[..., [2, 0, 1]])


@pytest.fixture
def shapes() -> Callable[..., np.ndarray]:
    """Pictures of coloured rectangles: (count, side, seed) => uint8 (N, side, side, 3)."""

    def draw(count: int, side: int = 32, seed: int = 0) -> np.ndarray:
        generator = np.random.default_rng(seed)
        pictures = np.empty((count, side, side, 3), np.uint8)
        pictures[:] = _PALETTE[0]
        for picture in pictures:
            for colour in _PALETTE[1:]:
                top, left = generator.integers(0, side * 3 // 4, 2)
                height, width = generator.integers(side // 4, side // 2, 2)
                picture[top : top + height, left : left + width] = colour
        return pictures

    return draw


@pytest.fixture
def other_palette() -> Callable[[np.ndarray], np.ndarray]:
    """The exact translation."""
    return _other_palette


def floats(pictures_NHWC: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pictures_NHWC.copy()).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def _spec(size: int, channels: Sequence[int], modality: str) -> DataSpec:
    group = {"pairs": ("examples", "examples"), "two-sets": ("inputs", "targets")}[modality]
    fields = {
        name: FieldSpec(name=name, type=IMAGE, shape=(size, size, count), group=own)
        for name, count, own in zip(("input", "target"), channels, group, strict=True)
    }
    return DataSpec(size=size, channels=channels[1], modality=modality, fields=fields)


@pytest.fixture
def build() -> Callable[..., Any]:
    """Make a small model: (class, size, channels of both, **settings)."""

    def make(
        chosen: type[TrainableModel],
        size: int = 32,
        channels: Sequence[int] = (3, 3),
        **config: Any,
    ) -> TrainableModel:
        torch.manual_seed(0)
        data = _spec(size, channels, chosen.card.modalities[0])
        return chosen(chosen.Config(**{"width": 16, **config}), data)

    return make


@pytest.fixture
def batch_of() -> Callable[..., Batch]:
    """A batch of uint8 pictures: (inputs, targets) => Batch."""

    def make(inputs_NHWC: np.ndarray, targets_NHWC: np.ndarray) -> Batch:
        return Batch(
            fields={"input": floats(inputs_NHWC), "target": floats(targets_NHWC)}, images_seen=0
        )

    return make


@pytest.fixture
def learn() -> Callable[..., list[Losses]]:
    """Train as the engine does, in little: (model, batches) => losses of each step."""

    def train(model: TrainableModel, batches: Iterator[Batch]) -> list[Losses]:
        (phase,) = model.phases()
        optimizer = make_optimizer(phase)
        freeze_except(phase.parameters, model.network)
        told: list[Losses] = []
        for step, batch in enumerate(batches):
            torch.manual_seed(step)
            told.append(model.losses(phase.name, batch, step))
            told[-1].total.backward()
            optimizer.step()
            optimizer.zero_grad()
        return told

    return train


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
