"""The residual VAE against its papers: the bound, the optimal σ, free bits, KL warm-up."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from genstudio.models.protocol import Batch, DataSpec
from genstudio.models.vae.residual import (
    Decoder,
    Encoder,
    ResidualVAE,
    ResidualVAEConfig,
    ResidualVAESampling,
)

VALUES = 3 * 32 * 32
Z = 8


def vae(**config: Any) -> ResidualVAE:
    torch.manual_seed(0)
    values: dict[str, Any] = {"width": 32, "latent_size": Z, "adversarial_weight": 0.0, **config}
    return ResidualVAE(ResidualVAEConfig(**values), DataSpec(size=32))


def batch_of(images_seen: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(4, 3, 32, 32, generator=generator) * 2 - 1
    return Batch.of_images(images_NCHW=images, images_seen=images_seen)


class Says(nn.Module):
    """A network with one answer, whatever it is asked."""

    def __init__(self, *answer: Tensor) -> None:
        super().__init__()
        self.answer = answer if len(answer) > 1 else answer[0]

    def forward(self, _: Tensor) -> Any:
        return self.answer


def told(
    images_seen: int = 0, *, mean: float = 0.0, log_variance: float = 0.0, **config: Any
) -> tuple[float, dict[str, float]]:
    """Total and values of a model whose latents are as given and whose pictures are grey."""
    model = vae(**config)
    shape = (4, Z)
    model.network["encoder"] = Says(torch.full(shape, mean), torch.full(shape, log_variance))
    model.network["decoder"] = Says(torch.zeros(4, 3, 32, 32))
    torch.manual_seed(0)
    losses = model.losses("autoencoder", batch_of(images_seen), 0)
    return losses.total.item(), {name: value.item() for name, value in losses.values.items()}


@pytest.mark.parametrize("size", [32, 64, 128])
def test_describing_and_drawing_fit_together_at_every_size(size: int) -> None:
    torch.manual_seed(0)
    config, data = ResidualVAEConfig(width=32, latent_size=Z), DataSpec(size=size)
    with torch.no_grad():
        mean, log_variance = Encoder(config, data)(torch.randn(2, 3, size, size))

        assert mean.shape == log_variance.shape == (2, Z)
        assert Decoder(config, data)(mean).shape == (2, 3, size, size)


def test_the_error_is_the_root_mean_square_and_sigma_follows_it() -> None:
    total, values = told(free_bits=0.0)
    square = batch_of().images_NCHW.square().mean().item()

    assert values["error"] == pytest.approx(math.sqrt(square))
    assert values["KL per picture"] == pytest.approx(0, abs=1e-6)
    assert total == pytest.approx(0.5 * math.log(square))
    assert values["bound"] == pytest.approx(total)


def test_the_kl_term_is_that_of_two_gaussians() -> None:
    _, values = told(mean=0.5, log_variance=-2.0)

    one = 0.5 * (0.5**2 + math.exp(-2) - 1 + 2)
    assert values["KL per picture"] == pytest.approx(Z * one, rel=1e-5)


def test_the_kl_term_counts_more_and_more_until_the_warm_up_is_over() -> None:
    def kl_share(images_seen: int, warmup_kimg: float = 2.0) -> float:
        settings = {"warmup_kimg": warmup_kimg, "free_bits": 0.0}
        with_kl, values = told(images_seen, mean=1.0, **settings)
        without, _ = told(images_seen, mean=0.0, **settings)
        return (with_kl - without) / (values["KL per picture"] / VALUES)

    assert kl_share(0) == pytest.approx(0, abs=1e-3)
    assert kl_share(500) == pytest.approx(0.25, rel=1e-3)
    assert kl_share(2000) == pytest.approx(1, rel=1e-3)
    assert kl_share(10**6) == pytest.approx(1, rel=1e-3)
    assert kl_share(0, warmup_kimg=0.0) == pytest.approx(1, rel=1e-3)


def test_each_number_may_hold_some_information_for_free() -> None:
    # From nothing to as much as is free, the total stays; beyond, it grows.
    free, at_start, beyond = (told(10**6, mean=mean, free_bits=0.5)[0] for mean in (0.0, 0.9, 1.2))

    assert at_start == pytest.approx(free)
    assert beyond - free == pytest.approx(Z * (1.2**2 / 2 - 0.5) / VALUES, rel=1e-2)
    # The plot shows the bound itself.
    assert told(10**6, mean=0.9, free_bits=0.5)[1]["bound"] < at_start


def test_a_perfect_copy_is_not_rewarded_beyond_what_eight_bits_can_say() -> None:
    model = vae(free_bits=0.0)
    images = batch_of().images_NCHW
    model.network["encoder"] = Says(torch.zeros(4, Z), torch.zeros(4, Z))
    model.network["decoder"] = Says(images)

    total = model.losses("autoencoder", batch_of(), 0).total.item()

    assert total == pytest.approx(math.log(1e-3))


def test_a_strange_picture_cannot_blow_up_its_description() -> None:
    model = vae()
    with torch.no_grad():
        _, log_variance = model.network["encoder"](torch.full((2, 3, 32, 32), 1e4))
        nn.init.constant_(model.network["encoder"].posterior.bias, 1e4)
        _, blown = model.network["encoder"](torch.zeros(2, 3, 32, 32))

    assert log_variance.isfinite().all()
    assert blown.max() == 4


def test_a_picture_goes_in_and_one_of_its_size_comes_out() -> None:
    images = batch_of().images_NCHW
    model = vae()
    nn.init.constant_(model.network["decoder"].pixels.conv.bias, 5.0)

    redrawn = model.reconstruct(images)

    assert redrawn.shape == images.shape
    assert redrawn.abs().max() <= 1
    assert torch.equal(redrawn, model.reconstruct(images))


def test_less_adventure_stays_closer_to_the_typical_picture() -> None:
    model = vae()
    full = model.latents([1, 2], ResidualVAESampling(temperature=1.0))

    torch.testing.assert_close(
        model.latents([1, 2], ResidualVAESampling(temperature=0.25)), full * 0.25
    )
    assert model.latents([1, 2], ResidualVAESampling(temperature=0.0)).abs().max() == 0


def test_both_halves_learn_together() -> None:
    model = vae(learning_rate=1e-3)
    (phase,) = model.phases()

    assert phase.optimizer.learning_rate == 1e-3
    assert {id(p) for p in phase.parameters} == {id(p) for p in model.network.parameters()}
