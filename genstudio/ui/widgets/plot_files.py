"""Writes a plot into a file: as a picture, as lines that stay sharp, or as numbers."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, QPoint, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from genstudio.domain.errors import ProjectError
from genstudio.domain.files import write_bytes, write_text
from genstudio.domain.language import tr

KINDS = (".png", ".svg", ".csv")
_SHARPNESS = 2


def save_plot(
    widget: QWidget, lines: Mapping[str, tuple[np.ndarray, np.ndarray]], path: Path
) -> None:
    """Write what a plot shows.

    Args:
        widget: The plot.
        lines: Name of each line => its steps and values, for a table.
        path: Its suffix says what is written: ``.png``, ``.svg`` or ``.csv``.

    Raises:
        ProjectError: The suffix is another one, or the file cannot be written.
    """
    match path.suffix.lower():
        case ".csv":
            write_text(path, _table(lines))
        case ".png":
            size = widget.size() * _SHARPNESS
            image = QImage(size, QImage.Format.Format_RGB32)
            image.setDevicePixelRatio(_SHARPNESS)
            widget.render(image)
            buffer = QBuffer()
            buffer.open(QIODevice.OpenModeFlag.WriteOnly)
            image.save(buffer, "PNG")  # type: ignore[call-overload]  # stubs want bytes
            write_bytes(path, bytes(buffer.data().data()))
        case ".svg":
            write_bytes(path, _drawing(widget))
        case _:
            raise ProjectError(
                tr("A plot cannot be saved as “{suffix}”", suffix=path.suffix),
                "",
                tr("Choose {kinds}.", kinds=", ".join(KINDS)),
            )


def _drawing(widget: QWidget) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(widget.size()))
    generator.setViewBox(widget.rect())
    generator.setTitle(widget.accessibleName())
    painter = QPainter(generator)
    # Of the two ways to call it, the stubs know the other one.
    cast("Any", widget).render(painter, QPoint())
    painter.end()
    return bytes(buffer.data().data())


def _table(lines: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> str:
    """A row for each step that any line has a value at; all digits, so that nothing is lost."""
    values: dict[float, dict[str, float]] = {}
    for name, (steps, numbers) in lines.items():
        for step, number in zip(steps.tolist(), numbers.tolist(), strict=True):
            values.setdefault(step, {})[name] = number
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["step", *lines])
    for step in sorted(values):
        row = values[step]
        writer.writerow([f"{step:g}", *(repr(row[it]) if it in row else "" for it in lines)])
    return file.getvalue()
