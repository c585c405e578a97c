"""Squares that a person chose of pictures: kept in the project, never written into the pictures.

``crops.jsonl`` in the project's folder has a line for each picture: the hash of its content, so
that it keeps its squares wherever it lies, its name, and the squares.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring as _quoted
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter

from genstudio.data.cropping import MOST_CROPS
from genstudio.domain.datasets import Crop, ScanReport
from genstudio.domain.errors import ProjectError
from genstudio.domain.files import read_file, write_text
from genstudio.domain.language import tr

FILE: Final = "crops.jsonl"
FORMAT_VERSION = 1
_LARGEST_BYTES = 2**28
_ROW: TypeAdapter[tuple[str, str, tuple[Crop, ...]]] = TypeAdapter(
    tuple[
        Annotated[str, Field(max_length=200)],
        Annotated[str, Field(max_length=4096)],
        Annotated[tuple[Crop, ...], Field(max_length=MOST_CROPS)],
    ]
)


@dataclass(frozen=True, slots=True)
class KeptCrops:
    """Squares of one picture, with the name that it had."""

    name: str
    crops: tuple[Crop, ...]


def load_crops(project: Path) -> dict[str, KeptCrops]:
    """Content hash of each picture with squares of its own => the squares.

    Args:
        project: Folder of the project; need not be there yet.

    Raises:
        ProjectError: The file cannot be read, is damaged, or a newer program wrote it.
    """
    path = project / FILE
    try:
        lines = read_file(path, largest_bytes=_LARGEST_BYTES).decode("utf-8").split("\n")
        header: Any = json.loads(lines[0])
        if header["format_version"] > FORMAT_VERSION:
            raise ProjectError(
                tr("{path} was written by a newer version of GenStudio", path=path),
                "",
                tr("Update the program to open it."),
            )
        rows = [_ROW.validate_json(line) for line in lines[1:] if line]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ProjectError(tr("{path} cannot be read", path=path), f"{error.strerror}.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProjectError(
            tr("{path} is damaged", path=path),
            tr("The crops that you chose cannot be read: {error}", error=str(error)[:300]),
            tr("Put the original back, or move the file away to begin anew."),
        ) from error
    return {content_hash: KeptCrops(name, crops) for content_hash, name, crops in rows}


def save_crops(project: Path, kept: Mapping[str, KeptCrops]) -> None:
    """Keep what a person chose.

    Raises:
        ProjectError: The disk is full, or the folder cannot be written to.
    """
    lines = [json.dumps({"format_version": FORMAT_VERSION})]
    # As json.dumps writes a row, but without an encoder for each of very many.
    lines += [
        f"[{_quoted(content_hash)}, {_quoted(it.name)}, {list(map(list, it.crops))}]"
        for content_hash, it in kept.items()
        if it.crops
    ]
    write_text(project / FILE, "\n".join(lines) + "\n")


def crops_of(report: ScanReport, kept: Mapping[str, KeptCrops]) -> dict[str, tuple[Crop, ...]]:
    """Squares of the pictures of a report, by name."""
    if not kept or report.material:
        return {}
    return {
        picture.name: kept[picture.content_hash].crops
        for picture in report.pictures
        if picture.content_hash in kept
    }


def words_of_gone(report: ScanReport, kept: Mapping[str, KeptCrops]) -> str:
    """A sentence about crops whose pictures are not in the folder any more; else empty."""
    if not kept:
        return ""
    hashes = {picture.content_hash for picture in report.pictures}
    names = {picture.name for picture in report.pictures}
    gone = [it for content_hash, it in kept.items() if content_hash not in hashes]
    if not gone:
        return ""
    changed = sorted(it.name for it in gone if it.name in names)
    missing = sorted(it.name for it in gone if it.name not in names)
    parts = [
        tr(
            "{num_those:,} {what} ({those}{value})",
            num_those=len(those),
            what=what,
            those=", ".join(those[:3]),
            value="…" if len(those) > 3 else "",
        )
        for those, what in ((missing, tr("are not in this folder")), (changed, tr("were changed")))
        if those
    ]
    return tr(
        "Of pictures with crops, {parts}. Their crops are kept, and not used.",
        parts=tr(" and ").join(parts),
    )


def with_crops_of(project: Path, report: ScanReport) -> ScanReport:
    """The report with the squares that a person chose in a project.

    Raises:
        ProjectError: They cannot be read.
    """
    kept = load_crops(project)
    return report.model_copy(update={"crops": crops_of(report, kept)}) if kept else report
