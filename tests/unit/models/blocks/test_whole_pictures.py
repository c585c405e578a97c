"""Pictures of any shape through a network for squares, and jitter."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from genstudio.models.blocks.whole_pictures import jittered, translated, with_channels


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", [(8, 8, 3), (50, 73, 3), (1, 1, 3), (3, 100, 3)])
def test_what_is_missing_is_mirrored_and_cut_off_again(shape: tuple[int, ...]) -> None:
    sides: list[tuple[int, ...]] = []

    def unchanged(images_NCHW: Tensor) -> Tensor:
        sides.append(tuple(images_NCHW.shape[2:]))
        assert not torch.is_grad_enabled()
        return images_NCHW

    picture = noise(*shape)
    network = nn.ModuleDict({"any": nn.Linear(1, 1)})
    made = translated(network, unchanged, picture, channels=3, stride=8)

    np.testing.assert_array_equal(made, picture)
    assert sides == [tuple(-(-side // 8) * 8 for side in shape[:2])]
    assert network.training


def test_channels_become_those_that_are_wanted() -> None:
    grey, colour, cut_out = noise(4, 5), noise(4, 5, 3), noise(4, 5, 4)

    assert with_channels(grey, 3).shape == with_channels(cut_out, 3).shape == (4, 5, 3)
    np.testing.assert_array_equal(with_channels(grey[..., None], 3), with_channels(grey, 3))
    np.testing.assert_array_equal(with_channels(colour, 3), colour)
    np.testing.assert_array_equal(with_channels(cut_out, 4), cut_out)
    assert (with_channels(colour, 4)[..., 3] == 255).all()
    cut_out[..., 3] = 0
    assert (with_channels(cut_out, 3) == 255).all()
    assert with_channels(colour, 1).shape == with_channels(cut_out, 1).shape == (4, 5, 1)
    np.testing.assert_array_equal(with_channels(grey, 1)[..., 0], grey)
    # A picture that looks grey has the same grey whatever it is saved as.
    np.testing.assert_array_equal(with_channels(with_channels(grey, 3), 1)[..., 0], grey)


def test_jitter_shifts_each_picture_in_one_piece() -> None:
    torch.manual_seed(0)
    rows = torch.arange(16.0)[None, None, :, None].expand(8, 1, 16, 16)
    columns = rows.transpose(2, 3)
    shifted = jittered(torch.cat([rows, columns], dim=1), 3)

    inner = shifted[:, :, 6:10, 6:10] - torch.cat([rows, columns], dim=1)[:, :, 6:10, 6:10]
    assert (inner == inner[:, :, :1, :1]).all()
    shifts = inner[:, :, 0, 0]
    assert shifts.abs().max() <= 3
    assert len(shifts.unique(dim=0)) > 3
    # What comes in at the edges is the picture itself, mirrored.
    assert shifted.min() >= 0
    assert shifted.max() <= 15
    assert torch.equal(jittered(rows, 0), rows)
