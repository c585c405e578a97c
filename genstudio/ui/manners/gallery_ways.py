"""What leads out of the gallery: exports, pictures that Create goes on with, and teaching."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from genstudio.domain.language import tr, tr_noop
from genstudio.domain.notices import Level, Notice
from genstudio.services.exporters.protocol import Exporter
from genstudio.services.preferences import ExportMemory
from genstudio.ui.dialogs.exporting import ask_how_to_export
from genstudio.ui.kind_words import counted_files
from genstudio.ui.state.studio import StudioStates
from genstudio.ui.studio_pages import StudioPages

_NOTHING_SELECTED = tr_noop(
    "Then choose “Use in Create” with a right click, or “Add” on the Create page again."
)


class GalleryWays:
    """Exports from the gallery, takes its pictures to the Create page, its choices to Train.

    Args:
        window: Where is asked how to export.
        states: Of the window.
        pages: Of the window.
        show_page: Shows a page by its key.
        post: Tells a person something.
        memory: What went along with the last export.
    """

    def __init__(
        self,
        window: QWidget,
        states: StudioStates,
        pages: StudioPages,
        show_page: Callable[[str], object],
        post: Callable[[Notice], object],
        memory: ExportMemory,
    ) -> None:
        self._memory = memory
        self._window = window
        self._states = states
        self._pages = pages
        self._show_page = show_page
        self._post = post
        pages.create.gallery_wanted.connect(self._use_selected)
        pages.gallery.use_wanted.connect(self._use_in_create)
        pages.gallery.teach_wanted.connect(self._teach)
        pages.gallery.export_wanted.connect(self._ask)
        states.gallery.exported.connect(self._on_exported)

    def export(
        self,
        kind: str,
        to: Path,
        names: list[str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Export pictures, by default those that are chosen on the page."""
        wanted = self._pages.gallery.chosen_names() if names is None else names
        title = self._title()
        self._states.gallery.export(wanted, to=to, kind=kind, title=title, options=options)

    def _ask(self, exporter: Exporter, names: list[str]) -> None:
        def export(to: Path, options: Mapping[str, Any]) -> None:
            self.export(exporter.card.key, to, names, options)

        counted = counted_files(names)
        ask_how_to_export(self._window, exporter, counted, self._title(), self._memory, export)

    def _title(self) -> str:
        project = self._states.project.project
        return project.name if project else tr("Gallery")

    def _use_selected(self, name: str) -> None:
        """Take what is selected in the gallery for an input of the Create page."""
        paths = self._pages.gallery.selected_paths()
        if paths:
            self._pages.create.add_files(paths, name)
            return
        self._show_page("gallery")
        self._post(
            Notice(
                level=Level.INFO,
                title=tr("Select pictures here first"),
                message=tr(_NOTHING_SELECTED),
            )
        )

    def _use_in_create(self, paths: list[Path]) -> None:
        self._show_page("create")
        self._pages.create.add_files(paths)

    def _teach(self, run: Path) -> None:
        self._show_page("train")
        self._states.training.teach(run)

    def _on_exported(self, path: Path) -> None:
        self._post(Notice(level=Level.INFO, title=tr("The gallery is exported"), message=str(path)))
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
