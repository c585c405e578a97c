"""Introspection: the encoder learns to tell made pictures apart, the decoder to be believed."""

from typing import Any

import torch

from genstudio.models.protocol import Batch, DataSpec
from genstudio.models.vae.residual import ResidualVAE, ResidualVAEConfig

NUM_STEPS = 25


def vae(**config: Any) -> ResidualVAE:
    torch.manual_seed(0)
    values: dict[str, Any] = {"width": 32, "latent_size": 8, "warmup_kimg": 0.0, **config}
    return ResidualVAE(ResidualVAEConfig(**values), DataSpec(size=32))


def smooth_pictures(count: int = 8) -> Batch:
    small = torch.rand(count, 3, 4, 4, generator=torch.Generator().manual_seed(1)) * 2 - 1
    images_NCHW = torch.nn.functional.interpolate(small, size=32, mode="bilinear")
    return Batch(images_NCHW=images_NCHW, images_seen=10**6)


def learn(model: ResidualVAE, phase: str, batch: Batch) -> list[dict[str, float]]:
    """Take some steps of one phase alone."""
    chosen = next(it for it in model.phases() if it.name == phase)
    optimizer = torch.optim.Adam(chosen.parameters, lr=1e-3)
    told = []
    for step in range(NUM_STEPS):
        torch.manual_seed(step)
        losses = model.losses(phase, batch, step)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
        told.append({name: value.item() for name, value in losses.values.items()})
    return told


def kl_of_made_ones(model: ResidualVAE, batch: Batch) -> float:
    torch.manual_seed(99)
    with torch.no_grad():
        return model.losses("decoder", batch, 0).values["KL of made ones"].item()


def test_without_it_both_learn_together() -> None:
    assert [phase.name for phase in vae().phases()] == ["autoencoder"]


def test_with_it_each_has_a_turn_with_weights_of_its_own() -> None:
    encoder, decoder = vae(sharpen=True).phases()

    assert (encoder.name, decoder.name) == ("encoder", "decoder")
    assert not {id(it) for it in encoder.parameters} & {id(it) for it in decoder.parameters}


def test_the_encoder_learns_to_find_made_pictures_unlikely() -> None:
    model, batch = vae(sharpen=True), smooth_pictures()
    before = kl_of_made_ones(model, batch)

    learn(model, "encoder", batch)

    assert kl_of_made_ones(model, batch) > 2 * before


def test_the_decoder_learns_to_be_believed() -> None:
    model, batch = vae(sharpen=True), smooth_pictures()
    learn(model, "encoder", batch)
    doubted = kl_of_made_ones(model, batch)

    learn(model, "decoder", batch)

    assert kl_of_made_ones(model, batch) < 0.7 * doubted


def test_pictures_are_still_redrawn() -> None:
    model, batch = vae(sharpen=True), smooth_pictures()
    before = (model.reconstruct(batch.images_NCHW) - batch.images_NCHW).abs().mean()

    for _ in range(3):
        learn(model, "encoder", batch)
        learn(model, "decoder", batch)

    after = (model.reconstruct(batch.images_NCHW) - batch.images_NCHW).abs().mean()
    assert after < 0.6 * before
