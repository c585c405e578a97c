"""Synthetic damage: parts of pictures change, the rest stays, and the seed decides."""

import torch

from genstudio.models.blocks.damage import damaged


def whole() -> torch.Tensor:
    """Plain dark pictures: whatever is changed shows."""
    return torch.full((48, 3, 64, 64), -0.7)


def test_parts_change_much_and_most_of_a_picture_little() -> None:
    torch.manual_seed(0)
    images = whole()
    change = (damaged(images) - images).abs().mean(1)
    # The mean of noise in three channels stays below this.
    is_changed = change > 0.25
    share_N = is_changed.float().mean((1, 2))
    assert 0.01 < share_N.mean() < 0.2
    assert share_N.max() < 0.5
    # Some are left whole.
    assert (share_N < 0.001).sum() >= 3


def test_what_changes_hangs_together() -> None:
    torch.manual_seed(1)
    images = whole()
    is_changed = ((damaged(images) - images).abs().mean(1) > 0.25).float()
    beside = is_changed.roll(1, 1)[:, 1:]
    agreed = (is_changed[:, 1:] * beside).sum() / is_changed[:, 1:].sum()
    assert agreed > 0.8


def test_it_leaves_its_input_alone_and_follows_the_seed() -> None:
    images = whole()[:4]
    before = images.clone()
    torch.manual_seed(3)
    first = damaged(images)
    torch.manual_seed(3)
    assert torch.equal(damaged(images), first)
    torch.manual_seed(4)
    assert not torch.equal(damaged(images), first)
    assert torch.equal(images, before)
    assert first.shape == images.shape


def test_grey_pictures_and_one_alone_are_spoiled_too() -> None:
    torch.manual_seed(0)
    assert damaged(whole()[:5, :1]).shape == (5, 1, 64, 64)
    assert damaged(whole()[:1]).isfinite().all()
