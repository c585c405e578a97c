"""What is on the screen while the window's parts are still being loaded.

Imports next to nothing: whatever is imported here is waited for with nothing on the screen.
"""

import time

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.ui.icons import program_picture
from genstudio.ui.theme import GRID_PX, mark

_PICTURE_PX = 96
# A display that does not answer keeps nobody waiting.
_LONGEST_WAIT_S = 0.5


class Splash(QWidget):
    """The program's picture and name, in the middle of the screen; takes no keys and no focus."""

    def __init__(self) -> None:
        super().__init__(None, Qt.WindowType.SplashScreen | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("splash")
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAccessibleName(tr("GenStudio is being opened"))
        picture = QLabel(pixmap=program_picture(_PICTURE_PX, self.devicePixelRatioF()))
        name = QLabel(tr("GenStudio"))
        mark(name, role="title")
        words = QLabel(tr("Opening…"))
        mark(words, role="muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(8 * GRID_PX, 5 * GRID_PX, 8 * GRID_PX, 5 * GRID_PX)
        column.setSpacing(GRID_PX)
        for label in (picture, name, words):
            column.addWidget(label, alignment=Qt.AlignmentFlag.AlignHCenter)

    def show_now(self, app: QApplication) -> None:
        """Show it, and come back when it has been painted: nothing is painted while loading."""
        self.adjustSize()
        self.move(self.screen().availableGeometry().center() - self.rect().center())
        self.show()
        deadline_s = time.monotonic() + _LONGEST_WAIT_S
        while not self.windowHandle().isExposed() and time.monotonic() < deadline_s:
            app.processEvents()
        self.repaint()
        app.processEvents()
