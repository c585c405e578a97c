"""How well scores tell what does not belong from what does: the ROC curve and its area."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class RocCurve:
    """Share of false alarms and of what is found, one point for each threshold, both rising.

    Attributes:
        false_alarms: From 0 to 1.
        found: From 0 to 1.
    """

    false_alarms: np.ndarray
    found: np.ndarray


def roc_curve(normal: Sequence[float], strange: Sequence[float]) -> RocCurve:
    """The curve over all thresholds.

    Args:
        normal: Scores of what belongs; one or more.
        strange: Scores of what does not; one or more.
    """
    thresholds = np.unique(np.concatenate([normal, strange]))[::-1]
    whole, odd = np.sort(normal), np.sort(strange)
    false_alarms = 1 - np.searchsorted(whole, thresholds, side="left") / len(whole)
    found = 1 - np.searchsorted(odd, thresholds, side="left") / len(odd)
    return RocCurve(np.concatenate([[0.0], false_alarms]), np.concatenate([[0.0], found]))


def auroc(normal: Sequence[float], strange: Sequence[float]) -> float:
    """Probability that something strange scores higher than something normal; ties count half."""
    curve = roc_curve(normal, strange)
    return float(np.trapezoid(curve.found, curve.false_alarms))
