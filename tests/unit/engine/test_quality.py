"""Quality while a model trains: measured now and then, of the same pictures, never in the way."""

from collections.abc import Iterator

import numpy as np
import pytest
from tiny_studio import ToyModel, flowers_NHWC

from genstudio.domain import metric_names
from genstudio.domain.runs import QUALITY
from genstudio.engine.quality import QualityMeter
from genstudio.models.protocol import Artifact, DataSpec, Request


class Painter(ToyModel):
    """Shows pictures by their seeds, with some noise."""

    def __init__(self, pictures_NHWC: np.ndarray, noise: float = 0.0) -> None:
        super().__init__(ToyModel.Config(), DataSpec(size=32))
        self.pictures_NHWC = pictures_NHWC
        self.noise = noise
        self.asked: list[int] = []

    def sample(self, request: Request) -> Iterator[Artifact]:
        for seed in request.seeds:
            self.asked.append(seed)
            picture = self.pictures_NHWC[seed % len(self.pictures_NHWC)].astype(float)
            picture += self.noise * np.random.default_rng(seed).normal(size=picture.shape)
            yield Artifact(kind="image", seed=seed, data=picture.clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def real_NHWC() -> np.ndarray:
    return flowers_NHWC(24)


def measured(meter: QualityMeter, painter: Painter) -> float:
    return meter.measure(painter, lambda: False)[QUALITY]


def test_better_pictures_have_a_lower_figure_and_the_same_ones_the_same(
    real_NHWC: np.ndarray,
) -> None:
    meter = QualityMeter(real_NHWC, 7)
    good, bad = Painter(real_NHWC, 5.0), Painter(real_NHWC, 60.0)

    assert measured(meter, good) < measured(meter, bad)
    assert measured(meter, good) == measured(QualityMeter(real_NHWC, 7), good)
    assert len(set(good.asked)) == 24
    assert min(good.asked) >= 2**32


def test_whoever_waits_for_the_end_does_not_wait_for_a_figure(real_NHWC: np.ndarray) -> None:
    painter = Painter(real_NHWC)

    assert QualityMeter(real_NHWC, 7).measure(painter, lambda: True) == {}
    assert len(painter.asked) == 1


def test_of_many_pictures_some_are_enough() -> None:
    many = np.zeros((1000, 32, 32, 3), np.uint8)
    painter = Painter(many[:1])
    measured(QualityMeter(many, 7), painter)

    assert len(painter.asked) == 256


def test_all_figures_move_the_right_way(real_NHWC: np.ndarray) -> None:
    meter = QualityMeter(flowers_NHWC(48), 7, held_out=np.arange(36, 48),
                         learned_from=np.arange(36))  # fmt: skip
    new, one = Painter(flowers_NHWC(96)[48:]), Painter(flowers_NHWC(96)[48:49])
    copying = Painter(flowers_NHWC(36))
    figures = {
        name: meter.measure(painter, lambda: False)
        for name, painter in {"new": new, "one": one, "copying": copying}.items()
    }

    assert set(figures["new"]) == {
        metric_names.SWD, metric_names.KID, metric_names.KID_CHANCE, metric_names.COVERAGE,
        metric_names.DIVERSITY, metric_names.COPIES, metric_names.COPIES_FLOOR,
    }  # fmt: skip
    assert figures["one"][metric_names.KID] > 10 * abs(figures["new"][metric_names.KID])
    assert abs(figures["new"][metric_names.KID]) < 4 * figures["new"][metric_names.KID_CHANCE]
    assert figures["one"][metric_names.COVERAGE] < 0.3
    assert figures["new"][metric_names.COVERAGE] > 0.7
    assert figures["one"][metric_names.DIVERSITY] < 0.01
    assert figures["copying"][metric_names.COPIES] == 1
    assert figures["new"][metric_names.COPIES] < 0.2


def test_held_out_pictures_are_not_what_it_compares_with() -> None:
    pictures = np.zeros((60, 32, 32, 3), np.uint8)
    pictures[40:] = 255
    meter = QualityMeter(pictures, 7, learned_from=np.arange(40), held_out=np.arange(40, 60))

    assert meter.measure(Painter(pictures[:1]), lambda: False)[metric_names.SWD] == 0


def test_two_pictures_are_enough_to_be_measured(real_NHWC: np.ndarray) -> None:
    figures = QualityMeter(real_NHWC[:2], 7).measure(Painter(real_NHWC), lambda: False)

    assert metric_names.COVERAGE not in figures
    assert all(np.isfinite(value) for value in figures.values())
