"""What the program is, its version, its licence and whom it thanks."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

import genstudio


def show_about(window: QWidget) -> None:
    """Show the dialog; does not wait for it to be closed."""
    box = QMessageBox(window)
    box.setObjectName("dialog.about")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle("About GenStudio")
    box.setText(f"GenStudio {genstudio.__version__}")
    box.setInformativeText(
        "Train generative models of your own on your own pictures, on your own machine. "
        "Nothing leaves it.\n\n"
        "Free software under the Apache License 2.0. Built with Qt, PyTorch, pyqtgraph and "
        "Pillow; icons by Lucide (ISC licence)."
    )
    box.open()
