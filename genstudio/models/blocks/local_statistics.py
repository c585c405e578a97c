"""What surroundings of pixels are like in whole pictures, as Gaussians at several scales.

At each scale, pictures go through filters that are the principal components of their own small
patches, whitened; the logarithms of how strongly groups of them answer nearby, with the mean
colour there, describe a place: its texture, as energies of filters do (Unser 1995,
doi:10.1109/83.469936). A place is as strange as its Mahalanobis distance to such descriptions
in whole pictures (after PaDiM, Defard et al. 2020, arXiv:2011.08785, which takes features of a
network that was trained on other pictures, and a Gaussian for each place). A distance knows both
tails: too smooth is as strange as too rough. The mean description of a picture is compared
likewise, since a weave that is wrong everywhere is strange nowhere in particular.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

# Of a place on all scales; more pictures would change little.
_MOST_PLACES = 100_000
_FILTER_PX = 5
_GROUPS = 12
# Added to energies of whitened answers, which are 1 on average.
_FLOOR = 1e-2
_RESIDUAL_FLOOR = 1e-4
# Below the noise of 8-bit rounding, of values in [-1, 1].
_SMALLEST_VARIANCE = 2e-6
_RIDGE = 1e-4
# Pull of a covariance to its diagonal: descriptions of whole pictures are few.
_OVERALL_RIDGE = 0.1
# Beyond this, strange is strange; larger numbers would overflow.
_MOST_STRANGE = 30.0
# Smoothing of the map, in pixels.
_MAP_SIGMA_PX = 1.5

Maps = Callable[[Tensor], Tensor]


class Scale(NamedTuple):
    """Where to look.

    Attributes:
        shrink: Pictures are averaged down by so much.
        sigma: Of the surroundings, in shrunk pixels.
        is_residual: Look at what a repair changed, instead of at the picture.
    """

    shrink: int
    sigma: float
    is_residual: bool = False


SCALES = (
    Scale(1, 2.5), Scale(1, 6.0), Scale(2, 2.5), Scale(4, 2.0),
    Scale(1, 2.5, is_residual=True), Scale(2, 2.5, is_residual=True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Strangeness:
    """Of one part of one or several pictures.

    Attributes:
        map_NHW: Of each pixel: about 0 in whole pictures, in units of their deviation, with the
            strangest scale prevailing.
        described_NC: Mean description of each picture, all scales in a row.
    """

    map_NHW: Tensor
    described_NC: Tensor


class _ScaleStatistics(nn.Module):
    """The Gaussian of one scale; a standard one until something was fitted."""

    def __init__(self, scale: Scale, channels: int) -> None:
        super().__init__()
        self.scale = scale
        self.size = 2 * channels if scale.is_residual else _GROUPS + channels
        self.filters: Tensor
        self.groups: Tensor
        self.mean: Tensor
        self.whitening: Tensor
        self.usual: Tensor
        count = channels * _FILTER_PX**2
        shape = (0 if scale.is_residual else count, channels, _FILTER_PX, _FILTER_PX)
        self.register_buffer("filters", torch.zeros(shape))
        # Of which answers each group takes the mean.
        self.register_buffer("groups", torch.zeros(_GROUPS, shape[0]))
        self.register_buffer("mean", torch.zeros(self.size))
        self.register_buffer("whitening", torch.eye(self.size))
        # Mean and deviation of distances in whole pictures.
        self.register_buffer("usual", torch.tensor([0.0, 1.0]))

    def describe(self, images_NCHW: Tensor, residuals_NCHW: Tensor) -> Tensor:
        """Pictures and what a repair changed of them => descriptions (N, C, H / s, W / s)."""
        given = residuals_NCHW if self.scale.is_residual else images_NCHW
        shrunk = functional.avg_pool2d(given, self.scale.shrink)
        near = blurred(shrunk, self.scale.sigma)
        if self.scale.is_residual:
            energy = blurred(shrunk.square(), self.scale.sigma)
            return torch.cat([(energy + _RESIDUAL_FLOOR).log(), near], dim=1)
        padded = functional.pad(shrunk, (_FILTER_PX // 2,) * 4, mode="reflect")
        answers = functional.conv2d(padded, self.filters).square()
        grouped = functional.conv2d(answers, self.groups[:, :, None, None])
        energy = blurred(grouped, self.scale.sigma)
        return torch.cat([(energy + _FLOOR).log(), near], dim=1)

    def distance(self, described_NCHW: Tensor) -> Tensor:
        """Descriptions => Mahalanobis distances (N, H, W), in deviations from the usual one."""
        off = functional.conv2d(
            described_NCHW, self.whitening[:, :, None, None], -self.whitening @ self.mean
        )
        return (off.square().sum(1).sqrt() - self.usual[0]) / self.usual[1]

    def fit_filters(self, images_NCHW: Tensor) -> None:
        """Whitened principal components of small patches."""
        if self.scale.is_residual:
            return
        shrunk = functional.avg_pool2d(images_NCHW, self.scale.shrink)
        stride = max(1, int((len(shrunk) * shrunk[0, 0].numel() / _MOST_PLACES) ** 0.5))
        patches = functional.unfold(shrunk, _FILTER_PX, stride=stride).permute(0, 2, 1)
        variances, components = _principal(patches.reshape(-1, patches.shape[-1]))
        # Directions in which nothing varies, such as colours of grey pictures, only bring rounding.
        count = max(_GROUPS, int((variances > _SMALLEST_VARIANCE).sum()))
        whitened = (components / variances.clamp_min(_SMALLEST_VARIANCE).sqrt()).T
        whitened[count:] = 0
        self.filters.copy_(whitened.reshape(self.filters.shape))
        self.groups.zero_()
        for group, members in enumerate(torch.arange(count).tensor_split(_GROUPS)):
            self.groups[group, members] = 1 / len(members)

    def fit(self, places_NC: Tensor, left_out_NC: Tensor) -> None:
        """The Gaussian of descriptions, and how far those of other whole pictures lie."""
        mean, whitening = _whitening(places_NC, ridge=_RIDGE)
        self.mean.copy_(mean)
        self.whitening.copy_(whitening)
        off = (left_out_NC.double() - mean) @ whitening.T
        distances = off.square().sum(1).sqrt()
        self.usual.copy_(torch.stack([distances.mean(), distances.std().clamp_min(1e-3)]))


class LocalStatistics(nn.Module):
    """All scales, and the mean descriptions of whole pictures.

    Args:
        channels: Of pictures.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scales = nn.ModuleList(_ScaleStatistics(scale, channels) for scale in SCALES)
        self.size = sum(it.size for it in self._each())
        self.overall_mean: Tensor
        self.overall_whitening: Tensor
        self.register_buffer("overall_mean", torch.zeros(self.size))
        self.register_buffer("overall_whitening", torch.zeros(self.size, self.size))

    def _each(self) -> Sequence[_ScaleStatistics]:
        return list(self.scales)  # type: ignore[arg-type]  # A list of modules forgets their class.

    def forward(self, images_NCHW: Tensor, repaired_NCHW: Tensor) -> Strangeness:
        """Compare pictures with what is usual."""
        residuals = images_NCHW - repaired_NCHW
        size = images_NCHW.shape[2:]
        total: Tensor | None = None
        described: list[Tensor] = []
        for statistics in self._each():
            description = statistics.describe(images_NCHW, residuals)
            described.append(description.mean((2, 3)))
            distance = statistics.distance(description).clamp(max=_MOST_STRANGE)[:, None]
            whole = functional.interpolate(distance, size, mode="bilinear").exp()
            total = whole if total is None else total + whole
        assert total is not None
        # The logarithm of a sum of exponentials: the strangest scale prevails.
        strange = blurred(total.log(), _MAP_SIGMA_PX)[:, 0]
        return Strangeness(strange, torch.cat(described, dim=1))

    def overall(self, described_NC: Tensor) -> Tensor:
        """Mean descriptions => how far each is from those of whole pictures: (N,)."""
        off = (described_NC - self.overall_mean) @ self.overall_whitening.T
        return off.square().sum(1).sqrt()

    @torch.no_grad()
    def fit(self, images_NCHW: Tensor, left_out_NCHW: Tensor, repair: Maps) -> None:
        """Learn what is usual; the same pictures always give the same.

        Args:
            images_NCHW: Whole pictures, float in [-1, 1], on any device.
            left_out_NCHW: Others, to see how far those lie.
            repair: Pictures => repaired ones, on the device of the statistics.
        """
        for statistics in self._each():
            statistics.fit_filters(images_NCHW.to(self.overall_mean.device))
        whole, left_out = (
            self._described(pictures, repair) for pictures in (images_NCHW, left_out_NCHW)
        )
        for statistics, known, other in zip(self._each(), whole[0], left_out[0], strict=True):
            statistics.fit(known, other)
        mean, whitening = _whitening(whole[1], ridge=_OVERALL_RIDGE)
        self.overall_mean.copy_(mean)
        self.overall_whitening.copy_(whitening)

    def _described(self, images_NCHW: Tensor, repair: Maps) -> tuple[list[Tensor], Tensor]:
        """Descriptions of some places at each scale, and of whole pictures."""
        places: list[list[Tensor]] = [[] for _ in self.scales]
        overall: list[Tensor] = []
        device = self.overall_mean.device
        for image in images_NCHW.split(1):
            image_NCHW = image.to(device)
            residuals = image_NCHW - repair(image_NCHW)
            means: list[Tensor] = []
            for found, statistics in zip(places, self._each(), strict=True):
                description = statistics.describe(image_NCHW, residuals)
                means.append(description.mean((2, 3)))
                share = len(images_NCHW) * description[0, 0].numel() / _MOST_PLACES
                stride = max(1, round(share**0.5))
                thinned = description[0, :, ::stride, ::stride]
                found.append(thinned.reshape(statistics.size, -1).T)
            overall.append(torch.cat(means, dim=1))
        return [torch.cat(found) for found in places], torch.cat(overall)


def blurred(images_NCHW: Tensor, sigma: float) -> Tensor:
    """Gaussian blur; what lies outside is mirrored."""
    channels, device = images_NCHW.shape[1], images_NCHW.device
    reach = min(round(3 * sigma), min(images_NCHW.shape[2:]) - 1)
    line = torch.arange(-reach, reach + 1, device=device, dtype=images_NCHW.dtype)
    line = (line / sigma).square().div(-2).exp()
    line = (line / line.sum()).expand(channels, 1, 1, -1)
    across = functional.pad(images_NCHW, (reach, reach, 0, 0), mode="reflect")
    across = functional.conv2d(across, line, groups=channels)
    down = functional.pad(across, (0, 0, reach, reach), mode="reflect")
    return functional.conv2d(down, line.transpose(2, 3), groups=channels)


def _principal(rows_NC: Tensor) -> tuple[Tensor, Tensor]:
    """Variances, the largest first, and components as columns."""
    off = (rows_NC - rows_NC.mean(0)).double()
    variances, components = torch.linalg.eigh(off.T @ off / len(off))
    return variances.flip(0).clamp_min(0), components.flip(1)


def _whitening(rows_NC: Tensor, *, ridge: float) -> tuple[Tensor, Tensor]:
    """Mean of rows, and the matrix that makes their deviations from it uncorrelated, of size 1."""
    rows = rows_NC.double()
    mean = rows.mean(0)
    covariance = (rows - mean).T @ (rows - mean) / max(1, len(rows) - 1)
    diagonal = covariance.diagonal().clamp_min(1e-8)
    shrunk = (1 - ridge) * covariance + ridge * torch.diag(diagonal)
    variances, components = torch.linalg.eigh(shrunk)
    return mean, (components / variances.clamp_min(1e-10).sqrt()).T
