"""The question which of two pictures or texts is the better one, asked again and again."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr
from genstudio.services import studio, studio_examples
from genstudio.services.choices import FEWEST
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.opinions import FEWEST_TO_TEACH
from genstudio.ui.run_words import counted
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.pixel_loader import PixelLoader, Pixels
from genstudio.ui.widgets.reading import ReadingView

Pair = tuple[GalleryItem, GalleryItem]

_PICTURE, _TEXT = range(2)
_SIZE_PX = (110 * GRID_PX, 72 * GRID_PX)


class ChoosingDialog(QDialog):
    """Shows two at a time until it is closed; a click or an arrow key says which is better.

    Args:
        window: Where to ask.
        next_pair: Gives two pictures, or two texts.
        choose: Called with the names of the better and the worse one.
        num_choices: Made so far.
    """

    def __init__(
        self,
        window: QWidget,
        next_pair: Callable[[], Pair | None],
        choose: Callable[[str, str], bool],
        num_choices: int,
    ) -> None:
        super().__init__(window)
        self.setObjectName("dialog.choosing")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Which do you like more?"))
        self.resize(*_SIZE_PX)
        self._next_pair = next_pair
        self._choose = choose
        self._num_choices = num_choices
        self._pair: Pair | None = None
        self._loader = PixelLoader(studio.picture, self)
        self._loader.loaded.connect(self._on_loaded)
        heading = QLabel(tr("Which do you like more?"))
        mark(heading, role="heading")
        self._views = (PictureView(), PictureView())
        self._texts = (ReadingView(), ReadingView())
        self._sides = (QStackedWidget(), QStackedWidget())
        self._buttons = (QPushButton(tr("This one")), QPushButton(tr("This one")))
        sides = QHBoxLayout()
        sides.setSpacing(2 * GRID_PX)
        for number, (view, button) in enumerate(zip(self._views, self._buttons, strict=True)):
            side = ("left", "right")[number]
            view.setObjectName(f"choosing.picture.{side}")
            view.setAccessibleName(tr("The {side} picture", side=side))
            view.setCursor(Qt.CursorShape.PointingHandCursor)
            view.clicked.connect(partial(self._on_chosen, number))
            text = self._texts[number]
            text.setObjectName(f"choosing.text.{side}")
            text.setAccessibleName(tr("The {side} text", side=side))
            self._sides[number].addWidget(view)
            self._sides[number].addWidget(text)
            button.setObjectName(f"choosing.{side}")
            button.setAccessibleName(tr("The {side} one is better", side=side))
            button.setToolTip(tr("The {side} arrow key does the same", side=side))
            button.clicked.connect(partial(self._on_chosen, number))
            column = QVBoxLayout()
            column.addWidget(self._sides[number], 1)
            column.addWidget(button)
            sides.addLayout(column, 1)
        for keys, act in (
            ("Left", partial(self._on_chosen, 0)),
            ("Right", partial(self._on_chosen, 1)),
            ("Space", self._show_next),
        ):
            # Before the focused button, which arrow keys and the space bar would move or press.
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(act)
        self._words = QLabel()
        self._words.setObjectName("choosing.words")
        self._words.setWordWrap(True)
        mark(self._words, role="muted")
        skip = QPushButton(tr("Neither (Space)"))
        skip.setObjectName("choosing.skip")
        skip.clicked.connect(self._show_next)
        done = QPushButton(tr("Done"))
        done.setObjectName("choosing.done")
        mark(done, primary=True)
        done.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addWidget(self._words, 1)
        foot.addWidget(skip)
        foot.addWidget(done)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX + GRID_PX // 2)
        layout.addWidget(heading)
        layout.addLayout(sides, 1)
        layout.addLayout(foot)
        self.finished.connect(self._loader.stop)
        self._show_next()

    def _show_next(self) -> None:
        self._pair = self._next_pair()
        self._update_words()
        for button in self._buttons:
            button.setEnabled(self._pair is not None)
        if self._pair is None:
            return
        texts = [studio_examples.text_of(it.path) for it in self._pair]
        for side, view, text in zip(self._sides, self._texts, texts, strict=True):
            view.show_text(text)
            side.setCurrentIndex(_TEXT if text else _PICTURE)
        if not all(texts):
            self._loader.want([it.path for it in self._pair])

    def _update_words(self) -> None:
        told = tr("{counted} so far.", counted=counted(self._num_choices, "choice"))
        if self._pair is None:
            told = tr(
                "There are fewer than two pictures, or texts with one beginning, in the gallery: "
                "make some first."
            )
        elif self._num_choices < FEWEST:
            told += tr(
                " From {fewest} on, with stars counted, “More to my taste” follows them.",
                fewest=FEWEST,
            )
        elif self._num_choices < FEWEST_TO_TEACH:
            told += tr(
                " From {fewest} on, the model can be taught by them.", fewest=FEWEST_TO_TEACH
            )
        self._words.setText(told)

    def _on_loaded(self, pixels: list[Pixels]) -> None:
        for view, picture in zip(self._views, pixels, strict=True):
            if isinstance(picture, str):
                view.set_placeholder(picture)
                view.set_picture(None)
            else:
                view.set_picture(picture)

    def _on_chosen(self, number: int) -> None:
        if self._pair is None:
            return
        better, worse = self._pair[number], self._pair[1 - number]
        if self._choose(better.name, worse.name):
            self._num_choices += 1
            self._show_next()
