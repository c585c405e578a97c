"""The list of all keys and what they do."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr
from genstudio.ui.actions import COMMANDS, KEYS
from genstudio.ui.theme import GRID_PX

_SIZE = QSize(76 * GRID_PX, 72 * GRID_PX)


def shown_keys(sequence: str) -> str:
    """A key sequence as people of this system write it."""
    return QKeySequence(sequence).toString(QKeySequence.SequenceFormat.NativeText)


def show_shortcuts(window: QWidget) -> None:
    """Show the list; does not wait for it to be closed."""
    ShortcutList(window).open()


class ShortcutList(QDialog):
    """Keys under where they mean something, with a line to find some of them."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("dialog.shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        find = QLineEdit()
        find.setObjectName("shortcuts.find")
        find.setAccessibleName(tr("Find a key"))
        find.setPlaceholderText(tr("Find: save, page, Ctrl+…"))
        find.setClearButtonEnabled(True)
        find.textChanged.connect(self._look)
        self._tree = QTreeWidget()
        self._tree.setObjectName("shortcuts.list")
        self._tree.setAccessibleName(tr("Keyboard shortcuts"))
        self._tree.setColumnCount(2)
        self._tree.setHeaderHidden(True)
        self._tree.setRootIsDecorated(False)
        self._tree.setSelectionMode(QTreeWidget.SelectionMode.SingleSelection)
        for where, keys, does in all_keys():
            self._add(where, keys, does)
        self._tree.expandAll()
        self._tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(GRID_PX)
        layout.addWidget(find)
        layout.addWidget(self._tree, 1)
        layout.addWidget(buttons)
        self.resize(_SIZE.boundedTo(window.size() - QSize(GRID_PX, GRID_PX)))
        find.setFocus()

    def _add(self, where: str, keys: str, does: str) -> None:
        found = self._tree.findItems(where, Qt.MatchFlag.MatchExactly)
        if found:
            group = found[0]
        else:
            group = QTreeWidgetItem(self._tree, [where])
            group.setFirstColumnSpanned(True)
            font = group.font(0)
            font.setBold(True)
            group.setFont(0, font)
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item = QTreeWidgetItem(group, [keys, does])
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{keys}: {does}")

    def _look(self, query: str) -> None:
        wanted = query.casefold()
        for place in range(self._tree.topLevelItemCount()):
            group = self._tree.topLevelItem(place)
            assert group is not None
            shown = 0
            for row in range(group.childCount()):
                item = group.child(row)
                assert item is not None
                said = f"{group.text(0)} {item.text(0)} {item.text(1)}".casefold()
                item.setHidden(wanted not in said)
                shown += wanted in said
            group.setHidden(not shown)


def all_keys() -> list[tuple[str, str, str]]:
    """Where, keys, what they do."""
    everywhere = [
        (
            tr("Everywhere: {menu}", menu=command.menu.replace("&", "")),
            shown_keys(command.shortcut),
            f"{command.plain_title} — {command.help}",
        )
        for command in COMMANDS
        if command.shortcut
    ]
    return [*everywhere, *((it.where, it.keys, it.does) for it in KEYS)]
