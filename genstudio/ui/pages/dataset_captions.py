"""The caption editor of the Dataset page: a list, the picture beside it, and all words counted."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from genstudio.data.captions import captions_from_folders, checked_caption
from genstudio.domain.language import tr, trn
from genstudio.domain.words import counting
from genstudio.services import studio
from genstudio.ui.state.dataset import DatasetState
from genstudio.ui.theme import GRID_PX, mark, roomy
from genstudio.ui.widgets.caption_list import CaptionItems
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.pixel_loader import PixelLoader, Pixels
from genstudio.ui.widgets.small import named_combo

_SIDE_WIDTH_PX = 304
_CAPTION_HEIGHT_PX = 80
_MOST_WORDS_SHOWN = 200
# Counting the words of very many captions takes a while.
_COUNTED_AFTER_MS = 150
_COUNTED_AT_ONCE = 1000
_ALL, _MISSING, _FOUND = range(3)


class CaptionEditor(QWidget):
    """Reads and writes the captions of the open folder.

    Signals:
        export_wanted(Path): Write all captions to this file.
    """

    export_wanted = Signal(object)

    def __init__(self, state: DatasetState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataset.captions.editor")
        self._state = state
        self._report: object = None
        self._captions: object = None
        self._shown = ""
        self._guesses: tuple[object, Mapping[str, str]] = (None, {})
        self._loader = PixelLoader(studio.picture, self)
        self._loader.loaded.connect(self._on_loaded)
        self._counting = QTimer(self, singleShot=True, interval=_COUNTED_AFTER_MS)
        self._counting.timeout.connect(self._begin_to_count)
        self._counts: Iterator[dict[str, int] | None] = iter(())
        self._count_on = QTimer(self, singleShot=True, interval=0)
        self._count_on.timeout.connect(self._count)
        splitter = QSplitter()
        splitter.setHandleWidth(2 * GRID_PX)
        splitter.setChildrenCollapsible(False)
        for number, part in enumerate((self._make_list(), self._make_middle(), self._make_side())):
            splitter.addWidget(part)
            splitter.setStretchFactor(number, (2, 3, 0)[number])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)
        state.changed.connect(self._show_state)

    def shutdown(self) -> None:
        """Let go of the thread before the window closes."""
        self.commit()
        self._counting.stop()
        self._count_on.stop()
        self._loader.stop()

    def commit(self) -> None:
        """Keep what is written of the picture that is shown."""
        if self._shown:
            self._state.write_captions({self._shown: checked_caption(self._text.toPlainText())})

    def hideEvent(self, event: QHideEvent) -> None:
        """Keep what was written before something else is shown."""
        self.commit()
        super().hideEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Show the folder as it is now."""
        super().showEvent(event)
        self._show_state()

    # --- building -----------------------------------------------------------------------

    def _make_list(self) -> QWidget:
        self._filter = named_combo("dataset.captions.filter", tr("Which pictures"))
        self._filter.addItems(
            [tr("All pictures"), tr("Without a caption"), tr("With what is looked for")]
        )
        self._filter.currentIndexChanged.connect(self._show_pictures)
        self._items = CaptionItems(self)
        self._list = QListView()
        self._list.setObjectName("dataset.captions.list")
        self._list.setAccessibleName(tr("Captions"))
        self._list.setModel(self._items)
        self._list.setUniformItemSizes(True)
        self._list.setSpacing(GRID_PX // 4)
        self._list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.selectionModel().currentChanged.connect(lambda *_: self._show_current())
        return _column(self._filter, self._list)

    def _make_middle(self) -> QWidget:
        self._view = PictureView()
        self._view.setMinimumHeight(20 * GRID_PX)
        self._name = QLabel()
        self._name.setObjectName("dataset.captions.name")
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        mark(self._name, role="small")
        self._text = _CaptionField()
        self._text.setObjectName("dataset.captions.text")
        self._text.setAccessibleName(tr("Caption of this picture"))
        self._text.setPlaceholderText(
            tr("What is on this picture? Ctrl+Enter goes to the next one.")
        )
        self._text.setTabChangesFocus(True)
        self._text.setFixedHeight(_CAPTION_HEIGHT_PX)
        self._text.done.connect(self._next)
        return _column(self._view, self._name, self._text)

    def _make_side(self) -> QWidget:
        self._summary = QLabel()
        self._summary.setObjectName("dataset.captions.summary")
        self._summary.setWordWrap(True)
        mark(self._summary, role="heading")
        self._words = QListWidget()
        self._words.setObjectName("dataset.captions.words")
        self._words.setAccessibleName(tr("Most frequent words"))
        self._words.itemActivated.connect(self._look_for)
        self._words.itemClicked.connect(self._look_for)
        self._find = _line("dataset.captions.find", tr("Look for"))
        self._find.textChanged.connect(self._on_find)
        self._with = _line("dataset.captions.replace_with", tr("Put in its place"))
        self._replace = _button("dataset.captions.replace", tr("Replace"), self._on_replace)
        self._folders = _button(
            "dataset.captions.folders", tr("Begin with the folders' names"), self._on_folders
        )
        self._folders.setToolTip(
            tr("Pictures without a caption get the name of their folder: a guess, to be corrected")
        )
        export = _button("dataset.captions.export", tr("Save as a table…"), self._on_export)
        export.setToolTip(tr("Writes captions.csv; else captions are kept in the project only"))
        note = QLabel(tr("Captions are kept in the project. Nothing in your folder is changed."))
        note.setWordWrap(True)
        mark(note, role="small")
        panel = QFrame()
        mark(panel, role="panel")
        panel.setMinimumWidth(roomy(_SIDE_WIDTH_PX))
        panel.setMaximumWidth(roomy(_SIDE_WIDTH_PX + 10 * GRID_PX))
        layout = QVBoxLayout(panel)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        for widget in (self._summary, self._words, self._find, self._with, self._replace):
            layout.addWidget(widget)
        layout.addSpacing(GRID_PX)
        for widget in (self._folders, export, note):
            layout.addWidget(widget)
        return panel

    # --- showing ------------------------------------------------------------------------

    def _show_state(self) -> None:
        if not self.isVisible():
            return
        report, captions = self._state.report, self._state.captions
        if report is not self._report:
            self._report = report
            self._shown = ""
            self._captions = captions
            self._show_pictures()
            self._counting.start()
        elif captions is not self._captions:
            self._captions = captions
            self._items.show_captions(captions)
            self._show_text()
            self._counting.start()

    def _show_pictures(self) -> None:
        self.commit()
        report, captions = self._state.report, self._state.captions
        names = [picture.name for picture in report.pictures] if report else []
        which, wanted = self._filter.currentIndex(), self._find.text().casefold()
        if which == _MISSING:
            names = [name for name in names if name not in captions]
        elif which == _FOUND and wanted:
            names = [name for name in names if wanted in captions.get(name, "").casefold()]
        shown = self._shown
        self._items.show_pictures(names, captions)
        self._go_to(names.index(shown) if shown in names else 0)
        self._show_current()

    def _show_current(self) -> None:
        row = self._list.currentIndex().row()
        name = self._items.names[row] if 0 <= row < len(self._items.names) else ""
        if name and name == self._shown:
            return
        self.commit()
        self._shown = name
        self._show_text()
        self._name.setText(name)
        self._view.set_picture(None)
        report = self._state.report
        self._loader.want([report.folder / name] if name and report else [])

    def _show_text(self) -> None:
        self._text.setEnabled(bool(self._shown))
        caption = self._state.captions.get(self._shown, "")
        if checked_caption(self._text.toPlainText()) != caption:
            self._text.setPlainText(caption)

    def _on_loaded(self, pixels: list[Pixels]) -> None:
        found = pixels[0] if pixels else ""
        if isinstance(found, str):
            self._view.set_placeholder(found)
        else:
            self._view.set_picture(found)

    def _begin_to_count(self) -> None:
        self._counts = counting(self._state.captions.values(), every=_COUNTED_AT_ONCE)
        self._count()

    def _count(self) -> None:
        """Count some words; what is typed meanwhile is not kept waiting."""
        words = next(self._counts, None)
        if words is None:
            self._count_on.start()
        else:
            self._show_words(words)

    def _show_words(self, words: Mapping[str, int]) -> None:
        report, captions = self._state.report, self._state.captions
        names = [picture.name for picture in report.pictures] if report else []
        count = sum(name in captions for name in names)
        self._summary.setText(
            trn(
                "{count:,} of {num_names:,} pictures have a caption · {number:,} word",
                "{count:,} of {num_names:,} pictures have a caption · {number:,} words",
                len(words),
                count=count,
                num_names=len(names),
            )
        )
        self._words.clear()
        for word, number in list(words.items())[:_MOST_WORDS_SHOWN]:
            item = QListWidgetItem(tr("{word}  ·  {number:,}", word=word, number=number))
            item.setData(Qt.ItemDataRole.UserRole, word)
            self._words.addItem(item)
        self._folders.setEnabled(any(name not in captions for name in self._guessed()))
        self._on_find()

    # --- reacting -----------------------------------------------------------------------

    def _go_to(self, row: int) -> None:
        index = self._items.index(row, 0)
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self._list.selectionModel().setCurrentIndex(index, flag)
        self._list.scrollTo(index)

    def _next(self) -> None:
        self.commit()
        row = self._list.currentIndex().row() + 1
        if row < self._items.rowCount():
            self._go_to(row)
        self._text.selectAll()

    def _look_for(self, item: QListWidgetItem) -> None:
        self._find.setText(item.data(Qt.ItemDataRole.UserRole))
        self._filter.setCurrentIndex(_FOUND)

    def _on_find(self) -> None:
        count = len(self._replaced())
        self._replace.setText(
            trn("Replace in {number:,} caption", "Replace in {number:,} captions", count)
            if count
            else tr("Replace")
        )
        self._replace.setEnabled(count > 0)
        if self._filter.currentIndex() == _FOUND:
            self._show_pictures()

    def _replaced(self) -> dict[str, str]:
        """Captions in which something would be replaced, as they would then be."""
        wanted = self._find.text()
        if not wanted.strip():
            return {}
        # What begins or ends with a letter is meant as a word: “red” is not in “tired”.
        start, end = (r"\b" if edge.isalnum() else "" for edge in (wanted[0], wanted[-1]))
        pattern = re.compile(f"{start}{re.escape(wanted)}{end}", re.IGNORECASE)
        new = self._with.text()
        changed: dict[str, str] = {}
        for name, caption in self._state.captions.items():
            if pattern.search(caption):
                changed[name] = checked_caption(pattern.sub(lambda _: new, caption))
        return changed

    def _on_replace(self) -> None:
        self.commit()
        self._state.write_captions(self._replaced())

    def _on_folders(self) -> None:
        self.commit()
        captions = self._state.captions
        self._state.write_captions(
            {name: text for name, text in self._guessed().items() if name not in captions}
        )

    def _guessed(self) -> Mapping[str, str]:
        """What the folders' names say of the pictures; found out once for each report."""
        report = self._state.report
        if report is not self._guesses[0]:
            names = [picture.name for picture in report.pictures] if report else []
            self._guesses = report, captions_from_folders(names)
        return self._guesses[1]

    def _on_export(self) -> None:
        self.commit()
        start = str(Path.home() / "captions.csv")
        chosen, _ = QFileDialog.getSaveFileName(
            self, tr("Save all captions as a table"), start, tr("Tables (*.csv)")
        )
        if chosen:
            self.export_wanted.emit(Path(chosen))


class _CaptionField(QPlainTextEdit):
    """What a caption is written in.

    Signals:
        done(): Ctrl+Enter was pressed.
    """

    done = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Ctrl+Enter for the end of a caption."""
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.done.emit()
        else:
            super().keyPressEvent(event)


def _column(*widgets: QWidget) -> QWidget:
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GRID_PX)
    for widget in widgets:
        layout.addWidget(widget)
    return page


def _line(name: str, words: str) -> QLineEdit:
    line = QLineEdit()
    line.setObjectName(name)
    line.setAccessibleName(words)
    line.setPlaceholderText(words)
    line.setClearButtonEnabled(True)
    return line


def _button(name: str, words: str, act: Callable[[], None]) -> QPushButton:
    button = QPushButton(words)
    button.setObjectName(name)
    button.clicked.connect(act)
    return button
