"""Image-to-image translation from two unpaired sets: CUT and FastCUT.

Sources: contrastive unpaired translation, Park et al. 2020 (arXiv:2007.15651): PatchNCE on layers
of the encoder (eq. 3), the identity PatchNCE and the objective (eq. 5), CUT and FastCUT (section
3); least squares for the game, Mao et al. 2017 (arXiv:1611.04076, eq. 9); the generator of residual
blocks, Johnson et al. 2016 (arXiv:1603.08155); sub-pixel rearrangement, Shi et al. 2016
(arXiv:1609.05158).

Apart from the paper: pixels are folded into channels before the first convolution and unfolded
after the last one; group normalisation, so that a batch may be of any size; both players learn at
the same time; and what turns light into dark costs something, into which such a game falls early.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain import roles
from genstudio.domain.cards import TRANSLATE, ModelCard
from genstudio.domain.language import tr
from genstudio.domain.operations import TaskCard
from genstudio.domain.settings import Settings, setting
from genstudio.models.blocks.patch_discriminator import PatchDiscriminator, adversarial_losses
from genstudio.models.blocks.patch_nce import PatchProjections, patch_nce_loss, sampled_locations
from genstudio.models.blocks.residual import FeaturesToPixels, PixelsToFeatures, ResidualBlock
from genstudio.models.blocks.whole_pictures import common_channels, jittered, with_common_channels
from genstudio.models.protocol import (
    Artifact,
    Batch,
    DataSpec,
    Losses,
    Phase,
    Request,
)
from genstudio.models.translating import TRANSLATION, joint_phase, run_translation

# The network halves the side twice.
_STRIDE = 4
# Weight of PatchNCE (λ_X) in FastCUT, which has no identity to lean on.
_FAST_WEIGHT = 10.0
# Brightness that is kept as little as this, or less, is held against a translation.
_LEAST_CORRELATION = 0.2
_LIGHT_POOLED_PX = 4


class UnpairedTranslationConfig(Settings):
    """Settings of the unpaired translation."""

    width: Literal[16, 32, 48, 64, 96, 128] = setting(
        32,
        title="Size of the model — width",
        help="A larger model can learn more detail and takes longer for each step.",
    )
    method: Literal["CUT", "FastCUT"] = setting(
        "CUT",
        title="Care or speed — method",
        help="CUT also learns to leave pictures alone that are as they should be, and keeps to "
        "yours more closely; FastCUT takes half as long for each step and changes more.",
    )
    nce_weight: float = setting(
        1.0,
        formerly="contrast",
        title="Keep what is where — weight of PatchNCE",
        help="Higher keeps shapes and places as they are; lower lets the model change more.",
        ge=0.0,
        le=100.0,
        logarithmic=True,
        live=True,
        role=roles.STRUCTURE,
    )
    luminance_weight: float = setting(
        1.0,
        formerly="keep_light",
        title="Keep light light — guard against inversion",
        help="Raise it if dark and light change places; 0 switches it off. It does nothing to "
        "pictures whose light is about where it was.",
        ge=0.0,
        le=100.0,
        logarithmic=True,
        live=True,
        advanced=True,
        role=roles.LUMINANCE,
    )
    blocks: int = setting(
        6,
        title="Thoroughness — residual blocks",
        help="More look further around each place, and take longer.",
        ge=2,
        le=12,
        advanced=True,
    )
    jitter: float = setting(
        0.1,
        title="Also learn from shifted pictures — jitter",
        help="By up to how much of its side each picture is shifted at random, so that a small "
        "set is not learned by heart; 0 switches it off.",
        ge=0.0,
        le=0.25,
        advanced=True,
    )
    learning_rate: float = setting(
        4e-4,
        title="Speed of learning — learning rate",
        help="Higher learns faster until it no longer holds together.",
        ge=1e-6,
        le=1e-2,
        advanced=True,
        logarithmic=True,
    )


class Encoder(nn.Module):
    """Pictures (N, C, H, W) => what five layers know of them, from the pixels on.

    Shapes: (N, C, H, W), (N, narrow, H/2, W/2), and three of (N, width, H/4, W/4).
    """

    def __init__(self, channels: int, width: int, blocks: int) -> None:
        super().__init__()
        narrow = _narrow(width)
        self.pixels = PixelsToFeatures(channels, narrow)
        self.down = ResidualBlock(narrow, width, nn.AvgPool2d(2))
        first = blocks // 2
        self.first = nn.Sequential(*(ResidualBlock(width, width) for _ in range(first)))
        self.second = nn.Sequential(*(ResidualBlock(width, width) for _ in range(blocks - first)))
        self.layers = (channels, narrow, width, width, width)

    def forward(self, images_NCHW: Tensor) -> list[Tensor]:
        """Look at pictures."""
        folded = self.pixels(images_NCHW)
        down = self.down(folded)
        first = self.first(down)
        return [images_NCHW, folded, down, first, self.second(first)]


class Decoder(nn.Module):
    """What the encoder knows => pictures (N, C, H, W) in [-1, 1].

    A skip from the folded pixels, and a direct way from the pixels themselves, spare the blocks to
    carry each edge; what is painted beside these is filtered, or a game of few steps leaves a grid.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        narrow = _narrow(width)
        self.block = ResidualBlock(width, width)
        self.up = ResidualBlock(width, narrow, nn.Upsample(scale_factor=2, mode="bilinear"))
        self.skip = nn.Conv2d(narrow, narrow, 1)
        self.pixels = FeaturesToPixels(narrow, channels, smooth=True)
        self.direct = nn.Conv2d(channels, channels, 1)

    def forward(self, seen: Sequence[Tensor]) -> Tensor:
        """Paint what was seen."""
        images_NCHW, folded, *_, last = seen
        h = self.up(self.block(last)) + self.skip(folded)
        return torch.tanh(self.pixels(h) + self.direct(images_NCHW)).float()


def _narrow(width: int) -> int:
    """Channels at half the side: fewer than there are pixels folded into would lose some."""
    return max(16, width // 2)


class UnpairedTranslation:
    """A generator of residual blocks against a PatchGAN, held to its input by PatchNCE."""

    card: ClassVar[ModelCard] = ModelCard(
        key="unpaired-translation",
        title="Translate between two sets",
        summary="Learns from two sets of pictures that do not belong together, such as photographs "
        "and drawings, to give those of the first the look of the second.",
        family="translation",
        modalities=("two-sets",),
        capabilities=frozenset({TRANSLATE}),
        cost="Colours after some minutes, good after an hour or more",
        needs="100 or more pictures of each of two looks, with like things in them",
        suggested_from=0,
        paper="Park et al. 2020, Contrastive Learning for Unpaired Image-to-Image Translation, "
        "arXiv:2007.15651",
        renamed_tensors=((r"discriminator\.verdict\.", "discriminator.logits."),),
    )
    Config: ClassVar[type[Settings]] = UnpairedTranslationConfig
    tasks: ClassVar[Sequence[TaskCard]] = (TRANSLATION,)

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, UnpairedTranslationConfig)
        self.config: UnpairedTranslationConfig = config
        self._size = data.size
        # The encoder sees inputs, targets and translations alike, so all have the same channels.
        channels = common_channels(data.image_channels("input"), data.image_channels("target"))
        self._channels = channels
        encoder = Encoder(channels, config.width, config.blocks)
        self.network = nn.ModuleDict(
            {
                "encoder": encoder,
                "decoder": Decoder(channels, config.width),
                "heads": PatchProjections(encoder.layers),
                "discriminator": PatchDiscriminator(channels, config.width),
            }
        )

    def phases(self) -> Sequence[Phase]:
        """Both players learn at the same time."""
        generator = [
            parameter
            for name in ("encoder", "decoder", "heads")
            for parameter in self.network[name].parameters()
        ]
        return [joint_phase(generator, self.network["discriminator"], self.config.learning_rate)]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """The game, PatchNCE of inputs and, in CUT, PatchNCE of targets (eq. 5)."""
        del phase, step  # There is one, and all are alike.
        reach_px = int(self.config.jitter * self._size)
        given, wanted = (
            jittered(with_common_channels(batch.fields[name], self._channels), reach_px)
            for name in ("input", "target")
        )
        is_fast = self.config.method == "FastCUT"
        # Both in one pass, which is a little faster: the weights are got ready once.
        shown = given if is_fast else torch.cat([given, wanted])
        seen = self.network["encoder"](shown)
        generated = self.network["decoder"](seen)
        contrast = self._patch_nce(seen, generated)
        fake = generated[: len(given)]
        game = adversarial_losses(self.network["discriminator"], wanted, fake, "least squares")
        inverted = _luminance_loss(given, fake)
        weight = self.config.nce_weight * (_FAST_WEIGHT if is_fast else 1.0)
        values = {
            "contrast": contrast.detach(),
            "generator": game.generator,
            "discriminator": game.discriminator,
        }
        total = game.total + weight * contrast + self.config.luminance_weight * inverted
        return Losses(total, values)

    def _patch_nce(self, seen: Sequence[Tensor], generated: Tensor) -> Tensor:
        """PatchNCE of all inputs: in CUT, the mean over both sets, as in the paper."""
        places = sampled_locations(seen)
        heads = self.network["heads"]
        with torch.no_grad():
            keys = heads(seen, places)
        return patch_nce_loss(heads(self.network["encoder"](generated), places), keys)

    def graph_key(self, phase: str, batch: Batch, step: int) -> Hashable:
        """All steps launch the same operations."""
        del phase, batch, step
        return tr("always the same")

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do a task: "translate"."""
        return run_translation(
            task,
            request,
            self.network,
            self._generate,
            channels=self._channels,
            stride=_STRIDE,
        )

    def _generate(self, images_NCHW: Tensor) -> Tensor:
        return self.network["decoder"](self.network["encoder"](images_NCHW))


def _luminance_loss(given_NCHW: Tensor, fake_NCHW: Tensor) -> Tensor:
    """By how much the correlation of brightness falls short of what can be expected: a scalar."""
    before, after = _light(given_NCHW), _light(fake_NCHW)
    lengths = before.square().sum(dim=1) * after.square().sum(dim=1)
    correlation = (before * after).sum(dim=1) / (lengths + 1e-4).sqrt()
    return functional.relu(_LEAST_CORRELATION - correlation).mean()


def _light(images_NCHW: Tensor) -> Tensor:
    """Luma (ITU-R BT.601), coarsely and without its mean: (N, places)."""
    red, green, blue = images_NCHW[:, :3].expand(-1, 3, -1, -1).unbind(dim=1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    coarse = functional.avg_pool2d(luma[:, None], _LIGHT_POOLED_PX).flatten(1)
    return coarse - coarse.mean(dim=1, keepdim=True)
