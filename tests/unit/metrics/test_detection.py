"""ROC curves and their areas."""

import numpy as np
import pytest

from genstudio.metrics.detection import auroc, roc_curve


def test_the_area_is_the_share_of_pairs_that_are_in_order() -> None:
    random = np.random.default_rng(0)
    normal, strange = random.normal(0, 1, 80).round(1), random.normal(1, 1, 50).round(1)
    higher = (strange[:, None] > normal[None, :]).mean()
    equal = (strange[:, None] == normal[None, :]).mean()
    assert auroc(normal, strange) == pytest.approx(higher + equal / 2)


@pytest.mark.parametrize(
    ("normal", "strange", "area"),
    [([1, 2], [3, 4], 1.0), ([3, 4], [1, 2], 0.0), ([1, 1], [1, 1], 0.5), ([5], [7], 1.0)],
)
def test_its_ends(normal: list[float], strange: list[float], area: float) -> None:
    assert auroc(normal, strange) == area


def test_scores_outside_of_0_to_1_are_ranked_alike() -> None:
    random = np.random.default_rng(1)
    normal, strange = random.normal(0, 1, 60), random.normal(0.8, 1, 60)
    assert auroc(normal, strange) == auroc(normal * 1e6 - 3, strange * 1e6 - 3)


def test_the_curve_rises_from_corner_to_corner() -> None:
    curve = roc_curve([0.1, 0.4, 0.4], [0.3, 0.4, 0.9])
    assert (curve.false_alarms[0], curve.found[0]) == (0, 0)
    assert (curve.false_alarms[-1], curve.found[-1]) == (1, 1)
    assert (np.diff(curve.false_alarms) >= 0).all()
    assert (np.diff(curve.found) >= 0).all()
