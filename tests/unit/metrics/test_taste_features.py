"""A taste with gradients says what the taste on files says."""

import numpy as np
import pytest
import torch
from simulated_artist import Discs

from genstudio.domain.settings import Settings
from genstudio.metrics.preferences import FrozenTaste, cautious, learn_taste
from genstudio.metrics.taste_features import taste_features
from genstudio.services.tastes import features_of


def pictures(count: int) -> np.ndarray:
    discs = Discs()
    return discs.decode(discs.latents(range(count), Settings()), Settings())


def as_drawn(images_NHWC: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(images_NHWC).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def test_features_of_what_is_drawn_are_those_of_the_file() -> None:
    images = pictures(5)
    found = taste_features(as_drawn(images))
    torch.testing.assert_close(found, features_of(images, 32), rtol=0, atol=1e-4)


@pytest.mark.parametrize("side", [256, 512])
def test_large_pictures_are_looked_at_in_small(side: int) -> None:
    images = pictures(2).repeat(side // 32, axis=1).repeat(side // 32, axis=2)
    small = pictures(2).repeat(4, axis=1).repeat(4, axis=2)
    torch.testing.assert_close(
        taste_features(as_drawn(images)), taste_features(as_drawn(small)), rtol=0, atol=1e-3
    )


def test_an_opacity_is_not_looked_at() -> None:
    drawn = as_drawn(pictures(2))
    with_opacity = torch.cat([drawn, torch.zeros(2, 1, 32, 32)], dim=1)
    torch.testing.assert_close(
        taste_features(with_opacity), taste_features(drawn), rtol=0, atol=1e-4
    )


def test_a_frozen_taste_says_what_the_taste_said_and_has_a_way_up() -> None:
    images = pictures(60)
    light = images.reshape(60, -1).mean(axis=1)
    pairs = torch.tensor([(a, b) for a in range(60) for b in range(60) if light[a] > light[b] + 20])
    features = features_of(images, 32)
    taste = learn_taste(features, pairs)
    assert taste is not None
    frozen = FrozenTaste(taste.tensors())
    said = frozen(features)
    assert said.shape == (60, 5)
    torch.testing.assert_close(cautious(said), taste(features).float(), rtol=1e-3, atol=1e-3)

    drawn = as_drawn(images[:4]).requires_grad_()
    before = cautious(frozen(taste_features(drawn)))
    (slope,) = torch.autograd.grad(before.sum(), drawn)
    after = cautious(frozen(taste_features(drawn + 0.1 * slope.sign())))
    assert bool((after > before).all())
    assert float(slope.sum()) > 0  # Brighter is better.
