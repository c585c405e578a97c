"""The choosers of folders: pictures to learn from, a project, a place to export to."""

from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget


def choose_pictures(window: QWidget, begin: Path | None) -> Path | None:
    """Ask for a folder of pictures; None if a person changed their mind."""
    pictures = QStandardPaths.StandardLocation.PicturesLocation
    return _choose(window, "Choose the folder of pictures to learn from", begin or _usual(pictures))


def choose_project(window: QWidget, begin: Path | None) -> Path | None:
    """Ask for a project's folder; None if a person changed their mind."""
    title = "Choose a project folder, or an empty one for a new project"
    return _choose(window, title, begin or Path.home())


def choose_export(window: QWidget) -> Path | None:
    """Ask for a folder to export to; None if a person changed their mind."""
    documents = QStandardPaths.StandardLocation.DocumentsLocation
    return _choose(window, "Choose a folder to export to", _usual(documents))


def choose_report(window: QWidget) -> Path | None:
    """Ask for a folder for the report of a comparison; None if a person changed their mind."""
    documents = QStandardPaths.StandardLocation.DocumentsLocation
    return _choose(window, "Choose a folder for the report", _usual(documents))


def _usual(location: QStandardPaths.StandardLocation) -> Path:
    return Path(QStandardPaths.writableLocation(location))


def _choose(window: QWidget, title: str, begin: Path) -> Path | None:
    chosen = QFileDialog.getExistingDirectory(window, title, str(begin))
    return Path(chosen) if chosen else None
