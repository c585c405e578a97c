"""Picking blindly between two saved states: what was which is told only at the end."""

import secrets
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr
from genstudio.domain.progress import Progress
from genstudio.services.blind_picks import BlindSession, Picked, pick_words
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.studio_blind import BlindPairs, Candidate, short_names
from genstudio.ui.dialogs.blind_choice import BlindChoice
from genstudio.ui.state.comparison import ComparisonState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.picture_view import PictureView

_CHOOSE, _DRAW, _PICK, _RESULT = range(4)
_SIZE_PX = (110 * GRID_PX, 72 * GRID_PX)


class BlindPickingDialog(QDialog):
    """Asks between what, draws pictures, asks pair by pair, and tells what came of it.

    What was picked is kept also where the dialog is closed before the end: to keep only what came
    out well would prove nothing.

    Args:
        window: Where to ask.
        state: Draws the pictures and keeps what was picked.
        candidates: Saved states to choose from, two at least.
        chosen: The two that are proposed.
    """

    def __init__(
        self,
        window: QWidget,
        state: ComparisonState,
        candidates: Sequence[Candidate],
        chosen: tuple[int, int],
    ) -> None:
        super().__init__(window)
        self.setObjectName("dialog.blind")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Pick blindly"))
        room = window.window().size()
        self.resize(min(_SIZE_PX[0], room.width()), min(_SIZE_PX[1], room.height()))
        self._state = state
        self._is_closed = False
        self._job: Job[Progress | BlindPairs] | None = None
        self._pairs: BlindPairs | None = None
        self._session: BlindSession | None = None
        self._choice = BlindChoice(candidates, chosen)
        self._choice.started.connect(self._on_start)
        self._choice.cancelled.connect(self.reject)
        self._keys: list[QShortcut] = []
        self._pages = QStackedWidget()
        for page in (self._choice, self._make_drawing(), self._make_picking(), self._make_result()):
            self._pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.addWidget(self._pages)
        self.finished.connect(self._on_closed)
        self._show_page(_CHOOSE)

    # --- building -----------------------------------------------------------------------

    def _make_drawing(self) -> QWidget:
        self._what = QLabel()
        self._what.setObjectName("blind.progress_text")
        self._what.setWordWrap(True)
        self._progress = QProgressBar()
        self._progress.setObjectName("blind.progress")
        self._progress.setAccessibleName(tr("Progress"))
        cancel = QPushButton(tr("Cancel"))
        cancel.setObjectName("blind.cancel")
        cancel.clicked.connect(self._cancel)
        page = QWidget()
        column = QVBoxLayout(page)
        column.addStretch(1)
        column.addWidget(self._what)
        column.addWidget(self._progress)
        column.addWidget(cancel, 0, Qt.AlignmentFlag.AlignRight)
        column.addStretch(1)
        return page

    def _make_picking(self) -> QWidget:
        heading = QLabel(tr("Which do you like more?"))
        mark(heading, role="heading")
        self._views = (PictureView(), PictureView())
        self._answers: list[QPushButton] = []
        sides = QHBoxLayout()
        sides.setSpacing(2 * GRID_PX)
        # What they are called says where they stand, and nothing else.
        told = (
            ("left", tr("The left picture"), tr("This one (←)"), Picked.LEFT),
            ("right", tr("The right picture"), tr("This one (→)"), Picked.RIGHT),
        )
        for view, (side, name, words, picked) in zip(self._views, told, strict=True):
            view.setObjectName(f"blind.picture.{side}")
            view.setAccessibleName(name)
            view.setCursor(Qt.CursorShape.PointingHandCursor)
            view.clicked.connect(partial(self._on_picked, picked))
            button = self._answer(f"blind.{side}", words, picked)
            button.setAccessibleName(tr("{name} is the better one", name=name))
            column = QVBoxLayout()
            column.addWidget(view, 1)
            column.addWidget(button)
            sides.addLayout(column, 1)
        neither = self._answer("blind.neither", tr("No difference (Space)"), Picked.NEITHER)
        for keys, picked in (
            ("Left", Picked.LEFT),
            ("Right", Picked.RIGHT),
            ("Space", Picked.NEITHER),
            ("Down", Picked.NEITHER),
        ):
            self._key(keys).activated.connect(partial(self._on_picked, picked))
        for keys in ("Backspace", "Ctrl+Z"):
            self._key(keys).activated.connect(self._on_undo)
        self._where = QLabel()
        self._where.setObjectName("blind.where")
        self._where.setWordWrap(True)
        mark(self._where, role="muted")
        self._undo = QPushButton(tr("Take the last back"))
        self._undo.setObjectName("blind.undo")
        self._undo.clicked.connect(self._on_undo)
        self._reveal = QPushButton()
        self._reveal.setObjectName("blind.reveal")
        self._reveal.clicked.connect(self._on_reveal)
        foot = QHBoxLayout()
        foot.setSpacing(GRID_PX)
        foot.addWidget(self._where, 1)
        for button in (self._undo, neither, self._reveal):
            foot.addWidget(button)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID_PX + GRID_PX // 2)
        column.addWidget(heading)
        column.addLayout(sides, 1)
        column.addLayout(foot)
        return page

    def _answer(self, name: str, words: str, picked: Picked) -> QPushButton:
        button = QPushButton(words)
        button.setObjectName(name)
        button.clicked.connect(partial(self._on_picked, picked))
        self._answers.append(button)
        return button

    def _key(self, keys: str) -> QShortcut:
        # Before the focused button, which arrow keys and the space bar would move or press.
        shortcut = QShortcut(QKeySequence(keys), self)
        self._keys.append(shortcut)
        return shortcut

    def _make_result(self) -> QWidget:
        heading = QLabel(tr("What came of it"))
        mark(heading, role="heading")
        self._result = QLabel()
        self._result.setObjectName("blind.result")
        self._result.setWordWrap(True)
        self._result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._more = QLabel()
        self._more.setObjectName("blind.result_details")
        self._more.setWordWrap(True)
        mark(self._more, role="small")
        again = QPushButton(tr("Pick again"))
        again.setObjectName("blind.again")
        again.clicked.connect(lambda: self._show_page(_CHOOSE))
        self._done = QPushButton(tr("Done"))
        self._done.setObjectName("blind.done")
        mark(self._done, primary=True)
        self._done.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(again)
        foot.addWidget(self._done)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID_PX)
        column.addWidget(heading)
        column.addWidget(self._result)
        column.addWidget(self._more)
        column.addStretch(1)
        column.addLayout(foot)
        return page

    # --- showing ------------------------------------------------------------------------

    def _show_page(self, page: int) -> None:
        self._pages.setCurrentIndex(page)
        for shortcut in self._keys:
            shortcut.setEnabled(page == _PICK)

    def _show_pair(self) -> None:
        session, pairs = self._session, self._pairs
        assert session is not None
        assert pairs is not None
        for button in self._answers:
            button.setEnabled(not session.is_over)
        self._undo.setEnabled(session.done > 0)
        self._reveal.setEnabled(session.done > 0)
        mark(self._reveal, primary=session.is_over)
        if session.is_over:
            for view in self._views:
                view.set_picture(None)
            self._where.setText(tr("All pairs are answered. Nothing is told before you ask."))
            self._reveal.setText(tr("See which was which"))
            self._reveal.setFocus()
            return
        left, right = session.sides(pairs.pairs[session.done])
        for view, picture in zip(self._views, (left, right), strict=True):
            view.set_picture(picture)
        self._where.setText(
            tr(
                "Pair {number} of {num_pairs}. Both have the same seed; which is which is told at "
                "the end.",
                number=session.done + 1,
                num_pairs=session.num_pairs,
            )
        )
        self._reveal.setText(tr("Stop and see"))

    # --- doing --------------------------------------------------------------------------

    def _on_start(self) -> None:
        first, second = self._choice.chosen()
        self._choice.show_trouble("")
        self._pairs = None
        self._what.setText(tr("Getting ready"))
        self._progress.setRange(0, 0)
        self._show_page(_DRAW)
        self._job = self._state.draw_pairs(
            first, second, self._choice.count(), self._on_items, self._on_drawn
        )

    def _on_items(self, items: list[Progress | BlindPairs]) -> None:
        if self._is_closed:
            return
        last = items[-1]
        if isinstance(last, BlindPairs):
            self._pairs = last
            return
        self._what.setText(last.what)
        self._progress.setRange(0, last.total)
        self._progress.setValue(last.done)

    def _on_drawn(self, ending: JobEnded) -> None:
        self._job = None
        if self._is_closed:
            return
        if ending.error is not None:
            notice = notice_about(ending.error)
            self._choice.show_trouble(f"{notice.title}. {notice.message}")
        if self._pairs is None:
            self._show_page(_CHOOSE)
            return
        self._session = BlindSession(len(self._pairs.pairs), secrets.randbits(64))
        self._show_page(_PICK)
        self._show_pair()

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _on_picked(self, picked: Picked) -> None:
        if self._session is None or self._session.is_over:
            return
        self._session.pick(picked)
        self._show_pair()

    def _on_undo(self) -> None:
        if self._session is not None and self._session.undo():
            self._show_pair()

    def _on_reveal(self) -> None:
        first, second = self._choice.chosen()
        session = self._keep()
        if session is None:
            return
        tally = session.tally(first.state, second.state)
        names = short_names(first, second)
        self._result.setText(pick_words(tally, *names))
        told = tr(
            "{first}: {for_first}. {second}: {for_second}. No difference: {undecided}.",
            first=names[0],
            for_first=tally.for_first,
            second=names[1],
            for_second=tally.for_second,
            undecided=tally.undecided,
        )
        whole = self._state.all_picks(first.state, second.state)
        if whole is not None and whole.sessions > 1:
            told += "\n" + tr(
                "With all {sessions} sessions between them: {words}",
                sessions=whole.sessions,
                words=pick_words(whole, *names),
            )
        self._more.setText(told)
        self._show_page(_RESULT)
        self._done.setFocus()

    def _keep(self) -> BlindSession | None:
        """Keep what was picked, once; None if nothing was, or it could not be kept."""
        session = self._session
        if session is None or not session.done:
            return None
        first, second = self._choice.chosen()
        if not self._state.keep_picks(session.tally(first.state, second.state)):
            return None
        self._session = None
        return session

    def _on_closed(self) -> None:
        self._is_closed = True
        self._cancel()
        self._keep()
