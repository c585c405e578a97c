"""A style learned once, for any number of pictures: a network for one hand.

Sources: feed-forward networks for style, Johnson et al. 2016 (arXiv:1603.08155); what is minimised
is the distance of patches, Elnekave & Weiss 2022 (arXiv:2203.11862), at several scales.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain import operations
from genstudio.domain.cards import TRANSLATE, ModelCard
from genstudio.domain.operations import InputSpec, TaskCard
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import (
    Artifact,
    Batch,
    DataSpec,
    Losses,
    OptimizerSpec,
    Phase,
    Request,
)
from genstudio.models.style.network import STRIDE, RepaintingNetwork
from genstudio.models.style.optimisation import edge_correlation
from genstudio.models.style.patches import patch_distance
from genstudio.models.style.touching_up import StyleQuantiles
from genstudio.models.translating import run_translation

_DIRECTIONS = 32
_MOST_PATCHES = 16_384
_SMALLEST_PX = 16
# Side of what is painted of each picture in a step: a quarter of the work of whole ones of 256 px,
# and each part is held to the whole style.
_PART_PX = 128
_COLOURS = 0.5
_COLOUR_DIRECTIONS = 8
_EDGES = 2.0


class FastStyleConfig(Settings):
    """Settings of the fast style."""

    width: Literal[16, 32, 48, 64, 96] = setting(
        32,
        title="Size of the model — width",
        help="A larger model comes closer to the style and takes longer for each picture.",
    )
    keep_edges: float = setting(
        0.65,
        title="Keep shapes — edge correlation",
        help="Higher holds on to the edges of your pictures; lower lets the style take over.",
        ge=0.0,
        le=0.95,
    )
    scales: int = setting(
        3,
        title="How large forms may be — scales",
        help="At each further scale, forms of twice the size are taken over from the style.",
        ge=1,
        le=5,
        advanced=True,
    )
    blocks: int = setting(
        4,
        title="Thoroughness — residual blocks",
        help="More look further around each place, and take longer.",
        ge=1,
        le=12,
        advanced=True,
    )
    learning_rate: float = setting(
        2e-3,
        title="Speed of learning — learning rate",
        help="Higher learns faster until it no longer holds together.",
        ge=1e-6,
        le=1e-2,
        advanced=True,
        logarithmic=True,
    )


class PaintingSettings(Settings):
    """How pictures are painted."""

    touch_up: bool = setting(
        True,
        title="Touch up",
        help="Brings each picture close to the style in a few steps after the network, which takes "
        "most of the time. Without, and in a film that is painted frame by frame, it is what the "
        "network paints.",
    )


class FastStyle:
    """A repainting network held to patches of the style and to edges of the picture."""

    card: ClassVar[ModelCard] = ModelCard(
        key="fast-style",
        title="Learn a style",
        summary="Learns the hand of one or more pictures, to paint any number of others in it, "
        "each in a moment.",
        family="style",
        modalities=("two-sets",),
        capabilities=frozenset({TRANSLATE}),
        cost="Good after some minutes",
        needs="A folder of pictures like those to be painted, and one with a picture of the style",
        paper="Elnekave and Weiss 2022, Generating Natural Images with Direct Patch Distributions "
        "Matching, arXiv:2203.11862; Johnson et al. 2016, arXiv:1603.08155",
    )
    Config: ClassVar[type[Settings]] = FastStyleConfig
    tasks: ClassVar[Sequence[TaskCard]] = (
        TaskCard(
            key=operations.TRANSLATE,
            title="Paint pictures in the style",
            settings=PaintingSettings,
            in_bulk={"touch_up": False},
            inputs=(InputSpec(name="input", title="Pictures to paint"),),
        ),
    )

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, FastStyleConfig)
        self.config: FastStyleConfig = config
        self._channels = data.image_channels("input")
        network = RepaintingNetwork(self._channels, config.width, config.blocks)
        self._style = StyleQuantiles(self._channels, data.size)
        self.network = nn.ModuleDict({"painter": network, "style": self._style})

    def phases(self) -> Sequence[Phase]:
        """One."""
        adam = OptimizerSpec(learning_rate=self.config.learning_rate, betas=(0.9, 0.99))
        return [Phase(name="painter", parameters=[*self.network.parameters()], optimizer=adam)]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """Distance of patches at each scale, and of colours; edges that are lost."""
        del phase
        given, style = _part(batch.fields["input"]).float(), batch.fields["target"].float()
        self._style.see(style, step)
        made = self.network["painter"](given)
        patches = torch.stack(
            [
                patch_distance(
                    one,
                    [other],
                    directions=_DIRECTIONS,
                    most_patches=_MOST_PATCHES,
                    generator=None,
                    is_each=True,
                )
                for one, other in zip(self._scales(made), self._scales(style), strict=True)
            ]
        ).mean()
        colours = patch_distance(
            made,
            [style],
            directions=_COLOUR_DIRECTIONS,
            most_patches=_MOST_PATCHES,
            generator=None,
            side_px=1,
            is_each=True,
        )
        correlation = edge_correlation(made, given)
        lost = functional.relu(self.config.keep_edges - correlation).mean()
        values = {"patches": patches.detach(), "edges kept": correlation.detach().mean()}
        return Losses(patches + _COLOURS * colours + _EDGES * lost, values)

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do a task: "translate"."""
        settings = request.settings
        assert isinstance(settings, PaintingSettings)

        def paint(image_NCHW: Tensor) -> Tensor:
            painted = self.network["painter"](image_NCHW)
            return self._style.touched_up(painted) if settings.touch_up else painted

        return run_translation(
            task,
            request,
            self.network,
            paint,
            channels=self._channels,
            stride=STRIDE,
        )

    def _scales(self, images_NCHW: Tensor) -> list[Tensor]:
        """The pictures, and halves of them as far as patches fit in."""
        found = [images_NCHW]
        for _ in range(self.config.scales - 1):
            if min(found[-1].shape[-2:]) < 2 * _SMALLEST_PX:
                break
            found.append(functional.avg_pool2d(found[-1], 2))
        return found


def _part(images_NCHW: Tensor) -> Tensor:
    """The same window of all pictures, of at most 128 pixels a side, anywhere."""
    sides = images_NCHW.shape[-2:]
    top, left = (int(torch.randint(0, max(0, side - _PART_PX) + 1, ())) for side in sides)
    return images_NCHW[..., top : top + _PART_PX, left : left + _PART_PX]
