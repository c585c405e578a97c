"""What a multimodal model needs to know of a material: a class each, and a line in a table.

A material says what its encoder sees, builds its encoder and decoder, says how likely an example is
by what they make of a latent, and makes an artifact of one. The model itself knows none by name.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from torch import Tensor, nn

from genstudio.domain.artifacts import Artifact
from genstudio.domain.fields import IMAGE, NOTES, SOUND, TOKENS, DataSpec, FieldSpec
from genstudio.models.blocks.grid_materials import Pictures, Sounds
from genstudio.models.blocks.token_materials import Phrases, Words


class Material(Protocol):
    """One of the materials that belong together.

    Attributes:
        field: Name of its field in a batch.
        kind: Key of the kind of artifact that is made of it.
        num_values: Numbers, or tokens, of an example.
    """

    field: str
    kind: str
    num_values: int

    def encoder(self, width: int, latent_size: int) -> nn.Module:
        """What :meth:`seen` gives => mean and log-variance of latents, each (N, latent_size)."""
        ...

    def decoder(self, width: int, latent_size: int) -> nn.Module:
        """What :meth:`nats` and :meth:`artifact` ask with latents (N, latent_size)."""
        ...

    def rows(self, fields: Mapping[str, Tensor]) -> Tensor:
        """All that is known of examples in one tensor with a row for each, from all its fields."""
        ...

    def seen(self, rows: Tensor) -> Tensor:
        """Such rows => as networks see them."""
        ...

    def nats(self, decoder: nn.Module, latents: Sequence[Tensor], seen: Tensor) -> list[Tensor]:
        """Negative log-likelihood of examples given each of several latents of theirs.

        Args:
            decoder: Its own.
            latents: Each (N, latent_size).
            seen: The examples.

        Returns:
            For each, in nats for each number of an example: a scalar.
        """
        ...

    def artifact(self, decoder: nn.Module, latent: Tensor, seed: int) -> Artifact:
        """What one latent (1, latent_size) stands for."""
        ...


# Type of a field => its material.
_MATERIALS: Mapping[str, Callable[[FieldSpec, DataSpec], Material]] = {
    IMAGE: Pictures,
    SOUND: Sounds,
    TOKENS: Words,
    NOTES: Phrases,
}


def materials_of(data: DataSpec) -> list[Material]:
    """The materials of a run, in the order of its fields; without what only says more of one."""
    return [
        _MATERIALS[spec.type](spec, data)
        for spec in data.fields.values()
        if spec.type in _MATERIALS
    ]
