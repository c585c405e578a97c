"""Which pictures of a set look the same, and which are out of focus."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from genstudio.domain.datasets import PictureInfo, Remark

# Even a soft painting has some edge steeper than this; a picture out of focus has none.
_SHARP_EDGE = 6.0
_SHARP_SHARE = 99.5
# A few points of light, or a thin line, are sharp as well.
_SHARP_POINT = 24.0
_SHARP_POINTS_SHARE = 99.95
_SMALLEST_SHARP_SIDE = 64
_FINGERPRINT_SIDE = 16
_DETAIL_SIDE = 24
# Pictures look the same when their fingerprints differ by at most so many grey levels, on
# average and at every point: what saving again or resizing leaves.
_SAME_ON_AVERAGE = 1.5
_SAME_ANYWHERE = 20
# Where there is detail at all, in grey levels, the same picture has it at the same places.
_SOME_DETAIL = 1.0
# A point of light is detail in one cell only.
_SOME_POINT = 4.0
_SAME_DETAIL = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What a picture is compared by.

    Attributes:
        colours: RGB over white, uint8 of shape (16, 16, 3).
        opacity: uint8 of shape (16, 16); None where nothing shows through.
        detail: Mean and standard deviation of grey inside each of 24 × 24 cells: uint8 of shape
            (2, 24, 24); None if there is none.
    """

    colours: np.ndarray
    opacity: np.ndarray | None = None
    detail: np.ndarray | None = None


def likeness_of(rgb: Image.Image, opacity: Image.Image | None) -> Likeness:
    """Measure a picture.

    Args:
        rgb: The picture over white, at the size at which it is looked at.
        opacity: Mode L; None where nothing shows through.
    """
    side = (_FINGERPRINT_SIDE, _FINGERPRINT_SIDE)
    return Likeness(
        colours=np.asarray(rgb.resize(side)),
        opacity=None if opacity is None else np.asarray(opacity.resize(side)),
        detail=_detail_of(rgb),
    )


def _detail_of(rgb: Image.Image) -> np.ndarray:
    grey = np.asarray(rgb.convert("L")).astype(np.float32)
    mean, mean_square = (_means(values) for values in (grey, grey**2))
    deviation = np.sqrt(np.maximum(mean_square - mean**2, 0))
    return np.stack([mean, deviation]).round().clip(0, 255).astype(np.uint8)


def _means(values: np.ndarray) -> np.ndarray:
    side = (_DETAIL_SIDE, _DETAIL_SIDE)
    return np.asarray(Image.fromarray(values).resize(side, Image.Resampling.BOX))


def is_blurred(grey_HW: np.ndarray) -> bool:
    """Whether nothing in a picture is sharp: the steepest of the second differences are flat."""
    if min(grey_HW.shape) < _SMALLEST_SHARP_SIDE:
        return False  # Too small to tell.
    grey = grey_HW.astype(np.float32)
    middle = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * middle
    shares = (_SHARP_SHARE, _SHARP_POINTS_SHARE)
    edge, point = np.percentile(np.abs(laplacian), shares)
    return bool(edge < _SHARP_EDGE and point < _SHARP_POINT)


def with_duplicates(
    pictures: Sequence[PictureInfo], likenesses: Sequence[Likeness]
) -> list[PictureInfo]:
    """Mark each picture that looks like a larger one, or like an earlier one of its size.

    The mean difference of two pictures is at least the difference of their means, of the
    whole as of each quarter; comparing those first leaves few pairs to compare in full. What is
    marked already is only compared where no original fits: of thousands of frames of one scene,
    each would have thousands to be compared with.
    """
    if not pictures:
        return []
    # The largest come first.
    order = sorted(range(len(pictures)), key=lambda at: -pictures[at].width * pictures[at].height)
    comparing = _Comparing([likenesses[at] for at in order])
    marked = list(pictures)
    for index, original in enumerate(comparing.originals()):
        if original != index:
            marked[order[index]] = _marked(pictures[order[index]], pictures[order[original]])
    return marked


class _Comparing:
    """Pictures side by side, in the order in which they are originals."""

    def __init__(self, likenesses: Sequence[Likeness]) -> None:
        self._opacities = _opacities_of(likenesses)
        self._detail = _stacked_detail(likenesses)
        self._detail_mean = self._detail.mean(axis=2, dtype=np.float32)
        self._detail_spread = self._detail.std(axis=2, dtype=np.float32)
        self._has_detail = (self._detail_spread >= _SOME_DETAIL) | (
            self._detail.max(axis=2) - self._detail_mean >= _SOME_POINT
        )
        self._colours = np.stack([one.colours for one in likenesses])
        quarters = self._colours.reshape(-1, 2, 8, 2, 8, 3).mean(axis=(2, 4))
        self._quarters = quarters.reshape(len(likenesses), -1)

    def originals(self) -> np.ndarray:
        """Index of the first picture that each looks like, its own if there is none: (N,)."""
        means = self._quarters.mean(axis=1)
        by_mean = np.argsort(means, kind="stable")
        low = np.searchsorted(means[by_mean], means - _SAME_ON_AVERAGE)
        high = np.searchsorted(means[by_mean], means + _SAME_ON_AVERAGE, side="right")
        originals = np.arange(len(means))
        for index in range(len(means)):
            near = by_mean[low[index] : high[index]]
            near = near[near < index]
            is_original = originals[near] == near
            for some in (near[is_original], near[~is_original]):
                same = self._first_alike(index, some)
                if same is not None:
                    originals[index] = originals[same]
                    break
        return originals

    def _first_alike(self, index: int, others: np.ndarray) -> int | None:
        """The first of those pictures that looks like one picture."""
        difference = np.abs(self._quarters[others] - self._quarters[index]).mean(axis=1)
        others = others[difference <= _SAME_ON_AVERAGE]
        own = self._colours[index].astype(np.int16)
        difference = np.abs(self._colours[others].astype(np.int16) - own)
        same = (difference.mean(axis=(1, 2, 3)) <= _SAME_ON_AVERAGE) & (
            difference.max(axis=(1, 2, 3), initial=0) <= _SAME_ANYWHERE
        )
        others = np.sort(others[same])
        others = others[self._has_same_shape(index, others)]
        others = others[self._has_same_detail(index, others)]
        return int(others[0]) if others.size else None

    def _has_same_shape(self, index: int, others: np.ndarray) -> np.ndarray:
        """Whether each of those pictures is see-through where one picture is."""
        if self._opacities is None:
            return np.ones(len(others), bool)
        own = self._opacities[index].astype(np.int16)
        difference = np.abs(self._opacities[others].astype(np.int16) - own)
        is_same = difference.mean(axis=(1, 2)) <= _SAME_ON_AVERAGE
        return is_same & (difference.max(axis=(1, 2), initial=0) <= _SAME_ANYWHERE)

    def _has_same_detail(self, index: int, others: np.ndarray) -> np.ndarray:
        """Whether each of those pictures has its detail where one picture has it."""
        detail = self._detail[others] - self._detail_mean[others][..., None]
        own = self._detail[index] - self._detail_mean[index][..., None]
        covariance = (detail * own).mean(axis=2)
        product = self._detail_spread[others] * self._detail_spread[index]
        is_alike = (product > 0) & (covariance >= _SAME_DETAIL * product)
        is_flat = ~(self._has_detail[others] | self._has_detail[index])
        return (is_flat | is_alike).all(axis=1)


def _opacities_of(likenesses: Sequence[Likeness]) -> np.ndarray | None:
    if all(one.opacity is None for one in likenesses):
        return None
    opaque = np.full((_FINGERPRINT_SIDE, _FINGERPRINT_SIDE), 255, np.uint8)
    return np.stack([opaque if one.opacity is None else one.opacity for one in likenesses])


def _stacked_detail(likenesses: Sequence[Likeness]) -> np.ndarray:
    none = np.zeros((2, _DETAIL_SIDE, _DETAIL_SIDE), np.uint8)
    stacked = np.stack([none if one.detail is None else one.detail for one in likenesses])
    return stacked.reshape(len(likenesses), 2, -1)


def _marked(info: PictureInfo, original: PictureInfo) -> PictureInfo:
    remarks = info.remarks | {Remark.DUPLICATE}
    return info.model_copy(update={"remarks": remarks, "duplicate_of": original.name})
