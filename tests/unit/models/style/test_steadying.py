import numpy as np
import pytest
from texture_films import film_of, texture

from genstudio.metrics.steadiness import Motion, flicker, warp_error
from genstudio.models.style.steadying import Steadier

PAN = Motion(rows=0.4, columns=-1.3)


def flickering(frames: list[np.ndarray]) -> list[np.ndarray]:
    """The negatives, each a little different from what it should be."""
    generator = np.random.default_rng(0)
    noise = [generator.normal(0, 12, (*it.shape[:2], 1)) for it in frames]
    return [
        (255.0 - it + grain).clip(0, 255).astype(np.uint8)
        for it, grain in zip(frames, noise, strict=True)
    ]


def steadied(
    seen: list[np.ndarray], painted: list[np.ndarray], strength: float = 0.7
) -> list[np.ndarray]:
    steadier = Steadier(strength)
    return [steadier.steady(*pair) for pair in zip(seen, painted, strict=True)]


def test_paint_stays_on_what_moves() -> None:
    seen = film_of(texture(96), PAN, 6)
    painted = flickering(seen)
    made = steadied(seen, painted)
    assert made[0].dtype == np.uint8
    before = warp_error(painted, [PAN] * 5)
    assert warp_error(made, [PAN] * 5) < 0.6 * before
    assert flicker(made, seen) < 0.8 * flicker(painted, seen)
    # It stays what was painted, and not a mean of it.
    assert np.abs(made[-1].astype(int) - (255 - seen[-1].astype(int))).mean() < 10


def test_without_strength_nothing_changes() -> None:
    seen = film_of(texture(64), PAN, 3)
    painted = flickering(seen)
    for one, other in zip(steadied(seen, painted, 0), painted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_cut_takes_nothing_along() -> None:
    seen = [texture(64, seed=1), texture(64, seed=2)]
    painted = flickering(seen)
    made = steadied(seen, painted)
    difference = np.abs(made[1].astype(int) - painted[1])
    assert np.median(difference) == 0
    assert difference.mean() < 1.5


@pytest.mark.parametrize("size", [(64, 48), (63, 64)])
def test_a_frame_of_another_size_begins_anew(size: tuple[int, int]) -> None:
    seen = [texture(64), texture(64)[: size[0], : size[1]]]
    painted = flickering(seen)
    np.testing.assert_array_equal(steadied(seen, painted)[1], painted[1])
