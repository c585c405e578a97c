"""Thresholds with a promise, labels from folders, and a detector of a saved run."""

from pathlib import Path

import numpy as np
import pytest

from genstudio.services.anomalies import labels_of, needed, threshold_from


@pytest.mark.parametrize("wanted", [0.02, 0.1, 0.3])
def test_no_more_whole_ones_are_above_a_threshold_than_was_promised(wanted: float) -> None:
    random = np.random.default_rng(0)
    above: list[float] = []
    for _ in range(400):
        whole, further = random.gamma(2, 1, 60), random.gamma(2, 1, 40)
        threshold = threshold_from(whole, whole, wanted, is_held_out=True)
        assert threshold.promised <= wanted
        above.append(float((further > threshold.score).mean()))
    assert np.mean(above) == pytest.approx(threshold.promised, abs=0.015)


def test_what_too_few_pictures_cannot_promise_is_said() -> None:
    few = threshold_from(np.arange(9.0), np.arange(9.0), 0.01, is_held_out=True)
    assert few.score == 8
    assert few.promised == pytest.approx(0.1)
    assert f"takes {needed(0.01)} of them" in few.words
    assert needed(0.01) == 99
    many = threshold_from(np.arange(99.0), np.arange(99.0), 0.01, is_held_out=True)
    assert many.promised == pytest.approx(0.01)
    assert "asked for" not in many.words
    learned = threshold_from(np.arange(9.0), np.arange(9.0), 0.2, is_held_out=False)
    assert "that the model learned from" in learned.words


def test_rarity_counts_the_picture_itself() -> None:
    threshold = threshold_from([1, 2, 3, 4], [1, 1, 1, 1], 0.5, is_held_out=True)
    assert threshold.rarity(99) == pytest.approx(1 / 5)
    assert threshold.rarity(3) == pytest.approx(3 / 5)
    assert threshold.rarity(-1) == 1


def test_folders_label_pictures_where_one_of_them_holds_whole_ones() -> None:
    paths = [Path("t/Good/a.png"), Path("t/scratch/b.png"), Path("t/spot/c.png")]
    assert labels_of(paths) == {paths[0]: "", paths[1]: "scratch", paths[2]: "spot"}
    assert labels_of(paths, "spot") == {paths[0]: "Good", paths[1]: "scratch", paths[2]: ""}
    assert labels_of(paths, "elsewhere") == {}
    assert labels_of(paths[1:]) == {}
    assert labels_of(paths[:1]) == {}
