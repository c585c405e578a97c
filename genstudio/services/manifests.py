"""Manifests on disk: a small TOML header, and one JSON line per picture in a file beside it.

The lines are read and written as a stream, so that sets of millions of pictures can be kept.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import ProjectError
from genstudio.domain.files import is_file, replacing, write_text
from genstudio.domain.language import tr
from genstudio.services.toml_files import read_toml, refuse_newer

FORMAT_VERSION = 3
# Of a manifest without crops, so that earlier versions of the program go on with it.
_WITHOUT_CROPS = 2
HEADER = "manifest.toml"
# Field of a manifest => the file that holds its rows.
_FILES = {
    "pictures": "manifest.jsonl",
    "excluded": "excluded.jsonl",
    "captions": "captions.jsonl",
    "crops": "crops.jsonl",
    "sizes": "sizes.jsonl",
}
# Earlier versions wrote no file for these.
_LATER = frozenset({"captions", "crops", "sizes"})
_ROWS: dict[str, TypeAdapter[tuple[Any, ...]]] = {
    name: TypeAdapter(cast("type[tuple[Any, ...]]", Manifest.model_fields[name].annotation))
    for name in _FILES
}
# Format 1 held everything in the header, which takes seconds per 100,000 pictures to parse.
_LARGEST_HEADER_BYTES = 64 * 2**20
_LARGEST_ROWS_BYTES = 2**31
_MOST_ROWS = 5_000_000
_LONGEST_ROW_BYTES = 64 * 2**10
_CHUNK_BYTES = 4 * 2**20


class _Rows(BaseModel):
    """How many rows a file has, and the hash of its bytes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    count: int = Field(ge=0, le=_MOST_ROWS)
    digest: str


_HEADER_ROWS = TypeAdapter(dict[str, _Rows])


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a manifest into a folder; the header comes last and makes it complete.

    Raises:
        ProjectError: There are too many pictures, or the folder cannot be written to.
    """
    rows = {
        name: _write_rows(folder / file, getattr(manifest, name)) for name, file in _FILES.items()
    }
    header = manifest.model_dump(mode="json", exclude=set(_FILES))
    version = FORMAT_VERSION if manifest.crops else _WITHOUT_CROPS
    content = {"format_version": version, **header, "rows": rows}
    write_text(folder / HEADER, tomli_w.dumps(content))


def has_manifest(folder: Path) -> bool:
    """Whether there is a complete manifest in a folder."""
    return is_file(folder / HEADER)


def load_manifest(folder: Path) -> Manifest:
    """Read a manifest.

    Raises:
        ProjectError: It is missing or damaged, or a newer program wrote it.
    """
    path = folder / HEADER
    raw = _read_header(path)
    try:
        if "rows" not in raw:
            # Before there were sizes.
            return Manifest.model_validate({**raw, "sizes": ()})
        rows = _HEADER_ROWS.validate_python(raw["rows"])
        whole = Manifest.model_validate({**raw, **dict.fromkeys(_FILES, ())})
        found = whole.model_copy(
            update={
                name: _read_rows(folder, name, rows[name])
                for name in _FILES
                if name in rows or name not in _LATER
            }
        )
    except (ValidationError, KeyError) as error:
        raise ProjectError(tr("{path} is damaged", path=path), str(error)) from error
    if found.sizes and len(found.sizes) != len(found.pictures):
        raise ProjectError(tr("{path} is damaged", path=folder / _FILES["sizes"]))
    return found


def pictures_folder(folder: Path) -> Path:
    """The folder of pictures that a manifest is about, without reading their names.

    Raises:
        ProjectError: The manifest is missing or damaged.
    """
    path = folder / HEADER
    raw = _read_header(path)
    try:
        return Manifest.model_validate({**raw, **dict.fromkeys(_FILES, ())}).folder
    except ValidationError as error:
        raise ProjectError(tr("{path} is damaged", path=path), str(error)) from error


def _read_header(path: Path) -> dict[str, Any]:
    raw = read_toml(path, largest_bytes=_LARGEST_HEADER_BYTES)
    refuse_newer(raw, path, FORMAT_VERSION)
    return raw


def _write_rows(path: Path, rows: tuple[Any, ...]) -> dict[str, Any]:
    if len(rows) > _MOST_ROWS:
        raise ProjectError(
            tr("There are too many pictures"),
            tr(
                "{num_rows:,} were found; a set has up to {most_rows:,}.",
                num_rows=len(rows),
                most_rows=_MOST_ROWS,
            ),
            tr("Choose a folder with fewer pictures."),
        )
    digest = hashlib.blake2b(digest_size=16)
    if rows:
        with replacing(path) as temporary, temporary.open("wb") as file:
            for line in _lines(rows):
                digest.update(line)
                file.write(line)
    return {"count": len(rows), "digest": digest.hexdigest()}


def _lines(rows: Iterable[Any]) -> Iterator[bytes]:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for row in rows:
        yield encode(row).encode("utf-8") + b"\n"


def _read_rows(folder: Path, name: str, expected: _Rows) -> tuple[Any, ...]:
    if expected.count == 0:
        return ()
    path = folder / _FILES[name]
    if not is_file(path):
        raise ProjectError(
            tr("{name} cannot be read", name=path.name),
            tr("{path} is missing, or no ordinary file.", path=path),
            tr(
                "Put the original back: without it nobody knows which pictures "
                "the runs learned from."
            ),
        )
    digest = hashlib.blake2b(digest_size=16)
    rows: list[Any] = []
    try:
        with path.open("rb") as file:
            for part in _parts(file):
                digest.update(part)
                rows += _ROWS[name].validate_json(b"[" + part[:-1].replace(b"\n", b",") + b"]")
                if len(rows) > expected.count:
                    break
    except OSError as error:
        raise ProjectError(
            tr("{name} cannot be read", name=path.name), f"{path}: {error.strerror}."
        ) from error
    except ValueError as error:
        raise ProjectError(tr("{path} is damaged", path=path), str(error)) from error
    if len(rows) != expected.count or digest.hexdigest() != expected.digest:
        raise ProjectError(
            tr("{path} is damaged", path=path),
            tr("It is not what was written beside {header}.", header=HEADER),
            tr(
                "Put the original back: without it nobody knows which pictures "
                "the runs learned from."
            ),
        )
    return tuple(rows)


def _parts(file: BinaryIO) -> Iterator[bytes]:
    """Whole lines, some megabytes at once.

    Raises:
        ValueError: The file is too large, a line is too long, or the last one has no end.
    """
    rest = b""
    left = _LARGEST_ROWS_BYTES
    while chunk := file.read(min(_CHUNK_BYTES, left + 1)):
        left -= len(chunk)
        if left < 0:
            raise ValueError("It is too large to be a file of GenStudio")
        whole, newline, rest = (rest + chunk).rpartition(b"\n")
        if len(rest) > _LONGEST_ROW_BYTES:
            raise ValueError("A line is too long")
        if newline:
            yield whole + newline
    if rest:
        raise ValueError("Its end is missing")
