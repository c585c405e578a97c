"""Materials whose examples are grids of numbers: pictures, and sounds as levels of their bands."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.data.modalities.paired_layout import inner_layout
from genstudio.data.modalities.sound import SoundLayout
from genstudio.domain.artifacts import IMAGE, SOUND, Artifact
from genstudio.domain.fields import DataSpec, FieldSpec
from genstudio.models.blocks.grids import Grid, GridDecoder, GridEncoder
from genstudio.models.blocks.sound_levels import SoundLevels
from genstudio.models.sampling import to_uint8

# Below this the bound rewards copying the noise of the rounding itself.
_SMALLEST_SIGMA = 1e-2


class _OfGrid:
    """Common to what is a grid of numbers with errors of one size: the optimal-σ likelihood."""

    def __init__(self, field: str, kind: str, grid: Grid) -> None:
        self.field, self.kind, self._grid = field, kind, grid
        self.num_values = math.prod((grid.channels, grid.height, grid.width))

    def encoder(self, width: int, latent_size: int) -> nn.Module:
        return GridEncoder(self._grid, width, latent_size)

    def decoder(self, width: int, latent_size: int) -> nn.Module:
        return GridDecoder(self._grid, width, latent_size)

    def rows(self, fields: Mapping[str, Tensor]) -> Tensor:
        return fields[self.field]

    def nats(self, decoder: nn.Module, latents: Sequence[Tensor], seen: Tensor) -> list[Tensor]:
        """The best σ² is the error itself, which leaves ½ ln σ² (arXiv:2006.13202, eq. 5)."""
        drawn = decoder(_at_once(latents)).chunk(len(latents))
        errors = [functional.mse_loss(it.float(), seen.float()) for it in drawn]
        return [0.5 * error.clamp(min=_SMALLEST_SIGMA**2).log() for error in errors]


class Pictures(_OfGrid):
    """Pictures, as they are."""

    def __init__(self, spec: FieldSpec, data: DataSpec) -> None:
        del data
        height, width, channels = spec.shape
        super().__init__(spec.name, IMAGE, Grid(channels=channels, height=height, width=width))

    def seen(self, rows: Tensor) -> Tensor:
        """Themselves."""
        return rows

    def artifact(self, decoder: nn.Module, latent: Tensor, seed: int) -> Artifact:
        """A picture."""
        return Artifact(kind=IMAGE, data=to_uint8(decoder(latent))[0], seed=seed)


class Sounds(_OfGrid):
    """Sounds, by the levels of their bands."""

    def __init__(self, spec: FieldSpec, data: DataSpec) -> None:
        self._levels = SoundLevels(SoundLayout.parse(inner_layout(data.modality, data.layout)))
        bands, frames = self._levels.shape
        super().__init__(spec.name, SOUND, Grid(channels=1, height=bands, width=frames))

    def seen(self, rows: Tensor) -> Tensor:
        """Levels from -1 for silence to 1."""
        return self._levels.levels(rows)

    def artifact(self, decoder: nn.Module, latent: Tensor, seed: int) -> Artifact:
        """A sound that has such levels."""
        (sound,) = self._levels.sounds(decoder(latent))
        return Artifact(kind=SOUND, data=sound, seed=seed)


def _at_once(latents: Sequence[Tensor]) -> Tensor:
    """All of them in one pass, which is faster: the weights are got ready once."""
    return torch.cat(list(latents))
