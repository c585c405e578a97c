"""The guide beside the window: chapters, a line to look something up, and all keys."""

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QTextDocument
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr
from genstudio.services.guide import Chapter, chapters, look_up
from genstudio.ui.dialogs.shortcuts import all_keys
from genstudio.ui.theme import GRID_PX, mark

_SIZE = QSize(120 * GRID_PX, 84 * GRID_PX)
_LIST_PX = 34 * GRID_PX
_KEY = Qt.ItemDataRole.UserRole
# Chapter for each page of the window.
OF_PAGES = {
    "dataset": "choosing-pictures",
    "train": "watching-it-learn",
    "create": "create",
    "gallery": "exploring-and-taste",
    "compare": "gan-or-vae",
}


class Guide(QDialog):
    """Stays open beside the window, that one can read and try.

    Args:
        window: That it belongs to.
        chapter: Key of the one to open.
    """

    def __init__(self, window: QWidget, chapter: str = "") -> None:
        super().__init__(window)
        self.setObjectName("dialog.guide")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Guide"))
        self.setModal(False)
        self._chapters = [*chapters(), _chapter_of_keys()]
        self._by_name = {it.path.name: it for it in self._chapters}
        self._find = QLineEdit()
        self._find.setObjectName("guide.find")
        self._find.setAccessibleName(tr("Look something up in the guide"))
        self._find.setPlaceholderText(tr("Look up: memory, blurred, copy…"))
        self._find.setClearButtonEnabled(True)
        self._find.textChanged.connect(self._show_list)
        self._list = QListWidget()
        self._list.setObjectName("guide.chapters")
        self._list.setAccessibleName(tr("Chapters"))
        self._list.setWordWrap(True)
        self._list.setSpacing(GRID_PX // 4)
        self._list.currentItemChanged.connect(self._on_chosen)
        self._nothing = QLabel(tr("Nothing in the guide has these words."))
        self._nothing.setObjectName("guide.nothing")
        self._nothing.setWordWrap(True)
        mark(self._nothing, role="muted")
        self._text = QTextBrowser()
        self._text.setObjectName("guide.text")
        self._text.setAccessibleName(tr("Chapter"))
        self._text.setOpenLinks(False)
        self._text.anchorClicked.connect(self._on_link)
        left = QVBoxLayout()
        left.setSpacing(GRID_PX)
        left.addWidget(self._find)
        left.addWidget(self._nothing)
        left.addWidget(self._list, 1)
        side = QWidget()
        side.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        side.setFixedWidth(_LIST_PX)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(side)
        layout.addWidget(self._text, 1)
        self.resize(_SIZE.boundedTo(window.size() - QSize(2 * GRID_PX, 2 * GRID_PX)))
        self._show_list()
        self.open_chapter(chapter or chapters()[0].key)

    def open_chapter(self, key: str) -> None:
        """Show a chapter, whatever is being looked up."""
        self._find.clear()
        for row in range(self._list.count()):
            item = self._list.item(row)
            if item.data(_KEY).key == key:
                self._list.setCurrentItem(item)

    def _show_list(self) -> None:
        query = self._find.text().strip()
        self._list.clear()
        if query:
            for hit in look_up(query, self._chapters):
                self._add(hit.chapter, f"{hit.chapter.title}\n{hit.around}")
        else:
            for chapter in self._chapters:
                self._add(chapter, chapter.title)
        self._nothing.setVisible(not self._list.count())
        self._list.setCurrentRow(0)

    def _add(self, chapter: Chapter, words: str) -> None:
        item = QListWidgetItem(words, self._list)
        item.setData(_KEY, chapter)

    def _on_chosen(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        chapter: Chapter = item.data(_KEY)
        folder = QUrl.fromLocalFile(f"{chapter.path.parent}/")
        self._text.document().setBaseUrl(folder)
        self._text.setSearchPaths([str(chapter.path.parent)])
        self._text.setMarkdown(chapter.text)
        self._fit_pictures()
        if words := self._find.text().split():
            self._text.find(words[0], QTextDocument.FindFlag(0))

    def _fit_pictures(self) -> None:
        """Bring pictures to the width of the text: Markdown has no sizes."""
        width = self._text.viewport().width() - 4 * GRID_PX
        document = self._text.document()
        block = document.begin()
        while block.isValid():
            for fragment in (it.fragment() for it in block):  # pyright: ignore[reportGeneralTypeIssues]
                shape = fragment.charFormat().toImageFormat()
                if shape.isValid() and fragment.charFormat().isImageFormat():
                    shape.setWidth(width)
                    cursor = self._text.textCursor()
                    cursor.setPosition(fragment.position())
                    cursor.setPosition(
                        fragment.position() + fragment.length(), cursor.MoveMode.KeepAnchor
                    )
                    cursor.setCharFormat(shape)
            block = block.next()

    def _on_link(self, link: QUrl) -> None:
        chapter = self._by_name.get(link.fileName())
        if chapter is not None:
            self.open_chapter(chapter.key)
        elif link.scheme() in {"https", "http"}:
            # In the person's own browser, as everywhere: the program itself opens no connection.
            QDesktopServices.openUrl(link)


def _chapter_of_keys() -> Chapter:
    """All keys, from where they are declared."""
    lines = [tr("# All keys")]
    heading = ""
    for where, keys, does in all_keys():
        if where != heading:
            heading = where
            lines += ["", f"## {where}", "", tr("| keys | |"), "|---|---|"]
        lines.append(f"| **{keys}** | {does} |")
    path = chapters()[0].path.with_name("keys.md")
    return Chapter(key="keys", path=path, title=tr("All keys"), text="\n".join(lines))


def show_guide(window: QWidget, chapter: str = "") -> None:
    """Show the guide at a chapter; one that is open already turns to it."""
    guide = window.findChild(Guide, "dialog.guide")
    if not isinstance(guide, Guide):
        guide = Guide(window, chapter)
    elif chapter:
        guide.open_chapter(chapter)
    guide.show()
    guide.raise_()
    guide.activateWindow()
