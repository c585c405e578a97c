"""The queue for the night: runs in their order, and what follows the last one."""

from collections.abc import Callable
from typing import get_args

from PySide6.QtCore import QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr, tr_noop
from genstudio.domain.queue import ENDED, ItemState, QueuedRun, WhenDone
from genstudio.services.power import why_impossible
from genstudio.ui.icons import icon
from genstudio.ui.state.queue import QueueState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.small import named_combo

_SIZE = QSize(84 * GRID_PX, 64 * GRID_PX)
_ASKED_FOR_S = 60
_WHEN_DONE: dict[WhenDone, str] = {
    "nothing": tr_noop("stays on"),
    "sleep": tr_noop("goes to sleep"),
    "shut down": tr_noop("shuts down"),
}
_MARKS = {
    ItemState.WAITING: "pause",
    ItemState.RUNNING: "play",
    ItemState.DONE: "check",
    ItemState.FAILED: "triangle-alert",
    ItemState.STOPPED: "square",
}
_EMPTY = tr_noop(
    "Nothing waits. Choose settings on the Train page and press “Add to the queue”; "
    "several runs are trained one after another, also over night."
)


class QueueDialog(QDialog):
    """Shows the queue and changes it; stays open beside the window."""

    def __init__(self, window: QWidget, state: QueueState) -> None:
        super().__init__(window)
        self.setObjectName("dialog.queue")
        self.setWindowTitle(tr("Queue for the night"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._state = state
        self._list = QListWidget()
        self._list.setObjectName("queue.list")
        self._list.setAccessibleName(tr("Runs in their order"))
        self._list.setWordWrap(True)
        self._list.currentItemChanged.connect(self._update_buttons)
        self._empty = QLabel(tr(_EMPTY))
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        mark(self._empty, role="muted")
        layout = QVBoxLayout(self)
        layout.setSpacing(GRID_PX)
        middle = QHBoxLayout()
        middle.addWidget(self._list, 1)
        middle.addWidget(self._empty, 1)
        middle.addLayout(self._make_buttons())
        layout.addLayout(middle, 1)
        layout.addLayout(self._make_end())
        self.resize(_SIZE.boundedTo(window.size() - QSize(GRID_PX, GRID_PX)))
        state.changed.connect(self._show)
        state.progressed.connect(self._show_told)
        self._show()

    def _make_buttons(self) -> QVBoxLayout:
        self._up = _button("queue.up", tr("Earlier"), "chevron-up", lambda: self._move(-1))
        self._down = _button("queue.down", tr("Later"), "chevron-down", lambda: self._move(1))
        self._again = _button("queue.again", tr("Once more"), "repeat", self._do_again)
        self._remove = _button("queue.remove", tr("Take out"), "x", self._take_out)
        column = QVBoxLayout()
        for button in (self._up, self._down, self._again, self._remove):
            column.addWidget(button)
        column.addStretch(1)
        return column

    def _make_end(self) -> QVBoxLayout:
        self._when_done = named_combo("queue.when_done", tr("When all is done"))
        for wanted in get_args(WhenDone):
            self._when_done.addItem(
                tr("Then the computer {when_done}", when_done=tr(_WHEN_DONE[wanted])), wanted
            )
        self._when_done.activated.connect(self._on_when_done)
        self._battery = QCheckBox(tr("Wait while it runs on its battery"))
        self._battery.setObjectName("queue.battery")
        self._battery.clicked.connect(lambda is_on: self._state.set_pauses_on_battery(pauses=is_on))
        self._told = QLabel()
        self._told.setObjectName("queue.told")
        self._told.setWordWrap(True)
        mark(self._told, role="small")
        self._start = _button("queue.start", tr("Start the queue"), "play", self._on_start)
        self._start.setDefault(True)
        mark(self._start, primary=True)
        self._report = _button("queue.report", tr("What came of it"), "image", self._show_report)
        row = QHBoxLayout()
        row.addWidget(self._when_done)
        row.addWidget(self._battery)
        row.addStretch(1)
        row.addWidget(self._report)
        row.addWidget(self._start)
        end = QVBoxLayout()
        end.addWidget(self._told)
        end.addLayout(row)
        return end

    # --- showing ------------------------------------------------------------------------

    def _show(self) -> None:
        chosen, items = self._chosen_id(), self._state.items
        self._list.blockSignals(True)
        self._list.clear()
        for number, run in enumerate(items, start=1):
            item = QListWidgetItem(icon(_MARKS[run.state]), _words(number, run))
            item.setData(Qt.ItemDataRole.UserRole, run.id)
            self._list.addItem(item)
            if run.id == chosen or self._list.currentItem() is None:
                self._list.setCurrentItem(item)
        self._list.blockSignals(False)
        self._list.setVisible(bool(items))
        self._empty.setVisible(not items)
        queue = self._state.queue
        if queue is not None:
            self._when_done.setCurrentIndex(self._when_done.findData(queue.when_done))
            self._battery.setChecked(queue.pauses_on_battery)
        self._show_told()
        is_going = self._state.is_going
        self._start.setText(tr("Begin no further run") if is_going else tr("Start the queue"))
        self._start.setIcon(icon("pause" if is_going else "play", "on_accent"))
        self._start.setEnabled(is_going or bool(queue and queue.waiting()))
        self._report.setVisible(self._state.report is not None)
        self._update_buttons()

    def _show_told(self) -> None:
        """How far it is looked whether a run can begin; else what the computer cannot do."""
        queue, at = self._state.queue, self._state.progress
        told = why_impossible(queue.when_done) if queue is not None else ""
        if at is not None:
            told = tr("{what}: {done:,} of {total:,}", what=at.what, done=at.done, total=at.total)
        self._told.setText(told)
        self._told.setVisible(bool(told))

    def _update_buttons(self) -> None:
        items = self._state.items
        run = next((it for it in items if it.id == self._chosen_id()), None)
        is_running = run is not None and run.state is ItemState.RUNNING
        self._up.setEnabled(run is not None and run is not items[0])
        self._down.setEnabled(run is not None and run is not items[-1])
        self._remove.setEnabled(run is not None and not is_running)
        self._again.setEnabled(run is not None and (run.state in ENDED or bool(run.fault)))

    def _chosen_id(self) -> str:
        item = self._list.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole)) if item is not None else ""

    # --- changing -----------------------------------------------------------------------

    def _move(self, by: int) -> None:
        self._state.move(self._chosen_id(), by)

    def _take_out(self) -> None:
        self._state.remove(self._chosen_id())

    def _do_again(self) -> None:
        self._state.do_again(self._chosen_id())

    def _on_when_done(self) -> None:
        self._state.set_when_done(self._when_done.currentData())

    def _on_start(self) -> None:
        if self._state.is_going:
            self._state.hold()
        else:
            self._state.start()

    def _show_report(self) -> None:
        if self._state.report is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._state.report)))


def _words(number: int, run: QueuedRun) -> str:
    state = tr("cannot begin") if run.fault else run.state.words
    told = run.fault or run.told
    below = f"\n{told}" if told else ""
    return f"{number}. {run.title}, {run.settings.budget} — {state}{below}"


def _button(name: str, text: str, icon_name: str, act: Callable[[], object]) -> QPushButton:
    button = QPushButton(icon(icon_name), text)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setAutoDefault(False)
    button.clicked.connect(act)
    return button


def ask_before_power(window: QWidget, wanted: WhenDone, do: Callable[[], object]) -> QMessageBox:
    """Ask whether the computer may sleep or shut down; without an answer it does after a minute."""
    box = QMessageBox(window)
    box.setObjectName("dialog.power")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(tr("The queue is done"))
    box.setText(
        tr(
            "All runs are over and saved. The computer {when_done}, as you asked.",
            when_done=tr(_WHEN_DONE[wanted]),
        )
    )
    now = box.addButton(tr("Now"), QMessageBox.ButtonRole.AcceptRole)
    stay = box.addButton(tr("Stay on"), QMessageBox.ButtonRole.RejectRole)
    stay.setObjectName("power.stay")
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    timer = QTimer(box, interval=1000)
    left = _ASKED_FOR_S

    def tick() -> None:
        nonlocal left
        left -= 1
        box.setInformativeText(tr("In {left} seconds, unless you want to stay.", left=left))
        if left <= 0:
            now.click()

    timer.timeout.connect(tick)
    timer.start()
    now.clicked.connect(do)
    box.open()
    return box
