"""Small arrangements that forms are made of."""

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from genstudio.ui.theme import GRID_PX
from genstudio.ui.widgets.elided_combo import ElidedCombo
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused


def named_combo(name: str, title: str) -> QComboBox:
    """A box to choose from, with its names for tests and for screen readers.

    Args:
        name: Object name, such as ``train.size``.
        title: What is chosen: the accessible name and, where Qt says what is chosen now in place of
            that, the description.
    """
    box = ElidedCombo()
    box.setObjectName(name)
    box.setAccessibleName(title)
    box.setAccessibleDescription(title)
    ignore_wheel_unless_focused(box)
    return box


def side_by_side(first: QWidget, second: QWidget) -> QWidget:
    """Two widgets in a row, of which the first gets the room."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GRID_PX)
    layout.addWidget(first, 1)
    layout.addWidget(second)
    return row
