"""The discriminator of patches: what each logit sees, what each game costs, who learns what."""

import math
from typing import get_args

import pytest
import torch
from torch import nn

from genstudio.models.blocks.patch_discriminator import (
    GameLoss,
    PatchDiscriminator,
    adversarial_losses,
    discriminator_loss,
    generator_loss,
)


@pytest.mark.parametrize("side", [32, 64, 128])
def test_there_is_a_logit_for_each_patch(side: int) -> None:
    torch.manual_seed(0)
    logits = PatchDiscriminator(6, 16)(torch.randn(2, 6, side, side))

    assert logits.shape == (2, 1, side // 8 - 2, side // 8 - 2)
    assert logits.dtype == torch.float32


def test_a_logit_sees_about_seventy_pixels() -> None:
    torch.manual_seed(0)
    discriminator = PatchDiscriminator(3, 16)
    # Normalisation sees everything; what convolutions see is asked here.
    discriminator.norms = nn.ModuleList(nn.Identity() for _ in discriminator.norms)
    images = torch.randn(1, 3, 192, 192).requires_grad_()
    discriminator(images)[0, 0, 11, 11].backward()

    assert images.grad is not None
    seen = images.grad[0].abs().sum(0) > 0
    assert int(seen.any(dim=0).sum()) == int(seen.any(dim=1).sum()) == 72


@pytest.mark.parametrize("loss", get_args(GameLoss))
def test_an_undecided_discriminator_costs_what_chance_costs(loss: GameLoss) -> None:
    undecided = torch.zeros(2, 1, 3, 3)
    discriminator, generator = {
        "logistic": (math.log(2), math.log(2)), "least squares": (0.5, 1.0), "hinge": (1.0, 0.0),
    }[loss]  # fmt: skip

    assert discriminator_loss(undecided, undecided, loss).item() == pytest.approx(discriminator)
    assert generator_loss(undecided, loss).mean().item() == pytest.approx(generator)
    assert generator_loss(undecided, loss).shape == undecided.shape


@pytest.mark.parametrize("loss", get_args(GameLoss))
def test_both_sides_learn_from_one_look_what_looks_of_their_own_would_teach(loss: GameLoss) -> None:
    torch.manual_seed(0)
    discriminator, generator = PatchDiscriminator(6, 16), nn.Conv2d(3, 3, 1)
    given, real = torch.randn(2, 2, 3, 32, 32)

    losses = adversarial_losses(
        discriminator, real, generator(given), loss, condition_NCHW=given, weight=3.0
    )
    losses.total.backward()
    both = [p.grad.clone() for p in [*discriminator.parameters(), *generator.parameters()]]
    for network in (discriminator, generator):
        network.zero_grad()
    made = generator(given)
    real_logits = discriminator(torch.cat([given, real], 1))
    fake_logits = discriminator(torch.cat([given, made.detach()], 1))
    of_discriminator = torch.autograd.grad(
        discriminator_loss(real_logits, fake_logits, loss), [*discriminator.parameters()]
    )
    fooled = generator_loss(discriminator(torch.cat([given, made], 1)), loss).mean()
    of_generator = torch.autograd.grad(3.0 * fooled, [*generator.parameters()])

    for found, wanted in zip(both, [*of_discriminator, *of_generator], strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6)
    assert losses.generator.item() == pytest.approx(fooled.item(), rel=1e-4)
    assert losses.total.item() == pytest.approx(losses.discriminator.item(), rel=1e-4)
