"""The sets of pictures that everybody is compared on, decoded once and the same for all."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.scan import duplicates, scan_folder, usable_manifest
from genstudio.data.split import choose_held_out, held_out_index
from genstudio.domain.datasets import ScanReport
from genstudio.domain.training import TrainingSettings

T = TypeVar("T")

# Name => folder below that of all sets, and side in pixels.
SETS: Final[dict[str, tuple[str, int]]] = {
    "emoji128@64": ("emoji128/images", 64),
    "dcss_tiles32@32": ("dcss_tiles32", 32),
    "sign_digits@64": ("sign_digits", 64),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSet:
    """A set, ready to be learned from.

    Attributes:
        name: One of :data:`SETS`.
        folder: The pictures themselves, which are only read.
        size: Side in pixels.
        training: File of those to learn from, uint8 NHWC.
        held_out: File of those that nobody learns from.
        held_out_names: Their names below ``folder``.
    """

    name: str
    folder: Path
    size: int
    training: Path
    held_out: Path
    held_out_names: tuple[str, ...]

    def real_NHWC(self) -> np.ndarray:
        """All pictures: those to learn from, then those held out."""
        return np.concatenate([np.load(self.training), np.load(self.held_out)])


def prepare_set(name: str, data: Path, out: Path) -> PictureSet:
    """Decode a set by the program's own code, or find it decoded already.

    The pictures that the program itself would hold out are held out for everybody.

    Args:
        name: One of :data:`SETS`.
        data: Folder of all sets.
        out: Folder for what is decoded.
    """
    below, size = SETS[name]
    folder = (data / below).resolve()
    target = out / name
    files = {part: target / f"{part}.npy" for part in ("training", "held_out")}
    note = target / "names.json"
    if not note.exists():
        target.mkdir(parents=True, exist_ok=True)
        report = _last(scan_folder(folder), ScanReport)
        manifest = usable_manifest(report)
        share = TrainingSettings.model_fields["held_out"].default
        names = choose_held_out(manifest, share, duplicates(report))
        cache = _last(build_cache(manifest, size=size, cache_dir=target / "decoded"), PictureCache)
        index = held_out_index(cache.names, names)
        np.save(files["held_out"], cache.images_NHWC[index])
        np.save(files["training"], np.delete(cache.images_NHWC, index, axis=0))
        note.write_text(json.dumps(names))
    return PictureSet(
        name=name,
        folder=folder,
        size=size,
        held_out_names=tuple(json.loads(note.read_text())),
        **files,
    )


def _last(items: Iterable[object], kind: type[T]) -> T:
    """The result that comes after all progress."""
    *_, last = items
    assert isinstance(last, kind)
    return last
