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

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

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
# So large a share of a picture, its strangest places, is what it is judged by.
STRANGEST_SHARE = 0.002
_SHARPNESS = 6.0
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
        map_NHW: Of each pixel; the strangest scale prevails. About 1 in the strangest places of
            whole pictures.
        scales_NCHW: The same for each scale.
        described_NC: Mean description of each picture, all scales in a row.
    """

    map_NHW: Tensor
    scales_NCHW: Tensor
    described_NC: Tensor


class _Filters(nn.Module):
    """Whitened principal components of small patches of pictures that were averaged down."""

    def __init__(self, shrink: int, channels: int) -> None:
        super().__init__()
        self._shrink = shrink
        # Files end within a block of their compression, and what they hold there is not the
        # picture: the outermost pixels are judged by those beside them.
        self._trim = 3 if shrink == 1 else 1
        self.filters: Tensor
        self.groups: Tensor
        count = channels * _FILTER_PX**2
        self.register_buffer("filters", torch.zeros(count, channels, _FILTER_PX, _FILTER_PX))
        # Of which answers each group takes the mean.
        self.register_buffer("groups", torch.zeros(_GROUPS, count))

    def shrunk(self, images_NCHW: Tensor) -> Tensor:
        """Average pictures down."""
        return functional.avg_pool2d(images_NCHW, self._shrink) if self._shrink > 1 else images_NCHW

    def forward(self, shrunk_NCHW: Tensor) -> Tensor:
        """Shrunk pictures => energies of the groups, (N, groups, H, W)."""
        # In place: these are the largest tensors of all.
        answers = functional.conv2d(shrunk_NCHW, self.filters).square_()
        grouped = functional.conv2d(answers, self.groups[:, :, None, None])
        trim = self._trim_of(shrunk_NCHW)
        return _remirrored(grouped, trim, trim + _FILTER_PX // 2)

    def calm(self, energies_NCHW: Tensor) -> Tensor:
        """Energies of pixels, those at the edges like the ones beside them."""
        edge = self._trim_of(energies_NCHW) + _FILTER_PX // 2
        return _remirrored(energies_NCHW, edge, edge)

    def _trim_of(self, shrunk_NCHW: Tensor) -> int:
        """What to leave out at each edge; of very small pictures nothing can be spared."""
        is_large = min(shrunk_NCHW.shape[2:]) > 3 * (self._trim + _FILTER_PX // 2)
        return self._trim if is_large else 0

    def fit(self, images_NCHW: Tensor) -> None:
        """Learn the components."""
        shrunk = self.shrunk(images_NCHW)
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


class _ScaleStatistics(nn.Module):
    """The Gaussian of one scale; a standard one until something was fitted."""

    def __init__(self, scale: Scale, channels: int) -> None:
        super().__init__()
        self.scale = scale
        self.size = 2 * channels if scale.is_residual else _GROUPS + channels
        self.mean: Tensor
        self.whitening: Tensor
        self.usual: Tensor
        self.register_buffer("mean", torch.zeros(self.size))
        self.register_buffer("whitening", torch.eye(self.size))
        # Mean distance in whole pictures, and how much larger it is in their strangest places.
        self.register_buffer("usual", torch.tensor([0.0, 1.0]))

    def distance(self, description_NCHW: Tensor) -> Tensor:
        """Descriptions => how far they lie off, (N, H, W); 1 in strangest places of whole ones."""
        off = functional.conv2d(
            description_NCHW, self.whitening[:, :, None, None], -self.whitening @ self.mean
        )
        relative = (off.square().sum(1).sqrt() - self.usual[0]) / self.usual[1]
        # What is strange is so by factors: the logarithm keeps them apart, and numbers small.
        return torch.where(relative > 1, 1 + relative.clamp_min(1).log(), relative)

    def fit(self, places_NC: Tensor) -> None:
        """The Gaussian of descriptions."""
        mean, whitening = _whitening(places_NC, ridge=_RIDGE)
        self.mean.copy_(mean)
        self.whitening.copy_(whitening)
        self.usual.copy_(torch.tensor([0.0, 1.0]))


class LocalStatistics(nn.Module):
    """All scales, and the mean descriptions of whole pictures.

    Args:
        channels: Of pictures.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        shrinks = sorted({scale.shrink for scale in SCALES})
        self.filters = nn.ModuleDict({str(it): _Filters(it, channels) for it in shrinks})
        self.scales = nn.ModuleList(_ScaleStatistics(scale, channels) for scale in SCALES)
        self.size = sum(it.size for it in self._each())
        self.overall_mean: Tensor
        self.overall_whitening: Tensor
        self.register_buffer("overall_mean", torch.zeros(self.size))
        self.register_buffer("overall_whitening", torch.zeros(self.size, self.size))

    def _each(self) -> Sequence[_ScaleStatistics]:
        return list(self.scales)  # type: ignore[arg-type]  # A list of modules forgets their class.

    def _descriptions(self, images_NCHW: Tensor, residuals_NCHW: Tensor) -> Iterator[Tensor]:
        """Of each scale, (N, C, H / shrink, W / shrink)."""
        energies: dict[int, tuple[Tensor, Tensor]] = {}
        for statistics in self._each():
            shrink, sigma, is_residual = statistics.scale
            filters = cast("_Filters", self.filters[str(shrink)])
            if is_residual:
                shrunk = filters.shrunk(residuals_NCHW)
                energy, floor = filters.calm(shrunk.square()), _RESIDUAL_FLOOR
            else:
                if shrink not in energies:
                    shrunk = filters.shrunk(images_NCHW)
                    energies[shrink] = shrunk, filters(shrunk)
                (shrunk, energy), floor = energies[shrink], _FLOOR
            near = blurred(torch.cat([energy, shrunk], dim=1), sigma)
            count = energy.shape[1]
            near[:, :count].add_(floor).log_()
            yield near

    def forward(self, images_NCHW: Tensor, repaired_NCHW: Tensor) -> Strangeness:
        """Compare pictures with what is usual."""
        size = images_NCHW.shape[2:]
        distances: list[Tensor] = []
        described: list[Tensor] = []
        descriptions = self._descriptions(images_NCHW, images_NCHW - repaired_NCHW)
        for statistics, description in zip(self._each(), descriptions, strict=True):
            described.append(description.mean((2, 3)))
            distance = statistics.distance(description)[:, None]
            whole = functional.interpolate(distance, size, mode="bilinear")
            distances.append(whole)
        scales = torch.cat(distances, dim=1)
        # A soft maximum: the strangest scale prevails, and others that agree count as well.
        strange = (scales * _SHARPNESS).logsumexp(1, keepdim=True)
        return Strangeness(
            blurred(strange / _SHARPNESS, _MAP_SIGMA_PX)[:, 0],
            scales,
            torch.cat(described, dim=1),
        )

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
        device = self.overall_mean.device
        for filters in self.filters.values():
            cast("_Filters", filters).fit(images_NCHW.to(device))
        places, overall = self._thinned(images_NCHW, repair)
        for statistics, known in zip(self._each(), places, strict=True):
            statistics.fit(known)
        mean, whitening = _whitening(overall, ridge=_OVERALL_RIDGE)
        self.overall_mean.copy_(mean)
        self.overall_whitening.copy_(whitening)
        self._fit_usual(left_out_NCHW, repair)

    def _thinned(self, images_NCHW: Tensor, repair: Maps) -> tuple[list[Tensor], Tensor]:
        """Descriptions of some places at each scale, and of whole pictures."""
        places: list[list[Tensor]] = [[] for _ in self.scales]
        overall: list[Tensor] = []
        for image in images_NCHW.split(1):
            image_NCHW = image.to(self.overall_mean.device)
            means: list[Tensor] = []
            descriptions = self._descriptions(image_NCHW, image_NCHW - repair(image_NCHW))
            for found, description in zip(places, descriptions, strict=True):
                means.append(description.mean((2, 3)))
                share = len(images_NCHW) * description[0, 0].numel() / _MOST_PLACES
                stride = max(1, round(share**0.5))
                thinned = description[0, :, ::stride, ::stride]
                found.append(thinned.flatten(1).T)
            overall.append(torch.cat(means, dim=1))
        return [torch.cat(found) for found in places], torch.cat(overall)

    def _fit_usual(self, left_out_NCHW: Tensor, repair: Maps) -> None:
        """See how far ordinary and strangest places of other whole pictures lie, at each scale."""
        usual: list[list[Tensor]] = [[] for _ in self.scales]
        for image in left_out_NCHW.split(1):
            image_NCHW = image.to(self.overall_mean.device)
            scales = self(image_NCHW, repair(image_NCHW)).scales_NCHW[0].flatten(1)
            number = max(1, round(STRANGEST_SHARE * scales.shape[1]))
            strangest = scales.topk(number, dim=1).values.mean(1)
            for found, mean, most in zip(usual, scales.mean(1), strangest, strict=True):
                found.append(torch.stack([mean, most - mean]))
        for statistics, found in zip(self._each(), usual, strict=True):
            mean, most = torch.stack(found).mean(0)
            statistics.usual.copy_(torch.stack([mean, most.clamp_min(1e-3)]))


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


def _remirrored(maps_NCHW: Tensor, trim: int, edge: int) -> Tensor:
    """Cut so much off each side, and add so much by mirroring what is left."""
    height, width = maps_NCHW.shape[2:]
    kept = maps_NCHW[:, :, trim : height - trim, trim : width - trim]
    return functional.pad(kept, (edge,) * 4, mode="reflect")


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
