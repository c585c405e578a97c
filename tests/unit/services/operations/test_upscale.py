import numpy as np

from genstudio.services.operations.upscale import UpscaleSettings, enlarged


def test_pixels_stay_what_they_are() -> None:
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 4), dtype=np.uint8)
    made = enlarged(image, UpscaleSettings(factor=3, method="pixels"))
    assert made.shape == (15, 21, 4)
    for row in range(3):
        np.testing.assert_array_equal(made[row::3, row::3], image)


def test_smooth_enlarging_keeps_the_light_and_hides_hidden_colours() -> None:
    ramp = np.tile(np.arange(0, 240, 8, dtype=np.uint8)[None, :, None], (20, 1, 3))
    made = enlarged(ramp, UpscaleSettings(factor=4))
    assert made.shape == (80, 120, 3)
    assert abs(made.mean() - ramp.mean()) < 0.5
    assert np.abs(np.diff(made[40, 8:-8, 0].astype(int))).max() <= 3

    cut_out = np.zeros((10, 10, 4), np.uint8)
    cut_out[:, :5] = (200, 100, 50, 255)
    cut_out[:, 5:] = (0, 255, 0, 0)  # Green that nobody sees.
    seen = enlarged(cut_out, UpscaleSettings(factor=2))
    visible = seen[..., 3] > 20
    assert np.abs(seen[visible][:, :3].astype(int) - (200, 100, 50)).max() < 40
