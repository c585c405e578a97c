"""A discriminator that must also reconstruct its inputs, which regularises it on small sets.

Sources: self-supervised discrimination, Liu et al. 2021 (arXiv:2101.04775, section 3.2); class
labels by projection, Miyato & Koyama 2018 (arXiv:1802.05637); minibatch standard deviation, Karras
et al. 2018 (arXiv:1710.10196, section 3).
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain.fields import DataSpec
from genstudio.models.blocks.discriminators import (
    DiscriminatorBlock,
    ReconstructionDecoder,
    crop_quarter,
    leaky_relu,
    minibatch_stddev,
)
from genstudio.models.blocks.residual import PixelsToFeatures, stage_channels

# Side of the features that images are reconstructed from, and of a crop of them.
_DECODED_FROM_PX = 8
_CORNER_PX = 4
_LARGEST_DECODED_PX = 128


class SelfSupervisedDiscriminator(nn.Module):
    """Images (N, C, S, S) => realness logits (N,) and their reconstruction error.

    Args:
        width: Channels at the resolution of 32 pixels.
        data: What the images are like.
    """

    def __init__(self, width: int, data: DataSpec) -> None:
        super().__init__()
        stages = stage_channels(data.size, width)[::-1]
        self.pixels = PixelsToFeatures(data.channels, stages[0])
        self.blocks = nn.ModuleList(DiscriminatorBlock(*pair) for pair in pairwise(stages))
        self.last = nn.Conv2d(stages[-1] + 1, stages[-1], 3, padding=1)
        self.hidden = nn.Linear(stages[-1] * 16, stages[-1])
        # Without a bias: of relativistic logits, only differences count.
        self.logits = nn.Linear(stages[-1], 1, bias=False)
        self.class_projection = (
            nn.Linear(len(data.classes), stages[-1], bias=False) if data.classes else None
        )
        side = min(data.size // 2, _LARGEST_DECODED_PX)
        self.whole = ReconstructionDecoder(stages[-2], _DECODED_FROM_PX, side, data.channels)
        self.corner = ReconstructionDecoder(stages[-2], _CORNER_PX, side // 2, data.channels)

    def forward(
        self,
        images_NCHW: Tensor,
        labels_NK: Tensor | None,
        *,
        batches: int = 1,
        reconstructs: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """One logit for each image, in view of the variety of its batch.

        Args:
            images_NCHW: Of ``batches`` batches, concatenated.
            labels_NK: Their one-hot class labels, if there are classes.
            batches: How many.
            reconstructs: Reconstruct those of the first batch.

        Returns:
            Logits, and the reconstruction error: a scalar, 0 where it was not asked for.
        """
        h = leaky_relu(self.pixels(images_NCHW))
        features = h
        for block in self.blocks:
            features, h = h, block(h)
        h = torch.cat([h, minibatch_stddev(h, batches=batches)], dim=1)
        h = leaky_relu(self.last(h)).flatten(1)
        h = leaky_relu(self.hidden(h))
        logits = self.logits(h).squeeze(1)
        if self.class_projection is not None:
            logits = logits + (self.class_projection(labels_NK) * h).sum(dim=1)
        first = len(images_NCHW) // batches
        error = (
            self._reconstruction_error(features[:first], images_NCHW[:first].detach())
            if reconstructs
            else logits.new_zeros(())
        )
        return logits.float(), error

    def _reconstruction_error(self, features: Tensor, images_NCHW: Tensor) -> Tensor:
        """Mean absolute error of the whole image and of one of its quarters."""
        whole = self.whole(features).float()
        which = torch.randint(4, (1,), device=features.device)
        corner = self.corner(crop_quarter(features, which)).float()
        return _l1_error(whole, images_NCHW) + _l1_error(corner, crop_quarter(images_NCHW, which))


def _l1_error(reconstructed: Tensor, images_NCHW: Tensor) -> Tensor:
    return (
        (reconstructed - functional.adaptive_avg_pool2d(images_NCHW, reconstructed.shape[-1]))
        .abs()
        .mean()
    )
