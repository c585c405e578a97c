"""Draws the program's icon as Windows and macOS want it, from the one SVG drawing.

Usage: PYTHON draw_icons.py FOLDER; needs PySide6 and Pillow.
"""

import io
import sys
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

_DRAWING = Path(__file__).resolve().parents[2] / "resources" / "desktop" / "genstudio.svg"
_SIZES = (16, 24, 32, 48, 64, 128, 256)
_LARGEST = 1024


def draw(folder: Path) -> list[Path]:
    """Write ``genstudio.ico`` and ``genstudio.icns``; needs a ``QGuiApplication``."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {size: _picture(size) for size in (*_SIZES, _LARGEST)}
    ico, icns = folder / "genstudio.ico", folder / "genstudio.icns"
    smaller = [pictures[size] for size in _SIZES]
    smaller[-1].save(ico, append_images=smaller, sizes=[(size, size) for size in _SIZES])
    pictures[_LARGEST].save(icns, append_images=smaller)
    return [ico, icns]


def _picture(size: int) -> Image.Image:
    """Drawn anew for each size, which is sharper than a large one made smaller."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(_DRAWING)).render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # pyright: ignore[reportCallIssue, reportArgumentType]
    return Image.open(io.BytesIO(buffer.data().data())).convert("RGBA")


if __name__ == "__main__":
    application = QGuiApplication(sys.argv[:1])
    for path in draw(Path(sys.argv[1])):
        print(path)
