"""Plays the game of the self-supervised GAN itself, with small networks on small things."""

from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor, nn

from genstudio.engine.phases import freeze_except
from genstudio.models.gan.self_supervised import SelfSupervisedGAN, SelfSupervisedGANConfig
from genstudio.models.protocol import Batch, DataSpec

# What the rate and γ fall to, from this share of the steps on.
LAST_RATE, LAST_GAMMA, LATE = 0.02, 0.1, 0.6
EMA = 0.998


def play(
    generator: nn.Module,
    discriminator: nn.Module,
    draw: Callable[[], Tensor],
    *,
    steps: int,
    learning_rate: float,
    **settings: object,
) -> nn.Module:
    """Let a generator and a discriminator learn from each other; nothing is redrawn or augmented.

    Args:
        generator: Latents => pictures; is changed.
        discriminator: Pictures, kinds => logits and an error of redrawing; is changed.
        draw: Gives the real pictures of the next step.
        steps: How many to take.
        learning_rate: Of both, until it falls.
        **settings: Others of the model.

    Returns:
        The average of the generator.
    """
    config = SelfSupervisedGANConfig.model_validate(
        {"width": 32, "reconstruction_weight": 0.0, "augment": "off", **settings}
    )
    model = SelfSupervisedGAN(config, DataSpec(size=32))
    model.network["generator"], model.network["discriminator"] = generator, discriminator
    averaged = deepcopy(generator)
    phases = model.phases()
    optimizers = [
        torch.optim.Adam(phase.parameters, betas=phase.optimizer.betas, fused=True)
        for phase in phases
    ]
    for step in range(steps):
        late = max(0.0, (step / steps - LATE) / (1 - LATE))
        model.config = config.model_copy(update={"gamma": config.gamma * LAST_GAMMA**late})
        batch = Batch.of_images(images_NCHW=draw(), images_seen=0)
        for phase, optimizer in zip(phases, optimizers, strict=True):
            freeze_except(phase.parameters, model.network)
            optimizer.param_groups[0]["lr"] = learning_rate * LAST_RATE**late
            model.losses(phase.name, batch, step).total.backward()
            optimizer.step()
            optimizer.zero_grad()
        with torch.no_grad():
            weight = 1 - min(EMA, step / (step + 10))
            for average, current in zip(averaged.parameters(), generator.parameters(), strict=True):
                average.lerp_(current, weight)
    return averaged
