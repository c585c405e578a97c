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
from genstudio.domain.datasets import Manifest
from genstudio.domain.progress import Working
from genstudio.domain.training import DataOptions

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
            manifest, size=options.size, cache_dir=cache_dir, with_opacity=options.transparency
        )
    )


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
    return modality.dataset(
        manifest,
        replace(cache, images_NHWC=_in_memory_if_small(cache.images_NHWC)),
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
