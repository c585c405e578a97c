"""Models that go out and come in, and where files come from: asked, done, told."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QWidget

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr
from genstudio.domain.model_packages import PackageList
from genstudio.domain.notices import Level, Notice
from genstudio.services.notices import NoticeBoard, notice_about
from genstudio.services.projects import open_or_create
from genstudio.ui.dialogs.models import (
    ask_before_taking_in,
    ask_for_made_file,
    ask_for_package,
    ask_for_signed_file,
    ask_which_model_to_save,
)
from genstudio.ui.state.studio import StudioStates


class Exchanging:
    """Between the menu and what is done.

    Args:
        window: Where is asked.
        states: Of the window.
        notices: Where messages come together.
        default_project: Where models go while no project is open.
        open_project: Opens one.
        show_page: Shows a page by its key.
    """

    def __init__(
        self,
        window: QWidget,
        states: StudioStates,
        notices: NoticeBoard,
        default_project: Callable[[], Path],
        open_project: Callable[[Path], object],
        show_page: Callable[[str], object],
    ) -> None:
        self._window = window
        self._states = states
        self._notices = notices
        self._default_project = default_project
        self._open_project = open_project
        self._show_page = show_page
        states.exchange.read.connect(self._ask)
        states.exchange.taken_in.connect(self._on_taken_in)

    def check_origin(self) -> None:
        """Ask for a file, and say where it comes from."""
        if (path := ask_for_signed_file(self._window)) is not None:
            self._states.exchange.check_origin(path)

    def make_again(self) -> None:
        """Ask for a file, and make it again."""
        if (path := ask_for_made_file(self._window)) is not None:
            self.remake(path)

    def remake(self, path: Path) -> None:
        """Make a file again by its recipe, and say whether it is the same."""
        project = self._states.project.project
        if project is None:
            text = tr("Open the project that it was made in: its model and its files are there.")
            self._tell(tr("There is no project yet"), text)
        else:
            self._states.exchange.remake(path, project)

    def save_model(self) -> None:
        """Ask which model to save, and how."""
        shown = self._states.training.shown
        runs = [run for run in self._states.training.runs if run.step]
        runs.sort(key=lambda run: (shown is None or run.path != shown.path, run.path.name))
        if not runs:
            self._tell(tr("There is no model yet"), tr("Train one first, then it can be saved."))
            return
        ask_which_model_to_save(self._window, runs, self._states.exchange.save_model)

    def take_in(self) -> None:
        """Ask for a package, show what it says of itself, and take it in."""
        if (package := ask_for_package(self._window)) is not None:
            self.open_package(package)

    def open_package(self, package: Path) -> None:
        """Show what a package says of itself, and ask."""
        self._states.exchange.read_package(package)

    def _ask(self, package: Path, listed: PackageList) -> None:
        path = self._states.project.path or self._default_project()

        def take_in() -> None:
            try:
                project = open_or_create(path)
            except GenStudioError as error:
                self._notices.post(notice_about(error))
                return
            if self._states.project.project is None:
                self._open_project(project.path)
            self._states.exchange.take_in(package, project)

        ask_before_taking_in(self._window, listed, path.name, take_in)

    def _on_taken_in(self, run: Path) -> None:
        self._states.training.reload_runs(show=run)
        self._show_page("create")

    def _tell(self, title: str, message: str) -> None:
        self._notices.post(Notice(level=Level.INFO, title=title, message=message))
