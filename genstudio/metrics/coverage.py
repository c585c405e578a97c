"""Whether generated images lie where real ones do, and whether they lie everywhere there.

Density and coverage of Naeem et al. 2020 (arXiv:2002.09797), equations 3 and 4, k = 5.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

_NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class DensityCoverage:
    """Where generated images lie.

    Attributes:
        density: From 0; about 1 if they lie as densely around real pictures as those among
            themselves. Falls with blur, noise and nonsense.
        coverage: From 0 to 1: share of the real pictures that have a made one near. Falls with
            kinds that were forgotten.
    """

    density: float
    coverage: float


class Neighbourhoods:
    """The surroundings of real pictures, each reaching to the fifth nearest of the others.

    Args:
        real_NC: Features, (N, D), with N above 5.
    """

    def __init__(self, real_NC: Tensor) -> None:
        assert len(real_NC) > _NEIGHBOURS, "neighbourhoods need more than 5 pictures"
        self._real_NC = real_NC
        # The nearest of all is the picture itself.
        near = torch.cdist(real_NC, real_NC).kthvalue(_NEIGHBOURS + 1, dim=1)
        self._radii = near.values

    def __call__(self, made_NC: Tensor) -> DensityCoverage:
        """Density and coverage of as many generated images, (N, D).

        Coverage grows with the number of generated images and would tell nothing at five times as
        many; at equal numbers it is 0.969 in expectation for pictures of the same kind.
        """
        assert len(made_NC) == len(self._real_NC), "coverage needs as many pictures on both sides"
        is_near = torch.cdist(self._real_NC, made_NC) < self._radii[:, None]
        return DensityCoverage(
            density=is_near.sum(0).double().mean().item() / _NEIGHBOURS,
            coverage=is_near.any(dim=1).double().mean().item(),
        )
