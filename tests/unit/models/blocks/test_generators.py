"""What generators are made of: early features gate late ones."""

import torch

from genstudio.models.blocks.generators import SkipLayerExcitation


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
