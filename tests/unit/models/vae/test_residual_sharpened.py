"""What the discriminator does to the VAE: when it is heard, how loudly, and what for."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from genstudio.models.blocks.adversarial import AdversarialTerms
from genstudio.models.protocol import Batch, DataSpec
from genstudio.models.vae.residual import ResidualVAE, ResidualVAEConfig


def vae(**config: Any) -> ResidualVAE:
    torch.manual_seed(0)
    values: dict[str, Any] = {"width": 32, "latent_size": 8, "warmup_kimg": 1.0, **config}
    return ResidualVAE(ResidualVAEConfig(**values), DataSpec(size=32))


def batch(images_seen: int) -> Batch:
    images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return Batch.of_images(images_NCHW=images, images_seen=images_seen)


def gradient(model: ResidualVAE, images_seen: int) -> Tensor:
    """What the last layer of the decoder is asked to do."""
    model.network.zero_grad()
    torch.manual_seed(2)
    model.losses("autoencoder", batch(images_seen), 0).total.backward()
    return model.network["decoder"].pixels.conv.weight.grad.clone()


def terms_of(
    model: ResidualVAE, drawn: Tensor | None = None, *, step: int, wants_image_gradient: bool = True
) -> AdversarialTerms:
    return model._adversarial.terms(
        batch(0).images_NCHW,
        torch.zeros(4, 3, 32, 32) if drawn is None else drawn,
        step=step,
        step_size=4,
        wants_image_gradient=wants_image_gradient,
    )


def test_it_is_heard_after_the_warm_up_and_more_and_more() -> None:
    # No weight on the description, so that it alone makes a difference.
    model = vae(free_bits=2.0)
    silent = gradient(model, 500)
    off = [(gradient(model, seen) - silent).norm().item() for seen in (1000, 1500, 2000, 9000)]

    assert off[0] == pytest.approx(0, abs=1e-6)
    assert off[1] > 0
    assert off[2] == pytest.approx(2 * off[1], rel=0.1)
    assert off[3] == pytest.approx(off[2], rel=1e-3)


def test_it_pulls_in_proportion_to_the_error() -> None:
    model, doubled = vae(adversarial_weight=0.5), vae(adversarial_weight=1.0)
    ones = [gradient(it, 9000) - gradient(it, 0) for it in (model, doubled)]

    assert ones[1].norm() > ones[0].norm()
    pull = terms_of(model, step=1).image_gradient
    assert pull is not None
    assert pull.norm().item() == pytest.approx(1)


def test_the_discriminator_learns_to_tell_what_is_drawn() -> None:
    model = vae()
    optimizer = torch.optim.Adam(model.network["discriminator"].parameters(), lr=1e-3)
    losses = []
    for step in range(12):
        optimizer.zero_grad()
        told = model.losses("autoencoder", batch(0), step)
        told.total.backward()
        optimizer.step()
        losses.append(told.values["critic"].item())

    assert losses[-1] < 0.5 * losses[0]


def test_without_it_there_is_none() -> None:
    model = vae(adversarial_weight=0.0)

    assert set(model.network) == {"encoder", "decoder", "prior"}
    assert [group.name for phase in model.phases() for group in phase.all_param_groups()] == [
        "autoencoder"
    ]


def test_it_learns_beside_the_others_at_a_rate_of_its_own() -> None:
    model = vae(learning_rate=3e-3)
    (phase,) = model.phases()
    autoencoder, discriminator = phase.all_param_groups()

    assert (autoencoder.name, discriminator.name) == ("autoencoder", "discriminator")
    assert autoencoder.optimizer.learning_rate == 3e-3
    assert discriminator.optimizer.learning_rate == 4e-4
    assert {id(p) for p in discriminator.parameters} == {
        id(p) for p in model.network["discriminator"].parameters()
    }


@pytest.mark.parametrize("step", [0, 1])
def test_what_it_learns_teaches_those_who_draw_nothing(step: int) -> None:
    model = vae()
    drawn = torch.zeros(4, 3, 32, 32, requires_grad=True)

    terms_of(model, drawn, step=step).total.backward()

    assert drawn.grad is None
    assert all(p.grad is not None for p in model.network["discriminator"].parameters())


def test_the_image_gradient_is_that_of_a_second_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = vae()
    monkeypatch.setattr(model._adversarial, "_augmented", lambda pictures: pictures)
    discriminator, real = model.network["discriminator"], batch(0).images_NCHW
    drawn = (real.flip(0) / 2).requires_grad_()

    pull = terms_of(model, drawn, step=0).image_gradient

    fooled = functional.softplus(discriminator(real) - discriminator(drawn)).mean()
    (own,) = torch.autograd.grad(fooled, drawn)
    torch.testing.assert_close(pull, own / own.norm())


def test_an_image_gradient_that_is_not_wanted_is_not_computed() -> None:
    assert terms_of(vae(), step=0, wants_image_gradient=False).image_gradient is None
