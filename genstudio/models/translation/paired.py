"""Image-to-image translation from pairs: a U-Net generator and a PatchGAN discriminator.

Sources: pix2pix, Isola et al. 2017 (arXiv:1611.07004): the objective (eq. 4), L1 (eq. 3), the
U-Net with skips (section 3.2.1) and the PatchGAN (section 3.2.2), which sees the input beside the
answer (eq. 1); the U-Net, Ronneberger et al. 2015 (arXiv:1505.04597); residual blocks, He et al.
2016 (arXiv:1603.05027); sub-pixel rearrangement, Shi et al. 2016 (arXiv:1609.05158).

Apart from the paper: pixels are folded into channels before the first convolution and unfolded
after the last one; each resolution has as much arithmetic as the others; group normalisation, so
that a batch may be of any size and a picture is translated alike in any company; no dropout, so
that it is always translated alike; and both players learn at the same time.
"""

from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain.cards import TRANSLATE, ModelCard
from genstudio.domain.language import tr
from genstudio.domain.operations import TaskCard
from genstudio.domain.settings import Settings, setting
from genstudio.models.blocks.patch_discriminator import (
    GameLoss,
    PatchDiscriminator,
    adversarial_losses,
)
from genstudio.models.blocks.residual import (
    FeaturesToPixels,
    PixelsToFeatures,
    ResidualBlock,
    UpBlock,
    stage_channels,
)
from genstudio.models.blocks.whole_pictures import jittered
from genstudio.models.protocol import (
    Artifact,
    Batch,
    DataSpec,
    Losses,
    Phase,
    Request,
)
from genstudio.models.translating import TRANSLATION, joint_phase, run_translation

# Side of the smallest features, of pictures of the size that is trained on.
_SMALLEST_PX = 4


class PairedTranslationConfig(Settings):
    """Settings of the paired translation."""

    width: Literal[16, 32, 48, 64, 96, 128] = setting(
        32,
        title="Size of the model — width",
        help="A larger model can learn more detail and takes longer for each step.",
    )
    l1_weight: float = setting(
        100.0,
        formerly="closeness",
        title="Keep to the answers — weight λ of L1",
        help="Higher stays closer to the answers on average and becomes softer; lower listens more "
        "to the critic, which wants crisp pictures.",
        ge=0.0,
        le=1000.0,
        logarithmic=True,
        live=True,
    )
    jitter: float = setting(
        0.1,
        title="Also learn from shifted pictures — jitter",
        help="By up to how much of its side each pair is shifted at random, so that a small set "
        "is not learned by heart; 0 switches it off.",
        ge=0.0,
        le=0.25,
        advanced=True,
    )
    loss: GameLoss = setting(
        "logistic",
        title="How the critic judges — loss",
        help="Logistic is the usual one; hinge stops pushing where the critic is sure; least "
        "squares is the mildest.",
        advanced=True,
    )
    learning_rate: float = setting(
        5e-4,
        title="Speed of learning — learning rate",
        help="Higher learns faster until it no longer holds together.",
        ge=1e-6,
        le=1e-2,
        advanced=True,
        logarithmic=True,
    )


class Generator(nn.Module):
    """Pictures (N, C, H, W) => pictures (N, C', H, W) in [-1, 1]; sides multiples of ``stride``."""

    def __init__(self, size: int, channels_in: int, channels_out: int, width: int) -> None:
        super().__init__()
        stages = stage_channels(size, width)[::-1]
        self.pixels_in = PixelsToFeatures(channels_in, stages[0])
        self.down = nn.ModuleList(
            ResidualBlock(wide, narrow, nn.AvgPool2d(2)) for wide, narrow in pairwise(stages)
        )
        self.middle = ResidualBlock(stages[-1], stages[-1])
        self.up = nn.ModuleList(UpBlock(*pair) for pair in pairwise(stages[::-1]))
        self.pixels_out = FeaturesToPixels(stages[0], channels_out)
        # What is as it was, such as paper, and where lines run, need not be painted anew.
        self.direct = nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Translate pictures."""
        skips = [self.pixels_in(images_NCHW)]
        for block in self.down:
            skips.append(block(skips[-1]))
        h = self.middle(skips.pop())
        for block in self.up:
            h = block(h, skips.pop())
        return torch.tanh(self.pixels_out(h) + self.direct(images_NCHW)).float()


class PairedTranslation:
    """A U-Net against a PatchGAN that sees the input, held to the answer by L1."""

    card: ClassVar[ModelCard] = ModelCard(
        key="paired-translation",
        title="Translate by example",
        summary="Learns from pairs, such as a sketch and its painting, to turn one into the other.",
        family="translation",
        modalities=("pairs",),
        capabilities=frozenset({TRANSLATE}),
        cost="Colours after some minutes, good after half an hour",
        needs="100 or more pairs that fit each other exactly",
        suggested_from=0,
        paper="Isola et al. 2017, Image-to-Image Translation with Conditional Adversarial "
        "Networks, arXiv:1611.07004",
        renamed_tensors=((r"discriminator\.verdict\.", "discriminator.logits."),),
    )
    Config: ClassVar[type[Settings]] = PairedTranslationConfig
    tasks: ClassVar[Sequence[TaskCard]] = (TRANSLATION,)

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, PairedTranslationConfig)
        self.config: PairedTranslationConfig = config
        self._size = data.size
        self._channels = (data.image_channels("input"), data.image_channels("target"))
        self.network = nn.ModuleDict(
            {
                "generator": Generator(data.size, *self._channels, config.width),
                "discriminator": PatchDiscriminator(sum(self._channels), config.width),
            }
        )

    def phases(self) -> Sequence[Phase]:
        """Both players learn at the same time."""
        generator = list(self.network["generator"].parameters())
        return [joint_phase(generator, self.network["discriminator"], self.config.learning_rate)]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """The conditional game (eq. 1) and L1 (eq. 3), weighed as in eq. 4."""
        del phase, step  # There is one, and all are alike.
        given, wanted = self._jittered(batch.fields["input"], batch.fields["target"])
        fake = self.network["generator"](given)
        game = adversarial_losses(
            self.network["discriminator"], wanted, fake, self.config.loss, condition_NCHW=given
        )
        error = functional.l1_loss(fake, wanted)
        values = {
            "L1": error.detach() / 2,  # Of pictures in [0, 1], as they are measured.
            "generator": game.generator,
            "discriminator": game.discriminator,
        }
        return Losses(game.total + self.config.l1_weight * error, values)

    def graph_key(self, phase: str, batch: Batch, step: int) -> Hashable:
        """All steps launch the same operations."""
        del phase, batch, step
        return tr("always the same")

    def _jittered(self, given: Tensor, wanted: Tensor) -> Sequence[Tensor]:
        reach_px = int(self.config.jitter * self._size)
        return jittered(torch.cat([given, wanted], dim=1), reach_px).split(self._channels, dim=1)

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do a task: "translate"."""
        return run_translation(
            task,
            request,
            self.network,
            self.network["generator"],
            channels=self._channels[0],
            stride=self._size // _SMALLEST_PX,
        )
