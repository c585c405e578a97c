"""What pictures of a set are like in numbers: brightness, colour, sharpness, and a place on a map.

The features are made here, without a network: a small copy of the picture in a space where equal
distances look equal, and how much detail each part has. They tell sets of pictures apart well
enough to look around in, and cost a few milliseconds for each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from genstudio.data.decode import UnreadablePictureError, decode_thumbnail
from genstudio.data.threads import map_in_threads
from genstudio.domain.datasets import PictureInfo
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.progress import Progress, Working

_SIDE = 64
_CELLS = 6
_WHAT = tr_noop("Measuring the pictures")
_ARRANGING = tr_noop("Arranging them on the map")
# Of more, principal axes are found on so many of them.
_MOST_FITTED = 5000
_DIMENSIONS = 16
_NEIGHBOURS = 5
# Neighbours are looked for among so many: in each set of a hundred thousand that is enough to see
# what stands alone.
_MOST_COMPARED = 4000
_CHUNK = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFigures:
    """Figures of the pictures of a set; all arrays are in the order of ``names``.

    Attributes:
        names: Of the pictures that could be read.
        brightness: From 0 to 1.
        colour: How colourful, from 0 (grey) to 1.
        hue: From 0 to 1 around the circle; 0 for grey ones.
        sharpness: Steepest edges, in grey levels; the larger the sharper.
        aspect: Width by height.
        pixels: Of the shorter side.
        place: Where it is on the map, shape (count, 2), both from 0 to 1.
        strangeness: Mean distance to the nearest others, by that of a usual picture (1).
    """

    names: tuple[str, ...]
    brightness: np.ndarray
    colour: np.ndarray
    hue: np.ndarray
    sharpness: np.ndarray
    aspect: np.ndarray
    pixels: np.ndarray
    place: np.ndarray
    strangeness: np.ndarray


def measure_pictures(folder: Path, pictures: Sequence[PictureInfo]) -> Working[PictureFigures]:
    """Measure all pictures of a set; those that cannot be read any more are left out.

    Args:
        folder: That names are relative to; files are only read.
        pictures: As a scan found them.
    """

    def measured(picture: PictureInfo) -> tuple[np.ndarray, np.ndarray] | None:
        try:
            return _measured(decode_thumbnail(folder / picture.name, side=_SIDE))
        except UnreadablePictureError:
            return None

    kept: list[PictureInfo] = []
    features: list[np.ndarray] = []
    figures: list[np.ndarray] = []
    results = map_in_threads(measured, pictures)
    for done, (picture, found) in enumerate(zip(pictures, results, strict=True), start=1):
        if found is not None:
            kept.append(picture)
            features.append(found[0])
            figures.append(found[1])
        yield Progress(tr(_WHAT), done, len(pictures))
    table = np.stack(figures) if figures else np.zeros((0, 4), np.float32)
    places, strangeness = yield from _arranged(
        np.stack(features) if features else np.zeros((0, _CELLS * _CELLS * 4), np.float32)
    )
    return PictureFigures(
        names=tuple(it.name for it in kept),
        brightness=table[:, 0],
        colour=table[:, 1],
        hue=table[:, 2],
        sharpness=table[:, 3],
        aspect=np.array([it.width / max(1, it.height) for it in kept], np.float32),
        pixels=np.array([min(it.width, it.height) for it in kept], np.int64),
        place=places,
        strangeness=strangeness,
    )


def features_of(rgb_HWC: np.ndarray) -> np.ndarray:
    """Features of one small picture, uint8 (height, width, 3 or 4): alike ones are near."""
    return _measured(rgb_HWC)[0]


def _measured(rgb_HWC: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features, and brightness, colour, hue and sharpness, of one small picture."""
    image = Image.fromarray(rgb_HWC[..., :3])
    hue, saturation, _ = (
        np.asarray(layer, np.float32) / 255 for layer in image.convert("HSV").split()
    )
    grey = np.asarray(image.convert("L"), np.float32)
    down = np.abs(np.diff(grey, axis=0))[:, :-1] if min(grey.shape) > 1 else np.zeros((1, 1))
    along = np.abs(np.diff(grey, axis=1))[:-1] if min(grey.shape) > 1 else np.zeros((1, 1))
    edges = np.maximum(down, along)
    sharpness = float(np.percentile(edges, 99))
    # A mean on the circle, weighted by how much colour there is.
    angle = 2 * np.pi * hue
    mean = np.angle((saturation * np.exp(1j * angle)).sum() + 1e-12) / (2 * np.pi) % 1
    small = np.asarray(image.resize((_CELLS, _CELLS), Image.Resampling.BOX), np.float32) / 255
    fine = Image.fromarray(edges.astype(np.float32))
    detail = fine.resize((_CELLS, _CELLS), Image.Resampling.BOX)
    feature = np.concatenate([small.ravel(), np.sqrt(np.asarray(detail, np.float32)).ravel() / 8])
    figures = [grey.mean() / 255, saturation.mean(), mean, sharpness]
    return feature.astype(np.float32), np.array(figures, np.float32)


def _arranged(features: np.ndarray) -> Working[tuple[np.ndarray, np.ndarray]]:
    """Places on the map by the first two principal axes, and how strange each picture is."""
    count = len(features)
    if count < 2:
        return np.full((count, 2), 0.5, np.float32), np.ones(count, np.float32)
    centred = features - features.mean(axis=0)
    some = centred[:: -(-count // _MOST_FITTED)]
    _, _, axes = np.linalg.svd(some, full_matrices=False)
    # An axis may point either way: the same set shall look the same each time.
    axes = axes[:_DIMENSIONS]
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    projected = (centred @ (axes * signs[:, None]).T).astype(np.float32)
    places = np.zeros((count, 2), np.float32)
    places[:, : projected.shape[1]] = projected[:, :2]
    low, high = places.min(axis=0), places.max(axis=0)
    spread = np.where(high > low, high - low, 1)
    strangeness = yield from _strangeness(projected)
    return ((places - low) / spread).astype(np.float32), strangeness


def _strangeness(projected: np.ndarray) -> Working[np.ndarray]:
    count = len(projected)
    step = -(-count // _MOST_COMPARED)
    others = projected[::step]
    near = min(_NEIGHBOURS, len(others) - 1) if step == 1 else min(_NEIGHBOURS, len(others))
    found = np.zeros(count, np.float32)
    for begin in range(0, count, _CHUNK):
        yield Progress(tr(_ARRANGING), begin, count)
        part = projected[begin : begin + _CHUNK]
        # By differences and not by products: those lose small distances.
        squares = np.zeros((len(part), len(others)), np.float32)
        for axis in range(projected.shape[1]):
            squares += np.square(part[:, axis, None] - others[None, :, axis])
        own = np.arange(begin, begin + len(part))
        is_own = own % step == 0
        squares[np.flatnonzero(is_own), own[is_own] // step] = np.inf
        nearest = np.partition(squares, max(0, near - 1), axis=1)[:, : max(1, near)]
        found[begin : begin + _CHUNK] = np.sqrt(nearest).mean(axis=1)
    usual = float(np.median(found))
    return found / usual if usual > 0 else np.ones(count, np.float32)


def groups_of_alike(
    pictures: Sequence[PictureInfo], sharpness_of: dict[str, float]
) -> list[list[str]]:
    """Groups of pictures that look the same, the one to keep first: the sharpest, then largest.

    Args:
        pictures: As a scan found them.
        sharpness_of: Name => sharpness; those that are not in it count as 0.
    """
    members: dict[str, list[PictureInfo]] = {}
    alike = [it for it in pictures if it.duplicate_of is not None]
    wanted = {it.duplicate_of for it in alike}
    originals = {it.name: it for it in pictures if it.name in wanted} if wanted else {}
    for picture in alike:
        original = originals.get(picture.duplicate_of or "")
        if original is not None:
            members.setdefault(original.name, [original]).append(picture)
    return [
        [
            it.name
            for it in sorted(
                group,
                key=lambda it: (
                    -round(sharpness_of.get(it.name, 0.0)),
                    -it.width * it.height,
                    it.name,
                ),
            )
        ]
        for group in members.values()
    ]
