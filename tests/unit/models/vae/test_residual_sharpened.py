"""What the critic does to the VAE: when it is heard, how loudly, and what for."""

from typing import Any

import pytest
import torch
from torch import Tensor

from genstudio.models.protocol import Batch, DataSpec
from genstudio.models.vae.residual import ResidualVAE, ResidualVAEConfig


def vae(**config: Any) -> ResidualVAE:
    torch.manual_seed(0)
    values: dict[str, Any] = {"width": 32, "latent_size": 8, "warmup_kimg": 1.0, **config}
    return ResidualVAE(ResidualVAEConfig(**values), DataSpec(size=32))


def batch(images_seen: int) -> Batch:
    images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return Batch(images_NCHW=images, images_seen=images_seen)


def gradient(model: ResidualVAE, images_seen: int) -> Tensor:
    """What the last layer of the decoder is asked to do."""
    model.network.zero_grad()
    torch.manual_seed(2)
    model.losses("autoencoder", batch(images_seen), 0).total.backward()
    return model.network["decoder"].pixels.conv.weight.grad.clone()


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
    slope = model._sharpener.slope(batch(0).images_NCHW, torch.zeros(4, 3, 32, 32))
    assert slope.norm().item() == pytest.approx(1)


def test_the_critic_learns_to_tell_what_is_drawn() -> None:
    model = vae()
    (phase,) = (it for it in model.phases() if it.name == "critic")
    optimizer = torch.optim.Adam(phase.parameters, lr=1e-3)
    losses = []
    for step in range(12):
        optimizer.zero_grad()
        told = model.losses("critic", batch(0), step)
        told.total.backward()
        optimizer.step()
        losses.append(told.values["critic"].item())

    assert losses[-1] < 0.5 * losses[0]


def test_without_it_there_is_none() -> None:
    model = vae(sharpen=0.0)

    assert set(model.network) == {"encoder", "decoder", "prior"}
    assert [phase.name for phase in model.phases()] == ["autoencoder"]
