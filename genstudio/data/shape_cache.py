"""Decodes pictures a second time, into the shapes of their buckets."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.shapes import Shapes, Sides, bucket_sides, nearest_sides, origin
from genstudio.domain.datasets import Manifest
from genstudio.domain.progress import Working


def with_shapes(
    manifest: Manifest, cache: PictureCache, *, step: int, cache_dir: Path
) -> Working[PictureCache]:
    """Decode the pictures of each bucket, or find them decoded already.

    A picture of which a person chose a square stays that square.

    Args:
        manifest: What was decoded; it knows how large its pictures are.
        cache: The squares of all.
        step: What the sides of shapes are multiples of, in pixels.
        cache_dir: Folder that holds caches.

    Raises:
        DatasetError: One of the pictures is not what the manifest says.
        ProjectError: The disk is full or the folder cannot be written to.
    """
    size, channels = cache.images_NHWC.shape[1], cache.images_NHWC.shape[-1]
    square = (size, size)
    buckets = bucket_sides(size, step)
    crops = {place: crop for place, *crop in manifest.crops}
    missing = frozenset(cache.skipped)
    places = [at for at, (name, _) in enumerate(manifest.pictures) if name not in missing]
    origins: list[tuple[int, int, int, int]] = []
    examples_of: dict[Sides, list[int]] = {}
    for example, place in enumerate(places):
        width, height = manifest.sizes[place]
        if place in crops:
            left, top, side = crops[place]
            scale = size / side
            origins.append((height, width, round(top * scale), round(left * scale)))
            continue
        sides = nearest_sides(width, height, buckets)
        origins.append(origin(width, height, sides))
        if sides != square:
            examples_of.setdefault(sides, []).append(example)

    bucket_N = np.zeros(len(places), np.int64)
    row_N = np.arange(len(places))
    origins_N = np.array(origins, np.int64)
    images: list[np.ndarray] = []
    for sides in sorted(examples_of):
        examples = examples_of[sides]
        rows = tuple(manifest.pictures[places[example]] for example in examples)
        own = manifest.model_copy(update={"pictures": rows, "crops": (), "sizes": ()})
        found = yield from build_cache(
            own, size=size, cache_dir=cache_dir, channels=channels, sides=sides, fewest=1
        )
        images.append(found.images_NHWC)
        # What could be decoded before and now cannot stays a square.
        gone = frozenset(found.skipped)
        kept = [it for it, (name, _) in zip(examples, rows, strict=True) if name not in gone]
        bucket_N[kept] = len(images)
        row_N[kept] = np.arange(len(kept))
        for example in set(examples).difference(kept):
            width, height = manifest.sizes[places[example]]
            origins_N[example] = origin(width, height, square)
    shapes = Shapes(bucket_N=bucket_N, row_N=row_N, images=tuple(images), origins_N=origins_N)
    return replace(cache, shapes=shapes)
