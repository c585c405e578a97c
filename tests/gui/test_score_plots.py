import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from genstudio.services.score_tables import ScoreRow, ScoreTable
from genstudio.ui.theme import apply_theme, colors
from genstudio.ui.widgets.score_plots import ScorePlots


@pytest.mark.parametrize("mode", ["dark", "light"])
def test_plots_follow_the_theme(mode: str, qapp: QApplication, qtbot: QtBot) -> None:
    plots = ScorePlots()
    qtbot.addWidget(plots)
    rows = [
        ScoreRow(
            file=f"{number}.png", score=float(number), rarity=0.5, is_strange=number > 2,
            label="whole" if number < 3 else "hole", result="", note="",
        )
        for number in range(5)
    ]  # fmt: skip
    plots.show_scores(ScoreTable(rows=rows, threshold=2.5))
    plots.show()
    apply_theme(qapp, mode)

    try:
        assert QColor(colors().panel) == plots._histogram.backgroundBrush().color()
        assert QColor(colors().panel) == plots._roc.backgroundBrush().color()
    finally:
        apply_theme(qapp, "system")
