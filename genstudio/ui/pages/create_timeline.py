"""Results of the Create page, and in front of them the timeline of operations that have one."""

import sys
from pathlib import Path

from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from genstudio.domain.artifacts import CLIP, IMAGE
from genstudio.domain.language import tr
from genstudio.domain.operations import KEY_FRAMES, KEY_FRAMES_AT, InputSpec, OperationCard
from genstudio.ui.pages.create_controls import CreateControls
from genstudio.ui.pages.create_results import CreateResults
from genstudio.ui.pages.key_frames_view import KeyFramesView
from genstudio.ui.state.create import CreateState
from genstudio.ui.state.key_frames import KeyFramesState
from genstudio.ui.theme import GRID_PX

_TIMELINE, _RESULTS = range(2)


class CreateTimeline(QWidget):
    """Shows results alone, or with two tabs a timeline and results.

    The form's inputs hold the files; the timeline says which frames the painted ones are of.
    """

    def __init__(
        self,
        state: CreateState,
        key_frames: KeyFramesState,
        results: CreateResults,
        controls: CreateControls,
    ) -> None:
        super().__init__()
        self._create = state
        self._state = key_frames
        self._controls = controls
        self._card: OperationCard | None = None
        self._tabs = QTabBar()
        self._tabs.setObjectName("create.tabs")
        self._tabs.setAccessibleName(tr("Timeline or results"))
        self._tabs.addTab(tr("Timeline"))
        self._tabs.addTab(tr("Results"))
        self._tabs.setDrawBase(False)
        self._tabs.hide()
        self._view = KeyFramesView(key_frames)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._view)
        self._stack.addWidget(results)
        self._stack.setCurrentIndex(_RESULTS)
        self._tabs.currentChanged.connect(self._stack.setCurrentIndex)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._tabs)
        layout.addWidget(self._stack, 1)
        self._view.given.connect(lambda files: controls.add_files(files, self._named(IMAGE)))
        self._view.taken_out.connect(lambda files: controls.take_out(files, self._named(IMAGE)))
        controls.files_changed.connect(self._on_files)
        key_frames.painted_changed.connect(self._say)
        state.busy_changed.connect(self._on_busy)

    def show_operation(self, card: OperationCard) -> None:
        """Show the timeline for an operation that has one, else results alone."""
        if self._card is not None and card.key == self._card.key:
            return
        self._card = card
        has_timeline = card.view == KEY_FRAMES
        self._tabs.setVisible(has_timeline)
        is_busy = self._create.is_busy
        self._tabs.setCurrentIndex(_TIMELINE if has_timeline and not is_busy else _RESULTS)
        self._stack.setCurrentIndex(self._tabs.currentIndex())
        if has_timeline:
            self._on_files()
        else:
            self._state.open(None)
            self._controls.say({})

    def _input(self, kind: str) -> InputSpec | None:
        card = self._card
        if card is None or card.view != KEY_FRAMES:
            return None
        return next((spec for spec in card.inputs if spec.kind == kind), None)

    def _named(self, kind: str) -> str:
        spec = self._input(kind)
        return "" if spec is None else spec.name

    def _files(self, kind: str) -> list[Path]:
        spec = self._input(kind)
        return [] if spec is None else self._controls.files(spec.name)

    def _on_files(self) -> None:
        painted = self._input(IMAGE)
        if painted is not None:
            clips = self._files(CLIP)
            self._view.show_files(
                clips[0] if clips else None, self._files(IMAGE), painted.maximum or sys.maxsize
            )
            self._say()

    def _say(self) -> None:
        """Have the settings say which frames were painted; where that is open, it is found out."""
        if self._input(IMAGE) is not None:
            numbers = self._state.numbers(self._files(IMAGE))
            self._controls.say({KEY_FRAMES_AT: ", ".join(map(str, numbers or ()))})

    def _on_busy(self) -> None:
        if self._create.is_busy:
            self._tabs.setCurrentIndex(_RESULTS)
