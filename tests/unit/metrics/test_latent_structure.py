"""Ways between latents: straight ones, detours, jumps, and those that lead nowhere."""

import numpy as np
import pytest
import torch
from torch import Tensor

from genstudio.metrics.latent_structure import cross_fade, equal_steps, walk_figures


def ends(count: int = 12, numbers: int = 5) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, count, numbers, generator=generator).unbind()


def ways(shares: list[float]) -> Tensor:
    start, end = ends()
    return torch.stack([torch.lerp(start, end, share) for share in shares], dim=1)


def test_the_straight_way_at_constant_speed_is_at_1() -> None:
    found = walk_figures(ways(equal_steps(8)))
    assert found is not None
    assert found.path_length == pytest.approx(1, abs=1e-4)
    assert found.evenness == pytest.approx(1, abs=1e-4)
    assert found.path_length_sd == pytest.approx(0, abs=1e-4)
    assert found.num_pairs == 12
    start, end = ends()
    expected = float((end - start).square().sum(1).mean())
    assert found.perceptual_path_length == pytest.approx(expected, rel=1e-4)


def test_a_jump_is_told_by_both_figures() -> None:
    found = walk_figures(ways([0, 0, 0, 0, 1, 1, 1, 1, 1]))
    assert found is not None
    # All at once in one of eight steps: 8 · d² / d², and eight times the mean step.
    assert found.path_length == pytest.approx(8, rel=1e-4)
    assert found.evenness == pytest.approx(8, rel=1e-4)


def test_a_detour_of_even_steps_is_told_by_the_length_alone() -> None:
    found = walk_figures(ways([0, 0.5, 1, 1.5, 2, 1.5, 1]))
    assert found is not None
    assert found.path_length == pytest.approx(9, rel=1e-4)
    assert found.evenness == pytest.approx(1, abs=1e-4)


def test_blur_makes_no_way_smoother() -> None:
    whole, blurred = walk_figures(ways([0, 0.1, 1])), walk_figures(0.01 * ways([0, 0.1, 1]))
    assert whole is not None
    assert blurred is not None
    assert blurred.path_length == pytest.approx(whole.path_length, rel=1e-4)
    assert blurred.perceptual_path_length < whole.perceptual_path_length / 1000


def test_single_ends_that_are_alike_decide_nothing_and_all_alike_is_no_way() -> None:
    some = ways(equal_steps(4))
    some[0, -1] = some[0, 0]
    found = walk_figures(some)
    assert found is not None
    assert 1 <= found.path_length < 2
    assert walk_figures(torch.ones(4, 5, 3)) is None
    assert walk_figures(1 + 1e-6 * ways(equal_steps(4))) is None


def test_differing_ways_are_told_with_their_chance() -> None:
    straight, bent = ways(equal_steps(8)), ways([0, 0, 0, 0, 1, 1, 1, 1, 1])
    mixed = walk_figures(torch.cat([straight[:6], bent[6:]]))
    assert mixed is not None
    assert 1 < mixed.path_length < 8
    assert mixed.path_length_sd > 0.3
    assert mixed.evenness_sd > 0.3


def test_a_cross_fade_keeps_its_ends() -> None:
    way_NHWC = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 3)).astype(np.uint8)
    faded_NHWC = cross_fade(way_NHWC)
    assert faded_NHWC.dtype == np.uint8
    assert (faded_NHWC[[0, -1]] == way_NHWC[[0, -1]]).all()
    middle = (way_NHWC[0].astype(float) + way_NHWC[-1]) / 2
    assert np.abs(faded_NHWC[2] - middle).max() <= 0.5
