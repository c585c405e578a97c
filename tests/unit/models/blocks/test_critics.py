"""What critics are made of: they see whether a batch has variety."""

import torch

from genstudio.models.blocks.critics import minibatch_deviation, slope_by_pixels


def test_a_batch_without_variety_is_seen_as_such() -> None:
    one = torch.randn(1, 6, 4, 4, generator=torch.Generator().manual_seed(0))
    alike = minibatch_deviation(one.expand(4, -1, -1, -1))
    varied = minibatch_deviation(torch.cat([one, -one, one, -one]))

    assert alike.shape == (4, 1, 4, 4)
    assert alike.max() < 1e-3
    # The deviation of ±x is |x|.
    torch.testing.assert_close(varied, one.abs().mean().expand(4, 1, 4, 4))


def test_variety_is_judged_in_groups_of_four_or_in_the_whole_of_an_odd_batch() -> None:
    one = torch.randn(1, 6, 4, 4, generator=torch.Generator().manual_seed(0))
    eight = one.repeat(8, 1, 1, 1)
    eight[::2] *= torch.tensor([1.0, -1.0, 1.0, -1.0]).reshape(4, 1, 1, 1)
    deviation = minibatch_deviation(eight)[:, 0, 0, 0]

    torch.testing.assert_close(deviation[::2], one.abs().mean().expand(4))
    assert deviation[1::2].max() < 1e-3
    assert len(minibatch_deviation(eight[:6])[:, 0, 0, 0].unique()) == 1
    assert minibatch_deviation(one).max() < 1e-3


def test_who_follows_the_slope_by_pixels_learns_what_the_cost_itself_teaches() -> None:
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(3, 4, 4, generator=generator, requires_grad=True)
    brush = torch.randn(5, 3, 4, 4, generator=generator, requires_grad=True)

    def cost_N(pictures: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.softplus((pictures * weight).sum(dim=(1, 2, 3)))

    painted = brush.tanh()
    given = painted.detach().requires_grad_()
    costs_N = cost_N(given)
    followed = (painted * slope_by_pixels(costs_N, given)).sum()

    torch.testing.assert_close(
        torch.autograd.grad(followed, brush),
        torch.autograd.grad(cost_N(brush.tanh()).mean(), brush),
    )
    # The critic's own lesson may still use the graph.
    assert torch.autograd.grad(costs_N.sum(), weight)[0].norm() > 0


def test_a_slope_too_small_for_fp16_is_still_there() -> None:
    given = torch.zeros(64, 3, 8, 8, dtype=torch.float16, requires_grad=True)
    costs_N = (given * 1e-6).sum(dim=(1, 2, 3))

    slope = slope_by_pixels(costs_N, given)

    torch.testing.assert_close(slope, torch.full(slope.shape, 1e-6 / 64), rtol=0.1, atol=0)
