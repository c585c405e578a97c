"""The plot of losses: what is kept, drawn and written, and what the chips do."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from genstudio.domain.language import ENGLISH, speak
from genstudio.ui.theme import DARK, LIGHT, apply_theme
from genstudio.ui.widgets.loss_chip import LossChip, line_pen, number_in_short
from genstudio.ui.widgets.loss_history import LossHistory, in_parts, smoothed
from genstudio.ui.widgets.loss_plot import LossPlot


@pytest.fixture
def plot(qtbot: QtBot, qapp: QApplication) -> LossPlot:
    apply_theme(qapp, "dark")
    plot = LossPlot()
    qtbot.addWidget(plot)
    plot.resize(700, 300)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


def chips(plot: LossPlot) -> dict[str, LossChip]:
    return {chip.text(): chip for chip in plot.findChildren(LossChip)}


def has_color(plot: LossPlot, name: str) -> bool:
    """Whether a line or the ground is of that colour, or nearly so where it is smoothed."""
    QApplication.processEvents()
    image = plot._plot.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    pixels = rows[:, : image.width() * 3].reshape(-1, 3).astype(int)
    wanted = np.array(QColor(name).getRgb()[:3])
    return bool((np.abs(pixels - wanted).max(axis=1) < 12).any())


def test_before_training_it_says_what_will_be_here(qtbot: QtBot, plot: LossPlot) -> None:
    assert plot._empty.isVisible()
    plot.add(0, {"loss": 1.0})
    plot.redraw()
    assert not plot._empty.isVisible()
    assert plot.accessibleDescription() == "step 0, loss 1.000"
    plot.clear()
    assert plot._empty.isVisible()
    qtbot.waitUntil(lambda: not chips(plot))


def test_the_plot_does_not_jump_when_the_first_loss_comes(plot: LossPlot) -> None:
    place = plot._empty.geometry()
    plot.add(0, {"a": 1.0, "b": 2.0})
    plot.redraw()
    assert plot._plot.geometry() == place


def test_every_line_has_a_color_and_a_dash_of_its_own(plot: LossPlot) -> None:
    pens = [line_pen(number) for number in range(20)]
    looks = {(pen.color().name(), tuple(pen.dashPattern())) for pen in pens}
    assert len(looks) == 20
    assert len({tuple(pen.dashPattern()) for pen in pens[:7]}) == 7


def test_lines_are_drawn_and_hidden_by_their_chips(qtbot: QtBot, plot: LossPlot) -> None:
    plot.extend((step, {"a": 1.0, "b": 2.0}) for step in range(30))
    plot.redraw()
    assert has_color(plot, DARK.plot[0])
    qtbot.mouseClick(chips(plot)["a"], Qt.MouseButton.LeftButton)
    assert not has_color(plot, DARK.plot[0])
    assert has_color(plot, DARK.plot[1])
    low, high = plot._plot.extent()[1]
    assert 1.5 < low < 2.0 < high < 2.5, "only what is visible counts"


def test_chips_tell_the_newest_values(plot: LossPlot) -> None:
    plot.add(10, {"generator": 0.51234, "critic": -1.5})
    plot.add(20, {"generator": 12.5})
    plot.redraw()
    values = {name: chip.value() for name, chip in chips(plot).items()}
    assert values == {"generator": "12.50", "critic": "−1.500"}
    assert chips(plot)["generator"].accessibleDescription() == "12.50"


def test_chips_tell_the_values_under_the_pointer(qtbot: QtBot, plot: LossPlot) -> None:
    plot.extend((step, {"a": float(step)}) for step in range(0, 1001, 10))
    plot.redraw()
    view = plot._plot._view
    qtbot.mouseMove(plot._plot.viewport(), QPoint(350, 80))
    step = view.mapSceneToView(plot._plot.mapToScene(350, 80)).x()
    nearest = round(step / 10) * 10
    assert float(chips(plot)["a"].value().replace(",", "")) == pytest.approx(nearest)
    assert plot._step.text() == f"step {nearest:,}"
    assert plot._cursor.isVisible()
    QApplication.sendEvent(plot._plot, QEvent(QEvent.Type.Leave))
    assert chips(plot)["a"].value() == "1,000"
    assert not plot._cursor.isVisible()


def test_a_line_of_another_scale_starts_hidden_but_a_choice_stays(
    qtbot: QtBot, plot: LossPlot
) -> None:
    plot.extend((step, {"a": 1.0, "near": 15.0, "far": 30.0, "tiny": 0.01}) for step in range(49))
    plot.redraw()
    assert all(chip.isChecked() for chip in chips(plot).values())
    plot.add(49, {"a": 1.0, "near": 15.0, "far": 30.0, "tiny": 0.01})
    qtbot.waitUntil(lambda: plot._step.text() == "step 49")
    shown = {name: chip.isChecked() for name, chip in chips(plot).items()}
    assert shown == {"a": True, "near": True, "far": False, "tiny": False}
    qtbot.mouseClick(chips(plot)["far"], Qt.MouseButton.LeftButton)
    plot.add(50, {"a": 1.0, "far": 30.0})
    qtbot.waitUntil(lambda: plot._step.text() == "step 50")
    assert chips(plot)["far"].isChecked()


def test_a_choice_made_before_a_line_is_judged_stays(qtbot: QtBot, plot: LossPlot) -> None:
    plot.extend((step, {"a": 1.0, "far": 30.0}) for step in range(30))
    plot.redraw()
    for _ in range(2):
        qtbot.mouseClick(chips(plot)["far"], Qt.MouseButton.LeftButton)
    plot.extend((step, {"a": 1.0, "far": 30.0}) for step in range(30, 80))
    plot.redraw()
    qtbot.waitUntil(lambda: plot._step.text() == "step 79")
    assert chips(plot)["far"].isChecked()


def test_redraws_in_quick_succession_are_put_together_and_none_is_lost(
    qtbot: QtBot, plot: LossPlot
) -> None:
    plot.add(0, {"a": 0.0})
    plot.redraw()
    for step in range(1, 100):
        plot.add(step, {"a": float(step)})
        plot.redraw()
    assert chips(plot)["a"].value() == "0.000"
    qtbot.waitUntil(lambda: chips(plot)["a"].value() == "99.00")


def drawn_to(plot: LossPlot) -> float:
    """Last step of the lines as they are drawn."""
    steps, _ = plot._lines["a"]._smooth.getData()
    return steps[-1]


def test_lines_wait_until_they_are_longer_by_a_part_of_them(qtbot: QtBot, plot: LossPlot) -> None:
    plot._pause.setInterval(20)
    plot.extend((step, {"a": 1.0}) for step in range(0, 3001, 10))
    plot.redraw()
    whole = drawn_to(plot)

    plot.add(3005, {"a": 5.0})
    plot.redraw()
    qtbot.waitUntil(lambda: chips(plot)["a"].value() == "5.000")
    assert drawn_to(plot) == whole, "half a part is too little to be seen"
    qtbot.waitUntil(lambda: drawn_to(plot) > whole)  # nothing came during a pause

    whole = drawn_to(plot)
    plot.add(3300, {"a": 6.0})
    plot.redraw()
    qtbot.waitUntil(lambda: chips(plot)["a"].value() == "6.000")
    assert drawn_to(plot) > whole


def test_steps_that_are_cut_off_go_at_once(plot: LossPlot) -> None:
    plot.extend((step, {"a": 1.0}) for step in range(0, 3001, 10))
    plot._draw()
    plot.cut_after(2995)
    plot._draw()
    assert drawn_to(plot) <= 2995


class Paintings(QObject):
    """Counts how often what it watches is painted."""

    count = 0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.count += event.type() is QEvent.Type.Paint
        return False


def test_what_is_new_is_painted_once(qtbot: QtBot, plot: LossPlot) -> None:
    plot.extend((step, {"a": step % 7}) for step in range(50))
    plot.redraw()
    qtbot.wait(50)
    counts = []
    for begin in (50, 500, 5000, 9000):
        paintings = Paintings()
        plot._plot.viewport().installEventFilter(paintings)
        # Far beyond the axes, which change with it.
        plot.extend((step, {"a": step % 7}) for step in range(begin, 2 * begin + 400))
        qtbot.waitUntil(lambda seen=paintings: seen.count > 0)
        qtbot.wait(50)
        plot._plot.viewport().removeEventFilter(paintings)
        counts.append(paintings.count)

    # A busy machine may paint a frame in two; what is painted twice is so each time.
    assert min(counts) == 1


def test_what_came_while_hidden_shows_when_shown(plot: LossPlot) -> None:
    plot.hide()
    plot.add(7, {"a": 1.0})
    plot.redraw()
    assert plot.accessibleDescription().startswith("The curves of learning")
    plot.show()
    assert plot.accessibleDescription() == "step 7, a 1.000"


def test_all_steps_are_always_in_view(qtbot: QtBot, plot: LossPlot) -> None:
    for last in (10, 11, 100, 5000):
        plot.add(last, {"a": 1.0})
        plot._is_stale = True
        plot._draw()
        left, right = plot._plot.extent()[0]
        assert left == 10
        assert last <= right <= last * 1.2 + 1


def test_a_spike_does_not_flatten_the_line_but_an_explosion_is_seen(plot: LossPlot) -> None:
    def top_of(values: list[float]) -> float:
        plot.clear()
        plot.extend((step, {"a": value}) for step, value in enumerate(values))
        plot._draw()
        return plot._plot.extent()[1][1]

    wavering = [1 + 0.1 * math.sin(step) for step in range(5000)]
    assert top_of([500.0, *wavering]) < 3
    assert top_of([*wavering, *[500.0] * 150]) > 100


def test_the_wheel_is_left_to_the_page_and_dragging_moves_nothing(
    qtbot: QtBot, plot: LossPlot
) -> None:
    plot.extend((step, {"a": step % 7}) for step in range(100))
    plot.redraw()
    before = plot._plot.extent()
    viewport = plot._plot.viewport()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(200, 80))
    qtbot.mouseMove(viewport, QPoint(300, 100))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(300, 100))
    qtbot.mouseClick(viewport, Qt.MouseButton.RightButton, pos=QPoint(200, 80))
    assert plot._plot.extent() == before
    assert QApplication.activePopupWidget() is None


def test_lines_and_ground_follow_the_theme(qapp: QApplication, plot: LossPlot) -> None:
    plot.extend((step, {"a": 1.0}) for step in range(30))
    plot.redraw()
    assert has_color(plot, DARK.panel)
    apply_theme(qapp, "light")
    assert has_color(plot, LIGHT.panel)
    assert has_color(plot, LIGHT.plot[0])
    assert not has_color(plot, DARK.plot[0])


def test_steps_are_written_in_short(plot: LossPlot) -> None:
    axis = plot._plot._steps
    assert axis.tickStrings([0, 2000, 4000], 1, 2000) == ["0", "2k", "4k"]
    assert axis.tickStrings([1_000_000, 1_500_000], 1, 500_000) == ["1M", "1.5M"]
    assert axis.tickStrings([500, 1000, 1500], 1, 500) == ["500", "1k", "1.5k"]
    assert axis.tickStrings([50, 100], 1, 50) == ["50", "100"]


def test_axes_have_the_decimal_sign_of_the_language(plot: LossPlot) -> None:
    values = plot._plot._values
    assert values.tickStrings([-0.5, 1.5], 1, 0.5) == ["−0.5", "1.5"]
    speak("de")
    try:
        assert values.tickStrings([-0.5, 1.5], 1, 0.5) == ["−0,5", "1,5"]
        assert plot._plot._steps.tickStrings([1_500_000], 1, 500_000) == ["1,5M"]
    finally:
        speak(ENGLISH)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.69314, "0.6931"),
        (0.0, "0.000"),
        (-12.5, "−12.50"),
        (1234.5, "1,234"),
        (10_635.0, "10,635"),
        (1.2e-5, "1.2e−05"),
    ],
)
def test_numbers_are_short_and_of_steady_width(value: float, text: str) -> None:
    assert number_in_short(value) == text


def test_a_long_run_is_kept_in_few_points_of_equal_weight() -> None:
    history = LossHistory(capacity=100)
    for step in range(100_000):
        history.add(step, step % 10)
    assert 50 <= len(history) <= 100
    assert np.all(np.diff(history.steps()) > 0)
    assert history.steps()[0] < 1100
    assert history.values()[:-1] == pytest.approx(4.5, abs=0.05)
    assert history.newest == 9


def test_a_short_run_is_kept_exactly() -> None:
    history = LossHistory(capacity=100)
    for step in range(100):
        history.add(step, step**2)
    assert history.values().tolist() == [step**2 for step in range(100)]
    assert history.nearest(41.4) == (41, 41**2)
    assert history.nearest(-5) == (0, 0)
    assert history.nearest(1e9) == (99, 99**2)


def test_a_resumed_run_replaces_what_it_repeats() -> None:
    history = LossHistory()
    for step in (0, 10, 20, 30):
        history.add(step, 1.0)
    for step in (20, 30, 40):
        history.add(step, 2.0)
    assert history.steps().tolist() == [0, 10, 20, 30, 40]
    assert history.values().tolist() == [1, 1, 2, 2, 2]


def test_what_is_not_a_number_is_not_drawn() -> None:
    history = LossHistory()
    for value in (1.0, math.nan, math.inf, 2.0):
        history.add(len(history), value)
    assert history.values().tolist() == [1, 2]


@pytest.mark.parametrize("span", [1.0, 7.5, 400.0])
def test_smoothing_is_the_moving_average_of_the_textbook(span: float) -> None:
    values = np.random.default_rng(0).normal(5, 1, 300)
    decay = math.exp(-1 / span)
    total = weight = 0.0
    expected = []
    for value in values:
        total = decay * total + value
        weight = decay * weight + 1
        expected.append(total / weight)
    assert smoothed(values, span) == pytest.approx(np.array(expected), rel=1e-3)


def test_parts_keep_every_peak_and_the_last_point() -> None:
    values = np.zeros(1003)
    values[[500, 1002]] = 9
    steps, means, lows, highs = in_parts(np.arange(1003.0), values, 100)
    assert len(steps) <= 100
    assert (highs == 9).sum() == 2
    assert lows.max() == 0 or lows[-1] == 9
    assert means.sum() > 0
    assert steps[-1] <= 1002


def test_lines_without_values_wait_for_some(plot: LossPlot) -> None:
    plot.extend((step, {"early": 1.0, **({"late": 2.0} if step > 5 else {})}) for step in range(9))
    plot.redraw()
    plot.cut_after(3)
    plot._draw()
    assert plot._histories["late"].steps().tolist() == []
    assert plot._histories["early"].steps().tolist() == [0, 1, 2, 3]
    plot.add(4, {"early": 1.0, "late": 3.0})
    plot._draw()
    assert "late 3.000" in plot.accessibleDescription()


def test_a_cut_history_ends_where_it_was_cut() -> None:
    history = LossHistory(capacity=10)
    for step in range(40):
        history.add(step, float(step))
    history.cut_after(100)
    assert history.last_step == 39
    history.cut_after(20)
    assert history.steps()[-1] <= 20
    history.cut_after(-1)
    assert len(history) == 0
    assert np.isnan(history.newest)
    history.add(1, 5.0)
    assert history.values().tolist() == [5.0]


def test_quality_waits_to_be_asked_for_and_leaves_losses_their_scale(
    qtbot: QtBot, plot: LossPlot
) -> None:
    for step in range(20):
        plot.add(step, {"loss": 1.0 + step % 3})
    plot.add_quality(19, {"KID": 300.0, "coverage": 0.5})
    plot.redraw()
    assert set(chips(plot)) == {"loss", "KID"}
    assert not chips(plot)["KID"].isChecked()
    assert plot._plot.extent()[1][1] < 10
    qtbot.mouseClick(chips(plot)["KID"], Qt.MouseButton.LeftButton)
    assert chips(plot)["KID"].isChecked()


def test_the_buttons_stay_in_the_corner_also_where_only_the_plot_is_resized(plot: LossPlot) -> None:
    plot.extend([(1, {"a": 1.0}), (2, {"a": 0.5})])
    plot.redraw()
    for width in (900, 400):
        plot._plot.resize(width, 200)
        assert plot.tools.geometry().right() in range(width - 12, width)
