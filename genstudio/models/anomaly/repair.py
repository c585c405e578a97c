"""What does not belong: an autoencoder that repairs damage, and what whole pictures are like.

Three things are asked of a picture. *Where* is it strange: an autoencoder that learned to repair
synthetic damage changes what does not belong (see :mod:`genstudio.models.blocks.damage` for
sources), and places are compared with those of whole pictures, in the picture and in what was
repaired (:mod:`genstudio.models.blocks.local_statistics`). Is it strange *overall*: the mean of all
its places is compared. And how *likely* is it as a whole: a small variational autoencoder (Kingma &
Welling 2014, arXiv:1312.6114) of thumbnails gives a bound on that. Each is counted in deviations
from what left-out whole pictures get, and the strangest prevails.

Repair alone finds what contrasts and misses what is subtle.
"""

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import ClassVar, Literal, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.data.heat import heated
from genstudio.data.tiles import places
from genstudio.domain import operations
from genstudio.domain.cards import SCORE, ModelCard
from genstudio.domain.language import tr
from genstudio.domain.operations import InputSpec, TaskCard
from genstudio.domain.settings import Settings, setting
from genstudio.models.blocks.damage import damaged
from genstudio.models.blocks.local_statistics import SCALES, STRANGEST_SHARE, LocalStatistics
from genstudio.models.blocks.residual import (
    FeaturesToPixels,
    PixelsToFeatures,
    ResidualBlock,
    UpBlock,
    group_norm,
)
from genstudio.models.blocks.whole_pictures import with_channels
from genstudio.models.capabilities import Scored
from genstudio.models.protocol import (
    Artifact,
    Batch,
    DataSpec,
    Losses,
    OptimizerSpec,
    Phase,
    Request,
)
from genstudio.models.sampling import evaluating

# Learned from parts of larger pictures: damage is local, and a step stays short.
_CROP_PX = 128
_THUMBNAIL_PX = 32
_LATENT_SIZE = 32
_SMALLEST_SIGMA = 1e-2
# Pictures that statistics are taken from, and left out to count deviations by.
_MOST_DESCRIBED = 96
_MOST_LEFT_OUT = 48
_FEWEST_DESCRIBED = 4
# Larger pictures are looked at in parts, which overlap by more than any scale sees.
_TILE_PX = 768
_OVERLAP_PX = 64
_STRIDE = 8
_LOCAL, _OVERALL, _LIKELIHOOD = "place", "overall", "likelihood"
EVIDENCE = (_LOCAL, _OVERALL, _LIKELIHOOD)
FEWEST_PICTURES = 20


class RepairAutoencoderConfig(Settings):
    """Settings of the repair autoencoder."""

    width: Literal[16, 32, 48, 64] = setting(
        32,
        title="Size of the model — width",
        help="A larger model repairs finer structures and takes longer for each step.",
    )
    learning_rate: float = setting(
        1e-3,
        title="Speed of learning — learning rate",
        help="Higher learns faster until it no longer holds together.",
        ge=1e-6,
        le=1e-2,
        advanced=True,
        logarithmic=True,
    )
    likelihood: float = setting(
        1.0,
        title="Learn the whole picture, too — weight of the VAE",
        help="How much the small model counts that says how likely a picture is as a whole.",
        ge=0.0,
        le=10.0,
        advanced=True,
        live=True,
    )


class DetectSettings(Settings):
    """How pictures are looked at: there is nothing to choose."""


class Repairer(nn.Module):
    """A U-Net: pictures (N, C, H, W), sides multiples of 8 => repaired ones."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.pixels_in = PixelsToFeatures(channels, width)
        self.down1 = ResidualBlock(width, 2 * width, nn.AvgPool2d(2))
        self.down2 = ResidualBlock(2 * width, 4 * width, nn.AvgPool2d(2))
        self.middle = ResidualBlock(4 * width, 4 * width)
        self.up2 = UpBlock(4 * width, 2 * width)
        self.up1 = UpBlock(2 * width, width)
        self.pixels_out = FeaturesToPixels(width, channels)
        self.direct = nn.Conv2d(channels, channels, 1)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Repair pictures."""
        half = self.pixels_in(images_NCHW)
        quarter = self.down1(half)
        eighth = self.middle(self.down2(quarter))
        h = self.up1(self.up2(eighth, quarter), half)
        return (self.pixels_out(h) + self.direct(images_NCHW)).float()


class ThumbnailVAE(nn.Module):
    """Thumbnails (N, C, 32, 32) => mean and log-variance of their latents, and redrawn ones."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            PixelsToFeatures(channels, 32),
            ResidualBlock(32, 64, nn.AvgPool2d(2)),
            ResidualBlock(64, 64, nn.AvgPool2d(2)),
            group_norm(64),
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(64 * 16, 2 * _LATENT_SIZE),
        )
        self.first = nn.Linear(_LATENT_SIZE, 64 * 16)
        self.decoder = nn.Sequential(
            ResidualBlock(64, 64, nn.Upsample(scale_factor=2, mode="bilinear")),
            ResidualBlock(64, 32, nn.Upsample(scale_factor=2, mode="bilinear")),
            FeaturesToPixels(32, channels),
        )

    def forward(self, thumbnails_NCHW: Tensor, noise_NZ: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Describe thumbnails and draw them again."""
        mean, log_variance = self.encoder(thumbnails_NCHW).float().chunk(2, dim=1)
        log_variance = log_variance.clamp(-12, 4)
        z = mean + noise_NZ * (log_variance / 2).exp()
        return mean, log_variance, self.decoder(self.first(z).reshape(-1, 64, 4, 4)).float()


class RepairAutoencoder:
    """Learns to repair whole pictures that were damaged, and what these are like."""

    card: ClassVar[ModelCard] = ModelCard(
        key="repair-autoencoder",
        title="Find what does not belong",
        summary="Learns from flawless pictures only, then shows in others what does not belong: "
        "scratches, spots, missing parts, a foreign weave.",
        family="anomaly",
        capabilities=frozenset({SCORE}),
        cost="Useful after some minutes",
        needs="20 or more pictures, all of them flawless and taken alike",
        fewest=FEWEST_PICTURES,
        paper="Schlüter et al. 2022, Natural Synthetic Anomalies for Self-Supervised Anomaly "
        "Detection and Localization, arXiv:2109.15222",
    )
    Config: ClassVar[type[Settings]] = RepairAutoencoderConfig
    tasks: ClassVar[Sequence[TaskCard]] = (
        TaskCard(
            key=operations.DETECT,
            title="Find what does not belong",
            settings=DetectSettings,
            inputs=(InputSpec(name="images", title="Pictures to look through"),),
        ),
    )

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, RepairAutoencoderConfig)
        self.config: RepairAutoencoderConfig = config
        self._size, self._channels = data.size, data.channels
        self._statistics = LocalStatistics(data.channels)
        self.network = nn.ModuleDict(
            {
                "repairer": Repairer(data.channels, config.width),
                "thumbnails": ThumbnailVAE(data.channels),
                "statistics": self._statistics,
                "usual": _Usual(),
            }
        )

    def phases(self) -> Sequence[Phase]:
        """Both learn at the same time."""
        adam = OptimizerSpec(learning_rate=self.config.learning_rate, betas=(0.9, 0.99))
        return [
            Phase(name="autoencoder", parameters=list(self.network.parameters()), optimizer=adam)
        ]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """How far repaired pictures are from whole ones, and the bound on thumbnails."""
        del phase, step  # There is one, and all are alike.
        whole = _cropped(batch.images_NCHW, min(self._size, _CROP_PX))
        repaired = self.network["repairer"](damaged(whole))
        difference = functional.l1_loss(repaired, whole)
        thumbnails = _thumbnails(batch.images_NCHW)
        noise = torch.randn(len(thumbnails), _LATENT_SIZE, device=thumbnails.device)
        mean, log_variance, redrawn = self.network["thumbnails"](thumbnails, noise)
        error = functional.mse_loss(redrawn, thumbnails)
        values = thumbnails[0].numel()
        kl = _kl_NZ(mean, log_variance).sum(1).mean()
        # The best σ² is the error itself, which leaves D/2 · ln σ² of the likelihood.
        bound = 0.5 * error.clamp(min=_SMALLEST_SIGMA**2).log() + kl / values
        with torch.no_grad():
            self._usual.error.lerp_(error.detach().clamp(min=_SMALLEST_SIGMA**2), 0.05)
        return Losses(
            difference + 0.1 * self.config.likelihood * bound,
            {"repair": difference.detach() / 2, "bound": bound.detach()},
        )

    @property
    def _usual(self) -> "_Usual":
        return cast("_Usual", self.network["usual"])

    def graph_key(self, phase: str, batch: Batch, step: int) -> Hashable:
        """All steps launch the same operations."""
        del phase, batch, step
        return tr("always alike")

    def finalize(self, fields: Mapping[str, Tensor]) -> None:
        """Learn what places in whole pictures are like, and what is usual for left-out ones."""
        images = fields["images"]
        if len(images) < _FEWEST_DESCRIBED:
            return
        # Every third is left out.
        is_left_out = torch.arange(len(images)) % 3 == 2
        known = images[~is_left_out][:_MOST_DESCRIBED]
        left_out = images[is_left_out][:_MOST_LEFT_OUT]
        with evaluating(self.network) as device:
            self._statistics.fit(known, left_out, self._repaired)
            looked = [self._looked_at(image.to(device)) for image in left_out.split(1)]
            rows = [self._evidence(it) for it in looked]
        self._usual.fit(torch.tensor(rows, dtype=torch.float64))

    def _repaired(self, images_NCHW: Tensor) -> Tensor:
        return self.network["repairer"](images_NCHW).clamp(-1, 1)

    def score(self, image_HWC: np.ndarray) -> Scored:
        """Compare a picture of any width and height with all that was learned."""
        pixels_HWC = with_channels(image_HWC, self._channels)
        with evaluating(self.network) as device:
            image_NCHW = torch.from_numpy(pixels_HWC).to(device)[None].permute(0, 3, 1, 2)
            looked = self._looked_at(image_NCHW.float().div(127.5).sub(1))
            counted = self._usual.counted(self._evidence(looked))
        # Of all scales, the strangest.
        evidence = [max(counted[: len(SCALES)]), *counted[len(SCALES) :]]
        return Scored(
            map_HW=looked.map_HW.cpu().numpy(),
            score=max(evidence),
            evidence=dict(zip(EVIDENCE, evidence, strict=True)),
        )

    def _looked_at(self, image_NCHW: Tensor) -> "_LookedAt":
        """One picture in [-1, 1], part by part."""
        height, width = image_NCHW.shape[2:]
        # The map and, behind it, that of each scale.
        total = image_NCHW.new_zeros(1 + len(SCALES), height, width)
        weights = image_NCHW.new_zeros(height, width)
        described: list[Tensor] = []
        areas: list[float] = []
        for top, bottom in places(height, _TILE_PX, _OVERLAP_PX):
            for left, right in places(width, _TILE_PX, _OVERLAP_PX):
                part = image_NCHW[:, :, top:bottom, left:right]
                spare = -part.shape[2] % _STRIDE, -part.shape[3] % _STRIDE
                padded = functional.pad(part, (0, spare[1], 0, spare[0]), mode="reflect")
                repaired = self._repaired(padded)[:, :, : part.shape[2], : part.shape[3]]
                strange = self._statistics(part, repaired)
                weight = _inner_weight(part)
                maps = torch.cat([strange.map_NHW, strange.scales_NCHW[0]])
                total[:, top:bottom, left:right] += maps * weight
                weights[top:bottom, left:right] += weight
                described.append(strange.described_NC[0])
                areas.append(part[0, 0].numel())
        shares = torch.tensor(areas, device=image_NCHW.device)
        mean = (torch.stack(described) * (shares / shares.sum())[:, None]).sum(0)
        maps = total / weights
        return _LookedAt(maps[0], maps[1:], mean, self._surprise(image_NCHW))

    def _surprise(self, image_NCHW: Tensor) -> float:
        """Negative bound on the log-likelihood of a thumbnail, in nats per value of it."""
        thumbnail = _thumbnails(image_NCHW)
        no_noise = thumbnail.new_zeros(1, _LATENT_SIZE)
        mean, log_variance, redrawn = self.network["thumbnails"](thumbnail, no_noise)
        misfit = (redrawn - thumbnail).square().mean() / (2 * self._usual.error)
        return float(misfit + _kl_NZ(mean, log_variance).sum() / thumbnail.numel())

    def _evidence(self, looked: "_LookedAt") -> list[float]:
        """How strange its strangest places, the mean of all, and the whole are."""
        number = max(1, round(STRANGEST_SHARE * self._size**2))
        scales = looked.scales_CHW.flatten(1)
        strangest = scales.topk(min(number, scales.shape[1]), dim=1).values.mean(1)
        overall = float(self._statistics.overall(looked.described[None])[0])
        rest = (overall, looked.surprise)
        return [*strangest.tolist(), *(math.log(value + 1e-6) for value in rest)]

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do a task: show in each picture what does not belong."""
        assert task == operations.DETECT
        for image_HWC in request.inputs["images"]:
            scored = self.score(image_HWC)
            yield Artifact(
                kind="image",
                data=heated(image_HWC, self._usual.heat(scored.map_HW)),
                values={"score": scored.score, **scored.evidence},
            )


class _LookedAt:
    """One picture, looked at."""

    def __init__(
        self, map_HW: Tensor, scales_CHW: Tensor, described: Tensor, surprise: float
    ) -> None:
        self.map_HW = map_HW
        self.scales_CHW = scales_CHW
        self.described = described
        self.surprise = surprise


class _Usual(nn.Module):
    """What left-out whole pictures get, as mean and deviation of each kind of evidence."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Tensor
        self.means: Tensor
        self.deviations: Tensor
        self.register_buffer("error", torch.ones(()))
        # Of each scale, the whole, and the thumbnail.
        self.register_buffer("means", torch.zeros(len(SCALES) + 2))
        self.register_buffer("deviations", torch.ones(len(SCALES) + 2))

    def fit(self, rows_NK: Tensor) -> None:
        """Take in the evidence of whole pictures."""
        if bool(rows_NK.isfinite().all()):
            self.means.copy_(rows_NK.mean(0))
            self.deviations.copy_(rows_NK.std(0, correction=0).clamp_min(1e-3))

    def counted(self, evidence: Sequence[float]) -> list[float]:
        """Evidence in deviations from what is usual."""
        off = (torch.tensor(evidence) - self.means.cpu()) / self.deviations.cpu()
        return off.tolist()

    def heat(self, map_HW: np.ndarray) -> np.ndarray:
        """A map in [0, 1]: a third where the strangest places of whole pictures are."""
        strangest = max(float(self.means[: len(SCALES)].max()), 1e-3)
        return (map_HW / (3 * strangest)).clip(0, 1)


def _kl_NZ(mean: Tensor, log_variance: Tensor) -> Tensor:
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def _thumbnails(images_NCHW: Tensor) -> Tensor:
    return functional.adaptive_avg_pool2d(images_NCHW, _THUMBNAIL_PX)


def _cropped(images_NCHW: Tensor, side: int) -> Tensor:
    """A square of each picture, at a random place."""
    count, _, height, width = images_NCHW.shape
    if (height, width) == (side, side):
        return images_NCHW
    device = images_NCHW.device
    begin = (torch.rand(2, count, 1, device=device) * (height - side + 1)).long()
    span = torch.arange(side, device=device)
    rows, columns = (begin[0] + span)[:, :, None], (begin[1] + span)[:, None, :]
    which = torch.arange(count, device=device)[:, None, None]
    return images_NCHW.permute(0, 2, 3, 1)[which, rows, columns].permute(0, 3, 1, 2)


def _inner_weight(part_NCHW: Tensor) -> Tensor:
    """Weights (H, W) that fall to the edges, where a part sees least."""
    down, across = (
        torch.minimum(line + 1, line.flip(0) + 1).clamp(max=_OVERLAP_PX).float()
        for line in (torch.arange(side, device=part_NCHW.device) for side in part_NCHW.shape[2:])
    )
    return down[:, None] * across[None, :]
