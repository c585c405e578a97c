"""How phrases are played: what can be chosen, tokens from logits, and scores from tokens."""

from typing import Final, Literal

import numpy as np
import torch
from torch import Tensor

from genstudio.data.phrases import key_of, to_score, transposed
from genstudio.domain.artifacts import NOTES, Artifact
from genstudio.domain.settings import Settings, setting

ANY: Final = "any"
KEYS: Final = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")

Instrument = Literal[
    "any", "keys", "bells and organ", "guitar", "bass", "strings", "brass", "wind", "synth"
]
KeyChoice = Literal["as it comes", "C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"]


class PhraseVAESampling(Settings):
    """How phrases are played by a trained VAE of phrases."""

    temperature: float = setting(
        0.9,
        title="Adventurousness — temperature",
        help="Lower stays close to the typical phrase; higher is more varied and stranger.",
        ge=0.0,
        le=1.5,
    )
    instrument: Instrument = setting(
        "any",
        title="Instrument — General MIDI group",
        help="What plays the phrase; “any” takes one that is as frequent as in your pieces.",
    )
    key: KeyChoice = setting(
        "as it comes",
        title="Key — tonic",
        help="The phrase is moved so that this is its tonic.",
    )
    bpm: int = setting(
        120,
        title="Tempo",
        help="How fast it is played.",
        ge=20,
        le=300,
        unit="beats a minute",
    )


class ContinuationSettings(PhraseVAESampling):
    """How a phrase goes on."""

    temperature: float = setting(
        0.9,
        title="Adventurousness — temperature",
        help="Lower goes on as expected; higher is more varied and stranger.",
        ge=0.0,
        le=1.5,
    )


def artifact_of(
    tokens: np.ndarray, group: int, settings: PhraseVAESampling, *, seed: int | None = None
) -> Artifact:
    """A phrase in the key and at the tempo that are asked for."""
    if settings.key != "as it comes":
        up = (KEYS.index(settings.key) - key_of(tokens).tonic) % 12
        tokens = transposed(tokens, up if up <= 6 else up - 12)
    return Artifact(kind=NOTES, data=to_score(tokens, group, float(settings.bpm)), seed=seed)


def chosen_token(logits: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
    """One token: the likeliest at temperature 0, else drawn; int64 of shape (1,)."""
    if temperature == 0:
        return logits.argmax().reshape(1)
    chances = (logits / temperature).softmax(dim=0)
    return torch.multinomial(chances, 1, generator=generator)
