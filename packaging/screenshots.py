"""Makes the pictures of the README: the real window, with real trainings on the flowers.

Usage: .venv/bin/python packaging/screenshots.py [MINUTES FOR EACH MODEL]

Needs a display, or QT_QPA_PLATFORM=offscreen.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QTableWidget,
    QWidget,
)

from genstudio.app import build_window
from genstudio.data.samples import make_sample_folder
from genstudio.ui.main_window import MainWindow
from genstudio.ui.theme import apply_theme
from genstudio.ui.widgets.model_cards import ModelCards
from genstudio.ui.widgets.run_list import RunList

OUT = Path(__file__).resolve().parent.parent / "resources" / "screenshots"
_LONGEST_WAIT_S = 120.0
W = TypeVar("W", bound=QWidget)


def main(minutes: float) -> None:
    """Train two models on the built-in pictures and save a picture of each page."""
    app = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "flowers"
        for _ in make_sample_folder(pictures):
            pass
        window = build_window(Path(folder) / "Flowers")
        apply_theme(app, "dark")
        window.resize(1280, 800)
        window.show()
        _photograph(app, window, pictures, minutes)
        window.close()


def _photograph(app: QApplication, window: MainWindow, pictures: Path, minutes: float) -> None:
    def wait(condition: Callable[[], bool], longest_s: float = _LONGEST_WAIT_S) -> None:
        deadline = time.monotonic() + longest_s
        while not condition():
            if time.monotonic() > deadline:
                sys.exit("The window did not come as far as expected.")
            app.processEvents()
            time.sleep(0.01)

    def rest(seconds: float) -> None:
        end = time.monotonic() + seconds
        wait(lambda: time.monotonic() > end, seconds + _LONGEST_WAIT_S)

    def find(kind: type[W], name: str) -> W:
        widget = window.findChild(kind, name)
        assert widget is not None, name
        return widget

    def click(name: str) -> None:
        button = find(QAbstractButton, name)
        wait(button.isEnabled)
        button.click()

    def save(name: str) -> None:
        OUT.mkdir(parents=True, exist_ok=True)
        window.grab().save(str(OUT / f"{name}.png"))
        print(f"{name}.png")

    window.open_dataset(pictures)
    summary = find(QLabel, "dataset.summary")
    wait(lambda: "will be used" in summary.text())
    rest(3)
    save("dataset")
    click("rail.train")
    wait(find(QAbstractButton, "train.start").isEnabled)
    preset = find(QComboBox, "train.preset")
    preset.setCurrentIndex(preset.findData("quick"))
    find(QDoubleSpinBox, "train.budget").setValue(minutes)
    eta, coach = find(QLabel, "status.eta"), find(QLabel, "train.coach")

    def learn(model_key: str) -> None:
        find(ModelCards, "train.model").select(model_key)
        click("train.start")
        wait(lambda: eta.text().endswith("left"))

    def wait_for_the_end() -> None:
        wait(lambda: coach.text().startswith("Finished"), minutes * 60 + _LONGEST_WAIT_S)

    learn("self-supervised-gan")
    wait_for_the_end()
    # The steady one: something to look at after some minutes on any machine.
    learn("residual-vae")
    rest(minutes * 60 * 0.9)
    save("train")
    wait_for_the_end()
    click("rail.gallery")
    rest(2)
    save("gallery")
    click("rail.compare")
    runs = find(RunList, "compare.runs")
    wait(lambda: runs.count() == 2)
    for row in range(runs.count()):
        runs.item(row).setCheckState(Qt.CheckState.Checked)
    click("compare.start")
    table = find(QTableWidget, "compare.table")
    wait(lambda: table.columnCount() == 2)
    rest(2)
    save("compare")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)
