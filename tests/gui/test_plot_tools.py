"""While it trains: logarithms, marks, saving; one seed through time, and two points at once."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QDialog, QListWidget, QSpinBox, QToolButton
from pytestqt.qtbot import QtBot
from saved_runs import Opener

from genstudio.domain import events, marks
from genstudio.domain.errors import ProjectError
from genstudio.engine import troubles
from genstudio.ui.widgets.loss_canvas import decades, from_log, to_log
from genstudio.ui.widgets.loss_history import smoothed, smoothed_without_lag
from genstudio.ui.widgets.loss_plot import LossPlot
from genstudio.ui.widgets.through_time import cell_of, count_of


@pytest.fixture
def plot(qtbot: QtBot) -> LossPlot:
    plot = LossPlot()
    qtbot.addWidget(plot)
    plot.resize(600, 300)
    plot.show()
    for step in range(100):
        plot.add(step, {"error": 1 / (step + 1), "bound": -0.5})
    plot.redraw()
    return plot


def test_a_peak_stays_where_it_is_when_it_is_smoothed() -> None:
    values = np.zeros(201)
    values[100] = 1
    assert smoothed_without_lag(values, 8).argmax() == 100
    assert smoothed(values, 8)[120] > smoothed(values, 8)[80]


@pytest.mark.parametrize("value", [-100.0, -1e-4, 0.0, 1e-3, 0.5, 2000.0])
def test_logarithms_keep_order_and_sign(value: float) -> None:
    place = to_log(np.array([value]))[0]
    assert from_log(float(place)) == pytest.approx(value)
    assert np.sign(place) == np.sign(value)


def test_the_axis_names_powers_of_ten() -> None:
    low, high = to_log(np.array([-1.5, 150.0]))
    found = [round(from_log(it), 6) for it in decades(float(low), float(high))]
    assert found == [-1, -0.1, -0.01, 0, 0.01, 0.1, 1, 10, 100]


def test_small_values_are_told_apart_on_a_logarithmic_scale(plot: LossPlot, qtbot: QtBot) -> None:
    plain = plot._plot.extent()[1]
    plot.findChild(QToolButton, "plot.log").click()
    qtbot.waitUntil(lambda: plot._plot.extent()[1] != plain)
    low, high = plot._plot.extent()[1]
    assert to_log(np.array([0.01]))[0] < high
    assert low < to_log(np.array([-0.4]))[0]


def test_numbers_are_saved_with_all_digits(plot: LossPlot, tmp_path: Path) -> None:
    plot.add_quality(50, {"KID": 0.1 + 0.2, "coverage": 1.0})
    for suffix in ("png", "svg", "csv"):
        plot.save(tmp_path / f"plot.{suffix}")
    with (tmp_path / "plot.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 100
    assert float(rows[50]["KID"]) == 0.1 + 0.2
    assert float(rows[2]["error"]) == 1 / 3
    assert rows[0]["KID"] == ""
    assert "coverage" not in rows[0]
    assert QImage(str(tmp_path / "plot.png")).width() == 2 * plot.width()
    assert "<svg" in (tmp_path / "plot.svg").read_text(encoding="utf-8")
    with pytest.raises(ProjectError):
        plot.save(tmp_path / "plot.exe")


def test_what_happened_to_a_run_is_marked(plot: LossPlot) -> None:
    assert troubles.RUNAWAY == marks.RUNAWAY_TOPIC
    told = [
        events.Paused(step=3),
        events.Advice(step=5, level="info", topic=events.CHANGED, title="a", message="b"),
        events.Advice(step=7, level="warning", topic=troubles.RUNAWAY, title="a", message="b"),
        events.Resumed(step=8),
    ]
    found = [mark for it in told if (mark := marks.mark_of(it))]
    assert found == [(3, marks.PAUSED), (5, marks.CHANGED), (7, marks.WENT_BACK)]
    for mark in found:
        plot.mark(*mark)
    assert [line.value() for line in plot._marks] == [3, 5, 7]
    plot.clear()
    assert not plot._marks


def test_the_pictures_of_a_sheet_are_taken_apart() -> None:
    sheet = np.zeros((2 + 3 * 10, 2 + 4 * 10, 3), np.uint8)
    sheet[12:20, 22:30] = 7
    assert count_of(sheet, 8) == 12
    cell = cell_of(sheet, 8, 6)
    assert cell is not None
    assert (cell == 7).all()
    assert cell_of(sheet, 8, 12) is None
    assert cell_of(sheet, 100, 0) is None


def test_a_run_that_went_on_shows_its_marks_and_its_seeds_through_time(
    open_project: Opener,
) -> None:
    studio = open_project()
    page = studio.window._train_page
    assert [line.value() for line in page._plot._marks] == [2, 4]
    studio.click("train.seed")
    dialog = studio.find("dialog.seed", QDialog)
    pictures = studio.find("seed.pictures", QListWidget)
    assert pictures.count() == len(page._evolution._previews) > 1
    studio.find("seed.number", QSpinBox).setValue(3)
    assert pictures.count() > 1
    dialog.close()
    studio.click("train.two_points")
    two = studio.find("dialog.two_points", QDialog)
    boxes = [studio.find(f"two_points.{it}", QComboBox) for it in ("before", "after")]
    assert boxes[0].currentIndex() == 0
    assert boxes[1].currentIndex() == boxes[1].count() - 1
    two.close()
