"""Music that follows pictures: declared attributes steer a model of phrases in its latent space.

How register, density and mode change along the latent is found by regression on phrases that the
model plays; a latent is moved to where the three are as a picture wants them, and of some around it
the one is taken that keeps to it best. The key follows by transposition, and what a phrase lacks of
its mode by thirds, sixths and sevenths.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from genstudio.data.phrases import FIRST_NOTE, LOWEST, key_of, notes_of, transposed
from genstudio.data.picture_attributes import PictureAttributes
from genstudio.models.music.phrase_vae import PhraseVAE

# Seeds of the phrases that directions are found on.
_FIRST_SEED = 2**40
_NUM_SEEDS = 128
_RIDGE = 1.0
_NUM_CANDIDATES = 40
_SPREAD = 0.8
_FURTHEST = 2.5
# Mean pitch of the darkest and of the brightest picture, notes in a bar of the barest and of the
# busiest.
_PITCHES = (45.0, 81.0)
_DENSITIES = (1.5, 13.0)
# How far grey and glowing colours are from what the model plays most, in standard deviations of
# how much better major fits than minor.
_MODE_REACH = 1.5
# Register follows by octaves in any case, and density is easily reached: what is rare among
# candidates weighs most.
_WEIGHTS = np.array([1.0, 1.0, 3.0])
_FIFTH = 7
# How far from medium colours a picture must be for a degree to change, and its semitones in minor.
_DEGREES = ((0.1, 3), (0.4, 8), (0.7, 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """How strongly music follows each attribute: from 0, not at all, to 1.

    Attributes:
        register: Brightness decides how high it is.
        mode: Saturation decides between minor and major.
        density: Edges decide how many notes there are.
        key: The hue chooses the key: neighbouring hues, neighbouring keys on the circle of fifths.
    """

    register: float = 1.0
    mode: float = 1.0
    density: float = 1.0
    key: float = 1.0


@dataclass(frozen=True, slots=True)
class PhraseAttributes:
    """What a phrase is like: mean pitch, notes in a bar, major (above 0) or minor, tonic."""

    register: float
    density: float
    mode: float
    tonic: int


def phrase_attributes(tokens: np.ndarray) -> PhraseAttributes:
    """Measure a phrase: int64 (bars × 16,)."""
    notes, key = notes_of(tokens), key_of(tokens)
    pitches = notes[:, 2] if len(notes) else np.array([60])
    lengths = notes[:, 1] if len(notes) else np.array([1])
    bars = len(tokens) / 16
    return PhraseAttributes(
        float(np.average(pitches, weights=lengths)), len(notes) / bars, key.major, key.tonic
    )


def position_of(tonic: int) -> int:
    """Place of a tonic on the circle of fifths, from 0 for C to 11 for F."""
    return tonic * _FIFTH % 12


class Composer:
    """Plays phrases that follow pictures.

    Args:
        model: With averaged weights.
        group: Number of the instruments' group that plays.
        mapping: What follows what, and how strongly.
    """

    def __init__(self, model: PhraseVAE, group: int, mapping: Mapping) -> None:
        self._model, self._group, self._mapping = model, group, mapping
        latents = model.prior_latents(range(_FIRST_SEED, _FIRST_SEED + _NUM_SEEDS), group)
        measured = np.array([_values(row) for row in model.play_all(latents, group)])
        self._means, self._scales = measured.mean(0), np.maximum(measured.std(0), 1e-6)
        levels = (measured - self._means) / self._scales
        rows = latents.double().numpy()
        self._middle: np.ndarray = rows.mean(0)
        centred = rows - self._middle
        penalty = _RIDGE * np.eye(centred.shape[1])
        # What one unit along each number of a latent adds to each attribute: (Z, 3).
        self._slopes: np.ndarray = np.linalg.solve(
            centred.T @ centred + penalty, centred.T @ levels
        )

    def compose(self, wanted: PictureAttributes, seed: int, phrases: int) -> list[np.ndarray]:
        """Phrases that follow a picture: the best, varied, another one, the best again, and so on.

        Args:
            wanted: Of the picture.
            seed: The same seed gives the same phrases.
            phrases: How many.

        Returns:
            Tokens of each, int64 (length,).
        """
        ranked = self._ranked(wanted, seed)
        pattern = (0, 1, 2, 0)
        tonic = self._tonic(wanted, ranked[0])
        chosen = [ranked[pattern[number % len(pattern)]] for number in range(phrases)]
        return [self._in_mode(self._in_key(it, tonic, wanted), wanted) for it in chosen]

    def _ranked(self, wanted: PictureAttributes, seed: int) -> list[np.ndarray]:
        """Candidates around the latent that should be right, the best first."""
        target = (self._target(wanted) - self._means) / self._scales
        strengths = self._strengths()
        start = self._model.prior_latents([seed], self._group)[0]
        reached = (start.double().numpy() - self._middle) @ self._slopes
        # The shortest way to there, and not further than the model was ever taught.
        way = np.linalg.pinv(self._slopes).T @ ((target - reached) * strengths)
        furthest = _FURTHEST * len(way) ** 0.5
        way *= min(1.0, furthest / max(float(np.linalg.norm(way)), 1e-6))
        move = torch.as_tensor(way).float()
        noise = torch.randn(
            _NUM_CANDIDATES, len(start), generator=torch.Generator().manual_seed(seed)
        )
        shares = torch.linspace(0, 1, _NUM_CANDIDATES)[:, None]
        candidates = start + move + noise * _SPREAD * shares
        played = self._model.play_all(candidates, self._group)
        moved = [self._nearest_octave(row, wanted) for row in played]
        errors = [self._error(row, target, strengths) for row in moved]
        return [moved[at] for at in np.argsort(errors, kind="stable").tolist()]

    def _target(self, wanted: PictureAttributes) -> np.ndarray:
        shares = np.array([wanted.brightness, wanted.edges, wanted.saturation])
        reach = _MODE_REACH * float(self._scales[2])
        modes = float(self._means[2]) - reach, float(self._means[2]) + reach
        ends = np.array([_PITCHES, _DENSITIES, modes])
        return ends[:, 0] + shares * (ends[:, 1] - ends[:, 0])

    def _strengths(self) -> np.ndarray:
        mapping = self._mapping
        return np.array([mapping.register, mapping.density, mapping.mode])

    def _error(self, tokens: np.ndarray, target: np.ndarray, strengths: np.ndarray) -> float:
        levels = (np.array(_values(tokens)) - self._means) / self._scales
        return float((_WEIGHTS * np.square((levels - target) * strengths)).sum())

    def _nearest_octave(self, tokens: np.ndarray, wanted: PictureAttributes) -> np.ndarray:
        """As high as is wanted, by whole octaves, as strongly as is wanted."""
        if not self._mapping.register:
            return tokens
        gap = self._target(wanted)[0] - phrase_attributes(tokens).register
        return transposed(tokens, 12 * round(gap * self._mapping.register / 12))

    def _tonic(self, wanted: PictureAttributes, best: np.ndarray) -> int:
        """The tonic that the hue chooses, or on the way there from the phrase's own."""
        own = position_of(phrase_attributes(best).tonic)
        # Twelve neighbours: the last hue is beside the first.
        chosen = min(int(wanted.hue * 12), 11)
        way = (chosen - own + 6) % 12 - 6
        position = (own + round(way * self._mapping.key)) % 12
        return position * _FIFTH % 12

    def _in_key(self, tokens: np.ndarray, tonic: int, wanted: PictureAttributes) -> np.ndarray:
        if not self._mapping.key:
            return tokens
        up = (tonic - phrase_attributes(tokens).tonic) % 12
        return self._nearest_octave(transposed(tokens, up if up <= 6 else up - 12), wanted)

    def _in_mode(self, tokens: np.ndarray, wanted: PictureAttributes) -> np.ndarray:
        """Thirds, sixths and sevenths above the tonic as major or minor has them.

        The further a picture is from medium colours, the more of them.
        """
        level = (2 * wanted.saturation - 1) * self._mapping.mode
        tonic = phrase_attributes(tokens).tonic
        found = tokens.copy()
        for from_level, minor in _DEGREES:
            if abs(level) >= from_level:
                old, new = (minor, minor + 1) if level > 0 else (minor + 1, minor)
                is_note = found >= FIRST_NOTE
                degrees = (found - FIRST_NOTE + LOWEST - tonic) % 12
                found[is_note & (degrees == old)] += new - old
        return found


def _values(tokens: np.ndarray) -> tuple[float, float, float]:
    found = phrase_attributes(tokens)
    return found.register, found.density, found.mode


def joined(phrases: Sequence[np.ndarray]) -> np.ndarray:
    """Phrases one after the other, as one of them all."""
    return np.concatenate(list(phrases))
