import numpy as np
import pytest

from genstudio.data.samples import paint_flower
from genstudio.metrics.steadiness import Motion, flicker, moved, warp_error

SIDE = 64
PAN = Motion(rows=0.5, columns=-1.25)
ZOOM = Motion(zoom=1.03)


def film(motion: Motion, count: int = 4) -> list[np.ndarray]:
    """A flower that moves; each frame is taken from the one before."""
    frames = [paint_flower(SIDE, seed=0, index=1)]
    while len(frames) < count:
        frames.append(moved(frames[-1], motion)[0].round().clip(0, 255).astype(np.uint8))
    return frames


@pytest.mark.parametrize("motion", [PAN, ZOOM, Motion(rows=2, columns=-3)])
def test_what_moves_as_told_has_no_warp_error_and_other_motions_have(motion: Motion) -> None:
    frames = film(motion)
    assert warp_error(frames, [motion] * 3) < 0.002  # rounding to whole levels
    assert warp_error(frames, [Motion()] * 3) > 0.01


def test_a_shift_by_whole_pixels_moves_pixels() -> None:
    image = paint_flower(SIDE, seed=0, index=1)
    sampled, known = moved(image, Motion(rows=3, columns=-5))
    np.testing.assert_allclose(sampled[10:50, 10:50], image[7:47, 15:55], atol=1e-2)
    assert known[10:50, 10:50].all()
    assert not known[:3].any()
    assert not known[:, -5:].any()


def test_zoom_is_about_the_middle() -> None:
    image = np.zeros((65, 65, 3), np.uint8)
    image[32, 32] = image[32, 42] = 255
    sampled, _ = moved(image, Motion(zoom=1.5))
    assert sampled[32, 32, 0] == pytest.approx(255, abs=0.1)
    assert sampled[32, 47, 0] == pytest.approx(255, abs=0.1)


def test_flicker_is_change_beyond_that_of_the_given_film() -> None:
    given = film(PAN)
    assert flicker(given, given) == 0
    lighter = [np.minimum(it, 200) + 40 * (number % 2) for number, it in enumerate(given)]
    darker = [it.astype(np.uint8) for it in lighter]
    assert flicker(darker, given) > 0.05
