"""What a LoRA is: changes of low rank to layers of frozen networks.

Hu et al. 2021, arXiv:2106.09685, section 4.1: a layer W becomes W + (alpha / rank) · B · A.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraWeights:
    """The change of one layer.

    Attributes:
        down: A: (rank, in) or (rank, in, kernel, kernel).
        up: B: (out, rank) or (out, rank, 1, 1).
        alpha: Its strength; the change is scaled by alpha / rank.
    """

    down: Tensor
    up: Tensor
    alpha: float

    @property
    def rank(self) -> int:
        """Of the change."""
        return self.down.shape[0]

    def delta(self, like: Tensor) -> Tensor:
        """What is added to a weight of that shape, in float32."""
        down, up = self.down.float(), self.up.float()
        product = up.flatten(1) @ down.flatten(1)
        return (product * (self.alpha / self.rank)).reshape(like.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """A LoRA: changes of layers of a base model.

    Attributes:
        name: For people.
        layers: Name of a part and of a layer in it, such as "unet.mid_block…to_q" => its change.
    """

    name: str
    layers: Mapping[str, LoraWeights] = field(default_factory=dict[str, LoraWeights])
