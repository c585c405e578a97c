"""The choosers of folders: pictures to learn from, a project, a place to export to."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from genstudio.domain.language import tr
from genstudio.services.outputs import free_place


def choose_pictures(window: QWidget, begin: Path | None) -> Path | None:
    """Ask for a folder to learn from; None if a person changed their mind.

    Args:
        window: Where to ask.
        begin: The folder that was chosen before: the chooser shows those beside it, since
            what it holds itself are mostly files, which are not shown.
    """
    pictures = QStandardPaths.StandardLocation.PicturesLocation
    place = _usual(pictures) if begin is None else begin.parent
    # A folder that is not there would stand in the chooser as if it could be chosen.
    there = next((it for it in (place, *place.parents) if it.is_dir()), Path.home())
    return _choose(window, tr("Choose the folder to learn from"), there)


def choose_project(window: QWidget, begin: Path | None) -> Path | None:
    """Ask for a project's folder; None if a person changed their mind."""
    title = tr("Choose a project folder, or an empty one for a new project")
    return _choose(window, title, begin or Path.home())


def choose_export(window: QWidget, suffixes: Sequence[str], begin: Path) -> Path | None:
    """Ask for a place to export to; None if a person changed their mind.

    Args:
        window: Where to ask.
        suffixes: Of the file that is wanted; empty where it is a folder.
        begin: Where it would go.
    """
    title = tr("Choose where to export to")
    if not suffixes:
        return _choose(window, title, begin)
    kinds = ";;".join(f"{suffix[1:].upper()} (*{suffix})" for suffix in suffixes)
    # Nothing is overwritten: a file that is there leads to a numbered one beside it.
    options = QFileDialog.Option.DontConfirmOverwrite
    chosen, _ = QFileDialog.getSaveFileName(window, title, str(begin), kinds, options=options)
    return Path(chosen) if chosen else None


def usual_export_folder() -> Path:
    """Where exports go unless a person chooses another place."""
    return _usual(QStandardPaths.StandardLocation.DocumentsLocation)


def place_for_scans() -> Path:
    """A new folder for pictures of scans: not called like theirs, whose name may be a person's."""
    return free_place(usual_export_folder() / "GenStudio scans")


def choose_report(window: QWidget) -> Path | None:
    """Ask for a folder for the report of a comparison; None if a person changed their mind."""
    documents = QStandardPaths.StandardLocation.DocumentsLocation
    return _choose(window, tr("Choose a folder for the report"), _usual(documents))


def _usual(location: QStandardPaths.StandardLocation) -> Path:
    return Path(QStandardPaths.writableLocation(location))


def _choose(window: QWidget, title: str, begin: Path) -> Path | None:
    chosen = QFileDialog.getExistingDirectory(window, title, str(begin))
    return Path(chosen) if chosen else None
