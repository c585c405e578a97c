import numpy as np
import pytest
import torch
from texture_films import film_of, texture

from genstudio.metrics.steadiness import Motion
from genstudio.models.style.motion import is_within, optical_flow, sampled


@pytest.mark.parametrize("motion", [(0.6, -1.4), (-7.0, 5.0)])
def test_a_pan_is_followed(motion: tuple[float, float]) -> None:
    rows, columns = motion
    before, after = film_of(texture(96), Motion(rows=rows, columns=columns), 2)
    flow = optical_flow(before, after)
    assert flow.shape == (2, 96, 96)
    inner = flow[:, 12:-12, 12:-12]
    errors = torch.hypot(inner[0] + columns, inner[1] + rows)
    assert errors.median() < 0.2
    assert errors.quantile(0.9) < 0.5


def test_a_zoom_moves_the_edges_and_not_the_middle() -> None:
    before, after = film_of(texture(96), Motion(zoom=1.05), 2)
    flow = optical_flow(before, after)
    assert flow[:, 44:52, 44:52].abs().mean() < 0.3
    assert flow[0, :, -16:-12].median() == pytest.approx(-33.5 * (1 - 1 / 1.05), abs=0.4)


def test_of_a_large_frame_the_motion_is_in_its_own_pixels() -> None:
    before, after = film_of(texture(480), Motion(columns=4), 2)
    flow = optical_flow(before, after)
    assert flow.shape == (2, 480, 480)
    assert flow[0, 40:-40, 40:-40].median() == pytest.approx(-4, abs=0.3)


def test_nothing_moves_where_there_is_nothing_to_see() -> None:
    plain = np.full((40, 56, 3), 128, np.uint8)
    assert optical_flow(plain, plain).abs().max() == 0


@pytest.mark.parametrize("size", [(1, 1), (7, 200), (16, 3)])
def test_frames_of_any_size_have_a_motion(size: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    flow = optical_flow(frame, frame)
    assert flow.shape == (2, *size)
    assert torch.isfinite(flow).all()


def test_a_picture_is_sampled_where_the_flow_says() -> None:
    image = torch.arange(30.0).view(1, 5, 6)
    flow = torch.stack([torch.full((5, 6), 2.0), torch.full((5, 6), -1.0)])
    torch.testing.assert_close(sampled(image, flow)[0, 2:4, 1:3], image[0, 1:3, 3:5])
    within = is_within(flow)
    assert not within[0].any()
    assert not within[:, 4:].any()
    assert within[1:, :4].all()
