"""What the critic does to the VAE: when it is heard, how loudly, and what for."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from genstudio.models.blocks.sharpening import Judged
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


def judged(
    model: ResidualVAE, drawn: Tensor | None = None, *, step: int, wants_slope: bool = True
) -> Judged:
    return model._sharpener.judge(
        batch(0).images_NCHW,
        torch.zeros(4, 3, 32, 32) if drawn is None else drawn,
        step=step,
        step_size=4,
        wants_slope=wants_slope,
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
    model, doubled = vae(sharpen=0.5), vae(sharpen=1.0)
    ones = [gradient(it, 9000) - gradient(it, 0) for it in (model, doubled)]

    assert ones[1].norm() > ones[0].norm()
    slope = judged(model, step=1).slope
    assert slope is not None
    assert slope.norm().item() == pytest.approx(1)


def test_the_critic_learns_to_tell_what_is_drawn() -> None:
    model = vae()
    optimizer = torch.optim.Adam(model.network["critic"].parameters(), lr=1e-3)
    losses = []
    for step in range(12):
        optimizer.zero_grad()
        told = model.losses("autoencoder", batch(0), step)
        told.total.backward()
        optimizer.step()
        losses.append(told.values["critic"].item())

    assert losses[-1] < 0.5 * losses[0]


def test_without_it_there_is_none() -> None:
    model = vae(sharpen=0.0)

    assert set(model.network) == {"encoder", "decoder", "prior"}
    assert [group.name for phase in model.phases() for group in phase.groups()] == ["autoencoder"]


def test_it_learns_beside_the_others_at_a_rate_of_its_own() -> None:
    model = vae(learning_rate=3e-3)
    (phase,) = model.phases()
    autoencoder, critic = phase.groups()

    assert (autoencoder.name, critic.name) == ("autoencoder", "critic")
    assert autoencoder.optimizer.learning_rate == 3e-3
    assert critic.optimizer.learning_rate == 4e-4
    assert {id(p) for p in critic.parameters} == {
        id(p) for p in model.network["critic"].parameters()
    }


@pytest.mark.parametrize("step", [0, 1])
def test_what_it_learns_teaches_those_who_draw_nothing(step: int) -> None:
    model = vae()
    drawn = torch.zeros(4, 3, 32, 32, requires_grad=True)

    judged(model, drawn, step=step).total.backward()

    assert drawn.grad is None
    assert all(p.grad is not None for p in model.network["critic"].parameters())


def test_its_slope_is_what_a_look_of_their_own_would_teach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = vae()
    monkeypatch.setattr(model._sharpener, "_changed", lambda pictures: pictures)
    critic, real = model.network["critic"], batch(0).images_NCHW
    drawn = (real.flip(0) / 2).requires_grad_()

    slope = judged(model, drawn, step=0).slope

    fooled = functional.softplus(critic(real) - critic(drawn)).mean()
    (own,) = torch.autograd.grad(fooled, drawn)
    torch.testing.assert_close(slope, own / own.norm())


def test_a_slope_that_nobody_follows_is_not_worked_out() -> None:
    assert judged(vae(), step=0, wants_slope=False).slope is None
