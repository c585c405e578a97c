"""Palettes: few colours chosen for many pictures, and pictures in exactly these colours."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genstudio.data.decode import UnreadablePictureError, decode_thumbnail
from genstudio.domain.errors import SettingsError
from genstudio.domain.files import is_file, read_file
from genstudio.domain.language import tr, trn

MOST_COLOURS = 256
# What is at least this opaque is drawn, where edges are hard.
_HALF_OPAQUE = 128
_ROUNDS = 24
# Beyond this, colours that look alike are counted as one before a palette is chosen.
_MOST_CANDIDATES = 8_192
_PIXELS_AT_ONCE = 65_536
_LARGEST_PALETTE_BYTES = 2**20
_LARGEST_PALETTE_PICTURE_PX = 4_096
_PICTURE_SUFFIXES = {".png", ".gif", ".bmp", ".webp", ".jpg", ".jpeg"}
_HEX_COLOUR = re.compile(r"#?([0-9a-fA-F]{6})(?:[0-9a-fA-F]{2})?")
_DECIMAL_COLOUR = re.compile(r"\s*(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})(?:\s|$)")
# Ordered dithering (Bayer 1973), 4 × 4, from -0.5 to 0.5.
_BAYER_44 = (
    np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) + 0.5
) / 16 - 0.5

_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)


def oklab(colours: np.ndarray) -> np.ndarray:
    """SRGB as uint8 (…, 3) => OKLab as float32 (…, 3), in which distances are as seen.

    Source: Ottosson 2020, "A perceptual color space for image processing".
    """
    levels = colours.astype(np.float32) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear.astype(np.float32) @ _LMS.T) @ _LAB.T


def palette_of(images: Sequence[np.ndarray], count: int) -> np.ndarray:
    """Choose the colours that show pictures best.

    Where the pictures have no more than ``count`` colours, the palette holds exactly these. Else
    it is found by k-means in OKLab, begun with the colours that are farthest from each other, so
    that a rare but strong colour, such as a red eye, keeps its place.

    Args:
        images: uint8 (height, width, 3 or 4). What is less than half opaque does not count.
        count: Colours, from 1 to 256.

    Returns:
        uint8 (colours, 3), dark ones first; at most ``count``.
    """
    seen = np.concatenate([_seen_colours(image) for image in images])
    if not len(seen):
        return np.zeros((1, 3), np.uint8)
    colours, weights = np.unique(seen, axis=0, return_counts=True)
    if len(colours) > count:
        colours, weights = _fewer(colours, weights)
    if len(colours) > count:
        colours = _clustered(colours, weights.astype(np.float64), count)
    return colours[np.argsort(oklab(colours)[:, 0], kind="stable")]


def _seen_colours(image: np.ndarray) -> np.ndarray:
    flat = image.reshape(-1, image.shape[-1])
    return flat[flat[:, 3] >= _HALF_OPAQUE, :3] if image.shape[-1] == 4 else flat


def _fewer(colours: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take colours that cannot be told apart as one, until there are not too many."""
    for bits in range(1, 5):
        if len(colours) <= _MOST_CANDIDATES:
            break
        boxes, place = np.unique(colours >> bits, axis=0, return_inverse=True)
        place = place.reshape(-1)
        total = np.bincount(place, weights, len(boxes))
        means = [
            np.bincount(place, weights * colours[:, at], len(boxes)) / total for at in range(3)
        ]
        colours = np.rint(np.stack(means, axis=1)).astype(np.uint8)
        weights = total
    return colours, weights


def _clustered(colours: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    points = oklab(colours).astype(np.float64)
    chosen = [int(weights.argmax())]
    nearest = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    # A colour counts by how far it is and, less, by how often it is there.
    importance = weights**0.5
    while len(chosen) < count:
        chosen.append(int((nearest * importance).argmax()))
        nearest = np.minimum(nearest, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    centres = points[chosen]
    members = _nearest(points, centres)
    for _ in range(_ROUNDS):
        total = np.bincount(members, weights, count)
        sums = [np.bincount(members, weights * points[:, at], count) for at in range(3)]
        is_used = total > 0
        centres[is_used] = (np.stack(sums, axis=1) / np.maximum(total, 1e-9)[:, None])[is_used]
        before, members = members, _nearest(points, centres)
        if np.array_equal(before, members):
            break
    # Of each group the colour that is there and nearest to its middle: no colour is invented.
    distances = ((points - centres[members]) ** 2).sum(axis=1)
    order = np.lexsort((distances, members))
    _, first = np.unique(members[order], return_index=True)
    return colours[order[first]]


def _nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Number of the nearest centre (M, 3) of each point (N, 3)."""
    found = [
        ((part**2).sum(axis=1)[:, None] - 2 * part @ centres.T + (centres**2).sum(axis=1)).argmin(
            axis=1
        )
        for part in np.array_split(points, max(1, len(points) // _PIXELS_AT_ONCE))
    ]
    return np.concatenate(found)


def to_indices(image: np.ndarray, palette: np.ndarray, *, dither: float = 0.0) -> np.ndarray:
    """Number of the colour of each pixel.

    Args:
        image: uint8 (height, width, 3 or 4).
        palette: uint8 (colours, 3).
        dither: Strength of an ordered pattern that mixes colours to the eye; 0 for none, 1 for as
            much as the colours of the palette lie apart.

    Returns:
        uint8 (height, width).
    """
    height, width = image.shape[:2]
    points = oklab(image[..., :3]).reshape(-1, 3)
    centres = oklab(palette)
    if dither and len(palette) > 1:
        apart = ((centres[:, None] - centres[None]) ** 2).sum(axis=-1)
        np.fill_diagonal(apart, np.inf)
        step = float(np.sqrt(np.median(apart.min(axis=1))))
        pattern = np.tile(_BAYER_44, (-(-height // 4), -(-width // 4)))[:height, :width]
        points = points + np.stack([pattern.ravel(), *[np.zeros(height * width)] * 2], 1) * (
            dither * step
        )
    # A colour of the palette is itself, whatever rounding says.
    return (
        _nearest(points.astype(np.float64), centres.astype(np.float64))
        .reshape(height, width)
        .astype(np.uint8)
    )


def with_hard_edges(image: np.ndarray) -> np.ndarray:
    """RGBA uint8 (height, width, 4) with each pixel either seen or not."""
    hard = image.copy()
    hard[..., 3] = np.where(image[..., 3] >= _HALF_OPAQUE, 255, 0)
    hard[hard[..., 3] == 0] = 0
    return hard


def read_palette(path: Path) -> np.ndarray:
    """Read colours from a palette of GIMP (.gpl), JASC (.pal), a list (.hex, .txt), or a picture.

    Returns:
        uint8 (colours, 3), in their order, each once.

    Raises:
        SettingsError: It cannot be read, or has no colours or more than 256.
    """
    if path.suffix.lower() in _PICTURE_SUFFIXES:
        colours = _colours_of_picture(path)
    else:
        if not is_file(path):
            raise _no_palette(path, tr("There is no file {path}.", path=path))
        try:
            content = read_file(path, largest_bytes=_LARGEST_PALETTE_BYTES)
        except OSError as error:
            raise _no_palette(
                path, tr("{path} cannot be read: {error}.", path=path, error=error)
            ) from error
        colours = _colours_of_text(content.decode("utf-8", errors="replace"))
    unique = list(dict.fromkeys(colours))
    if not 1 <= len(unique) <= MOST_COLOURS:
        raise _no_palette(
            path,
            tr("It has {num_unique:,} colours; from 1 to 256 can be used.", num_unique=len(unique)),
        )
    return np.array(unique, np.uint8)


def words_about_palette(text: str) -> str:
    """What a person is told of a place as they type it; empty for none."""
    if not text.strip():
        return ""
    try:
        count = len(read_palette(Path(text.strip()).expanduser()))
    except SettingsError as error:
        return f"{error.title}: {error.message}"
    return trn("{number} colour", "{number} colours", count)


def _colours_of_text(text: str) -> list[tuple[int, ...]]:
    lines = text.splitlines()
    if lines and lines[0].strip() in {"GIMP Palette", "JASC-PAL"}:
        found = [_DECIMAL_COLOUR.match(line) for line in lines[1:]]
        rows = [tuple(int(level) for level in it.groups()) for it in found if it]
        return [row for row in rows if max(row) <= 255]
    words = [_HEX_COLOUR.fullmatch(line.strip()) for line in lines]
    return [tuple(bytes.fromhex(it[1])) for it in words if it]


def _colours_of_picture(path: Path) -> list[tuple[int, ...]]:
    try:
        pixels = decode_thumbnail(path, side=_LARGEST_PALETTE_PICTURE_PX, with_opacity=True)
    except UnreadablePictureError as error:
        raise _no_palette(path, str(error)) from error
    colours, first = np.unique(_seen_colours(pixels), axis=0, return_index=True)
    return [tuple(int(level) for level in row) for row in colours[np.argsort(first)]]


def _no_palette(path: Path, why: str) -> SettingsError:
    return SettingsError(
        tr("{name} is no palette", name=path.name),
        why,
        tr(
            "Choose a palette of GIMP (.gpl), JASC (.pal), a list of colours "
            "as #rrggbb, or a small "
            "picture of up to 256 colours."
        ),
    )
