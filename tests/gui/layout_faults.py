"""Finds what does not fit in a window: words cut off, controls out of reach, and overlaps."""

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QWidget,
)

from genstudio.ui.widgets.elided_label import ElidedLabel

# Rounding of fonts and scales.
_SLACK_PX = 2
_CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit)


def layout_faults(window: QWidget) -> list[str]:
    """Say what is wrong with what is shown now, in words; an empty list if nothing is."""
    shown = [it for it in window.findChildren(QWidget) if it.isVisible() and it.window() is window]
    faults = [*_cut_off(shown), *_out_of_reach(window, shown), *_overlapping(shown)]
    return list(dict.fromkeys(faults))


def _cut_off(shown: list[QWidget]) -> Iterator[str]:
    for widget in shown:
        if not isinstance(widget, QLabel | QPushButton | QToolButton | QCheckBox | QComboBox):
            continue
        if isinstance(widget, ElidedLabel):
            continue  # It says where it leaves words out, and has all of them in a tooltip.
        text = widget.currentText() if isinstance(widget, QComboBox) else widget.text()
        if not text:
            continue
        if isinstance(widget, QLabel) and widget.wordWrap():
            if widget.height() + _SLACK_PX < widget.heightForWidth(widget.width()):
                yield f"{_name(widget)}: lines of “{text[:40]}” are cut off"
        elif isinstance(widget, QComboBox):
            continue  # It shows as much as there is room for, and all when it is opened.
        elif isinstance(widget, QToolButton):
            # Its hint has room beside the words that it can do without.
            if widget.width() < widget.fontMetrics().horizontalAdvance(text):
                yield f"{_name(widget)}: “{text[:40]}” is cut off"
        elif widget.width() + _SLACK_PX < widget.minimumSizeHint().width():
            yield f"{_name(widget)}: “{text[:40]}” is cut off"


def _out_of_reach(window: QWidget, shown: list[QWidget]) -> Iterator[str]:
    for widget in shown:
        if not isinstance(widget, _CONTROLS) or _scrolled(widget):
            continue
        place = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
        if not window.rect().contains(place):
            yield f"{_name(widget)}: lies outside of the window"
        if widget.width() < 8 or widget.height() < 8:
            yield f"{_name(widget)}: has {widget.width()} × {widget.height()} pixels"


def _overlapping(shown: list[QWidget]) -> Iterator[str]:
    by_parent: dict[QWidget, list[QWidget]] = {}
    for widget in shown:
        if isinstance(widget, (*_CONTROLS, QLabel)):
            by_parent.setdefault(widget.parentWidget(), []).append(widget)
    for parent, children in by_parent.items():
        # What a control is made of may lie over it.
        if isinstance(parent, (*_CONTROLS, QAbstractScrollArea)):
            continue
        for number, one in enumerate(children):
            for other in children[number + 1 :]:
                both = one.geometry().intersected(other.geometry())
                if both.width() > _SLACK_PX and both.height() > _SLACK_PX:
                    yield f"{_name(one)} and {_name(other)} overlap"


def _scrolled(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QAbstractScrollArea):
            return True
        parent = parent.parentWidget()
    return False


def _name(widget: QWidget) -> str:
    return widget.objectName() or widget.accessibleName() or type(widget).__name__
