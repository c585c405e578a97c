"""What the program is, its version, its licence, and what it is built of."""

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

import genstudio
from genstudio.domain.language import tr
from genstudio.services.licences import notices_file, parts_and_licences
from genstudio.ui.theme import GRID_PX, mark

_SIZE = QSize(72 * GRID_PX, 72 * GRID_PX)


class About(QDialog):
    """Version and licences."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("dialog.about")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("About GenStudio"))
        heading = QLabel(f"GenStudio {genstudio.__version__}")
        heading.setObjectName("about.version")
        mark(heading, role="heading")
        words = QLabel(
            tr(
                "Train generative models of your own on your own material, on your own machine. "
                "Nothing leaves it.\n\nFree software under the Apache License 2.0. It is built of:"
            )
        )
        words.setWordWrap(True)
        parts = QTreeWidget()
        parts.setObjectName("about.licences")
        parts.setAccessibleName(tr("Parts of the program and their licences"))
        parts.setHeaderLabels([tr("part"), tr("version"), tr("licence")])
        parts.setRootIsDecorated(False)
        for part in parts_and_licences():
            item = QTreeWidgetItem(parts, [part.name, part.version, part.licence])
            said = f"{part.name} {part.version}: {part.licence}"
            item.setData(0, Qt.ItemDataRole.AccessibleTextRole, said)
            item.setToolTip(2, part.licence)
        parts.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        parts.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        notices = notices_file()
        if notices is not None:
            texts = buttons.addButton(
                tr("Texts of all licences"), QDialogButtonBox.ButtonRole.HelpRole
            )
            texts.setObjectName("about.texts")
            link = QUrl.fromLocalFile(str(notices))
            texts.clicked.connect(lambda: QDesktopServices.openUrl(link))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX + GRID_PX // 2)
        layout.addWidget(heading)
        layout.addWidget(words)
        layout.addWidget(parts, 1)
        layout.addWidget(buttons)
        self.resize(_SIZE.boundedTo(window.size() - QSize(GRID_PX, GRID_PX)))


def show_about(window: QWidget) -> None:
    """Show the dialog; does not wait for it to be closed."""
    About(window).open()
