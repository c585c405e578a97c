"""Squares that a person chose of pictures: kept in the project, never written into the pictures.

``crops.jsonl`` in the project's folder has a line for each picture: the hash of its content, so
that it keeps its squares wherever it lies, its name, and the squares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, TypeAdapter

from genstudio.data.cropping import MOST_CROPS
from genstudio.domain.datasets import Crop, ScanReport
from genstudio.domain.language import tr, trn
from genstudio.services.edit_rows import load_rows, save_rows

FILE: Final = "crops.jsonl"
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
    rows = load_rows(
        project / FILE,
        _ROW,
        lambda reason: tr("The crops that you chose cannot be read: {error}", error=reason),
    )
    return {content_hash: KeptCrops(name, crops) for content_hash, name, crops in rows}


def save_crops(project: Path, kept: Mapping[str, KeptCrops]) -> None:
    """Keep what a person chose.

    Raises:
        ProjectError: The disk is full, or the folder cannot be written to.
    """
    rows = ((key, it.name, it.crops) for key, it in kept.items() if it.crops)
    save_rows(project / FILE, rows)


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
    parts: list[str] = []
    if missing:
        words = trn("{number:,} is not in this folder", "{number:,} are not in this folder",
                    len(missing))  # fmt: skip
        parts.append(f"{words} ({_some(missing)})")
    if changed:
        words = trn("{number:,} was changed", "{number:,} were changed", len(changed))
        parts.append(f"{words} ({_some(changed)})")
    return tr(
        "Of pictures with crops, {parts}. Their crops are kept, and not used.",
        parts=tr(" and ").join(parts),
    )


def _some(names: Sequence[str]) -> str:
    """The first of several names."""
    return ", ".join(names[:3]) + ("…" if len(names) > 3 else "")


def with_crops_of(project: Path, report: ScanReport) -> ScanReport:
    """The report with the squares that a person chose in a project.

    Raises:
        ProjectError: They cannot be read.
    """
    kept = load_crops(project)
    return report.model_copy(update={"crops": crops_of(report, kept)}) if kept else report
