"""What painters are made of: early features gate late ones, and no grids are painted."""

import torch

from genstudio.models.blocks.painters import SkipLayerExcitation, without_checkerboard


def test_patterns_of_two_pixels_are_filtered_out_and_even_areas_stay() -> None:
    board = (torch.arange(8)[:, None] + torch.arange(8)).remainder(2).float().mul(2).sub(1)
    stripes = torch.arange(8).remainder(2).float().mul(2).sub(1).expand(8, 8)
    for pattern in (board, stripes, stripes.T):
        inner = without_checkerboard(pattern[None, None])[..., 1:-1, 1:-1]
        assert inner.abs().max() < 1e-6

    even = torch.full((1, 3, 8, 8), 0.4)
    torch.testing.assert_close(without_checkerboard(even), even)


def test_early_features_scale_each_channel_of_late_ones_by_less_than_one() -> None:
    torch.manual_seed(0)
    excitation = SkipLayerExcitation(6, 3)
    early, late = torch.randn(2, 6, 8, 8), torch.rand(2, 3, 32, 32) + 1
    gates = excitation(early, late) / late

    assert (gates > 0).all()
    assert (gates < 1).all()
    # One number for each channel of each picture, and others for other early features.
    torch.testing.assert_close(gates, gates[:, :, :1, :1].expand_as(gates))
    assert not torch.allclose(gates[0], gates[1])
