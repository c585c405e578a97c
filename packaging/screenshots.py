"""Makes the pictures of the README and the guide: the real window, with real trainings on flowers.

Usage: .venv/bin/python packaging/screenshots.py [MINUTES FOR EACH MODEL]

English ones lie in resources/screenshots/, those of other languages in folders there. Needs a
display, or QT_QPA_PLATFORM=offscreen.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QTableWidget,
    QWidget,
)

from genstudio.app import build_window
from genstudio.data.samples import make_sample_folder
from genstudio.domain.language import ENGLISH, LANGUAGES, VARIABLE
from genstudio.ui.main_window import MainWindow
from genstudio.ui.pages.create import CreatePage
from genstudio.ui.theme import apply_theme
from genstudio.ui.widgets.model_cards import ModelCards
from genstudio.ui.widgets.run_list import RunList

OUT = Path(__file__).resolve().parent.parent / "resources" / "screenshots"
_LONGEST_WAIT_S = 300.0
_COLOURS = 256
_MORE_MINUTES = 1.0
W = TypeVar("W", bound=QWidget)


def main(minutes: float) -> None:
    """Train on the built-in pictures, and save a picture of each page in each language."""
    app = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        pictures, project = Path(folder) / "flowers", Path(folder) / "Flowers"
        for _ in make_sample_folder(pictures):
            pass
        os.environ["XDG_CONFIG_HOME"] = str(Path(folder) / "preferences")
        for code in (ENGLISH, *(it for it in LANGUAGES if it != ENGLISH)):
            os.environ[VARIABLE] = code
            window = build_window(project)
            apply_theme(app, "dark")
            window.resize(1280, 800)
            window.show()
            photographer = _Photographer(app, window, OUT if code == ENGLISH else OUT / code)
            photographer.dataset(pictures)
            if code == ENGLISH:
                photographer.learn("self-supervised-gan", minutes)
                photographer.wait_for_the_end(minutes)
                # The steady one: something to look at after some minutes on any machine.
                photographer.learn("residual-vae", minutes)
                photographer.training(minutes)
                photographer.wait_for_the_end(minutes)
            else:
                photographer.keep_learning(_MORE_MINUTES)
                photographer.training(_MORE_MINUTES)
                photographer.wait_for_the_end(_MORE_MINUTES)
            photographer.create()
            photographer.gallery()
            if code == ENGLISH:
                photographer.compare()
            window.close()


class _Photographer:
    """Goes through the window as a person does."""

    def __init__(self, app: QApplication, window: MainWindow, out: Path) -> None:
        self._app = app
        self._window = window
        self._out = out

    def dataset(self, pictures: Path) -> None:
        """Look through the pictures; whatever waits to be learned is known by then."""
        self._window.open_dataset(pictures)
        self._click("rail.train")
        self._wait(self._find(QAbstractButton, "train.start").isEnabled)
        self._click("rail.dataset")
        self._rest(3)
        self._save("dataset")

    def learn(self, model_key: str, minutes: float) -> None:
        """Start a training."""
        self._click("rail.train")
        preset = self._find(QComboBox, "train.preset")
        preset.setCurrentIndex(preset.findData("quick"))
        self._find(QDoubleSpinBox, "train.budget").setValue(minutes)
        self._find(ModelCards, "train.model").select(model_key)
        self._click("train.start")
        self._wait(self._is_learning)

    def keep_learning(self, minutes: float) -> None:
        """Go on with the newest run."""
        self._click("rail.train")
        self._find(QDoubleSpinBox, "train.budget").setValue(minutes)
        self._click("train.resume")
        self._wait(self._is_learning)

    def training(self, minutes: float) -> None:
        """Photograph what is learning when it is nearly done."""
        self._rest(minutes * 60 * 0.9)
        self._save("train")

    def wait_for_the_end(self, minutes: float) -> None:
        """Let it learn to its end."""
        self._wait(lambda: not self._is_learning(), minutes * 60 + _LONGEST_WAIT_S)

    def create(self) -> None:
        """Make pictures of the newest run, and show them."""
        self._click("rail.create")
        page = self._window.findChild(CreatePage)
        assert page is not None
        page.choose("generate")
        self._click("create.start")
        self._rest(1)
        self._wait(self._find(QAbstractButton, "create.start").isEnabled)
        self._rest(2)
        self._save("create")

    def gallery(self) -> None:
        """Show what hangs there."""
        self._click("rail.gallery")
        self._rest(2)
        self._save("gallery")

    def compare(self) -> None:
        """Put all runs beside one another."""
        self._click("rail.compare")
        runs = self._find(RunList, "compare.runs")
        self._wait(lambda: runs.count() == 2)
        for row in range(runs.count()):
            runs.item(row).setCheckState(Qt.CheckState.Checked)
        self._click("compare.start")
        table = self._find(QTableWidget, "compare.table")
        self._wait(lambda: table.columnCount() == 2)
        self._rest(2)
        self._save("compare")

    def _is_learning(self) -> bool:
        return self._find(QAbstractButton, "train.stop").isEnabled()

    def _wait(self, condition: Callable[[], bool], longest_s: float = _LONGEST_WAIT_S) -> None:
        deadline = time.monotonic() + longest_s
        while not condition():
            if time.monotonic() > deadline:
                sys.exit("The window did not come as far as expected.")
            self._app.processEvents()
            time.sleep(0.01)

    def _rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self._wait(lambda: time.monotonic() > end, seconds + _LONGEST_WAIT_S)

    def _find(self, kind: type[W], name: str) -> W:
        widget = self._window.findChild(kind, name)
        assert widget is not None, name
        return widget

    def _click(self, name: str) -> None:
        button = self._find(QAbstractButton, name)
        self._wait(button.isEnabled)
        button.click()

    def _save(self, name: str) -> None:
        self._out.mkdir(parents=True, exist_ok=True)
        path = self._out / f"{name}.png"
        self._window.grab().save(str(path))
        # A third of the size, and no difference is seen.
        with Image.open(path) as picture:
            few = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.FLOYDSTEINBERG)
        few.save(path, optimize=True)
        print(path.relative_to(OUT))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)
