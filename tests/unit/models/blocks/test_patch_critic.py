"""The critic of patches: what each verdict sees, what each game costs, who learns what."""

import math
from typing import get_args

import pytest
import torch
from torch import nn

from genstudio.models.blocks.patch_critic import (
    GameLoss,
    PatchDiscriminator,
    critics_cost,
    painters_cost,
    play,
)


@pytest.mark.parametrize("side", [32, 64, 128])
def test_there_is_a_verdict_for_each_patch(side: int) -> None:
    torch.manual_seed(0)
    verdicts = PatchDiscriminator(6, 16)(torch.randn(2, 6, side, side))

    assert verdicts.shape == (2, 1, side // 8 - 2, side // 8 - 2)
    assert verdicts.dtype == torch.float32


def test_a_verdict_sees_about_seventy_pixels() -> None:
    torch.manual_seed(0)
    critic = PatchDiscriminator(3, 16)
    # Normalisation sees everything; what convolutions see is asked here.
    critic.norms = nn.ModuleList(nn.Identity() for _ in critic.norms)
    images = torch.randn(1, 3, 192, 192).requires_grad_()
    critic(images)[0, 0, 11, 11].backward()

    assert images.grad is not None
    seen = images.grad[0].abs().sum(0) > 0
    assert int(seen.any(dim=0).sum()) == int(seen.any(dim=1).sum()) == 72


@pytest.mark.parametrize("loss", get_args(GameLoss))
def test_an_undecided_critic_costs_what_chance_costs(loss: GameLoss) -> None:
    undecided = torch.zeros(2, 1, 3, 3)
    critic, painter = {
        "logistic": (math.log(2), math.log(2)), "least squares": (0.5, 1.0), "hinge": (1.0, 0.0),
    }[loss]  # fmt: skip

    assert critics_cost(undecided, undecided, loss).item() == pytest.approx(critic)
    assert painters_cost(undecided, loss).mean().item() == pytest.approx(painter)
    assert painters_cost(undecided, loss).shape == undecided.shape


@pytest.mark.parametrize("loss", get_args(GameLoss))
def test_both_sides_learn_from_one_look_what_looks_of_their_own_would_teach(loss: GameLoss) -> None:
    torch.manual_seed(0)
    critic, painter = PatchDiscriminator(6, 16), nn.Conv2d(3, 3, 1)
    given, real = torch.randn(2, 2, 3, 32, 32)

    played = play(critic, real, painter(given), loss, beside_NCHW=given, weight=3.0)
    played.total.backward()
    both = [p.grad.clone() for p in [*critic.parameters(), *painter.parameters()]]
    for network in (critic, painter):
        network.zero_grad()
    made = painter(given)
    on_real = critic(torch.cat([given, real], 1))
    on_made = critic(torch.cat([given, made.detach()], 1))
    of_critic = torch.autograd.grad(critics_cost(on_real, on_made, loss), [*critic.parameters()])
    fooled = painters_cost(critic(torch.cat([given, made], 1)), loss).mean()
    of_painter = torch.autograd.grad(3.0 * fooled, [*painter.parameters()])

    for found, wanted in zip(both, [*of_critic, *of_painter], strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6)
    assert played.painter.item() == pytest.approx(fooled.item(), rel=1e-4)
    assert played.total.item() == pytest.approx(played.critic.item(), rel=1e-4)
