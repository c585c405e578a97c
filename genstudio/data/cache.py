"""Pictures decoded once into a memory-mapped array that training reads from at memory speed."""

import hashlib
import io
import json
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import psutil

from genstudio.data.decode import DECODING_VERSION, ChangedPictureError, UnreadablePictureError
from genstudio.data.shapes import Shapes, Sides
from genstudio.data.squares import decode_picture, decode_shape
from genstudio.data.threads import map_in_threads
from genstudio.domain.amounts import disk_size
from genstudio.domain.datasets import HALVES, Crop, Manifest
from genstudio.domain.errors import DatasetError, GenStudioError
from genstudio.domain.files import (
    explained,
    flush,
    free_disk_bytes,
    is_file,
    read_file,
    write_text,
)
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.progress import Progress, Working

_PIXELS = "pixels.npy"
_COMPLETE = "complete.json"
_NOTE = "progress.json"
_NOTED_EVERY_S = 5.0
_LARGEST_NOTE_BYTES = 16 * 2**20
# Left free on the drive: a full disk troubles the whole machine.
_SPARE_BYTES = 256 * 2**20
_CHOOSE_AGAIN = tr_noop(
    "Were they moved or changed since they were looked through? Choose the folder again. To go on "
    "with a run, put the originals back."
)

# Pictures, height, width, channels.
_Shape = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureCache:
    """Decoded pictures.

    Attributes:
        images_NHWC: Read-only memory map, uint8, with 3 channels, 4 with the opacity or 1 of
            grey; twice as wide as high where each file holds two halves.
        names: Name of each picture, in order.
        key: Hash of the pictures' contents and of how they were decoded.
        skipped: Names of pictures that could not be decoded after all.
        decoding: Version of the decoding that the pixels come from. Where it is not the manifest's
            own, a run that learned from those learns from other pixels from now on.
        shapes: The same pictures in shapes of their own, where they are learned so.
    """

    images_NHWC: np.ndarray
    names: tuple[str, ...]
    key: str
    skipped: tuple[str, ...] = ()
    decoding: int = DECODING_VERSION
    shapes: Shapes | None = None


def build_cache(
    manifest: Manifest,
    *,
    size: int,
    cache_dir: Path,
    channels: int = 3,
    workers: int | None = None,
    sides: Sides | None = None,
    fewest: int = 2,
) -> Working[PictureCache]:
    """Decode the manifest's pictures, or find them decoded already.

    Where that was interrupted, it goes on from there. What an earlier version of the program
    decoded for the same manifest is kept to, so that its runs go on with the very same pixels.

    Args:
        manifest: What to decode; the files themselves are only read.
        size: Side of the decoded squares in pixels.
        cache_dir: Folder that holds caches, one folder for each key.
        channels: 3 for RGB, 4 with the opacity, 1 for grey.
        workers: Threads; by default one for each processor.
        sides: Height and width that whole pictures are brought to, instead of squares.
        fewest: So many must be decodable.

    Returns:
        The decoded pictures, once all are.

    Raises:
        DatasetError: Too few pictures can be decoded, or one is not what the manifest says.
        ProjectError: The disk is full or the folder cannot be written to.
    """
    width = 2 * size if manifest.layout == HALVES else size
    shape = (len(manifest.pictures), *(sides or (size, width)), channels)
    if manifest.decoding != DECODING_VERSION:
        found = _open(cache_dir, shape, manifest, manifest.decoding)
        if found is not None:
            return found
    key = _key(manifest, shape)
    folder = cache_dir / key
    found = _open(cache_dir, shape, manifest)
    if found is None:
        left = cache_dir / f".left-{key}"
        partial = cache_dir / f".partial-{key}-{os.getpid()}-{time.monotonic_ns()}"
        try:
            with explained(folder / _PIXELS):
                _take_up(cache_dir, key, partial)
                _check_space(math.prod(shape), cache_dir)
                partial.mkdir(parents=True, exist_ok=True)
                yield from _decode_all(manifest, shape, partial, workers, fewest)
                # What stood here before could not be opened.
                shutil.rmtree(folder, ignore_errors=True)
                partial.rename(folder)
                flush(cache_dir)
        except GeneratorExit:
            # A person does not want to wait; the next time it goes on from there.
            with suppress(OSError):
                partial.rename(left)
            raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        found = _open(cache_dir, shape, manifest)
    if found is None:
        raise DatasetError(
            tr("The decoded pictures could not be read back"),
            tr("{folder} is not what was written.", folder=folder),
            tr("Is the drive in order? Choose a project folder on another one."),
        )
    return found


def _decode_all(
    manifest: Manifest, shape: _Shape, folder: Path, workers: int | None, fewest: int
) -> Iterator[Progress]:
    """Decode into a folder, going on from what is there already."""
    names = [name for name, _ in manifest.pictures]
    pixels, done, skipped = _begun(folder, shape, names)
    noted_s = time.monotonic()
    try:
        decode = _decoder(manifest, shape)
        crops = {place: (left, top, side) for place, left, top, side in manifest.crops}
        rows = [(*row, crops.get(place)) for place, row in enumerate(manifest.pictures)][done:]
        for picture in map_in_threads(decode, rows, workers=workers):
            if picture is None:
                skipped.append(names[done])
            else:
                # Good ones move up, so that the array has no holes.
                pixels[done - len(skipped)] = picture
            done += 1
            if time.monotonic() - noted_s > _NOTED_EVERY_S:
                _note(folder, pixels, done, skipped)
                noted_s = time.monotonic()
            yield Progress(tr("Reading the pictures"), done, len(names))
    except GeneratorExit:
        with suppress(OSError, GenStudioError):
            _note(folder, pixels, done, skipped)
        raise
    if done - len(skipped) < fewest:
        raise DatasetError(
            tr("Fewer than two pictures can be read"),
            tr(
                "{num_skipped} of {num_names} could not be decoded.",
                num_skipped=len(skipped),
                num_names=len(names),
            ),
            tr(_CHOOSE_AGAIN),
        )
    pixels.flush()
    flush(folder / _PIXELS)
    (folder / _NOTE).unlink(missing_ok=True)
    content = {"count": done - len(skipped), "skipped": skipped}
    write_text(folder / _COMPLETE, json.dumps(content))


def _take_up(cache_dir: Path, key: str, partial: Path) -> None:
    """Move what is left of an earlier try to ``partial``, and remove what others left behind.

    Others are programs that were killed while they decoded, and sets that are no longer wanted.
    """
    dead = [
        path
        for path in cache_dir.glob(".partial-*")
        if not _may_be_running(path.name.split("-")[-2])
    ]
    for path in [*cache_dir.glob(".left-*"), *dead]:
        is_own = path.name == f".left-{key}" or path.name.startswith(f".partial-{key}-")
        if path.is_symlink():
            path.unlink()
        elif is_own and not partial.exists():
            path.rename(partial)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _begun(folder: Path, shape: _Shape, names: list[str]) -> tuple[np.memmap, int, list[str]]:
    """The array to decode into, how many pictures are done, and which of them are skipped."""
    path = folder / _PIXELS
    if path.is_symlink():
        # In a stranger's project it leads to a file that would be written to.
        path.unlink()
    try:
        note = json.loads(read_file(folder / _NOTE, largest_bytes=_LARGEST_NOTE_BYTES))
        done, skipped = int(note["done"]), list(map(str, note["skipped"]))
        missing = frozenset(skipped)
        if 0 < done <= len(names) and [n for n in names[:done] if n in missing] == skipped:
            return _mapped(path, shape, mode="r+"), done, skipped
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        pass
    path.unlink(missing_ok=True)
    return np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape), 0, []


def _note(folder: Path, pixels: np.memmap, done: int, skipped: list[str]) -> None:
    """Write down how far it is, once the pixels are on the disk."""
    pixels.flush()
    write_text(folder / _NOTE, json.dumps({"done": done, "skipped": skipped}))


def _key(manifest: Manifest, shape: _Shape, decoding: int = DECODING_VERSION) -> str:
    _, height, width, channels = shape
    hashes = [content_hash for _, content_hash in manifest.pictures]
    kind: list[object] = [decoding, height, hashes]
    kind += [] if channels == 3 else [channels]
    if width != height:
        kind += [HALVES] if manifest.layout == HALVES else ["shape", width]
    kind += [list(manifest.crops)] if manifest.crops else []
    text = json.dumps(kind)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _open(
    cache_dir: Path, shape: _Shape, manifest: Manifest, decoding: int = DECODING_VERSION
) -> PictureCache | None:
    """The finished cache of one decoding; None if there is none, or a damaged one."""
    key = _key(manifest, shape, decoding)
    folder = cache_dir / key
    try:
        content = json.loads(read_file(folder / _COMPLETE, largest_bytes=_LARGEST_NOTE_BYTES))
        count, skipped = int(content["count"]), tuple(map(str, content["skipped"]))
        pixels = _mapped(folder / _PIXELS, shape)
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    missing = frozenset(skipped)
    names = tuple(name for name, _ in manifest.pictures if name not in missing)
    if not 0 < count == len(names):
        return None
    return PictureCache(
        images_NHWC=pixels[:count], names=names, key=key, skipped=skipped, decoding=decoding
    )


def _mapped(path: Path, shape: tuple[int, ...], mode: Literal["r", "r+"] = "r") -> np.memmap:
    """Map pixels of a known shape into memory.

    What stands at the beginning of the file is compared and not parsed: numpy reads it as an
    expression of Python, which a stranger can make as long and as deep as he likes.

    Raises:
        OSError, ValueError: It is not what was written.
    """
    expected = io.BytesIO()
    content = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(expected, content)
    header = expected.getvalue()
    if not is_file(path) or path.stat().st_size != len(header) + math.prod(shape):
        raise ValueError(f"{path} is not as long as its pictures")
    with path.open("rb") as file:
        if file.read(len(header)) != header:
            raise ValueError(f"{path} holds something else than its pictures")
    return np.memmap(path, np.uint8, mode=mode, offset=len(header), shape=shape)


def _may_be_running(process: str) -> bool:
    """Whether a process of that number runs; who knows, if it is no number of a process."""
    try:
        return psutil.pid_exists(int(process))
    except (ValueError, OverflowError):
        return True


def _check_space(needed: int, cache_dir: Path) -> None:
    free = free_disk_bytes(cache_dir)
    if needed + _SPARE_BYTES > free:
        raise DatasetError(
            tr("There is not enough space for the decoded pictures"),
            tr(
                "They need {needed}, and {spare} must stay free beside them; {free} are free on "
                "the drive of {cache_dir}.",
                needed=disk_size(needed),
                spare=disk_size(_SPARE_BYTES),
                free=disk_size(free),
                cache_dir=cache_dir,
            ),
            tr("Free some space, choose a smaller size, or a project folder on another drive."),
        )


# Name, content hash, and the square that is wanted if that is not the middle one.
_Row = tuple[str, str, Crop | None]


def _decoder(manifest: Manifest, shape: _Shape) -> Callable[[_Row], np.ndarray | None]:
    folder, halves = manifest.folder, manifest.layout == HALVES

    def decode(row: _Row) -> np.ndarray | None:
        name, content_hash, crop = row
        try:
            if shape[1] != shape[2] and not halves:
                return decode_shape(
                    folder / name, sides=shape[1:3], channels=shape[3], content_hash=content_hash
                )
            return decode_picture(
                folder / name,
                size=shape[1],
                channels=shape[3],
                content_hash=content_hash,
                halves=halves,
                crop=crop,
            )
        except ChangedPictureError as error:
            raise DatasetError(
                tr("The pictures are not those that were looked through"),
                f"{folder / name}: {error}",
                tr(_CHOOSE_AGAIN),
            ) from error
        except UnreadablePictureError:
            return None

    return decode
