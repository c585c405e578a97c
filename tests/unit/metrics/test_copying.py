"""Copies are found, whatever was done to hide them, and nothing else is called one."""

import io

import numpy as np
import pytest
from PIL import Image
from planted_pictures import COUNT, blurred, drawn_NHWC, noisy

from genstudio.metrics.copying import CopyFinder


@pytest.fixture(scope="module")
def training_NHWC() -> np.ndarray:
    return drawn_NHWC(4 * COUNT, seed=10)


@pytest.fixture(scope="module")
def finder(training_NHWC: np.ndarray) -> CopyFinder:
    return CopyFinder(training_NHWC, drawn_NHWC(100, seed=11))


def saved_again(images_NHWC: np.ndarray) -> np.ndarray:
    def saved(image_HWC: np.ndarray) -> np.ndarray:
        file = io.BytesIO()
        Image.fromarray(image_HWC).save(file, "JPEG", quality=90)
        return np.asarray(Image.open(file))

    return np.stack([saved(image_HWC) for image_HWC in images_NHWC])


def test_new_pictures_are_no_copies(finder: CopyFinder, good_NHWC: np.ndarray) -> None:
    found = finder(good_NHWC)

    assert found.share <= 0.025
    assert found.usual_share <= 0.03
    assert found.usual_count == 100


@pytest.mark.parametrize(
    "hide",
    [
        lambda images: images,
        lambda images: noisy(images, 0.02),
        lambda images: images[:, :, ::-1],
        saved_again,
    ],
    ids=["exact", "noisy", "mirrored", "saved again"],
)
def test_copies_are_counted_and_their_originals_named(
    finder: CopyFinder, good_NHWC: np.ndarray, training_NHWC: np.ndarray, hide: object
) -> None:
    assert callable(hide)
    made_NHWC = good_NHWC.copy()
    planted = COUNT // 20
    made_NHWC[:planted] = hide(training_NHWC[50 : 50 + planted])
    found = finder(made_NHWC)

    assert 0.04 <= found.share <= 0.08
    assert found.nearest[:planted].tolist() == list(range(50, 50 + planted))
    assert sorted(np.argsort(found.distances)[:planted]) == list(range(planted))
    assert (found.distances[:planted] < found.threshold).all()


def test_an_exact_copy_is_at_no_distance(finder: CopyFinder, training_NHWC: np.ndarray) -> None:
    found = finder(training_NHWC[:20])

    assert found.share == 1
    assert found.distances.max() == 0


def test_blurred_pictures_are_no_copies(finder: CopyFinder, good_NHWC: np.ndarray) -> None:
    assert finder(blurred(good_NHWC)).share <= 0.03


def test_soft_pictures_near_to_many_are_no_copies() -> None:
    # Of one kind that differs little: a mean of eight lies nearer to each than they to each other.
    generator = np.random.default_rng(3)
    base = generator.integers(60, 200, (16, 16, 3)).astype(float)
    own = generator.normal(0, 20, (400, 16, 16, 3))
    training_NHWC = (base + own).clip(0, 255).astype(np.uint8)
    soft_NHWC = training_NHWC[:160].reshape(20, 8, 16, 16, 3).mean(axis=1).astype(np.uint8)
    finder = CopyFinder(training_NHWC)
    found = finder(np.concatenate([soft_NHWC, training_NHWC[:5]]))

    assert (found.distances[:20] < found.threshold).all()
    assert (found.distances[:20] > found.alarms[:20]).all()
    assert found.share == pytest.approx(5 / 25)


def test_near_duplicates_in_the_set_do_not_hide_copies() -> None:
    once = drawn_NHWC(COUNT, seed=12)
    # A fifth of the held-out pictures are in the training set as well.
    held_out = np.concatenate([noisy(once[:10], 0.005), drawn_NHWC(40, seed=13)])
    finder = CopyFinder(once, held_out)
    made_NHWC = np.concatenate([once[:12], drawn_NHWC(COUNT - 12, seed=14)])
    found = finder(made_NHWC)

    assert found.threshold >= 0.012
    assert 0.05 <= found.share <= 0.08
    assert found.usual_share >= 0.2


@pytest.mark.parametrize("none", [None, np.empty((0, 32, 32, 3), np.uint8)])
def test_without_held_out_pictures_the_training_pictures_are_the_measure(
    training_NHWC: np.ndarray, good_NHWC: np.ndarray, none: np.ndarray | None
) -> None:
    finder = CopyFinder(training_NHWC, none)
    found = finder(np.concatenate([training_NHWC[:12], good_NHWC[12:]]))

    assert 0.04 <= found.share <= 0.08
    assert found.usual_share <= 0.012
    assert found.usual_count == len(training_NHWC)


def test_a_set_of_one_picture_many_times_has_a_threshold(good_NHWC: np.ndarray) -> None:
    same = good_NHWC[[0] * 30]
    found = CopyFinder(same)(np.concatenate([same[:5], good_NHWC[1:6]]))

    assert found.share == 0.5
    assert found.usual_share == 1
