"""The main window: rail, pages, messages and status bar, and what goes between the pages."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_args

from PySide6.QtCore import QByteArray, QTimer, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain import commands, events
from genstudio.domain.datasets import ScanReport
from genstudio.domain.errors import GenStudioError
from genstudio.domain.files import free_disk_bytes
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.notices import Level, Notice
from genstudio.domain.training import TrainingSettings
from genstudio.services import studio
from genstudio.services.notices import NoticeBoard, notice_about
from genstudio.services.preferences import (
    Preferences,
    Theme,
    default_project_folder,
    save_preferences,
)
from genstudio.ui.actions import build_menus
from genstudio.ui.bridge import Bridge
from genstudio.ui.dialogs.about import show_about
from genstudio.ui.dialogs.closing import ask_before_closing
from genstudio.ui.dialogs.folders import choose_pictures, choose_project
from genstudio.ui.dialogs.guide import OF_PAGES, show_guide
from genstudio.ui.dialogs.shortcuts import show_shortcuts
from genstudio.ui.history import ShownHistory
from genstudio.ui.manners.all_manners import add_manners, smallest_size, usual_size
from genstudio.ui.manners.exchanging import Exchanging
from genstudio.ui.manners.finding_anything import FindingAnything
from genstudio.ui.manners.gallery_ways import GalleryWays
from genstudio.ui.manners.importing_scans import ask_for_scans
from genstudio.ui.run_words import waits_to_go_on
from genstudio.ui.state.studio import StudioStates
from genstudio.ui.state.training import Activity, RunningTraining
from genstudio.ui.studio_pages import PAGES, StudioPages
from genstudio.ui.theme import apply_theme
from genstudio.ui.widgets.notice_bar import NoticeBar
from genstudio.ui.widgets.rail import Rail
from genstudio.ui.widgets.status_bar import StudioStatusBar

_DISK_INTERVAL_MS = 10_000
_FIRST_PAINT_MS = 100
_LONGEST_WAIT_S = 60.0
# Longer than that, systems end a program that keeps them from shutting down.
_LOGOUT_WAIT_S = 5.0
# So many tell how large the pictures of a folder usually are.
_SOME_PICTURES = 5000
_IDLE_WORDS = {
    Activity.IDLE: tr_noop("Ready"),
    Activity.PREPARING: tr_noop("Getting ready…"),
    Activity.TRAINING: tr_noop("Training"),
    Activity.PAUSED: tr_noop("Paused"),
    Activity.STOPPING: tr_noop("Stopping and saving…"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What a window leaves to the one that takes its place.

    Attributes:
        page: Key of the page that is shown.
        training: The running training; None if there is none.
        folder: What is learned from, with the folders inside it that alone were looked into and
            the names that are left out; None for nothing yet.
        report: What was found in it; None while it is being looked through.
        modality_before: What an opened project learned the folder as.
    """

    page: str
    training: RunningTraining | None
    folder: Path | None
    within: tuple[str, ...]
    excluded: frozenset[str]
    report: ScanReport | None
    modality_before: str


class MainWindow(QMainWindow):
    """The studio.

    Args:
        project: Project folder to open, or to make when training begins; None for none yet.
        preferences: What was remembered; changed and saved when the window closes.
        notices: Where messages come together.

    Signals:
        language_wanted(str): The window is to be made anew in another language.
    """

    language_wanted = Signal(str)

    def __init__(
        self, project: Path | None, preferences: Preferences, notices: NoticeBoard
    ) -> None:
        super().__init__()
        self.setObjectName("window")
        self._preferences = preferences
        self._notices = notices
        self._states = StudioStates(Bridge(self), self)
        self._project = self._states.project
        self._dataset = self._states.dataset
        self._training = self._states.training
        self._gallery = self._states.gallery
        self._history = ShownHistory(
            {"dataset": self._dataset.history, "gallery": self._gallery.history}, self
        )
        self._seen_report: ScanReport | None = None
        self._taken_back_for: ScanReport | None = None
        self._not_opened: list[Notice] = []
        self._is_closing = False
        # A page that a person went to is not left for another one.
        self._is_page_chosen = False
        self._build()
        self._is_page_chosen = False
        self._connect()
        self._restore_geometry()
        # Importing torch takes seconds: the window is painted first.
        self._begin = QTimer(self, singleShot=True, interval=_FIRST_PAINT_MS)
        self._begin.timeout.connect(self._training.load_catalogue)
        self._begin.start()
        self._on_project_changed()
        if project is not None and self._project.choose(project):
            self._reopen_dataset()
        self._update_training_controls()

    def open_dataset(
        self, path: Path, only: Collection[str] | None = None, within: Sequence[str] = ()
    ) -> None:
        """Look through a folder of pictures, or some of it; what the page's chooser does."""
        self._show_page("dataset")
        self._preferences.pictures_folder = path
        self._dataset.open(Path(path), only=only, within=within)

    # --- building -----------------------------------------------------------------------

    def _build(self) -> None:
        self._rail = Rail()
        self._stack = QStackedWidget()
        self._pages = StudioPages(self._states)
        self._train_page = self._pages.train
        for spec in PAGES:
            self._rail.add(spec.key, spec.title, spec.icon)
            self._stack.addWidget(self._pages.by_key[spec.key])
        self._notice_bar = NoticeBar()
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(self._notice_bar)
        column.addWidget(self._stack, 1)
        central = QWidget()
        row = QHBoxLayout(central)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._rail)
        row.addLayout(column, 1)
        self.setCentralWidget(central)
        self._status = StudioStatusBar()
        self.setStatusBar(self._status)
        self._exchanging = Exchanging(
            self,
            self._states,
            self._notices,
            lambda: default_project_folder(Path(tr("Models"))),
            self.open_project,
            self._show_page,
        )
        self._actions = build_menus(
            self,
            {
                "project.choose_pictures": self._choose_pictures,
                "project.import_scans": lambda: ask_for_scans(self, self._states.scans),
                "project.open": self._choose_project,
                "project.show_folder": self._show_project_folder,
                "project.save_model": self._exchanging.save_model,
                "project.take_in": self._exchanging.take_in,
                "project.check_origin": self._exchanging.check_origin,
                "project.make_again": self._exchanging.make_again,
                "project.quit": self.close,
                "edit.undo": self._history.undo,
                "edit.redo": self._history.redo,
                "edit.find": self._find_anything,
                **{it: partial(self._press, it) for it in self._train_page.controls.buttons()},
                "train.preview": partial(self._training.send, commands.SampleNow()),
                "train.save": partial(self._training.send, commands.SaveNow()),
                **{f"view.{spec.key}": partial(self._show_page, spec.key) for spec in PAGES},
                **{f"view.{it}": partial(self._set_theme, it) for it in get_args(Theme)},
                "help.guide": self._show_guide,
                "help.shortcuts": lambda: show_shortcuts(self),
                "help.about": lambda: show_about(self),
            },
        )
        self._history.lead(self._actions["edit.undo"], self._actions["edit.redo"])
        self._actions[f"view.{self._preferences.theme}"].setChecked(True)
        # Else the first button would wear the focus ring before anybody used the keyboard.
        self.setFocus()
        self._show_page("dataset")
        self._on_activity_changed()
        self._on_commands_changed()

    def _connect(self) -> None:
        self._rail.chosen.connect(self._show_page)
        self._rail.help_wanted.connect(self._show_guide)
        pages = self._pages
        pages.dataset.choose_wanted.connect(self._choose_pictures)
        pages.dataset.samples_wanted.connect(self._states.samples.make)
        pages.dataset.dropped.connect(lambda it: self.open_dataset(it.folder, it.names, it.within))
        pages.dataset.noticed.connect(self._notices.post)
        self._states.samples.made.connect(self.open_dataset)
        self._states.samples.progressed.connect(self._on_samples_progressed)
        self._states.exchange.working.connect(self._on_exchange_working)
        self._states.create.progressed.connect(self._on_create_progressed)
        self._states.create.busy_changed.connect(self._on_create_busy_changed)
        self._dataset.changed.connect(self._on_dataset_changed)
        self._dataset.failed.connect(self._not_opened.append)
        self._states.materials.changed.connect(self._update_training_controls)
        pages.train.start_wanted.connect(self._start)
        pages.train.controls.commands_changed.connect(self._on_commands_changed)
        for failed in (pages.train.controls.failed, pages.train.plot_failed):
            failed.connect(self._on_error)
        pages.train.controls.project_change_wanted.connect(self._choose_project)
        self._training.activity_changed.connect(self._on_activity_changed)
        self._training.received.connect(self._on_received)
        self._training.catalogue_loaded.connect(self._on_catalogue_loaded)
        self._training.runs_changed.connect(self._go_where_it_goes_on)
        pages.create.again_wanted.connect(self._exchanging.remake)
        for page in (pages.dataset, pages.create, pages.gallery, pages.compare):
            page.train_wanted.connect(lambda: self._show_page("train"))
        self._gallery_ways = GalleryWays(
            self,
            self._states,
            pages,
            self._show_page,
            self._notices.post,
            self._preferences.export,
        )
        self._project.changed.connect(self._on_project_changed)
        for state in self._states.with_failures:
            state.failed.connect(self._notices.post)
        for state in self._states.with_notices:
            state.noticed.connect(self._notices.post)
        self._notices.listen(self._notice_bar.show_notice)
        self._disk_timer = QTimer(self, interval=_DISK_INTERVAL_MS)
        self._disk_timer.timeout.connect(self._show_free_disk)
        self._disk_timer.start()
        openers = self.open_project, self.open_dataset, self.language_wanted.emit
        self._manners = add_manners(
            self, self._states, pages, self._notices, self._preferences, *openers
        )

    def _restore_geometry(self) -> None:
        self.setMinimumSize(smallest_size(self))
        if not self.restoreGeometry(QByteArray(self._preferences.window_geometry())):
            self.resize(usual_size(self))

    # --- pictures and project -----------------------------------------------------------

    def _choose_pictures(self) -> None:
        chosen = choose_pictures(self, self._preferences.pictures_folder)
        if chosen is not None:
            self.open_dataset(chosen)

    def _choose_project(self) -> None:
        if self._training.is_running:
            self._tell(tr("A training is under way"), tr("Stop it before you change the project."))
            return
        chosen = choose_project(self, self._project.path)
        if chosen is not None:
            self.open_project(chosen)

    def open_project(self, path: Path) -> None:
        """Open another project; what the chooser and the list of recent ones do."""
        if self._training.is_running:
            self._tell(tr("A training is under way"), tr("Stop it before you change the project."))
        elif self._project.choose(path):
            self._reopen_dataset()

    def _reopen_dataset(self) -> None:
        """Look again through the pictures that an opened project learned from last."""
        if self._project.project is not None:
            self._dataset.reopen(self._project.project)

    def _show_project_folder(self) -> None:
        project = self._project.project
        if project is None:
            text = tr("A project is made when a training begins, or something is made.")
            self._tell(tr("There is no project yet"), text)
        else:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(project.path)))

    def _on_project_changed(self) -> None:
        project = self._project.project
        self.setWindowTitle(
            tr("{name} — GenStudio", name=project.name) if project else tr("GenStudio")
        )
        choices = self._train_page.controls.choices
        choices.set_project(self._project.path, is_open=project is not None)
        self._states.set_project(project)
        self._show_free_disk()
        if project is not None:
            self._preferences.remember_project(project.path)

    def _on_dataset_changed(self) -> None:
        report = self._dataset.report
        if report is not self._taken_back_for:
            # Another folder is open now: what was wrong with the one before is over.
            self._taken_back_for = report
            self._notice_bar.take_back(self._not_opened)
            self._not_opened.clear()
        if report is not None and report is not self._seen_report and report.pictures:
            # Once for each folder: what a person chooses after that stands.
            self._seen_report = report
            some = report.pictures[:: len(report.pictures) // _SOME_PICTURES + 1]
            sides = sorted(min(it.width, it.height) for it in some)
            usual = sides[len(sides) // 2] or 1024
            self._train_page.controls.choices.suggest_size(report.suggested_size, usual)
            self._project.suggest(report.folder)
        self._update_training_controls()

    def _update_training_controls(self) -> None:
        why_not = self._dataset.why_not_ready()
        self._train_page.controls.set_pictures(self._dataset.facts(), why_not)
        self._train_page.controls.choices.set_material(self._states.materials)

    def _on_samples_progressed(self, done: int, total: int) -> None:
        words = tr("Drawing flowers: {done:,} of {total:,}", done=done, total=total)
        self._status.show_state(words if done < total else tr(_IDLE_WORDS[self._training.activity]))

    def _on_exchange_working(self, words: str) -> None:
        self._status.show_state(words or tr(_IDLE_WORDS[self._training.activity]))

    def _on_create_progressed(self, what: str, done: int, total: int) -> None:
        # Beside a training, whose words stand here, the Create page says it alone.
        if self._training.activity is Activity.IDLE:
            told = tr("{what}: {done:,} of {total:,}", what=what, done=done, total=total)
            self._status.show_state(told)

    def _on_create_busy_changed(self) -> None:
        if self._training.activity is Activity.IDLE and not self._states.create.is_busy:
            self._status.show_state(tr(_IDLE_WORDS[Activity.IDLE]))

    # --- training -----------------------------------------------------------------------

    def _start(self, settings: TrainingSettings) -> None:
        report = self._dataset.captioned_report()
        assert report is not None
        assert self._project.path is not None
        material = self._states.materials.current()
        self._training.start(
            project=self._project.path,
            settings=settings,
            excluded=self._dataset.excluded,
            report=report,
            modality=material.card.key if material else None,
        )

    def _press(self, command: str) -> None:
        """Press a button of the Train page from wherever a person is."""
        self._show_page("train")
        self._train_page.controls.buttons()[command].click()

    def _on_commands_changed(self) -> None:
        for key, button in self._train_page.controls.buttons().items():
            self._actions[key].setEnabled(button.isEnabled() and not button.isHidden())

    def _on_activity_changed(self) -> None:
        activity = self._training.activity
        self._status.show_state(tr(_IDLE_WORDS[activity]))
        for key in ("train.preview", "train.save"):
            self._actions[key].setEnabled(activity in (Activity.TRAINING, Activity.PAUSED))
        if activity is Activity.IDLE:
            self._status.clear_eta()
            self._gallery.refresh(look_at_files=True)
            if self._is_closing:
                self.close()

    def _on_received(self, received: list[events.Event]) -> None:
        last_step: events.StepDone | None = None
        for event in received:
            if isinstance(event, events.RunStarted):
                self._project.open_now()
                self._status.show_run(event)
            elif isinstance(event, events.StepDone):
                last_step = event
        if last_step is not None and self._training.activity is Activity.TRAINING:
            self._status.show_step(last_step)

    def _on_catalogue_loaded(self) -> None:
        self._update_training_controls()
        machine = self._training.machine
        if machine.devices:
            self._status.show_device(machine.names[machine.devices[0]])

    # --- gallery ------------------------------------------------------------------------

    def export_gallery(
        self,
        kind: str,
        to: Path,
        names: list[str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Export pictures of the gallery; what the Gallery page's Export does."""
        self._gallery_ways.export(kind, to, names, options)

    def open_package(self, path: Path) -> None:
        """Ask whether to take a model in; what opening a package in the file manager does."""
        self._exchanging.open_package(path)

    # --- window -------------------------------------------------------------------------

    def _show_guide(self) -> None:
        shown = self._stack.currentWidget()
        page = next((key for key, page in self._pages.by_key.items() if page is shown), "")
        show_guide(self, OF_PAGES.get(page, ""))

    def _go_where_it_goes_on(self) -> None:
        """At the beginning, show the page on which a run of the project waits to go on."""
        newest = self._training.runs[-1] if self._training.runs else None
        if not self._is_page_chosen and newest is not None and waits_to_go_on(newest):
            self._show_page("train")

    def _show_page(self, key: str) -> None:
        self._is_page_chosen = True
        self._stack.setCurrentWidget(self._pages.by_key[key])
        self._rail.show_chosen(key)
        self._history.show_page(key)

    def _find_anything(self) -> None:
        FindingAnything(
            self._actions, self._states, self._pages, self._preferences, self.open_project
        ).show(self)

    def _set_theme(self, mode: Theme) -> None:
        self._preferences.theme = mode
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply_theme(app, mode)

    @property
    def project_path(self) -> Path | None:
        """Folder of the project that is open, or is to be made; None for none yet."""
        return self._project.path

    def let_go(self) -> Handover:
        """Close, and leave what is open to another window; a running training goes on."""
        report = self._dataset.report
        is_saved = self._project.project is not None
        found = report if is_saved else self._dataset.captioned_report()
        kept = Handover(
            page=next(key for key, it in self._pages.by_key.items() if it.isVisibleTo(self)),
            training=self._training.hand_over(),
            folder=self._dataset.scanned,
            within=report.within if report else (),
            excluded=self._dataset.excluded,
            report=None if self._dataset.is_scanning else found,
            modality_before=self._dataset.modality_before,
        )
        self.close()
        self.deleteLater()
        return kept

    def take_over(self, kept: Handover) -> None:
        """Go on with what another window has left."""
        if kept.training is not None:
            self._training.take_over(kept.training)
        said = studio.said_anew(kept.report) if kept.report is not None else None
        if said is not None:
            self._dataset.take_over(said, kept.excluded, kept.modality_before)
        elif kept.folder is not None:
            self._dataset.open(kept.folder, excluded=kept.excluded, within=kept.within)
        self._show_page(kept.page)

    def _show_free_disk(self) -> None:
        self._status.show_free_disk(free_disk_bytes(self._project.path or Path.home()))

    def _tell(self, title: str, message: str, *, level: Level = Level.INFO) -> None:
        self._notices.post(Notice(level=level, title=title, message=message))

    def _on_error(self, error: GenStudioError) -> None:
        self._notices.post(notice_about(error))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask while a training runs; else put everything in order and close."""
        if self._training.is_running:
            event.ignore()
            if not self._is_closing:
                ask_before_closing(self, self.save_and_close)
            return
        self._shut_down()
        event.accept()

    def save_and_close(self) -> None:
        """Stop a running training at a safe point, and close when it is saved."""
        self._is_closing = True
        if self._training.is_running:
            self._training.send(commands.Stop())
        else:
            self.close()

    def save_before_logout(self) -> None:
        """Stop a running training and wait until it is saved: the system waits for the answer."""
        self._training.send(commands.Stop())
        self._training.wait(_LOGOUT_WAIT_S)

    def _shut_down(self) -> None:
        self._pages.gallery.commit()
        self._begin.stop()
        self._disk_timer.stop()
        self._notices.listen(None)
        self._states.close(_LONGEST_WAIT_S)
        self._pages.shutdown()
        self._preferences.set_window_geometry(bytes(self.saveGeometry().data()))
        try:
            save_preferences(self._preferences)
        except GenStudioError as error:
            # Only comfort is lost, and there is no window any more to say so in.
            self._notices.post(notice_about(error))
