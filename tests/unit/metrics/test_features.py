"""Features: the same everywhere, in any company, at any size."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from planted_pictures import blurred, noisy

from genstudio.metrics.features import RandomFeatures, random_features

# Of the weights: another one means that figures told before cannot be compared with new ones.
DIGEST = "94631b47f23019af6f8d4de0f583dbb625238d508df9d38008c814f339010b26"


@pytest.fixture(scope="module")
def features() -> RandomFeatures:
    return random_features()


def enlarged(images_NHWC: np.ndarray, factor: int) -> np.ndarray:
    return images_NHWC.repeat(factor, axis=1).repeat(factor, axis=2)


def test_they_are_the_same_on_every_machine(features: RandomFeatures) -> None:
    assert features.digest == DIGEST
    program = (
        "from genstudio.metrics.features import RandomFeatures; print(RandomFeatures().digest)"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert other.stdout.decode().strip() == DIGEST


def test_drawing_them_touches_nobody_elses_random_numbers(good_NHWC: np.ndarray) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    RandomFeatures()(good_NHWC[:2])

    assert torch.rand(1) == expected


def test_a_picture_has_the_same_features_in_any_company(
    features: RandomFeatures, good_NHWC: np.ndarray
) -> None:
    together = features(good_NHWC[:40])

    assert together.dtype == torch.float32
    assert together.shape[0] == 40
    assert bool(together.isfinite().all())
    assert together.abs().max() <= 1.5
    torch.testing.assert_close(features(good_NHWC[7:8])[0], together[7], atol=1e-4, rtol=0)
    torch.testing.assert_close(features(good_NHWC[5:40]), together[5:], atol=1e-4, rtol=0)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_larger_pictures_have_as_many(
    features: RandomFeatures, good_NHWC: np.ndarray, factor: int
) -> None:
    large = features(enlarged(good_NHWC[:3], factor))

    assert large.shape == features(good_NHWC[:3]).shape


def test_from_a_certain_size_on_pictures_are_brought_down(
    features: RandomFeatures, good_NHWC: np.ndarray
) -> None:
    at_128, at_1024 = (features(enlarged(good_NHWC[:2], factor)) for factor in (4, 32))

    torch.testing.assert_close(at_128, at_1024, atol=1e-4, rtol=0)


def test_what_is_see_through_is_laid_over_white(
    features: RandomFeatures, good_NHWC: np.ndarray
) -> None:
    opaque = np.concatenate([good_NHWC[:2], np.full_like(good_NHWC[:2, ..., :1], 255)], axis=-1)
    torch.testing.assert_close(features(opaque), features(good_NHWC[:2]), atol=1e-4, rtol=0)

    gone = opaque.copy()
    gone[..., 3] = 0
    white = np.full_like(good_NHWC[:2], 255)
    torch.testing.assert_close(features(gone), features(white), atol=1e-4, rtol=0)


def test_grey_pictures_are_pictures(features: RandomFeatures, good_NHWC: np.ndarray) -> None:
    grey = good_NHWC[:2, ..., :1]

    torch.testing.assert_close(features(grey), features(grey.repeat(3, axis=-1)), atol=1e-4, rtol=0)


def test_worse_is_further_away(features: RandomFeatures, good_NHWC: np.ndarray) -> None:
    def moved(images_NHWC: np.ndarray) -> float:
        return (features(images_NHWC) - features(good_NHWC)).norm(dim=1).mean().item()

    assert 0 < moved(blurred(good_NHWC, 0.3)) < moved(blurred(good_NHWC, 0.9))
    assert 0 < moved(noisy(good_NHWC, 0.02)) < moved(noisy(good_NHWC, 0.1))
