"""The caption editor in the real window: write, count, replace, undo, keep in the project."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QListView, QListWidget, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot
from studio_driver import StudioDriver
from tiny_studio import flowers_NHWC, save_pictures

from genstudio.app import build_window
from genstudio.services.caption_edits import load_edits
from genstudio.services.projects import open_or_create

NUM = 6


class Writer(StudioDriver):
    """A person who writes captions."""

    def open(self, folder: Path) -> None:
        self.window.open_dataset(folder)
        self.wait(lambda: self.window._dataset.report is not None)
        self.click("dataset.captions")
        self.wait(lambda: f"of {NUM}" in self.text("dataset.captions.summary"))

    @property
    def captions(self) -> dict[str, str]:
        return dict(self.window._dataset.captions)

    @property
    def field(self) -> QPlainTextEdit:
        return self.find("dataset.captions.text", QPlainTextEdit)

    def type(self, text: str) -> None:
        self.field.clear()
        self.qtbot.keyClicks(self.field, text)
        self.qtbot.keyClick(self.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    def rows(self) -> list[str]:
        model = self.find("dataset.captions.list", QListView).model()
        return [str(model.data(model.index(row, 0))) for row in range(model.rowCount())]

    def write_in(self, name: str, text: str) -> None:
        self.find(name, QLineEdit).setText(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = save_pictures(tmp_path / "flowers", flowers_NHWC(NUM))
    (folder / "00.txt").write_text("a red flower")
    (folder / "01.txt").write_text("a tired flower, red")
    return folder


@pytest.fixture
def writer(qtbot: QtBot, tmp_path: Path, folder: Path) -> Iterator[Writer]:
    open_or_create(tmp_path / "Meadow")
    window = build_window(tmp_path / "Meadow")
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    writer = Writer(window, qtbot)
    writer.open(folder)
    yield writer
    window.close()


def test_it_shows_what_there_is_and_what_is_missing(writer: Writer) -> None:
    assert writer.text("dataset.captions.summary") == "2 of 6 pictures have a caption · 4 words"
    words = writer.find("dataset.captions.words", QListWidget)
    assert words.item(0).text() == "a  ·  2"
    assert writer.rows()[:3] == ["a red flower", "a tired flower, red", "no caption yet"]
    assert writer.field.toPlainText() == "a red flower"

    writer.choose("dataset.captions.filter", "Without")

    assert writer.rows() == ["no caption yet"] * 4


def test_captions_are_written_kept_and_undone(writer: Writer, folder: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in folder.iterdir())
    writer.type("a blue flower")
    writer.type("")

    assert writer.captions == {"00.png": "a blue flower"}
    writer.wait(lambda: len(load_edits(tmp_path / "Meadow")) == 2)
    assert sorted(load_edits(tmp_path / "Meadow").values()) == ["", "a blue flower"]
    assert sorted(path.name for path in folder.iterdir()) == before
    assert (folder / "00.txt").read_text() == "a red flower"

    writer.window._dataset.history.undo()
    assert writer.captions["01.png"] == "a tired flower, red"
    writer.window._dataset.history.undo()
    assert writer.captions["00.png"] == "a red flower"
    writer.window._dataset.history.redo()
    assert writer.captions["00.png"] == "a blue flower"


def test_words_are_replaced_everywhere_and_parts_of_words_are_not(writer: Writer) -> None:
    writer.write_in("dataset.captions.find", "RED")
    writer.write_in("dataset.captions.replace_with", "crimson")
    button = writer.find("dataset.captions.replace", QPushButton)
    assert button.text() == "Replace in 2 captions"

    writer.click("dataset.captions.replace")

    assert writer.captions == {"00.png": "a crimson flower", "01.png": "a tired flower, crimson"}
    assert writer.field.toPlainText() == "a crimson flower"
    writer.window._dataset.history.undo()
    assert writer.captions["00.png"] == "a red flower"


def test_what_is_written_makes_it_a_folder_of_captions(writer: Writer) -> None:
    materials = writer.window._states.materials
    for number in range(NUM):
        writer.type(f"flower number{number}")

    writer.wait(lambda: materials.current() is not None)
    writer.wait(
        lambda: any(
            it.card.key == "captions" and it.num_examples == NUM
            for it in materials.materials.fitting
        )
    )


def test_what_was_written_is_there_when_the_project_is_opened_again(
    writer: Writer, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    writer.type("a blue flower")
    writer.window.close()
    window = build_window(tmp_path / "Meadow")
    qtbot.addWidget(window)
    window.show()
    again = Writer(window, qtbot)
    again.open(folder)

    assert again.captions["00.png"] == "a blue flower"
    window.close()


def test_all_captions_are_exported_where_a_person_says(
    writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "elsewhere.csv"
    monkeypatch.setattr(
        "genstudio.ui.pages.dataset_captions.QFileDialog.getSaveFileName",
        lambda *_: (str(to), ""),
    )
    writer.click("dataset.captions.export")

    assert to.read_text("utf-8").splitlines()[1] == "00.png,a red flower"
