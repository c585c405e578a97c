"""The question before the window closes while a training runs."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from genstudio.domain.language import tr


def ask_before_closing(window: QWidget, stop_and_close: Callable[[], None]) -> None:
    """Ask whether to stop, save and close; does not wait for the answer."""
    box = QMessageBox(window)
    box.setObjectName("dialog.closing")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(tr("A training is under way"))
    box.setText(tr("A model is still learning."))
    box.setInformativeText(
        tr(
            "GenStudio can stop at a safe point, save everything and close. "
            "The training can go on from there later."
        )
    )
    stop = box.addButton(tr("Stop, save and close"), QMessageBox.ButtonRole.AcceptRole)
    keep = box.addButton(tr("Keep training"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)
    stop.clicked.connect(stop_and_close)
    box.open()
