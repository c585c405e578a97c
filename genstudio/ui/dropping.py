"""What was dropped: files and folders; for the Dataset page one folder, or pictures of one."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData

from genstudio.data.decode import SUFFIXES
from genstudio.domain.language import tr, trn
from genstudio.domain.notices import Level, Notice

_ARCHIVES = frozenset({".zip", ".rar", ".7z", ".tar", ".gz", ".bz2", ".xz", ".tgz"})
_SCANS = (".dcm", ".dicom", ".ima", ".nii", ".nii.gz")
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Dropped:
    """A folder to open.

    Attributes:
        folder: The folder.
        names: The pictures in it that were dropped; None for all that it holds.
        within: Folders inside it that alone are opened, as one set; none for all.
        remark: What a person should know about it; None if all is as it seems.
    """

    folder: Path
    names: frozenset[str] | None = None
    remark: Notice | None = None
    within: tuple[str, ...] = ()


def dropped_paths(data: QMimeData) -> list[Path]:
    """Files and folders that were dropped or copied; none of other machines."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def sort_out(paths: Sequence[Path]) -> Dropped | Notice:
    """Tell what to open, or why nothing of what was dropped can be opened."""
    folders = [path for path in paths if path.is_dir()]
    pictures = [path for path in paths if path not in folders and _may_be_picture(path)]
    others = [path for path in paths if path not in folders and path not in pictures]
    places = {*folders, *(path.parent for path in pictures)}
    if not places and (scans := {it.parent for it in others if _may_be_scan(it)}):
        # A volume is many files, and what lies beside one belongs to it.
        return Dropped(min(scans))
    if not places:
        return _refused(others)
    if len(folders) > 1 and not pictures and (together := _one_set(folders)):
        return together
    if len(places) > 1 or (folders and pictures):
        return Notice(
            level=Level.WARNING,
            title=tr("One folder at a time can be opened"),
            message=tr(
                "What you dropped lies in several places, and nothing was opened. Drop folders "
                "only, which become one set, or put the pictures into one folder and drop that."
            ),
        )
    (folder,) = places
    if len(pictures) == 1:
        title = tr("The whole folder of {name} was opened", name=pictures[0].name)
        return Dropped(
            folder, None, _remark(title, tr("One picture alone cannot be learned from."))
        )
    names = frozenset(path.name for path in pictures) if pictures else None
    passed_over = None
    if others:
        title = trn(
            "{listed} was passed over",
            "{listed} were passed over",
            len(others),
            listed=_listed(others),
        )
        passed_over = _remark(title, _why(others))
    return Dropped(folder, names, passed_over)


def _one_set(folders: Sequence[Path]) -> Dropped | None:
    """Several folders as one set; None where they have no folder in common."""
    try:
        common = Path(os.path.commonpath(folders))
    except ValueError:
        return None  # They are on several drives.
    if common in folders:
        return Dropped(common)
    # What lies in another of them is there already.
    outer = [it for it in folders if not any(it.is_relative_to(o) for o in folders if o != it)]
    within = tuple(sorted({it.relative_to(common).as_posix() for it in outer}))
    title = tr("{listed} are one set", listed=_listed(outer))
    return Dropped(
        common, None, _remark(title, tr("Nothing else in the folder around is looked at.")), within
    )


def _may_be_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _may_be_scan(path: Path) -> bool:
    return path.name.lower().endswith(_SCANS) and path.is_file()


def _refused(others: Sequence[Path]) -> Notice:
    return Notice(
        level=Level.WARNING,
        title=tr("{listed} cannot be opened here", listed=_listed(others)),
        message=tr("{why} Drop a folder of pictures, or pictures of one folder.", why=_why(others)),
    )


def _why(others: Sequence[Path]) -> str:
    if any(not path.exists() for path in others):
        return tr("It is not there any more.")
    if any(path.suffix.lower() in _ARCHIVES for path in others):
        return tr("An archive has to be unpacked first.")
    if len(others) == 1:
        return tr("It is neither a folder nor a picture.")
    return tr("They are neither folders nor pictures.")


def _listed(paths: Sequence[Path]) -> str:
    names = [path.name for path in paths[:_MOST_NAMED]]
    if len(paths) > len(names):
        names.append(tr("{num_paths:,} more", num_paths=len(paths) - len(names)))
    return _joined(names)


def _joined(names: Iterable[str]) -> str:
    *before, last = names
    return tr("{before} and {last}", before=", ".join(before), last=last) if before else last


def _remark(title: str, message: str) -> Notice:
    return Notice(level=Level.INFO, title=title, message=message)
