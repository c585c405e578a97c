"""What a person did to pictures, step by step, so that the Edit menu can undo and redo it."""

from collections.abc import Callable, Mapping, Sized
from typing import Any, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QUndoCommand, QUndoGroup, QUndoStack

from genstudio.domain.language import trn

LONGEST_HISTORY = 100

D = TypeVar("D", bound=Sized)
U = TypeVar("U", bound=Sized)


class History(QUndoStack):
    """The steps of one page."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setUndoLimit(LONGEST_HISTORY)

    def add(self, text: str, done: D, *, undo: Callable[[D], U], redo: Callable[[U], D]) -> None:
        """Remember what has just been done.

        Each direction takes what the other one gave, so that only what could be done is undone. A
        step of which nothing is left is forgotten.

        Args:
            text: What was done, as an order, with ``{}`` for the number of pictures.
            done: What ``undo`` needs, for each picture; empty if nothing was done.
            undo: Takes it back; gives what ``redo`` needs, for each picture that it could.
            redo: Does it again; gives what ``undo`` needs, for each picture that it could.
        """
        if done:
            self.push(_Step(text, done, undo, redo))


class ShownHistory(QUndoGroup):
    """The history of the page that is shown, for the commands of the Edit menu."""

    def __init__(self, histories: Mapping[str, History], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._histories = histories
        for history in histories.values():
            self.addStack(history)

    def show_page(self, key: str) -> None:
        """Undo what was done on this page from now on; some pages have no history."""
        for page, history in self._histories.items():
            history.setActive(page == key)

    def lead(self, undo: QAction, redo: QAction) -> None:
        """Keep two menu entries enabled while they can do something, and let them say what."""
        self.canUndoChanged.connect(undo.setEnabled)
        self.canRedoChanged.connect(redo.setEnabled)
        self.undoTextChanged.connect(_titled(undo))
        self.redoTextChanged.connect(_titled(redo))
        undo.setEnabled(self.canUndo())
        redo.setEnabled(self.canRedo())


class _Step(QUndoCommand):
    def __init__(
        self,
        text: str,
        done: Sized,
        undo: Callable[[Any], Sized],
        redo: Callable[[Any], Sized],
    ) -> None:
        super().__init__()
        self._text = text
        self._undo = undo
        self._redo = redo
        self._is_pushed = False
        self._keep(done)

    def undo(self) -> None:
        self._keep(self._undo(self._state))

    def redo(self) -> None:
        # The stack calls it when the step is pushed; it has been done by then.
        if self._is_pushed:
            self._keep(self._redo(self._state))
        self._is_pushed = True

    def _keep(self, state: Sized) -> None:
        self._state = state
        self.setText(self._text.format(_pictures(len(state))))
        self.setObsolete(not state)


def _pictures(count: int) -> str:
    return trn("{number:,} picture", "{number:,} pictures", count)


def _titled(action: QAction) -> Callable[[str], None]:
    title = action.text()
    return lambda text: action.setText(f"{title}: {text}" if text else title)
