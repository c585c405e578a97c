"""Scans become a folder of grey pictures that models learn from; nothing of a person goes along."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from genstudio.artifacts.image import save_bare
from genstudio.data.groups import TABLE, groups_of
from genstudio.data.scans import (
    AXES,
    Axis,
    Slice,
    UnreadableScanError,
    Window,
    between,
    is_scan,
    read_slices,
    shown,
)
from genstudio.domain.errors import DatasetError, ProjectError
from genstudio.domain.files import explained, write_bytes, write_text
from genstudio.domain.language import tr, trn
from genstudio.domain.progress import Progress, Working
from genstudio.domain.settings import Settings, setting

ABOUT = "scans.json"
# A slice whose grey varies less shows nothing, such as the air above a head.
_EMPTY = 2.0


class ScanOptions(Settings):
    """How scans become pictures."""

    window: Window = setting(
        "as the file says",
        title="What is shown — window",
        help="Which values lie between black and white. Where a file says nothing of it, 99 of 100 "
        "values, of each file for itself. The windows of CT are for computed tomography in "
        "Hounsfield units. A width of your own, below, counts before this, and for all files "
        "alike.",
    )
    middle: float = setting(
        40.0,
        title="Middle grey — window centre (level)",
        help="The value that becomes middle grey, in the scan's unit; counts only with a width.",
        ge=-1e6,
        le=1e6,
    )
    width: float = setting(
        0.0,
        title="From black to white — window width",
        help="How many units lie between black and white; 0 takes the window above.",
        ge=0.0,
        le=2e6,
    )
    axis: Axis = setting(
        "bottom-top",
        title="Cut volumes along",
        help="Each volume becomes pictures, one behind the other along this direction.",
    )
    every: int = setting(
        1,
        title="Take every so many slices",
        help="Neighbours are almost alike: taking fewer loses little.",
        ge=1,
        le=1000,
    )
    groups: Literal["patient", "folder", "file", "table"] = setting(
        "patient",
        title="What belongs together",
        help="Pictures of one patient (as the file says), of one folder or of one file are kept "
        "aside together or not at all; or of one group in a table groups.csv (file, group) that "
        "lies in the folder. Groups become numbers: who it is is not written down.",
    )
    classes: bool = setting(
        False,
        title="Folders are classes",
        help="Keeps the names of the folders right inside yours. Never switch it on where these "
        "are names of people.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of it.

    Attributes:
        folder: Of the pictures.
        pictures: How many there are.
        groups: How many groups they belong to.
        left_out: Why files were left out, and how many for each reason.
    """

    folder: Path
    pictures: int
    groups: int
    left_out: dict[str, int]

    @property
    def words(self) -> str:
        """For people."""
        text = trn(
            "{number} picture of {groups} groups in {folder}.",
            "{number} pictures of {groups} groups in {folder}.",
            self.pictures,
            groups=self.groups,
            folder=self.folder,
        )
        for why, count in self.left_out.items():
            text += tr(
                " {count} {value} left out: {why}",
                count=count,
                value=tr("file was") if count == 1 else tr("files were"),
                why=why,
            )
        return tr("{words} Not for diagnosis.", words=text)


def find_scans(paths: Sequence[Path]) -> list[tuple[Path, Path]]:
    """The scans among files and inside folders, each with the folder that was named for it.

    Raises:
        DatasetError: There are none.
    """
    found: list[tuple[Path, Path]] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(it for it in path.rglob("*") if it.is_file() and is_scan(it))
            found += [(it, path) for it in inside]
        elif path.exists():
            found.append((path, path.parent))
    if not found:
        raise DatasetError(
            tr("There are no scans"),
            tr("Neither DICOM nor NIfTI files were found, nor pictures."),
            tr("Name the files, or the folder that they lie in."),
        )
    return found


def import_scans(paths: Sequence[Path], to: Path, options: ScanOptions) -> Working[Imported]:
    """Write grey pictures of scans into a new folder, under numbers.

    Args:
        paths: Files and folders; only read.
        to: The new folder.
        options: How.

    Returns:
        What came of it; files that cannot be read are left out.

    Raises:
        DatasetError: There are no scans, or none can be read.
        ProjectError: The folder holds something already, or cannot be written to.
    """
    scans = find_scans(paths)
    with explained(to):
        if to.exists() and any(to.iterdir()):
            raise ProjectError(
                tr("The folder for the pictures holds something already"),
                tr("{to} is left as it is.", to=to),
                tr("Choose a new folder."),
            )
    tables = _tables(scans) if options.groups == "table" else {}
    numbers: dict[str, int] = {}
    rows: list[tuple[str, str]] = []
    left_out: dict[str, int] = {}
    for done, (path, root) in enumerate(scans, start=1):
        folder = _class_of(path, root) if options.classes else ""
        try:
            for at, piece in _chosen(path, options):
                grey_HW = _grey(piece, options)
                if grey_HW.std() < _EMPTY:
                    continue
                own = tables.get(path) or _group_of(piece, path, options)
                group = numbers.setdefault(own, len(numbers) + 1)
                name = f"{folder}scan-{done:05}-{at:04}.png"
                save_bare(grey_HW[..., None], to / name)
                rows.append((name, f"group-{group:04}"))
        except UnreadableScanError as error:
            left_out[error.message] = left_out.get(error.message, 0) + 1
        yield Progress(tr("Reading scans"), done, len(scans))
    if not rows:
        why = next(iter(left_out), tr("All of it is of one grey."))
        raise DatasetError(tr("None of the scans can be used"), why, tr("Choose others."))
    _write_down(to, rows, options)
    return Imported(
        folder=to, pictures=len(rows), groups=len({it for _, it in rows}), left_out=left_out
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A slice as it is shown, and in which numbers; these are in the scan's unit.

    Attributes:
        pixels: uint8 (height, width, 3).
        least, most: What its values lie between.
        low, high: What is told apart of these: one is black, the other white.
    """

    pixels: np.ndarray
    least: float
    most: float
    low: float
    high: float


def preview(paths: Sequence[Path], options: ScanOptions, at: float = 0.5) -> Look:
    """A slice of the first scan that can be read.

    Args:
        paths: Files and folders.
        options: How it is shown.
        at: Where it lies, from 0 to 1: among the slices of the first scan, or among the scans where
            each is a slice.

    Raises:
        DatasetError: There is none.
    """
    why = ""
    scans = [path for path, _ in find_scans(paths)]
    for number, path in enumerate(scans):
        try:
            pieces = [piece for _, piece in _chosen(path, options)]
            if len(pieces) == 1:
                other = scans[max(number, _place(at, len(scans)))]
                with suppress(UnreadableScanError):
                    pieces = [piece for _, piece in _chosen(other, options)]
        except UnreadableScanError as error:
            why = error.message
            continue
        return _look_of(pieces[_place(at, len(pieces))], options)
    raise DatasetError(tr("None of the scans can be used"), why, tr("Choose others."))


def _place(at: float, count: int) -> int:
    return min(int(at * count), count - 1)


def _look_of(piece: Slice, options: ScanOptions) -> Look:
    finite = piece.values_HW[np.isfinite(piece.values_HW)]
    low, high = between(piece, _own_window(options), options.window)
    return Look(
        pixels=np.repeat(_grey(piece, options)[..., None], 3, axis=-1),
        least=float(finite.min()) if finite.size else 0.0,
        most=float(finite.max()) if finite.size else 0.0,
        low=low,
        high=high,
    )


def _own_window(options: ScanOptions) -> tuple[float, float] | None:
    return (options.middle, options.width) if options.width > 0 else None


def _grey(piece: Slice, options: ScanOptions) -> np.ndarray:
    return shown(piece, _own_window(options), options.window)


def _tables(scans: Sequence[tuple[Path, Path]]) -> dict[Path, str]:
    """Each scan that a table names => its group there.

    Raises:
        DatasetError: A table is missing, or cannot be read.
    """
    names: dict[Path, list[str]] = {}
    for path, root in scans:
        names.setdefault(root, []).append(path.relative_to(root).as_posix())
    return {
        root / name: f"table {group}"
        for root, own in names.items()
        for name, group in groups_of(root, own, "table").items()
    }


def _chosen(path: Path, options: ScanOptions) -> Iterator[tuple[int, Slice]]:
    return (
        (at, piece)
        for at, piece in enumerate(read_slices(path, options.axis))
        if at % options.every == 0
    )


def _class_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root).parts
    return f"{parts[0]}/" if len(parts) > 1 else ""


def _group_of(piece: Slice, path: Path, options: ScanOptions) -> str:
    if options.groups == "patient" and piece.group:
        return tr("patient {group}", group=piece.group)
    if options.groups == "folder":
        return tr("folder {parent}", parent=path.parent)
    return tr("file {path}", path=path)


def _write_down(to: Path, rows: Sequence[tuple[str, str]], options: ScanOptions) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([("file", "group"), *rows])
    write_bytes(to / TABLE, text.getvalue().encode())
    about = {**options.model_dump(mode="json"), "pictures": len(rows), "axes": AXES}
    write_text(to / ABOUT, json.dumps(about, indent=1))
