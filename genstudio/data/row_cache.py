"""Examples of files that are no pictures, decoded once into arrays with a row for each example."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from genstudio.data.decode import content_hash_of, why_inaccessible
from genstudio.data.threads import map_in_threads
from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import DatasetError
from genstudio.domain.files import explained, is_file, replacing
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working

_MOST_BYTES = 4 * 2**30
_FEWEST_ROWS = 2
_NAMES = "names"
_SKIPPED = "skipped"

# Gives, for a file, field => (examples, …); nothing where the file holds no example.
Decode = Callable[[Path], Mapping[str, np.ndarray]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCache:
    """Decoded examples.

    Attributes:
        fields: Name of a field => its values, one row for each example.
        names: Name of the file that each example comes from, in order.
        key: Hash of the files' contents and of how they were decoded.
        skipped: Names of files that hold no example after all.
        decoding: That of the manifest: what is decoded otherwise has another key.
    """

    fields: Mapping[str, np.ndarray]
    names: tuple[str, ...]
    key: str
    skipped: tuple[str, ...] = ()
    decoding: int = 0


def build_rows(
    manifest: Manifest, cache_dir: Path, decode: Decode, *, version: int, what: str
) -> Working[RowCache]:
    """Decode the manifest's files, or find them decoded already.

    Args:
        manifest: What to decode; the files themselves are only read.
        cache_dir: Folder that holds caches.
        decode: Called in several threads.
        version: Of the decoding; raised whenever it gives other values.
        what: What is being done, for people.

    Raises:
        DatasetError: There are fewer than two examples, too many for the memory, or a file is not
            what the manifest says.
        ProjectError: The disk is full or the folder cannot be written to.
    """
    key = rows_key(manifest, version)
    path = cache_dir / f"{key}.safetensors"
    if (found := open_rows(path, key, manifest)) is not None:
        return found
    parts: list[Mapping[str, np.ndarray]] = []
    names: list[str] = []
    skipped: list[str] = []
    size = 0

    def work(row: tuple[str, str]) -> Mapping[str, np.ndarray]:
        _refuse_changed(manifest.folder / row[0], row[1])
        return decode(manifest.folder / row[0])

    files = manifest.pictures
    for done, rows in enumerate(map_in_threads(work, files), start=1):
        name = files[done - 1][0]
        count = len(next(iter(rows.values()), ()))
        if count:
            parts.append(rows)
            names += [name] * count
        else:
            skipped.append(name)
        size += sum(values.nbytes for values in rows.values())
        if size > _MOST_BYTES:
            raise DatasetError(
                tr("There is more than fits into the memory"),
                tr(
                    "After {done:,} of {num_files:,} files, {size:.1f} GB are decoded.",
                    done=done,
                    num_files=len(files),
                    size=size / 2**30,
                ),
                tr("Take some out, or choose a folder with fewer files."),
            )
        yield Progress(what, done, len(files))
    if len(names) < _FEWEST_ROWS:
        raise DatasetError(
            tr("There are fewer than two examples"),
            tr(
                "{num_skipped} of {num_files} files hold none.",
                num_skipped=len(skipped),
                num_files=len(files),
            ),
            tr("Choose a folder with more of them."),
        )
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return keep_rows(manifest, path, key, joined, names, skipped)


def keep_rows(
    manifest: Manifest,
    path: Path,
    key: str,
    fields: Mapping[str, np.ndarray],
    names: Sequence[str],
    skipped: Sequence[str] = (),
) -> RowCache:
    """Write decoded examples where :func:`open_rows` finds them.

    Raises:
        ProjectError: The disk is full or the folder cannot be written to.
    """
    notes = {_NAMES: json.dumps(list(names)), _SKIPPED: json.dumps(list(skipped))}
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        save_file(dict(fields), temporary, metadata=notes)
    return RowCache(
        fields=fields,
        names=tuple(names),
        key=key,
        skipped=tuple(skipped),
        decoding=manifest.decoding,
    )


def rows_key(manifest: Manifest, version: int) -> str:
    """A name for examples of these files, decoded in such a version."""
    hashes = [content_hash for _, content_hash in manifest.pictures]
    text = json.dumps([manifest.modality, manifest.layout, version, hashes])
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def open_rows(path: Path, key: str, manifest: Manifest) -> RowCache | None:
    """The finished cache; None if there is none, or a damaged one."""
    if not is_file(path) or path.stat().st_size > 2 * _MOST_BYTES:
        return None
    known = {name for name, _ in manifest.pictures}
    try:
        with safe_open(path, framework="numpy") as file:
            notes = file.metadata() or {}
            names = tuple(map(str, json.loads(notes[_NAMES])))
            skipped = tuple(map(str, json.loads(notes[_SKIPPED])))
            fields = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    is_whole = fields and all(len(values) == len(names) for values in fields.values())
    if not is_whole or not names or not known.issuperset(names):
        return None
    return RowCache(
        fields=fields, names=names, key=key, skipped=skipped, decoding=manifest.decoding
    )


def _refuse_changed(path: Path, content_hash: str) -> None:
    try:
        with path.open("rb") as file:
            found = content_hash_of(file)
    except OSError as error:
        raise _changed(path, why_inaccessible(error)) from error
    if found != content_hash:
        raise _changed(path, tr("It was changed."))


def _changed(path: Path, why: str) -> DatasetError:
    return DatasetError(
        tr("The files are not those that were looked through"),
        f"{path}: {why}",
        tr(
            "Were they moved or changed since? Choose the folder again. To go "
            "on with a run, put the "
            "originals back."
        ),
    )
