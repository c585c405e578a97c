"""A simulated artist gets more of what it likes, and nobody gets anything from noise."""

import numpy as np
import pytest
import torch
from simulated_artist import DiscExplorer, Likes, compared, light, warmth

from genstudio.domain.places import Place
from genstudio.domain.progress import drain
from genstudio.domain.settings import Settings
from genstudio.metrics.coverage import Neighbourhoods
from genstudio.metrics.features import random_features
from genstudio.services.steering import Steering
from genstudio.services.tastes import LearnedTaste, features_of, learned

_COMPARISONS = 100
_MADE = 100
_EXPLORED = 5
SETTINGS = Settings()


@pytest.fixture(scope="module")
def explorer() -> DiscExplorer:
    explorer = DiscExplorer()
    drain(explorer.find_directions())
    return explorer


def drawn(explorer: DiscExplorer, first: int, count: int) -> np.ndarray:
    places = [Place(seeds=(seed,)) for seed in range(first, first + count)]
    return np.stack([explorer.picture(place, SETTINGS) for place in places])


def taught(explorer: DiscExplorer, likes: Likes, flips: float) -> LearnedTaste:
    seen = drawn(explorer, 50_000, 2 * _COMPARISONS)
    pairs = torch.tensor(compared(seen, likes, flips=flips, seed=1))
    return learned(features_of(seen, 32), pairs, side=32, num_ratings=0, num_choices=len(pairs))


def steered(explorer: DiscExplorer, taste: LearnedTaste) -> np.ndarray:
    steering = Steering(explorer, SETTINGS, taste)
    drain(steering.find_slope())
    return np.stack([
        (steering.surprise if seed % _EXPLORED == 0 else steering.picture)(seed).image_HWC
        for seed in range(_MADE)
    ])  # fmt: skip


@pytest.mark.parametrize("likes", [warmth, light])
def test_after_100_comparisons_the_mean_is_what_one_in_five_was(
    explorer: DiscExplorer, likes: Likes
) -> None:
    taste = taught(explorer, likes, flips=0.1)
    assert taste.taste is not None, taste.words
    made = steered(explorer, taste)
    usual = drawn(explorer, 60_000, 400)
    reward = np.mean([likes(it) for it in made])
    assert reward >= np.percentile([likes(it) for it in usual], 80)

    # And they are not all the same.
    features = random_features()
    real = Neighbourhoods(features(drawn(explorer, 70_000, _MADE)))
    assert real(features(made)).coverage >= 0.8 * real(features(usual[:_MADE])).coverage


def test_random_choices_are_found_out(explorer: DiscExplorer) -> None:
    taste = taught(explorer, warmth, flips=0.5)
    assert taste.taste is None
    assert "do not agree" in taste.words


def test_a_place_that_is_moved_draws_the_same_again(explorer: DiscExplorer) -> None:
    steering = Steering(explorer, SETTINGS, taught(explorer, warmth, flips=0.0))
    slope = drain(steering.find_slope())
    assert slope.norm() == pytest.approx(1)
    made = steering.picture(3)
    assert made.is_guided
    assert made.place.moves
    np.testing.assert_array_equal(explorer.picture(made.place, SETTINGS), made.image_HWC)
