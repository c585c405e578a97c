"""What can be done with a trained model besides its tasks: a small Protocol for each capability.

Cards declare those that the window and the operations ask for (:mod:`genstudio.domain.cards`); the
others are found by the methods that a model has.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from torch import Tensor, nn

from genstudio.domain.artifacts import Artifact
from genstudio.domain.byte_pairs import Tokeniser
from genstudio.domain.settings import Settings
from genstudio.models.low_rank import Lora


@runtime_checkable
class DrawsTogether(Protocol):
    """Draws many pictures from seeds faster than one by one.

    Attributes:
        drawn_at_once: The ``batch`` of a request that is fastest.
    """

    drawn_at_once: ClassVar[int]


@runtime_checkable
class Interpolates(Protocol):
    """Capability INTERPOLATE: pictures between pictures."""

    def latents(self, seeds: Sequence[int], settings: Settings) -> Tensor:
        """Latents of shape (number of seeds, latent size)."""
        ...

    def decode(self, latents: Tensor, settings: Settings) -> np.ndarray:
        """Latents => uint8 pictures of shape (N, height, width, channels)."""
        ...


@runtime_checkable
class Drafts(Protocol):
    """Draws in many steps, and about the same in a few: what is shown while a hand moves."""

    def draft(self, latents: Tensor, settings: Settings) -> np.ndarray | None:
        """About what ``decode`` gives, in about a tenth of the time; None where that is no less."""
        ...

    def decode_in_parts(
        self, latents: Tensor, settings: Settings
    ) -> Generator[None, None, np.ndarray]:
        """What ``decode`` gives, to the bit, with pauses at which it can be given up."""
        ...


@runtime_checkable
class HasDrawingNetwork(Protocol):
    """Draws in one pass of one network, which other programs can run."""

    def drawing_network(self) -> nn.Module:
        """Latents (N, Z) as ``latents`` gives them => pictures (N, C, S, S), about in [-1, 1]."""
        ...


@runtime_checkable
class Zoned(Protocol):
    """Capability ZONES: form, texture and colour are drawn by layers of their own."""

    def decode_zones(self, zone_latents: Tensor, settings: Settings) -> np.ndarray:
        """Latents of each zone, as ``domain.places.ZONES`` orders them => pictures as ``decode``.

        Where they are the same, the picture is that of ``decode``, up to the last bits.

        Args:
            zone_latents: Of shape (N, zones, latent size).
            settings: As ``decode`` takes them.
        """
        ...


@runtime_checkable
class Inverts(Protocol):
    """Capability INVERT: a picture's latent can be found by following gradients back to it."""

    def latents(self, seeds: Sequence[int], settings: Settings) -> Tensor:
        """Latents of shape (number of seeds, latent size)."""
        ...

    def draw_latents(self, zone_latents: Tensor) -> Tensor:
        """Draw with gradients by the latents, and by nothing else.

        Args:
            zone_latents: Of shape (N, 1, latent size), or one for each zone where there are such.

        Returns:
            Pictures in [-1, 1], (N, C, S, S).
        """
        ...


@runtime_checkable
class Reconstructs(Protocol):
    """Capability RECONSTRUCT: a picture goes in, what the model understood of it comes out."""

    def reconstruct(self, images_NCHW: Tensor) -> Tensor:
        """Pictures in [-1, 1] => pictures in [-1, 1], same shape."""
        ...


@runtime_checkable
class Encodes(Protocol):
    """Capability ENCODE: latents of pictures that a person brings."""

    def encode(self, images_NCHW: Tensor) -> Tensor:
        """Pictures in [-1, 1] => latents as ``decode`` takes them; what lies between two draws."""
        ...

    def decode(self, latents: Tensor, settings: Settings) -> np.ndarray:
        """Latents => uint8 pictures of shape (N, height, width, channels)."""
        ...


@runtime_checkable
class Varies(Protocol):
    """Pictures are changed by moving their latents; what latents do not describe of them stays."""

    def encode(self, images_NCHW: Tensor) -> Tensor:
        """Pictures in [-1, 1] => latents (N, Z)."""
        ...

    def vary(self, images_NCHW: Tensor, labels_N: Tensor, moves_NZ: Tensor) -> Tensor:
        """Change pictures.

        Args:
            images_NCHW: In [-1, 1].
            labels_N: The class of each, int64.
            moves_NZ: What is added to the latent of each, as ``encode`` gives them.

        Returns:
            In [-1, 1], of the same shape.
        """
        ...


@runtime_checkable
class Blends(Protocol):
    """Capability BLEND: latents of examples that are no pictures, and what they stand for.

    Attributes:
        num_labels: Numbers at the end of a latent that say of what kind it is.
    """

    num_labels: int

    def describe(self, fields: Mapping[str, Tensor]) -> Tensor:
        """Examples, as ``Batch.fields`` has them => latents (N, Z)."""
        ...

    def remake(self, latents: Tensor, settings: Settings) -> Iterator[Artifact]:
        """Latents (N, Z) => one artifact for each; the same latent gives the same one.

        Args:
            latents: As ``describe`` gives them, or what lies between such.
            settings: Of the model's first task.
        """
        ...


@runtime_checkable
class Crosses(Protocol):
    """Capability CROSS: what belongs to an example, in another material."""

    def cross(
        self, fields: Mapping[str, Tensor], kind: str, seeds: Sequence[int], settings: Settings
    ) -> Iterator[Artifact]:
        """One artifact for each seed; the same seed and example give the same one.

        Args:
            fields: One example of one material, as ``Batch.fields`` has it.
            kind: Key of the kind of artifact that is wanted, of another material.
            seeds: Of what the example does not decide.
            settings: Of the model's first task.

        Raises:
            SettingsError: It learned no material of that kind.
        """
        ...


@runtime_checkable
class Writes(Protocol):
    """Capability WRITE: writes texts, and says how likely one is."""

    tokeniser: Tokeniser

    def nats(self, fields: Mapping[str, Tensor]) -> Tensor:
        """Negative log-likelihood of the tokens of examples (N, T); 0 where they are padding."""
        ...

    def nats_of_text(self, text: str, *, after: str = "") -> float:
        """Negative log-likelihood of a text that stands behind another one, in nats."""
        ...

    def next_words(self, before: str, seed: int, count: int, temperature: float) -> list[str]:
        """Words that may come next, each drawn by itself; some may be the same."""
        ...


@runtime_checkable
class Bounds(Protocol):
    """Says how surprised it is at most by examples; used where it is set beside others.

    Not a capability that a card declares: whatever has it is measured by it.
    """

    def bounds(self, fields: Mapping[str, Tensor]) -> Tensor:
        """Upper bounds of the negative log-likelihood of examples, in nats (N,), on the processor.

        Of a sound for each level of its spectrogram, of a phrase for each token, of a molecule as
        a whole. Nothing is hidden, moved or spelled otherwise as while learning, and noise comes
        from a generator of its own: the same examples give the same numbers.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """How unlike everything that a model has seen a picture is.

    Attributes:
        map_HW: float32 of the picture's height and width; higher is stranger. Comparable between
            pictures, in no unit.
        score: Of the whole picture; higher is stranger.
        evidence: Name => what the score was made of, for people.
    """

    map_HW: np.ndarray
    score: float
    evidence: Mapping[str, float] = field(default_factory=dict[str, float])


@runtime_checkable
class Scores(Protocol):
    """Capability SCORE: says what does not belong."""

    def score(self, image_HWC: np.ndarray) -> Scored:
        """Compare a picture with all that was learned.

        Must not touch torch's global generator.

        Args:
            image_HWC: uint8; its shorter side as long as that of the squares that were learned.
        """
        ...


@runtime_checkable
class HasLora(Protocol):
    """Capability HAS_LORA: changes frozen weights that a person has."""

    def lora(self, name: str) -> Lora:
        """What was learned, to be saved or drawn with.

        Args:
            name: For people.
        """
        ...
