"""Blocks: what goes in and comes out, and how they begin."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

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


@pytest.mark.parametrize("channels", [3, 4])
def test_folding_and_unfolding_are_sub_pixel_rearrangement(channels: int) -> None:
    torch.manual_seed(0)
    images = torch.randn(2, channels, 16, 16, requires_grad=True)
    folding = PixelsToFeatures(channels, 16)
    unfolding = FeaturesToPixels(16, channels)
    features = torch.randn(2, 16, 8, 8)

    folded = functional.pixel_unshuffle(images, 2)
    assert torch.equal(folding(images), folding.conv(folded))
    (found,) = torch.autograd.grad(folding(images).square().sum(), images)
    (expected,) = torch.autograd.grad(folding.conv(folded).square().sum(), images)
    torch.testing.assert_close(found, expected)
    unfolded = functional.pixel_shuffle(_folded_by(unfolding, features), 2)
    assert torch.equal(unfolding(features), unfolded)


def _folded_by(unfolding: FeaturesToPixels, features: Tensor) -> Tensor:
    return unfolding.conv(functional.silu(unfolding.norm(features)))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_smooth_pictures_are_filtered_and_as_bright_at_their_edges(
    layout: torch.memory_format,
) -> None:
    torch.manual_seed(0)
    unfolding = FeaturesToPixels(16, 3, smooth=True).to(memory_format=layout)
    nn.init.normal_(unfolding.conv.weight)
    features = torch.randn(2, 16, 8, 8).contiguous(memory_format=layout)

    smooth = unfolding(features)

    rough = functional.pixel_shuffle(_folded_by(unfolding, features), 2)
    line = torch.tensor([1.0, 2.0, 1.0])
    weights = torch.outer(line, line).expand(3, 1, 3, 3)
    covered = functional.conv2d(torch.ones(1, 3, 16, 16), weights, padding=1, groups=3)
    expected = functional.conv2d(rough, weights, padding=1, groups=3) / covered
    torch.testing.assert_close(smooth, expected)


def test_smooth_pictures_have_no_patterns_of_two_pixels() -> None:
    unfolding = FeaturesToPixels(16, 1, smooth=True)
    board = torch.tensor([1.0, -1.0, -1.0, 1.0])
    for pattern in (board, board[[0, 1, 0, 1]], board[[0, 0, 1, 1]]):
        nn.init.zeros_(unfolding.conv.weight)
        with torch.no_grad():
            unfolding.conv.bias.copy_(pattern)  # type: ignore[union-attr]  # it has one
        assert unfolding(torch.randn(1, 16, 8, 8))[..., 1:-1, 1:-1].abs().max() < 1e-6


def test_the_four_pixels_of_a_square_begin_alike_so_that_no_grid_has_to_be_unlearned() -> None:
    torch.manual_seed(0)
    pixels = FeaturesToPixels(32, 3)(torch.randn(2, 32, 8, 8))
    squares = pixels.unfold(2, 2, 2).unfold(3, 2, 2)

    assert torch.equal(squares, squares[..., :1, :1].expand_as(squares))
    assert pixels.std() > 0
