"""Puts what is chosen on the Train page into the queue, shows it, and tells when it is done."""

from PySide6.QtWidgets import QWidget

from genstudio.domain.errors import GenStudioError
from genstudio.domain.queue import QueuedRun, WhenDone
from genstudio.domain.training import TrainingSettings
from genstudio.services.notices import NoticeBoard, notice_about
from genstudio.services.projects import open_or_create
from genstudio.ui.dialogs.queue import QueueDialog, ask_before_power
from genstudio.ui.manners.telling_endings import TellingEndings
from genstudio.ui.run_words import examples_words
from genstudio.ui.state.studio import StudioStates
from genstudio.ui.studio_pages import StudioPages


class Queueing:
    """Between the Train page and the queue.

    Args:
        window: Where is asked and shown.
        states: Of the window.
        pages: Of the window.
        notices: Where messages come together.
        endings: Tells a person who looks elsewhere.
    """

    def __init__(
        self,
        window: QWidget,
        states: StudioStates,
        pages: StudioPages,
        notices: NoticeBoard,
        endings: TellingEndings,
    ) -> None:
        self._window = window
        self._states = states
        self._controls = pages.train.controls
        self._notices = notices
        self._controls.queue_wanted.connect(self.add)
        self._controls.queue_shown.connect(self.show)
        states.queue.changed.connect(self._show_count)
        states.queue.done.connect(endings.tell_who_looks_elsewhere)
        states.queue.power_wanted.connect(self._ask)

    def add(self, settings: TrainingSettings) -> None:
        """Put a run with these settings on the open pictures at the end of the queue."""
        dataset, project = self._states.dataset, self._states.project
        report = dataset.captioned_report()
        if report is None or project.path is None:
            return
        try:
            if project.project is None:
                open_or_create(project.path, dataset=report.folder)
                project.open_now()
        except GenStudioError as error:
            self._notices.post(notice_about(error))
            return
        card = self._states.training.entries[settings.model_key].card
        material = self._states.materials.current()
        item = QueuedRun(
            title=f"{card.title}, {report.folder.name}, {examples_words(settings)}",
            folder=report.folder,
            settings=settings,
            excluded=tuple(sorted(dataset.excluded)),
            modality=material.card.key if material else "",
            column=report.column,
            within=report.within,
        )
        self._states.queue.add(item, report)

    def show(self) -> None:
        """Show the queue."""
        shown = self._window.findChild(QueueDialog)
        if shown is None:
            shown = QueueDialog(self._window, self._states.queue)
        shown.show()
        shown.raise_()

    def _show_count(self) -> None:
        queue = self._states.queue.queue
        self._controls.show_waiting(len(queue.waiting()) if queue is not None else 0)

    def _ask(self, wanted: WhenDone) -> None:
        ask_before_power(self._window, wanted, lambda: self._states.queue.do_when_done(wanted))
