"""PatchNCE: a contrastive loss between patches of an input and of its translation.

Park et al. 2020 (arXiv:2007.15651, eq. 2 to 4): the positive of a patch of the translation is the
patch of the input at the same location, its negatives are the other patches of the same image.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

_PATCHES = 256
_TEMPERATURE = 0.07  # τ
# Half of the paper's: on a processor, heads would cost as much as the generator.
_EMBEDDING_SIZE = 128


class PatchProjections(nn.Module):
    """Features of several layers => L2-normalised embeddings of sampled locations of each.

    Shapes: (N, C, H, W) and locations (P,) for each layer => (N, P, 128) for each.

    Args:
        channels: Of each layer.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.Linear(count, _EMBEDDING_SIZE),
                nn.ReLU(),
                nn.Linear(_EMBEDDING_SIZE, _EMBEDDING_SIZE),
            )
            for count in channels
        )

    def forward(self, layers: Sequence[Tensor], locations: Sequence[Tensor]) -> list[Tensor]:
        """Embed the features at these locations."""
        embeddings: list[Tensor] = []
        for head, features, where in zip(self.heads, layers, locations, strict=True):
            rows = features.permute(0, 2, 3, 1).flatten(1, 2)
            embeddings.append(
                functional.normalize(head(rows.index_select(1, where)).float(), dim=2)
            )
        return embeddings


def sampled_locations(layers: Sequence[Tensor]) -> list[Tensor]:
    """Up to 256 random locations of each layer, without replacement: (P,) each."""
    locations: list[Tensor] = []
    for features in layers:
        count = features.shape[2] * features.shape[3]
        order = torch.rand(count, device=features.device).argsort()
        locations.append(order[:_PATCHES])
    return locations


def patch_nce_loss(queries: Sequence[Tensor], keys: Sequence[Tensor]) -> Tensor:
    """PatchNCE (eq. 3 and 4): a scalar, the mean over layers, pictures and locations.

    Args:
        queries: Embeddings of the translation, (N, P, C) for each layer.
        keys: Embeddings of the input at the same locations; detached.
    """
    losses: list[Tensor] = []
    for query, key in zip(queries, keys, strict=True):
        logits = query @ key.detach().transpose(1, 2) / _TEMPERATURE
        positives = logits.diagonal(dim1=1, dim2=2)
        losses.append((logits.logsumexp(dim=2) - positives).mean())
    return torch.stack(losses).mean()
