"""What a run learns from, decoded, whatever the material."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import psutil

from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.dataset import Dataset
from genstudio.data.modalities.catalog import MODALITIES
from genstudio.data.modalities.protocol import FileModality, PictureModality
from genstudio.data.row_cache import RowCache
from genstudio.data.shape_cache import with_shapes
from genstudio.domain.datasets import Manifest
from genstudio.domain.progress import Working
from genstudio.domain.settings import parse_settings
from genstudio.domain.training import DataOptions, TrainingSettings
from genstudio.models.catalog import model_class
from genstudio.models.protocol import LearnsShapes

_SMALL_SHARE_OF_MEMORY = 0.125

Decoded: TypeAlias = PictureCache | RowCache


def decoded(manifest: Manifest, options: DataOptions, cache_dir: Path) -> Working[Decoded]:
    """Decode the files of a manifest, or find them decoded already.

    Args:
        manifest: What to decode.
        options: How pictures are decoded; the layout of other materials is in the manifest.
        cache_dir: Folder that holds caches.

    Raises:
        DatasetError: Too few can be decoded, or one is not what the manifest says.
        ProjectError: The disk is full or the folder cannot be written to.
    """
    modality = MODALITIES.get(manifest.modality)
    if isinstance(modality, FileModality):
        return (yield from modality.decode(manifest, cache_dir))
    return (
        yield from build_cache(
            manifest, size=options.size, cache_dir=cache_dir, channels=options.channels
        )
    )


def shape_step(settings: TrainingSettings) -> int:
    """What the sides of pictures that are learned in their shapes are multiples of; 0 for squares.

    Raises:
        GenStudioError: The model or what it needs for that is not there.
    """
    chosen = model_class(settings.model_key)
    if not issubclass(chosen, LearnsShapes):
        return 0
    return chosen.shape_step(parse_settings(chosen.Config, settings.model))


def decoded_to_learn(
    manifest: Manifest, settings: TrainingSettings, cache_dir: Path
) -> Working[Decoded]:
    """The same as :func:`decoded` for training: with shapes, where the model learns such.

    Raises:
        GenStudioError: As :func:`decoded` and :func:`shape_step`.
    """
    cache = yield from decoded(manifest, settings, cache_dir)
    if not isinstance(cache, PictureCache) or not manifest.sizes:
        return cache
    if not (step := shape_step(settings)):
        return cache
    return (yield from with_shapes(manifest, cache, step=step, cache_dir=cache_dir))


def dataset_of(
    manifest: Manifest,
    cache: Decoded,
    held_out: Collection[str],
    classes: Mapping[str, int],
    *,
    is_reversed: bool,
    words: Mapping[str, int],
) -> Dataset:
    """Make examples of what was decoded; see :class:`PictureModality` and :class:`FileModality`.

    Raises:
        GenStudioError: Too few of its examples can be read.
    """
    modality = MODALITIES.get(manifest.modality)
    if isinstance(cache, RowCache):
        assert isinstance(modality, FileModality), "it decoded them"
        return modality.examples(manifest, cache, held_out, classes)
    assert isinstance(modality, PictureModality), "it learns from pictures"
    shapes = cache.shapes
    if shapes is not None:
        shapes = replace(shapes, images=tuple(map(_in_memory_if_small, shapes.images)))
    return modality.dataset(
        manifest,
        replace(cache, images_NHWC=_in_memory_if_small(cache.images_NHWC), shapes=shapes),
        held_out,
        classes,
        is_reversed=is_reversed,
        words=words,
    )


def _in_memory_if_small(images_NHWC: np.ndarray) -> np.ndarray:
    """Copy decoded pictures out of their file where that costs little.

    Reading a mapped file whose drive was unplugged kills the process; a copy trains on.
    """
    is_small = images_NHWC.nbytes < psutil.virtual_memory().available * _SMALL_SHARE_OF_MEMORY
    return np.array(images_NHWC) if is_small else images_NHWC
