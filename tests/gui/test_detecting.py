"""What does not belong, in the window: heat maps with a slider, and scores by keyboard."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QComboBox, QLabel, QSlider, QTableWidget
from pytestqt.qtbot import QtBot
from saved_runs import Opener
from studio_driver import StudioDriver
from test_create_page import cards, give, grid, make

from genstudio.domain import events
from genstudio.domain.operations import DETECT
from genstudio.engine.trainer import NoCommands
from genstudio.services.presets import resolve_settings
from genstudio.services.training import NewRun, start_run
from genstudio.ui.widgets.before_after import BeforeAfterView

SIDE = 64


def stripes(count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    across = np.arange(SIDE)[None, None, :, None] + random.uniform(0, 6, (count, 1, 1, 1))
    waves = 128 + 60 * np.sin(across * np.pi / 3)
    return (waves + random.normal(0, 6, (count, SIDE, SIDE, 3))).clip(0, 255).astype(np.uint8)


def save(folder: Path, pictures: np.ndarray) -> None:
    folder.mkdir(parents=True)
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{folder.name}{number:02}.png")


@pytest.fixture
def given(project: Path, tmp_path: Path) -> Path:
    """The project has a run that scores; gives a folder with whole and spoiled pictures."""
    save(tmp_path / "normal", stripes(24, 0))
    settings = resolve_settings(
        preset="quick",
        model_key="repair-autoencoder",
        training={"size": 64, "batch": 4, "budget": {"unit": "steps", "amount": 2}},
        model={"width": 16},
    )
    request = NewRun(folder=tmp_path / "normal", project=project, settings=settings)
    *_, ending = start_run(request, NoCommands())
    assert isinstance(ending, events.Finished), ending
    pictures = stripes(6, 5)
    pictures[3:, 8:18, 8:18] = 255
    save(tmp_path / "tests" / "good", pictures[:3])
    save(tmp_path / "tests" / "blot", pictures[3:])
    return tmp_path / "tests"


def detected(open_project: Opener, given: Path) -> StudioDriver:
    studio = open_project()
    studio.go_to("create")
    studio.wait(lambda: cards(studio).current_key())
    cards(studio).select(DETECT)
    # A VAE can be asked as well.
    runs = studio.find("create.run", QComboBox)
    assert runs.count() == 2
    runs.setCurrentIndex(runs.findText("does not belong", Qt.MatchFlag.MatchContains))
    give(studio, given)
    assert len(make(studio)) == 6
    studio.wait(studio.find("create.scores").isVisible)
    return studio


def test_the_heat_map_is_as_strong_as_the_slider_says(
    open_project: Opener, given: Path, qtbot: QtBot
) -> None:
    studio = detected(open_project, given)
    assert "do not belong" in studio.text("create.status")
    assert studio.find("create.watch", QCheckBox).isVisible()
    view = studio.find("viewer.heat", BeforeAfterView)
    slider = studio.find("viewer.opacity", QSlider)
    assert slider.accessibleName() == "Opacity of the heat map"
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    results = grid(studio, "create.results")
    results.select(next(filter(lambda key: "blot" in key, results.keys())))
    studio.wait(lambda: not view._image.isNull() and view._image.pixelColor(12, 12).red() == 255)

    def colour() -> int:
        image = view._image
        pixels = [image.pixelColor(x, y) for x in range(8, 18) for y in range(8, 18)]
        return sum(abs(it.red() - it.blue()) for it in pixels)

    plain = colour()
    qtbot.keyClick(slider, Qt.Key.Key_End)
    assert slider.accessibleDescription() == "100 %"
    assert colour() > plain + 1000


def test_scores_are_sorted_and_gone_through_by_keyboard(
    open_project: Opener, given: Path, qtbot: QtBot
) -> None:
    studio = detected(open_project, given)
    table = studio.find("scores.table", QTableWidget)
    assert not table.isVisible()
    toggle = studio.find("create.scores", QAbstractButton)
    toggle.setFocus()
    qtbot.keyClick(toggle, Qt.Key.Key_Space)
    assert table.isVisible()
    assert table.rowCount() == 6
    first = [table.item(row, 0).text() for row in range(3)]
    assert all(name.startswith("blot") for name in first)
    scores = [table.item(row, 1).data(Qt.ItemDataRole.DisplayRole) for row in range(6)]
    assert scores == sorted(scores, reverse=True)
    table.setCurrentCell(0, 0)
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert studio.text("create.caption").startswith(table.item(1, 0).text())
    # By its column, Enter sorts the other way round, and by another one first as it usually is.
    for _ in range(table.currentColumn(), 1):
        qtbot.keyClick(table, Qt.Key.Key_Right)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert table.item(0, 0).text().startswith("good")
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert table.item(0, 0).text().startswith("blot")
    qtbot.keyClick(table, Qt.Key.Key_Left)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    names = [table.item(row, 0).text() for row in range(6)]
    assert names == sorted(names)
    # What the plots show can be reached, too: in words.
    words = studio.find("scores.words", QLabel)
    assert words.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert "AUROC 1.000" in words.text()
    assert "At the threshold" in words.text()
    assert studio.find("scores.roc").isVisible()
    assert studio.find("scores.histogram").isVisible()
