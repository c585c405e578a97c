"""A report on pictures with one defect each: by how much which figures move, and which do not.

Amounts are in standard deviations of the floor, which real pictures get against other real ones.
"""

from collections.abc import Callable

import numpy as np
import pytest
from planted_pictures import COUNT, blurred, drawn_NHWC, noisy

from genstudio.domain.reports import Figure, Report
from genstudio.metrics.report import judge

FIGURES = ("swd", "kid", "density", "coverage", "diversity", "copying")
# Chance alone: what no defect may be told by.
CHANCE_SDS = 2
Judge = Callable[[np.ndarray], Report]


@pytest.fixture(scope="module")
def judged(real_NHWC: np.ndarray) -> Judge:
    held_out_NHWC = drawn_NHWC(60, seed=7)
    return lambda made_NHWC: judge(
        made_NHWC, real_NHWC, training_NHWC=real_NHWC, held_out_NHWC=held_out_NHWC
    )


def figure(report: Report, name: str) -> Figure:
    found = getattr(report, name)
    assert isinstance(found, Figure)
    return found


def sds(report: Report, name: str) -> float:
    found = figure(report, name)
    return (found.value - found.floor) / found.floor_sd


def moved(report: Report) -> set[str]:
    """Figures that more than chance tells from their floor."""
    return {name for name in FIGURES if abs(sds(report, name)) > CHANCE_SDS}


@pytest.mark.parametrize("seed", [1, 21, 22])
def test_real_against_real_stays_within_chance(judged: Judge, seed: int) -> None:
    assert moved(judged(drawn_NHWC(COUNT, seed=seed))) == set()


def test_slight_blur_is_seen_at_the_surface_first(judged: Judge, good_NHWC: np.ndarray) -> None:
    report = judged(blurred(good_NHWC, 0.3))

    assert sds(report, "swd") > 5
    assert sds(report, "kid") > 4
    assert not moved(report) & {"density", "coverage", "copying"}


def test_blur_lowers_density_before_coverage(judged: Judge, good_NHWC: np.ndarray) -> None:
    some, more = judged(blurred(good_NHWC, 0.4)), judged(blurred(good_NHWC, 0.6))

    assert sds(some, "density") < -2
    assert sds(some, "coverage") > -2
    lost_density = more.density.floor - more.density.value
    lost_coverage = more.coverage.floor - more.coverage.value
    assert lost_density > 0.25
    assert lost_coverage < lost_density / 2
    assert sds(more, "swd") > 10
    assert sds(more, "kid") > 10


@pytest.mark.parametrize(("forgotten", "least_sds"), [(1, 4), (3, 12)])
def test_forgotten_classes_lower_coverage_and_not_density(
    judged: Judge, forgotten: int, least_sds: float
) -> None:
    report = judged(drawn_NHWC(COUNT, seed=2, kinds=range(8 - forgotten)))

    assert sds(report, "coverage") < -least_sds
    assert not moved(report) & {"density", "copying"}
    # About as much of the pictures is not covered any more as was forgotten.
    assert report.coverage.floor - report.coverage.value == pytest.approx(forgotten / 8, abs=0.06)


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_copies_move_the_share_of_copies_and_nothing_else(
    judged: Judge, good_NHWC: np.ndarray, real_NHWC: np.ndarray, share: float
) -> None:
    planted = round(share * COUNT)
    report = judged(np.concatenate([noisy(real_NHWC[:planted], 0.02), good_NHWC[planted:]]))

    assert moved(report) == {"copying"}
    assert sds(report, "copying") > 3
    assert share <= figure(report, "copying").value <= share + 0.03


@pytest.mark.parametrize(("times", "least_sds"), [(2, 3), (10, 20)])
def test_duplicates_lower_coverage_and_not_density(
    judged: Judge, good_NHWC: np.ndarray, times: int, least_sds: float
) -> None:
    report = judged(good_NHWC[np.arange(COUNT) % (COUNT // times)])

    assert sds(report, "coverage") < -least_sds
    assert not moved(report) & {"density", "copying"}
    assert times < 10 or sds(report, "kid") > 3


def test_noise_lowers_density_first_and_then_everything(
    judged: Judge, good_NHWC: np.ndarray
) -> None:
    slight, strong = judged(noisy(good_NHWC, 0.03)), judged(noisy(good_NHWC, 0.1))

    assert sds(slight, "swd") > 5
    assert sds(slight, "kid") > 5
    assert sds(slight, "density") < -5
    assert slight.density.floor - slight.density.value > 0.2
    assert slight.coverage.floor - slight.coverage.value < 0.1
    assert strong.density.value < 0.05
    assert strong.coverage.value < 0.05
    assert sds(strong, "kid") > 50
    assert "copying" not in moved(strong)


def test_one_picture_only_is_the_worst_of_all(judged: Judge, good_NHWC: np.ndarray) -> None:
    report = judged(good_NHWC[[0] * COUNT])

    assert report.diversity.value == 0
    assert report.coverage.value < 0.02
    assert sds(report, "swd") > 20
    assert sds(report, "kid") > 100
    assert sds(report, "coverage") < -20
    assert sds(report, "diversity") < -20
