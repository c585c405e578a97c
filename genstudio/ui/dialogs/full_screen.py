"""Pictures of the gallery on the whole screen, one after the other."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.services import studio
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.pixel_loader import PixelLoader, Pixels

_MOST_STARS = 5


class FullScreen(QWidget):
    """One picture at a time, until it is closed.

    Args:
        window: On whose screen.
        keys: What there is to see, in order.
        current: To begin with.
        path_of: File of a key.
        words_of: What is said of a key below its picture.
        rate: Called with a key and a number of stars.
        closed: Called with the key that was shown last.
    """

    def __init__(
        self,
        window: QWidget,
        keys: Sequence[str],
        current: str,
        *,
        path_of: Callable[[str], Path],
        words_of: Callable[[str], str],
        rate: Callable[[str, int], object],
        closed: Callable[[str], object],
    ) -> None:
        super().__init__(window, Qt.WindowType.Window)
        self.setObjectName("gallery.full_screen")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Gallery"))
        self._keys = list(keys)
        self._at = self._keys.index(current)
        self._path_of, self._words_of = path_of, words_of
        self._rate, self._closed = rate, closed
        self._loader = PixelLoader(studio.picture, self)
        self._loader.loaded.connect(self._on_loaded)
        self._view = PictureView()
        self._view.setObjectName("full_screen.picture")
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Keys are the window's.
        self._view.clicked.connect(partial(self._go, 1))
        self._words = QLabel()
        self._words.setObjectName("full_screen.words")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        mark(self._words, role="muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        layout.addWidget(self._view, 1)
        layout.addWidget(self._words)
        acts = {
            "Right": partial(self._go, 1),
            "Space": partial(self._go, 1),
            "Left": partial(self._go, -1),
            "Backspace": partial(self._go, -1),
            "Home": partial(self._go_to, 0),
            "End": partial(self._go_to, len(self._keys) - 1),
            "Esc": self.close,
            "F": self.close,
            **{str(stars): partial(self._on_stars, stars) for stars in range(_MOST_STARS + 1)},
        }
        for keys_, act in acts.items():
            # Before the picture, which arrows would move when it is enlarged.
            QShortcut(QKeySequence(keys_), self).activated.connect(act)
        self._show()

    def current(self) -> str:
        """Key of the picture that is shown."""
        return self._keys[self._at]

    def showFullScreen(self) -> None:
        """On the screen of the window that it belongs to."""
        above = self.parentWidget()
        if above is not None:
            self.setGeometry(above.screen().geometry())
        super().showFullScreen()

    def _go(self, step: int) -> None:
        self._go_to((self._at + step) % len(self._keys))

    def _go_to(self, place: int) -> None:
        self._at = place
        self._show()

    def _show(self) -> None:
        self._loader.want([self._path_of(self.current())])
        self._tell()

    def _tell(self) -> None:
        place = tr("{number:,} of {count:,}", number=self._at + 1, count=len(self._keys))
        self._words.setText(f"{place} · {self._words_of(self.current())}")

    def _on_stars(self, stars: int) -> None:
        self._rate(self.current(), stars)
        self._tell()

    def _on_loaded(self, pixels: list[Pixels]) -> None:
        (picture,) = pixels
        if isinstance(picture, str):
            self._view.set_placeholder(picture)
            self._view.set_picture(None)
        else:
            self._view.set_picture(picture)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let go of the thread, and say where one was."""
        self._loader.stop()
        self._closed(self.current())
        super().closeEvent(event)
