"""Two pictures at a time: a key or a click says which is liked more, and the next two come."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hung_pictures import hung
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.domain.artifacts import TEXT, Artifact
from genstudio.domain.recipes import Recipe
from genstudio.services.gallery_items import GalleryItem
from genstudio.ui.dialogs.choosing import ChoosingDialog, Pair
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.reading import ReadingView


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


class Asked:
    """Pairs that follow one another, and what was answered."""

    def __init__(self, items: list[GalleryItem]) -> None:
        self.items = items
        self.number = 0
        self.answers: list[tuple[str, str]] = []

    def next_pair(self) -> Pair | None:
        if len(self.items) < 2:
            return None
        self.number += 1
        count = len(self.items)
        return self.items[self.number % count], self.items[(self.number + 1) % count]

    def choose(self, better: str, worse: str) -> bool:
        self.answers.append((better, worse))
        return True


def opened(window: QWidget, asked: Asked) -> ChoosingDialog:
    dialog = ChoosingDialog(window, asked.next_pair, asked.choose, 18)
    dialog.open()
    return dialog


def test_keys_and_clicks_choose_and_the_space_bar_passes_on(
    qtbot: QtBot, window: QWidget, tmp_path: Path
) -> None:
    asked = Asked(hung(tmp_path, 3))
    dialog = opened(window, asked)
    words = dialog.findChild(QLabel, "choosing.words")
    left = dialog.findChild(PictureView, "choosing.picture.left")
    right = dialog.findChild(QPushButton, "choosing.right")
    assert words is not None
    assert left is not None
    assert right is not None
    assert "18 choices" in words.text()
    qtbot.waitUntil(lambda: not left.picture_rect().isEmpty(), timeout=20_000)

    qtbot.keyClick(dialog, Qt.Key.Key_Left)
    assert asked.answers == [("1.png", "2.png")]
    qtbot.keyClick(dialog, Qt.Key.Key_Space)
    assert len(asked.answers) == 1
    assert asked.number == 3
    right.click()
    assert asked.answers[-1] == ("1.png", "0.png")
    assert words.text() == "20 choices so far. From 200 on, the model can be taught by them."
    left.clicked.emit()
    assert asked.answers[-1] == ("1.png", "2.png")
    dialog.accept()


def test_texts_are_read_beside_each_other(window: QWidget, tmp_path: Path) -> None:
    items: list[GalleryItem] = []
    for number, text in enumerate(["The sea sang.", "A hill walked."]):
        recipe = Recipe(
            software="GenStudio", model_key="toy", run="r", step=2, seed=number,
            created=datetime(2026, 1, 31, tzinfo=UTC),
        )  # fmt: skip
        path = tmp_path / f"{number}.txt"
        ARTIFACTS.get(TEXT).write(Artifact(kind=TEXT, data=text), path, recipe)
        items.append(GalleryItem(path.name, tmp_path, recipe.model_dump_json(), 0, ()))
    asked = Asked(items)
    dialog = opened(window, asked)
    left = dialog.findChild(ReadingView, "choosing.text.left")
    right = dialog.findChild(ReadingView, "choosing.text.right")
    assert left is not None
    assert right is not None
    assert left.isVisible()
    assert (left.toPlainText(), right.toPlainText()) == ("A hill walked.", "The sea sang.")
    button = dialog.findChild(QPushButton, "choosing.right")
    assert button is not None
    button.click()
    assert asked.answers == [("0.txt", "1.txt")]
    dialog.accept()


def test_a_gallery_without_two_pictures_says_so(window: QWidget, tmp_path: Path) -> None:
    dialog = opened(window, Asked(hung(tmp_path, 1)))
    words = dialog.findChild(QLabel, "choosing.words")
    left = dialog.findChild(QPushButton, "choosing.left")
    assert words is not None
    assert left is not None
    assert "fewer than two" in words.text()
    assert not left.isEnabled()
    dialog.accept()
