"""Drives the main window as a person does: by its named widgets, waiting for what they show."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QListView,
    QListWidget,
    QProgressBar,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from genstudio.ui.main_window import MainWindow

W = TypeVar("W", bound=QWidget)
LONGEST_MS = 400_000


class StudioDriver:
    """A person in front of the window."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window = window
        self.qtbot = qtbot

    def find(self, name: str, kind: type[W] = QWidget) -> W:  # type: ignore[assignment]
        found = self.window.findChild(kind, name)
        assert found is not None, f"the window has no {kind.__name__} called {name}"
        return found

    def text(self, name: str) -> str:
        return self.find(name, QLabel).text()

    def wait(self, condition: Callable[[], Any]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=LONGEST_MS)

    def click(self, name: str) -> None:
        button = self.find(name, QAbstractButton)
        self.wait(button.isEnabled)
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def go_to(self, page: str) -> None:
        self.click(f"rail.{page}")
        assert self.find(f"page.{page}").isVisible()

    def choose(self, name: str, text: str) -> None:
        box = self.find(name, QComboBox)
        index = box.findText(text, Qt.MatchFlag.MatchContains)
        assert index >= 0, f"{name} does not offer {text}"
        box.setCurrentIndex(index)

    def set_number(self, name: str, value: float) -> None:
        widget = self.find(name)
        assert isinstance(widget, QSpinBox | QDoubleSpinBox)
        widget.setValue(value)  # type: ignore[arg-type]

    def open_pictures(self, folder: Path, count: int) -> None:
        self.window.open_dataset(folder)
        self.wait(lambda: self.text("dataset.summary").startswith(f"{count} found"))

    def choose_model(self, title: str) -> None:
        models = self.find("train.model", QListWidget)
        self.wait(lambda: models.count() > 0)
        (item,) = [
            models.item(row)
            for row in range(models.count())
            if title in str(models.item(row).data(Qt.ItemDataRole.AccessibleTextRole))
        ]
        models.setCurrentItem(item)

    def set_up_small_run(self, model: str, *, steps: int) -> None:
        """Choose everything for a training of some steps on the Train page."""
        self.go_to("train")
        self.choose_model(model)
        self.choose("train.preset", "Quick")
        self.choose("train.size", "32 ×")
        self.set_number("train.batch", 4)
        self.choose("train.unit", "steps")
        self.set_number("train.budget", steps)

    def rows(self, grid: str) -> int:
        return self.find(grid, QListView).model().rowCount()

    def progress(self) -> int:
        return self.find("train.progress", QProgressBar).value()
