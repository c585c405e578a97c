"""Finds words in a window that were never looked up in a catalogue, in the pseudo language."""

import re
from collections.abc import Iterator

from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QTabBar,
    QWidget,
)

_SPOKEN = re.compile(r"⟦[^⟦⟧]*⟧")
_TAG = re.compile(r"<[^>]*>|&\w+;")
_WORD = re.compile(r"[A-Za-z]{3,}")
_ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.AccessibleDescriptionRole,
)
_MOST_ROWS = 60


def unspoken(window: QWidget, allowed: frozenset[str]) -> dict[str, str]:
    """Texts with words that are not between the marks of the pseudo language => where they are.

    Args:
        window: What is looked at, with all that is hidden in it.
        allowed: Words that are the same in every language: names, units, keys.
    """
    found: dict[str, str] = {}
    for where, text in _texts(window):
        rest = _TAG.sub(" ", text)
        while _SPOKEN.search(rest):
            rest = _SPOKEN.sub(" ", rest)
        if any(word not in allowed for word in _WORD.findall(rest)):
            found.setdefault(text, where)
    return found


def _texts(window: QWidget) -> Iterator[tuple[str, str]]:
    for widget in [window, *window.findChildren(QWidget)]:
        name = widget.objectName() or type(widget).__name__
        yield name, widget.toolTip()
        yield name, widget.statusTip()
        yield name, widget.accessibleName()
        yield name, widget.accessibleDescription()
        match widget:
            case QLabel() | QAbstractButton():
                yield name, widget.text()
            case QGroupBox():
                yield name, widget.title()
            case QLineEdit():
                yield name, widget.placeholderText()
            case QComboBox():
                yield from _items(name, widget.model())
            case QTabBar():
                yield from ((name, widget.tabText(at)) for at in range(widget.count()))
            case QAbstractItemView() if widget.model() is not None:
                yield from _items(name, widget.model())
            case _:
                pass
    for action in window.findChildren(QAction):
        yield action.objectName(), action.text()
        yield action.objectName(), action.toolTip()


def _items(name: str, model: QAbstractItemModel) -> Iterator[tuple[str, str]]:
    # Lists keep their only column to themselves.
    num_columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount()
    for column in range(num_columns):
        for role in _ROLES[:2]:
            head = model.headerData(column, Qt.Orientation.Horizontal, role)
            if isinstance(head, str):
                yield name, head
        for row in range(min(model.rowCount(), _MOST_ROWS)):
            for role in _ROLES:
                text = model.index(row, column, QModelIndex()).data(role)
                if isinstance(text, str):
                    yield name, text
