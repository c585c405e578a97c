"""The running average of the weights, by its half-life."""

import pytest
import torch
from torch import nn

from genstudio.engine.ema import ExponentialMovingAverage


class Net(nn.Module):
    def __init__(self, value: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((2, 3), value))
        self.register_buffer("seen", torch.tensor(value))


def value(net: Net) -> float:
    (only,) = net.weight.unique().tolist()
    return only


def test_after_a_half_life_the_old_counts_half() -> None:
    source, average = Net(1.0), Net(0.0)
    ema = ExponentialMovingAverage(source, average, half_life_kimg=0.1)
    # Late in a run: 10 steps of 10 pictures make 100.
    for step in range(10):
        ema.update(images_seen=10**6 + 10 * step, batch=10)

    assert value(average) == pytest.approx(0.5)


def test_the_half_life_does_not_depend_on_the_size_of_a_step() -> None:
    averages = []
    for batch in (5, 50):
        source, average = Net(1.0), Net(0.0)
        ema = ExponentialMovingAverage(source, average, half_life_kimg=0.1)
        for _ in range(200 // batch):
            ema.update(images_seen=10**6, batch=batch)
        averages.append(value(average))

    assert averages == pytest.approx([0.75, 0.75])


def test_early_versions_are_forgotten_quickly() -> None:
    source, average = Net(1.0), Net(0.0)
    ema = ExponentialMovingAverage(source, average, half_life_kimg=1000)

    # The half-life is a twentieth of what has been seen: 10 of 200 pictures.
    ema.update(images_seen=200, batch=10)
    assert value(average) == pytest.approx(0.5)


@pytest.mark.parametrize(("half_life_kimg", "images_seen"), [(0.0, 10**6), (10.0, 0)])
def test_without_a_half_life_the_average_is_the_newest_version(
    half_life_kimg: float, images_seen: int
) -> None:
    source, average = Net(1.0), Net(0.0)
    ExponentialMovingAverage(source, average, half_life_kimg).update(
        images_seen=images_seen, batch=1
    )

    assert value(average) == 1.0


def test_what_is_no_weight_is_copied_as_it_is() -> None:
    source, average = Net(1.0), Net(0.0)
    ema = ExponentialMovingAverage(source, average, half_life_kimg=1000)
    source.seen.fill_(7.0)

    ema.update(images_seen=10**7, batch=1)
    assert average.seen.item() == 7.0


def test_a_copy_is_equal_and_of_its_own() -> None:
    source, average = Net(3.0), Net(0.0)
    ExponentialMovingAverage(source, average, half_life_kimg=1).copy()
    source.weight.data.fill_(9.0)
    source.seen.fill_(9.0)

    assert value(average) == 3.0
    assert average.seen.item() == 3.0


def test_the_average_does_not_learn_by_itself() -> None:
    source, average = Net(1.0), Net(0.0)
    ExponentialMovingAverage(source, average, half_life_kimg=1)

    assert not average.weight.requires_grad
    assert not average.training
    assert source.weight.requires_grad
    assert source.training
