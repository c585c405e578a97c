"""Notices what came into a folder, or left it, since it was looked through; opens no picture."""

from pathlib import Path

from genstudio.data.listing import list_pictures, refuse_no_folder
from genstudio.domain.datasets import ScanReport
from genstudio.domain.errors import DatasetError
from genstudio.services.manifest_changes import SetChanges


def changes_on_disk(report: ScanReport) -> SetChanges:
    """Compare names of pictures with those of a report.

    What is there but could not be read when it was looked through is not new. A folder that
    cannot be read now, or is gone, has lost all of its pictures.
    """
    if report.material:
        return SetChanges()
    known = {it.name for it in report.pictures}
    passed = {it.name for it in report.unreadable}
    unreachable = False
    try:
        there = set(list_pictures(report.folder, report.within).names)
    except DatasetError:
        there = set[str]()
        unreachable = _is_unreachable(report.folder)
    return SetChanges(
        added=tuple(sorted(there - known - passed)),
        gone=tuple(sorted(known - there)),
        unreachable=unreachable,
    )


def _is_unreachable(folder: Path) -> bool:
    """Whether a folder is not there, or its system or drive does not let it be read."""
    try:
        refuse_no_folder(folder)
    except DatasetError:
        return True
    return False
