"""Blocks: what goes in and comes out, and how they begin."""

import pytest
import torch
from torch import nn

from genstudio.models.blocks.residual import (
    FeaturesToPixels,
    PixelsToFeatures,
    ResidualBlock,
    group_norm,
    stage_channels,
)


@pytest.mark.parametrize(
    ("size", "channels"),
    [
        (8, [128]),
        (32, [128, 128, 64]),
        (64, [128, 128, 64, 32]),
        (256, [128, 128, 64, 32, 16, 8]),
        (1024, [128, 128, 64, 32, 16, 8, 8, 8]),
    ],
)
def test_stages_widen_as_the_picture_shrinks_up_to_four_times(
    size: int, channels: list[int]
) -> None:
    assert stage_channels(size, 32) == channels


@pytest.mark.parametrize(("channels", "groups"), [(1, 1), (24, 1), (32, 2), (48, 3), (512, 32)])
def test_groups_have_sixteen_channels_or_more_as_far_as_there_are_so_many(
    channels: int, groups: int
) -> None:
    assert group_norm(channels).num_groups == groups


@pytest.mark.parametrize(
    ("resample", "side"), [(None, 8), (nn.AvgPool2d(2), 4), (nn.Upsample(scale_factor=2), 16)]
)
@pytest.mark.parametrize("out", [16, 24])
def test_a_block_changes_channels_and_side_as_asked(
    resample: nn.Module | None, side: int, out: int
) -> None:
    torch.manual_seed(0)
    block = ResidualBlock(16, out, resample)

    assert block(torch.randn(2, 16, 8, 8)).shape == (2, out, side, side)


def test_a_new_block_passes_pictures_on_but_for_an_even_shade() -> None:
    torch.manual_seed(0)
    block = ResidualBlock(16, 16)
    features = torch.randn(2, 16, 8, 8)

    shade = block(features) - features

    assert shade.amax(dim=(0, 2, 3)).sub(shade.amin(dim=(0, 2, 3))).max() < 1e-5


def test_the_short_way_around_a_shrinking_block_is_the_same_as_the_long_one() -> None:
    torch.manual_seed(0)
    block = ResidualBlock(16, 24, nn.AvgPool2d(2))
    features = torch.randn(2, 16, 8, 8)

    torch.testing.assert_close(block._skipped(features), block.resample(block.skip(features)))


def test_pixels_become_features_at_half_the_side_and_back() -> None:
    torch.manual_seed(0)
    images = torch.randn(2, 3, 16, 16)
    features = PixelsToFeatures(3, 32)(images)

    assert features.shape == (2, 32, 8, 8)
    assert FeaturesToPixels(32, 3)(features).shape == images.shape


def test_the_four_pixels_of_a_square_begin_alike_so_that_no_grid_has_to_be_unlearned() -> None:
    torch.manual_seed(0)
    pixels = FeaturesToPixels(32, 3)(torch.randn(2, 32, 8, 8))
    squares = pixels.unfold(2, 2, 2).unfold(3, 2, 2)

    assert torch.equal(squares, squares[..., :1, :1].expand_as(squares))
    assert pixels.std() > 0
