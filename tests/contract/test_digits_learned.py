"""Digits: the GAN's game and the VAE's bound, with small networks, beside a ten-line mixture.

The figures to beat are those of mixtures: of ten Gaussians for what is drawn, and of Bernoulli
variables for the bound on held-out digits in black and white (18.05 nats; 25.1 for independent
pixels). Each seed takes a quarter of a minute of one core.
"""

from collections.abc import Callable

import games
import numpy as np
import pytest
import torch
from digits import COUNT, SIDE, Digits, drawn_from_mixture, figures
from torch import Tensor, nn
from torch.nn import functional

from genstudio.models.protocol import Batch, DataSpec
from genstudio.models.vae.residual import ResidualVAE, ResidualVAEConfig

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SEEDS = (0, 1, 2)
WIDTH = 256
BATCH = 64
BEST_BERNOULLI_MIXTURE_NATS = 18.05


@pytest.fixture(scope="module")
def digits() -> Digits:
    return Digits.load()


class Layers(nn.Module):
    """Rows => rows, through two layers that add to what they are given."""

    def __init__(self, num_in: int, num_out: int) -> None:
        super().__init__()
        self.first = nn.Linear(num_in, WIDTH)
        self.added = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(2))
        self.last = nn.Linear(WIDTH, num_out)

    def forward(self, rows: Tensor) -> Tensor:
        h = functional.leaky_relu(self.first(rows.flatten(1)), 0.2)
        for layer in self.added:
            h = h + functional.leaky_relu(layer(h), 0.2)
        return self.last(h)


class Painter(Layers):
    def forward(self, rows: Tensor) -> Tensor:
        return as_pictures(super().forward(rows).tanh())


class Critic(Layers):
    def forward(
        self, rows: Tensor, _kinds: None, *, batches: int = 1, reconstructs: bool = False
    ) -> tuple[Tensor, Tensor]:
        del batches  # Each is judged by itself.
        assert not reconstructs
        return super().forward(rows).squeeze(1), rows.new_zeros(())


def as_pictures(rows: Tensor) -> Tensor:
    return rows.reshape(-1, 1, SIDE, SIDE)


def copies(rows: np.ndarray, digits: Digits) -> float:
    """Share of rows nearer to a learned digit than 99 in 100 digits that were not learned."""
    learned = torch.tensor(digits.learned)
    usual = torch.cdist(torch.tensor(digits.held_out), learned).amin(dim=1).quantile(0.01)
    return (torch.cdist(torch.tensor(rows), learned).amin(dim=1) < usual).double().mean().item()


def drawn_by_the_game(digits: Digits, seed: int, loss: str) -> Callable[[int], np.ndarray]:
    """Play it, and give what draws 500 digits for each number of a choice."""
    torch.manual_seed(seed)
    latent_size = 32
    real = as_pictures(torch.tensor(digits.learned).float() * 2 - 1)
    generator = games.play(
        Painter(latent_size, SIDE**2),
        Critic(SIDE**2, 1),
        lambda: real[torch.randint(len(real), (BATCH,))],
        steps=5000,
        learning_rate=1e-3,
        latent_size=latent_size,
        loss=loss,
        r1_interval=4,
    )

    @torch.no_grad()
    def draw(choice: int) -> np.ndarray:
        source = torch.Generator().manual_seed(choice)
        pictures = generator(torch.randn(COUNT, latent_size, generator=source))
        return (pictures.flatten(1).double().numpy() + 1) / 2

    return draw


@pytest.mark.parametrize("seed", SEEDS)
def test_the_game_draws_digits_nearer_to_real_ones_than_a_mixture_and_copies_none(
    digits: Digits, seed: int
) -> None:
    draw = drawn_by_the_game(digits, seed, "relativistic")
    found, mixture = figures(draw, digits), figures(drawn_from_mixture(digits), digits)

    assert found.swd <= 30 < mixture.swd
    assert found.coverage >= 0.90
    assert copies(draw(0), digits) <= 0.03


@pytest.mark.parametrize("loss", ["logistic", "hinge"])
def test_so_do_other_losses_though_hinge_covers_fewer(digits: Digits, loss: str) -> None:
    draw = drawn_by_the_game(digits, 0, loss)
    found = figures(draw, digits)

    assert found.swd <= 30
    assert found.coverage >= 0.80
    assert copies(draw(0), digits) <= 0.03


class Encoder(Layers):
    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = super().forward(rows).chunk(2, dim=1)
        return mean, log_variance.clamp(-12, 4)


class Decoder(Layers):
    def forward(self, rows: Tensor) -> Tensor:
        return as_pictures(super().forward(rows))


class BlackAndWhiteVAE(ResidualVAE):
    """The VAE, for pixels that are -1 or 1: what is drawn are log-odds."""

    def _cost_of_redrawing(self, remade: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
        nats = functional.binary_cross_entropy_with_logits(remade, (images + 1) / 2)
        return nats, (remade.detach().tanh() - images).square().mean()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bound_on_held_out_digits_beats_the_best_mixture(digits: Digits, seed: int) -> None:
    torch.manual_seed(seed)
    learned, held_out = (
        as_pictures(torch.tensor(rows * 16 >= 8).float() * 2 - 1)
        for rows in (digits.learned, digits.held_out)
    )
    latent_size, steps = 16, 3000
    config = ResidualVAEConfig(
        width=32, latent_size=latent_size, warmup_kimg=20, adversarial_weight=0
    )
    model = BlackAndWhiteVAE(config, DataSpec(size=32, channels=1))
    model.network["encoder"] = Encoder(SIDE**2, 2 * latent_size)
    model.network["decoder"] = Decoder(latent_size, SIDE**2)
    optimizer = torch.optim.Adam(model.phases()[0].parameters, betas=(0.9, 0.99), fused=True)
    for step in range(steps):
        late = max(0.0, (step / steps - games.LATE) / (1 - games.LATE))
        optimizer.param_groups[0]["lr"] = config.learning_rate * games.LAST_RATE**late
        chosen = learned[torch.randint(len(learned), (BATCH,))]
        batch = Batch.of_images(images_NCHW=chosen, images_seen=step * BATCH)
        model.losses("autoencoder", batch, step).total.backward()
        optimizer.step()
        optimizer.zero_grad()

    batch = Batch.of_images(images_NCHW=held_out, images_seen=steps * BATCH)
    with torch.no_grad():
        bounds = [model.losses("autoencoder", batch, 0).values["bound"] for _ in range(20)]
    assert torch.stack(bounds).mean().item() * SIDE**2 < BEST_BERNOULLI_MIXTURE_NATS
    (active,) = model.diagnostics(learned, held_out).values()
    assert active >= 0.25
