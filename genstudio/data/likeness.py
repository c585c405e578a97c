"""Which pictures of a set look the same, and which are out of focus."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from PIL import Image

from genstudio.domain.datasets import PictureInfo, Remark
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working

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
# Rarely enough to cost nothing, often enough for a bar that moves, and an end that comes soon.
_TOLD_EVERY = 200


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
) -> Working[list[PictureInfo]]:
    """Mark each picture that looks like a larger one, or like an earlier one of its size.

    The mean difference of two pictures is at least the difference of their means, of the
    whole as of each quarter; comparing those first leaves few pairs to compare in full. What is
    marked already is only compared where no original fits: of thousands of frames of one scene,
    each would have thousands to be compared with.

    Yields:
        Progress, without items.

    Returns:
        The pictures in their order.
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
        if (index + 1) % _TOLD_EVERY == 0:
            yield Progress(tr("Comparing the pictures"), index + 1, len(pictures))
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

    def originals(self) -> Iterator[int]:
        """Of one picture after the other the first that it looks like, or its own index."""
        neighbourhood = _Neighbourhood(self._quarters)
        original_of: list[int] = []
        for index in range(len(self._quarters)):
            original = index
            for near in neighbourhood.before(index):
                same = self._first_alike(index, near)
                if same is not None:
                    original = original_of[same]
                    break
            original_of.append(original)
            neighbourhood.add(index, is_original=original == index)
            yield original

    def _first_alike(self, index: int, others: np.ndarray) -> int | None:
        """The first of those pictures that looks like one picture."""
        difference = np.abs(self._quarters[others] - self._quarters[index]).mean(axis=1)
        others = others[difference <= _SAME_ON_AVERAGE]
        if not others.size:
            return None
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


class _Neighbourhood:
    """Which of the pictures before one may look like it: those in its cell and around it.

    Where the quarters of two pictures differ by so much on average, no sum of them with signs
    differs by more than their number times that; cells are as wide, along four such sums: all of
    it, what is above less what is below, what is left less what is right, red less blue.

    Args:
        quarters: Mean RGB of each quarter: (N, 12), by rows, columns and colours.
    """

    def __init__(self, quarters: np.ndarray) -> None:
        upper, left, red = np.meshgrid([1, -1], [1, -1], [1, 0, -1], indexing="ij")
        sums = np.stack([np.ones(12), upper.ravel(), left.ravel(), red.ravel()], axis=1)
        # A little wider: sums of floats are rounded.
        width = _SAME_ON_AVERAGE * quarters.shape[1] * 1.001
        # A cell as one number; none is as many cells away as a digit holds.
        digits = 1024 ** np.arange(sums.shape[1])
        self._cells: list[int] = (
            np.floor(quarters @ sums / width).astype(np.int64) @ digits
        ).tolist()
        self._around = [
            int(np.dot(step, digits)) for step in product((-1, 0, 1), repeat=len(digits))
        ]
        self._originals: dict[int, list[int]] = {}
        self._others: dict[int, list[int]] = {}

    def add(self, index: int, *, is_original: bool) -> None:
        """Let those after it find a picture."""
        place = self._originals if is_original else self._others
        place.setdefault(self._cells[index], []).append(index)

    def before(self, index: int) -> Iterator[np.ndarray]:
        """Indices of originals that may look like a picture, then of others, in their order."""
        cells = [self._cells[index] + step for step in self._around]
        for place in (self._originals, self._others):
            found = [index for cell in cells if cell in place for index in place[cell]]
            if found:
                yield np.sort(np.array(found, np.int64))


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
