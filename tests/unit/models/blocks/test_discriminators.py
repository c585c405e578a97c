"""What discriminators are made of: they see whether a batch has variety."""

import torch

from genstudio.models.blocks.discriminators import minibatch_stddev


def test_a_batch_without_variety_is_seen_as_such() -> None:
    one = torch.randn(1, 6, 4, 4, generator=torch.Generator().manual_seed(0))
    alike = minibatch_stddev(one.expand(4, -1, -1, -1))
    varied = minibatch_stddev(torch.cat([one, -one, one, -one]))

    assert alike.shape == (4, 1, 4, 4)
    assert alike.max() < 1e-3
    # The deviation of ±x is |x|.
    torch.testing.assert_close(varied, one.abs().mean().expand(4, 1, 4, 4))


def test_variety_is_judged_in_groups_of_four_or_in_the_whole_of_an_odd_batch() -> None:
    one = torch.randn(1, 6, 4, 4, generator=torch.Generator().manual_seed(0))
    eight = one.repeat(8, 1, 1, 1)
    eight[::2] *= torch.tensor([1.0, -1.0, 1.0, -1.0]).reshape(4, 1, 1, 1)
    deviation = minibatch_stddev(eight)[:, 0, 0, 0]

    torch.testing.assert_close(deviation[::2], one.abs().mean().expand(4))
    assert deviation[1::2].max() < 1e-3
    assert len(minibatch_stddev(eight[:6])[:, 0, 0, 0].unique()) == 1
    assert minibatch_stddev(one).max() < 1e-3


def test_batches_behind_each_other_are_judged_each_by_itself() -> None:
    generator = torch.Generator().manual_seed(0)
    for size in (8, 6):
        batches = [torch.randn(size, 6, 4, 4, generator=generator) * spread for spread in (1, 9)]

        together = minibatch_stddev(torch.cat(batches), batches=2)

        torch.testing.assert_close(together, torch.cat([minibatch_stddev(it) for it in batches]))
