"""What was where must still be there: contrast between patches of a picture and its translation.

PatchNCE, Park et al. 2020 (arXiv:2007.15651, eq. 2 to 4): of a patch of the translation, the patch
of the input at the same place must be told from the others of the same picture.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

_PATCHES = 256
_TEMPERATURE = 0.07  # τ
# Half of the paper's: on a processor, heads would cost as much as the generator.
_DESCRIBED_BY = 128


class PatchHeads(nn.Module):
    """Features of several layers => descriptions of some places of each, of length 1.

    Shapes: (N, C, H, W) and places (P,) for each layer => (N, P, 128) for each.

    Args:
        channels: Of each layer.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.Linear(count, _DESCRIBED_BY), nn.ReLU(), nn.Linear(_DESCRIBED_BY, _DESCRIBED_BY)
            )
            for count in channels
        )

    def forward(self, layers: Sequence[Tensor], places: Sequence[Tensor]) -> list[Tensor]:
        """Describe what is there."""
        described: list[Tensor] = []
        for head, features, where in zip(self.heads, layers, places, strict=True):
            rows = features.permute(0, 2, 3, 1).flatten(1, 2)
            described.append(functional.normalize(head(rows.index_select(1, where)).float(), dim=2))
        return described


def drawn_places(layers: Sequence[Tensor]) -> list[Tensor]:
    """Up to 256 places of each layer at random, none of them twice: (P,) each."""
    places: list[Tensor] = []
    for features in layers:
        count = features.shape[2] * features.shape[3]
        order = torch.rand(count, device=features.device).argsort()
        places.append(order[:_PATCHES])
    return places


def patch_contrast(of_made: Sequence[Tensor], of_given: Sequence[Tensor]) -> Tensor:
    """PatchNCE (eq. 3 and 4): a scalar, the mean over layers, pictures and places.

    Args:
        of_made: Descriptions of the translation, (N, P, C) for each layer.
        of_given: Those of the same places of what was translated; nothing learns from them.
    """
    losses: list[Tensor] = []
    for queries, keys in zip(of_made, of_given, strict=True):
        logits = queries @ keys.detach().transpose(1, 2) / _TEMPERATURE
        right = logits.diagonal(dim1=1, dim2=2)
        losses.append((logits.logsumexp(dim=2) - right).mean())
    return torch.stack(losses).mean()
