"""The 5-gram: its probabilities add up to one, and it learns what can be counted."""

import numpy as np
import pytest

from genstudio.domain.words import PADDING
from genstudio.metrics.ngrams import KneserNey

NUM_IDS = 9


def rows(count: int, seed: int) -> np.ndarray:
    """Ids in which each is the sum of the two before it, but for one in five."""
    random = np.random.default_rng(seed)
    found = random.integers(1, NUM_IDS, (count, 40))
    for at in range(2, 40):
        kept = random.random(count) < 0.8
        found[kept, at] = 1 + (found[kept, at - 1] + found[kept, at - 2]) % (NUM_IDS - 1)
    return found.astype(np.int16)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 7])
def test_the_probabilities_of_all_ids_add_up_to_one(length: int) -> None:
    model = KneserNey(rows(30, 0), NUM_IDS)
    history = rows(6, 1)[:, :length]
    # Padding is predicted, too, though nobody asks for it.
    shares = sum(
        np.exp(-model.nats(np.append(history, np.full((6, 1), id_), axis=1))[:, -1])
        for id_ in range(1, NUM_IDS)
    )
    assert np.all(shares <= 1 + 1e-9)
    assert np.all(shares > 0.85)


def test_it_finds_a_rule_and_nothing_in_noise() -> None:
    learned, held_out = rows(400, 0), rows(50, 1)
    model = KneserNey(learned, NUM_IDS)
    by_rule = model.nats(held_out)[:, 2:].mean()
    # The entropy of the rule with its noise.
    share = 0.8 + 0.2 / (NUM_IDS - 1)
    other = 0.2 / (NUM_IDS - 1)
    entropy = -share * np.log(share) - (NUM_IDS - 2) * other * np.log(other)
    assert entropy < by_rule < 1.15 * entropy
    noise = np.random.default_rng(2).integers(1, NUM_IDS, (50, 40))
    assert model.nats(noise).mean() > np.log(NUM_IDS - 1)


def test_padding_costs_nothing_and_ends_no_context() -> None:
    model = KneserNey(rows(50, 0), NUM_IDS)
    row = rows(1, 3)
    padded = np.append(row, np.full((1, 5), PADDING), axis=1)
    nats = model.nats(padded)
    np.testing.assert_allclose(nats[:, : row.shape[1] - 1], model.nats(row))
    assert not nats[:, row.shape[1] - 1 :].any()
