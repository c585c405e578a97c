"""Finds faces, and says of none whose it is: a small network of one look (Redmon & Farhadi 2017).

"YOLO9000: Better, Faster, Stronger", arXiv:1612.08242, section 2: each cell of a grid says of five
boxes of usual shapes whether there is a face, and where in it. With convolutions by depth and point
(Howard et al. 2017, arXiv:1704.04861), as the tiny face detector of face-api.js (MIT) has them,
whose weights it takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

_WIDTHS = (16, 32, 64, 128, 256, 512)
# Width and height of the usual boxes, in cells.
_ANCHORS = (
    (1.603231, 2.094468), (6.041143, 7.080126), (2.882459, 3.518061), (4.266906, 5.178857),
    (9.041765, 10.66308),
)  # fmt: skip
_PER_BOX = 5
_MEAN_RGB = (117.001, 114.697, 97.404)
_CELL_PX: Final = 32
_OVERLAP = 0.4
_SLOPE = 0.1


@dataclass(frozen=True, slots=True)
class Face:
    """Where there is one: edges as shares of a picture's width and height, which they may leave.

    Attributes:
        left: Edge.
        top: Edge.
        right: Edge.
        bottom: Edge.
        score: How sure it is, from 0 to 1.
    """

    left: float
    top: float
    right: float
    bottom: float
    score: float

    @property
    def area(self) -> float:
        """Share of the picture."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)


class FaceNetwork(nn.Module):
    """Pixels (N, 3, S, S) from 0 to 255, S a multiple of 32 => boxes (N, S / 32, S / 32, 5, 5).

    The last five numbers are place, size and score of a box, before they are brought into range.
    """

    def __init__(self) -> None:
        super().__init__()
        first, *others = _WIDTHS
        self.conv0 = nn.Conv2d(3, first, 3)
        self.depthwise, self.pointwise = nn.ModuleList(), nn.ModuleList()
        before = first
        for width in others:
            self.depthwise.append(
                nn.Conv2d(before, before, 3, padding=1, groups=before, bias=False)
            )
            self.pointwise.append(nn.Conv2d(before, width, 1))
            before = width
        self.boxes = nn.Conv2d(before, len(_ANCHORS) * _PER_BOX, 1)
        self.register_buffer("mean", torch.tensor(_MEAN_RGB).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Look once."""
        mean = self.get_buffer("mean")
        h = functional.leaky_relu(self.conv0((pixels - mean) / 255), _SLOPE)
        for depthwise, pointwise in zip(self.depthwise, self.pointwise, strict=True):
            h = functional.max_pool2d(h, 2, 2, ceil_mode=True)
            h = functional.leaky_relu(pointwise(depthwise(h)), _SLOPE)
        h = functional.max_pool2d(functional.pad(h, (0, 1, 0, 1), value=float("-inf")), 2, 1)
        found = self.boxes(h).permute(0, 2, 3, 1)
        return found.unflatten(-1, (len(_ANCHORS), _PER_BOX))


def network_of(weights: Mapping[str, Tensor]) -> FaceNetwork:
    """The network with weights of face-api.js.

    Args:
        weights: By their names there, as :mod:`genstudio.models.blocks.quantised_weights` reads
            them: rows, columns, channels that go in, channels that come out.

    Raises:
        ValueError: They are those of another one.
    """
    network = FaceNetwork()
    own: dict[str, Tensor] = {}
    try:
        for name, part in (("conv0", "conv0"), ("conv8", "boxes")):
            own[f"{part}.weight"] = weights[f"{name}/filters"].permute(3, 2, 0, 1)
            own[f"{part}.bias"] = weights[f"{name}/bias"]
        for at in range(len(_WIDTHS) - 1):
            name = f"conv{at + 1}"
            depthwise = weights[f"{name}/depthwise_filter"]
            own[f"depthwise.{at}.weight"] = depthwise.permute(2, 3, 0, 1)
            own[f"pointwise.{at}.weight"] = weights[f"{name}/pointwise_filter"].permute(3, 2, 0, 1)
            own[f"pointwise.{at}.bias"] = weights[f"{name}/bias"]
        if len(own) != len(weights):
            raise ValueError("there are tensors that no part has")
        network.load_state_dict(own)
    except (KeyError, RuntimeError) as error:
        raise ValueError(str(error)) from error
    return network.eval()


@torch.no_grad()
def faces_in(network: FaceNetwork, image_HWC: Tensor, *, side: int, least: float) -> list[Face]:
    """Faces of a picture, the surest first; of several that overlap, the surest.

    Args:
        network: With its weights.
        image_HWC: uint8 (H, W, 3).
        side: What the longer side is brought to in pixels, a multiple of 32; more finds smaller
            faces.
        least: Scores below count for nothing, from 0 to 1.
    """
    height, width = image_HWC.shape[:2]
    scale = side / max(height, width)
    size = [max(1, round(it * scale)) for it in (height, width)]
    pixels = image_HWC.permute(2, 0, 1)[None].float()
    pixels = functional.interpolate(pixels, size=size, mode="bilinear", antialias=True)
    square = functional.pad(pixels, (0, side - size[1], 0, side - size[0]))
    found = network(square)[0]
    return _surest(boxes_of(found, size[0] / side, size[1] / side, least))


def boxes_of(found: Tensor, height: float, width: float, least: float) -> list[Face]:
    """Boxes that are sure enough, from numbers of the network (G, G, 5, 5).

    Args:
        found: As :class:`FaceNetwork` gives it for one picture.
        height: Share of the square that the picture has; the rest is empty.
        width: The same of its width.
        least: Lowest score.
    """
    cells = found.shape[0]
    scores = found[..., 4].sigmoid()
    faces: list[Face] = []
    for row, column, anchor in (scores > least).nonzero().tolist():
        x, y, wide, high = found[row, column, anchor, :4].double().tolist()
        middle_x = (column + _sigmoid(x)) / cells / width
        middle_y = (row + _sigmoid(y)) / cells / height
        half_x, half_y = (
            float(torch.tensor(log).exp()) * own / cells / share / 2
            for log, own, share in (
                (wide, _ANCHORS[anchor][0], width),
                (high, _ANCHORS[anchor][1], height),
            )
        )
        faces.append(
            Face(
                middle_x - half_x,
                middle_y - half_y,
                middle_x + half_x,
                middle_y + half_y,
                float(scores[row, column, anchor]),
            )
        )
    return faces


def _surest(faces: list[Face]) -> list[Face]:
    kept: list[Face] = []
    for face in sorted(faces, key=lambda it: -it.score):
        if all(shared(face, other) <= _OVERLAP for other in kept):
            kept.append(face)
    return kept


def shared(one: Face, other: Face) -> float:
    """Area of both over that of either."""
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    both = max(0.0, wide) * max(0.0, high)
    return both / max(one.area + other.area - both, 1e-12)


def _sigmoid(value: float) -> float:
    return float(torch.tensor(value).sigmoid())
