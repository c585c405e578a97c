"""Encoders and decoders of grids of any shape."""

import pytest
import torch

from genstudio.models.blocks.grids import Grid, GridDecoder, GridEncoder


@pytest.mark.parametrize(
    ("height", "width", "smallest"),
    [(32, 32, (4, 4)), (64, 48, (4, 3)), (80, 16, (5, 1)), (64, 512, (1, 8)), (256, 256, (4, 4))],
)
def test_a_grid_of_any_shape_is_described_and_drawn_again(
    height: int, width: int, smallest: tuple[int, int]
) -> None:
    grid = Grid(channels=3, height=height, width=width)
    assert grid.smallest == smallest
    torch.manual_seed(0)
    encoder, decoder = GridEncoder(grid, 16, 6), GridDecoder(grid, 16, 6)
    grids = torch.randn(2, 3, height, width)

    mean, log_variance = encoder(grids)

    assert mean.shape == log_variance.shape == (2, 6)
    assert decoder(mean).shape == grids.shape
