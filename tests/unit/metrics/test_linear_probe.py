"""A linear probe reads what is there, and nothing else."""

import numpy as np
import pytest

from genstudio.metrics.linear_probe import linear_probe

KINDS = 4


def latents(count: int, *, distance: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Of four kinds, each around a place of its own, among numbers that say nothing."""
    generator = np.random.default_rng(seed)
    labels_N = generator.integers(0, KINDS, count)
    places = np.random.default_rng(99).standard_normal((KINDS, 12))
    z_NZ = distance * places[labels_N] + generator.standard_normal((count, 12))
    return np.concatenate([z_NZ, np.zeros((count, 3))], axis=1), labels_N


def test_kinds_that_lie_apart_are_read() -> None:
    found = linear_probe(*latents(300, distance=3, seed=0), *latents(200, distance=3, seed=1))
    assert found.accuracy > 0.97
    assert found.count == 200
    assert 0.15 < found.by_guessing < 0.4


def test_where_nothing_is_described_it_gets_what_guessing_gets() -> None:
    found = linear_probe(*latents(300, distance=0, seed=0), *latents(400, distance=0, seed=1))
    assert abs(found.accuracy - found.by_guessing) < 4 * found.sd


def test_labels_at_random_are_not_read_even_from_many_numbers() -> None:
    """With more numbers than pictures, everything that was learned from can be told by heart."""
    generator = np.random.default_rng(3)
    learned_NZ, judged_NZ = generator.standard_normal((2, 100, 300))
    labels_N, judged_labels_N = generator.integers(0, 2, (2, 100))
    found = linear_probe(learned_NZ, labels_N, judged_NZ, judged_labels_N)
    assert 0.3 < found.accuracy < 0.7


def test_neither_scale_nor_place_of_a_number_matters() -> None:
    learned_NZ, labels_N = latents(200, distance=1, seed=0)
    judged_NZ, judged_labels_N = latents(200, distance=1, seed=1)
    scales = np.geomspace(1e-3, 1e3, learned_NZ.shape[1])
    one = linear_probe(learned_NZ, labels_N, judged_NZ, judged_labels_N)
    other = linear_probe(learned_NZ * scales + 5, labels_N, judged_NZ * scales + 5, judged_labels_N)
    assert other.accuracy == pytest.approx(one.accuracy, abs=0.02)
    assert one.accuracy > one.by_guessing + 4 * one.sd


def test_guessing_takes_the_commonest_kind_of_those_learned_from() -> None:
    learned_NZ, _ = latents(10, distance=0, seed=0)
    labels_N = np.array([0] * 7 + [1] * 3)
    judged_labels_N = np.array([0] * 2 + [1] * 8)
    found = linear_probe(learned_NZ, labels_N, learned_NZ, judged_labels_N)
    assert found.by_guessing == pytest.approx(0.2)


def test_a_kind_that_was_never_learned_is_told_wrong() -> None:
    learned_NZ, labels_N = latents(100, distance=3, seed=0)
    judged_NZ, _ = latents(20, distance=3, seed=1)
    found = linear_probe(learned_NZ, labels_N, judged_NZ, np.full(20, KINDS))
    assert found.accuracy == 0
    assert found.sd > 0
