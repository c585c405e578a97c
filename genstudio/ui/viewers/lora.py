"""Viewer of LoRAs: what is in the file, and where it can be used."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr, tr_noop
from genstudio.services import studio_operations
from genstudio.ui.theme import GRID_PX, mark

_BARS_PX = 256
_WHERE = tr_noop(
    "Use it here, as a LoRA of “Pictures from words”, or copy it to the folder of LoRAs of ComfyUI "
    "(models/loras) or AUTOMATIC1111 (models/Lora)."
)


class LoraViewer:
    """Says what a LoRA holds; bars show how much is changed from the first layer to the last.

    Attributes:
        widget: What goes into a page.
    """

    def __init__(self) -> None:
        self.widget = QWidget()
        self._bars = QLabel()
        self._bars.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._bars.setAccessibleName(tr("How much each layer is changed"))
        self._words = QLabel()
        self._words.setObjectName("viewer.lora")
        self._words.setWordWrap(True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._where = QLabel(tr(_WHERE))
        self._where.setWordWrap(True)
        self._where.setAlignment(Qt.AlignmentFlag.AlignCenter)
        mark(self._where, role="small")
        layout = QVBoxLayout(self.widget)
        layout.setSpacing(GRID_PX)
        layout.addStretch(1)
        layout.addWidget(self._bars)
        layout.addWidget(self._words)
        layout.addWidget(self._where)
        layout.addStretch(1)

    def show_result(self, path: Path, source: Path | None) -> None:
        """Read what is in the file."""
        del source
        try:
            bars_HWC = studio_operations.thumbnail(path, _BARS_PX)
            words = studio_operations.words_about(path)
        except GenStudioError as error:
            self.clear(str(error))
            return
        height, width, _ = bars_HWC.shape
        image = QImage(bars_HWC.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        self._bars.setPixmap(QPixmap.fromImage(image))
        self._words.setText(f"{path.name}: {words}")
        self._where.show()

    def clear(self, words: str) -> None:
        """Show no file."""
        self._bars.setPixmap(QPixmap())
        self._words.setText(words)
        self._where.hide()

    def shutdown(self) -> None:
        """It has no thread."""
