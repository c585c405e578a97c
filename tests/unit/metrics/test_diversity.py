"""Mean distances between pictures of a set."""

import pytest
import torch

from genstudio.metrics.diversity import mean_distance, relative_diversity


def test_the_mean_is_over_pairs_of_different_pictures() -> None:
    corners = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]])

    assert mean_distance(corners) == pytest.approx(10 / 3)


def test_real_pictures_have_one_and_a_single_picture_has_none() -> None:
    rows = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    real = mean_distance(rows)

    assert relative_diversity(rows, real) == 1
    assert relative_diversity(rows / 2, real) == pytest.approx(0.5, rel=1e-4)
    assert relative_diversity(rows[:1].expand(50, -1), real) < 1e-3
