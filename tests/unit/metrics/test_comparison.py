"""Defects planted in good pictures: each measure sees its own, and is blind to the others'."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from planted_pictures import COUNT, blurred, drawn_NHWC, noisy

from genstudio.metrics.comparison import Likeness, PictureSet, Yardstick


@pytest.fixture(scope="module")
def measure(real_NHWC: np.ndarray) -> Callable[[np.ndarray], Likeness]:
    yardstick = Yardstick(PictureSet.of(real_NHWC[:COUNT]))
    return lambda made_NHWC: yardstick.measure(PictureSet.of(made_NHWC))


@pytest.fixture(scope="module")
def floor(measure: Any, real_NHWC: np.ndarray) -> Likeness:
    return measure(real_NHWC[COUNT:])


def test_the_floor_is_where_it_must_be(floor: Likeness) -> None:
    assert abs(floor.kid) < 3 * floor.kid_sd
    assert floor.density == pytest.approx(1, abs=0.1)
    assert floor.coverage == pytest.approx(0.969, abs=0.03)
    assert floor.diversity == pytest.approx(1, abs=0.05)


def test_other_pictures_of_the_same_class_are_at_the_floor(
    measure: Any, floor: Likeness, good_NHWC: np.ndarray
) -> None:
    good = measure(good_NHWC)

    assert good.swd < 1.2 * floor.swd
    assert abs(good.kid) < 3 * floor.kid_sd
    assert good.density == pytest.approx(1, abs=0.1)
    assert good.coverage == pytest.approx(0.969, abs=0.03)
    assert good.diversity == pytest.approx(1, abs=0.05)


def test_blur_lowers_density_before_coverage(
    measure: Any, floor: Likeness, good_NHWC: np.ndarray
) -> None:
    slightly, clearly = measure(blurred(good_NHWC, 0.3)), measure(blurred(good_NHWC, 0.6))

    assert slightly.swd > 1.8 * floor.swd
    assert slightly.kid > 4 * floor.kid_sd
    assert slightly.coverage > 0.95
    assert clearly.kid > 2 * slightly.kid
    assert clearly.density < 0.8
    assert clearly.density + 0.1 < clearly.coverage
    # What vanishes is the finest detail.
    assert slightly.swd_levels[0] > 3 * floor.swd_levels[0]
    assert slightly.swd_levels[1] < 1.5 * floor.swd_levels[1]


def test_forgotten_classes_lower_coverage_and_not_density(measure: Any, floor: Likeness) -> None:
    half = measure(drawn_NHWC(COUNT, seed=2, kinds=range(5)))

    assert half.coverage < 0.75
    assert half.density == pytest.approx(1, abs=0.1)
    assert half.kid > 10 * floor.kid_sd


def test_noise_lowers_density(measure: Any, floor: Likeness, good_NHWC: np.ndarray) -> None:
    slightly, clearly = measure(noisy(good_NHWC, 0.03)), measure(noisy(good_NHWC, 0.1))

    assert slightly.swd > 1.8 * floor.swd
    assert slightly.density < 0.85
    assert slightly.kid > 4 * floor.kid_sd
    assert clearly.density < 0.1
    assert clearly.kid > 10 * slightly.kid


def test_repeating_a_few_lowers_coverage(
    measure: Any, floor: Likeness, good_NHWC: np.ndarray
) -> None:
    few = measure(good_NHWC[np.arange(COUNT) % 24])

    assert few.coverage < 0.5
    assert few.density == pytest.approx(1, abs=0.1)
    assert few.kid > 3 * floor.kid_sd


def test_one_picture_only_has_no_diversity(
    measure: Any, floor: Likeness, good_NHWC: np.ndarray
) -> None:
    one = measure(good_NHWC[[0] * COUNT])

    assert one.diversity < 0.01
    assert one.coverage < 0.05
    assert one.kid > 100 * floor.kid_sd
    assert one.swd > 4 * floor.swd


def test_copies_are_none_of_their_business(
    measure: Any, floor: Likeness, good_NHWC: np.ndarray
) -> None:
    copies = noisy(drawn_NHWC(COUNT, seed=0), 0.005)
    learned_by_heart = measure(copies)

    assert learned_by_heart.coverage > 0.95
    assert learned_by_heart.swd < 1.3 * floor.swd
