"""Measures how the answers of a network are meant, where nothing says so."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.models.stable_diffusion.answers import NOISE, VELOCITY, Answers

# At the last time step hardly anything but noise is there: a network that gives back noise repeats
# what it was given, and one that answers with a velocity tells of the picture instead.
_REPEATS: Final = 0.8
_DOES_NOT: Final = 0.4
_SEED: Final = 2**31
_LATENT_SIDE: Final = 16
_TRIES: Final = 2


def measured_answers(name: str, predict: Callable[[Tensor], Tensor], channels: int = 4) -> Answers:
    """Ask a network for noise that it was given, at the last time step.

    Args:
        name: Of the model, for people.
        predict: Noise (1, channels, 16, 16) => the answer of the network at the last time step,
            of the same shape.
        channels: Of latents.

    Raises:
        SettingsError: Its answers are neither.
    """
    found = [_likeness(predict, channels, _SEED + number) for number in range(_TRIES)]
    if min(found) >= _REPEATS:
        meaning = NOISE
    elif max(found) <= _DOES_NOT:
        meaning = VELOCITY
    else:
        raise SettingsError(
            tr("It cannot be told how the answers of {name} are meant", name=name),
            tr(
                "A network that answers with noise repeats noise that it is given (correlation "
                "near 1), and one that answers with a velocity does not (near 0). This one: "
                "{found}.",
                found=", ".join(f"{it:.2f}" for it in found),
            ),
            tr(
                "Lay its settings beside it: {example}, with a line “parameterization: eps” "
                "for noise or “parameterization: v” for velocity.",
                example=f"{Path(name).stem}.yaml",
            ),
        )
    return Answers(
        meaning,
        tr(
            "measured; it repeats noise with a correlation of {found:.2f}",
            found=sum(found) / len(found),
        ),
    )


def _likeness(predict: Callable[[Tensor], Tensor], channels: int, seed: int) -> float:
    """Correlation of an answer with the noise that was given, each channel about its mean."""
    shape = (1, channels, _LATENT_SIDE, _LATENT_SIDE)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    answer = predict(noise).float().cpu()
    one, other = (it - it.mean(dim=(2, 3), keepdim=True) for it in (noise, answer))
    norm = one.norm() * other.norm()
    # What overflowed tells nothing: neither of the two.
    return float((one * other).sum() / norm) if norm > 0 else 0.0
