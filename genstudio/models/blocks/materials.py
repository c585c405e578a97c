"""What a multimodal model needs to know of a material: a class each, and a line in a table.

A material says what its encoder sees, builds its encoder and decoder, says how likely an example is
by what was drawn, and makes an artifact of that. The model itself knows none by name.
"""

import math
from collections.abc import Callable, Mapping
from typing import Protocol

from torch import Tensor, nn
from torch.nn import functional

from genstudio.data.modalities.paired_layout import inner_layout
from genstudio.data.modalities.sound import SoundLayout
from genstudio.domain.artifacts import IMAGE, SOUND, Artifact
from genstudio.domain.fields import IMAGE as IMAGE_FIELD
from genstudio.domain.fields import SOUND as SOUND_FIELD
from genstudio.domain.fields import DataSpec, FieldSpec
from genstudio.models.blocks.grids import Grid, GridDecoder, GridEncoder
from genstudio.models.blocks.sound_levels import SoundLevels
from genstudio.models.sampling import to_uint8

# Below this the bound rewards copying the noise of the rounding itself.
_SMALLEST_SIGMA = 1e-2


class Material(Protocol):
    """One of the materials that belong together.

    Attributes:
        field: Name of its field in a batch.
        kind: Key of the kind of artifact that is made of it.
        num_values: Numbers of an example.
    """

    field: str
    kind: str
    num_values: int

    def encoder(self, width: int, latent_size: int) -> nn.Module:
        """What :meth:`seen` gives => mean and log-variance of latents, each (N, latent_size)."""
        ...

    def decoder(self, width: int, latent_size: int) -> nn.Module:
        """Latents (N, latent_size) => what :meth:`nats` and :meth:`artifact` take."""
        ...

    def seen(self, values: Tensor) -> Tensor:
        """Examples as a batch has them => as networks see them."""
        ...

    def nats(self, drawn: Tensor, seen: Tensor) -> Tensor:
        """Negative log-likelihood of examples in nats for each number, a scalar."""
        ...

    def artifact(self, drawn: Tensor, seed: int) -> Artifact:
        """What one row that was drawn stands for."""
        ...


class _OfGrid:
    """Common to what is a grid of numbers with errors of one size: the optimal-σ likelihood."""

    def __init__(self, field: str, kind: str, grid: Grid) -> None:
        self.field, self.kind, self._grid = field, kind, grid
        self.num_values = math.prod((grid.channels, grid.height, grid.width))

    def encoder(self, width: int, latent_size: int) -> nn.Module:
        return GridEncoder(self._grid, width, latent_size)

    def decoder(self, width: int, latent_size: int) -> nn.Module:
        return GridDecoder(self._grid, width, latent_size)

    def nats(self, drawn: Tensor, seen: Tensor) -> Tensor:
        """The best σ² is the error itself, which leaves ½ ln σ² (arXiv:2006.13202, eq. 5)."""
        error = functional.mse_loss(drawn.float(), seen.float())
        return 0.5 * error.clamp(min=_SMALLEST_SIGMA**2).log()


class Pictures(_OfGrid):
    """Pictures, as they are."""

    def __init__(self, spec: FieldSpec, data: DataSpec) -> None:
        del data
        height, width, channels = spec.shape
        super().__init__(spec.name, IMAGE, Grid(channels=channels, height=height, width=width))

    def seen(self, values: Tensor) -> Tensor:
        """Themselves."""
        return values

    def artifact(self, drawn: Tensor, seed: int) -> Artifact:
        """A picture."""
        return Artifact(kind=IMAGE, data=to_uint8(drawn)[0], seed=seed)


class Sounds(_OfGrid):
    """Sounds, by the levels of their bands."""

    def __init__(self, spec: FieldSpec, data: DataSpec) -> None:
        self._levels = SoundLevels(SoundLayout.parse(inner_layout(data.modality, data.layout)))
        bands, frames = self._levels.shape
        super().__init__(spec.name, SOUND, Grid(channels=1, height=bands, width=frames))

    def seen(self, values: Tensor) -> Tensor:
        """Levels from -1 for silence to 1."""
        return self._levels.levels(values)

    def artifact(self, drawn: Tensor, seed: int) -> Artifact:
        """A sound that has such levels."""
        (sound,) = self._levels.sounds(drawn)
        return Artifact(kind=SOUND, data=sound, seed=seed)


# Type of a field => its material.
_MATERIALS: Mapping[str, Callable[[FieldSpec, DataSpec], Material]] = {
    IMAGE_FIELD: Pictures,
    SOUND_FIELD: Sounds,
}


def materials_of(data: DataSpec) -> list[Material]:
    """The materials of a run, in the order of its fields; without what only says more of one."""
    return [
        _MATERIALS[spec.type](spec, data)
        for spec in data.fields.values()
        if spec.type in _MATERIALS
    ]
