"""PSNR as it is defined, and distances in units of the set's own."""

import numpy as np
import pytest
import torch

from genstudio.metrics.reconstruction import psnr_of_each, relative_distances


def noise(count: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 200, (count, 8, 8, 3)).astype(np.uint8)


def test_psnr_is_that_of_the_books() -> None:
    images_NHWC = noise()
    # A difference of 10 levels throughout: 20 log10(255 / 10).
    assert psnr_of_each(images_NHWC, images_NHWC + 10) == pytest.approx([28.1308] * 6, abs=1e-3)
    # Neither direction wraps around.
    assert psnr_of_each(images_NHWC + 10, images_NHWC) == pytest.approx([28.1308] * 6, abs=1e-3)


def test_the_same_picture_has_the_most_that_whole_levels_can_tell() -> None:
    images_NHWC = noise()
    assert psnr_of_each(images_NHWC, images_NHWC) == pytest.approx([58.92] * 6, abs=0.01)


def test_one_picture_can_stand_for_all() -> None:
    images_NHWC = noise()
    mean_HWC = images_NHWC.mean(0).astype(np.uint8)
    found = psnr_of_each(images_NHWC, mean_HWC[None])
    assert found.shape == (6,)
    assert len(set(found.tolist())) == 6


def test_distances_are_in_units_of_the_sets_own() -> None:
    features_N = torch.randn(40, 30, generator=torch.Generator().manual_seed(0))
    assert relative_distances(features_N, features_N).tolist() == [0.0] * 40
    turned = relative_distances(features_N, features_N.roll(1, 0))
    assert float(turned.mean()) == pytest.approx(1, abs=0.1)
    assert torch.allclose(relative_distances(7 * features_N, 7 * features_N.roll(1, 0)), turned)
