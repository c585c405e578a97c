"""Quality figures on the Train page: shown as they are measured, forgotten with the run."""

from pathlib import Path

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from studio_driver import StudioDriver

from genstudio.domain import events, metric_names
from genstudio.ui.widgets.figure_line import FigureLine

MEASURED = {
    metric_names.KID: 12.345,
    metric_names.EDGE_IOU: 0.712,
    metric_names.LUMINANCE_CORRELATION: -0.4,
    "of a later version": 1.0,
}


def test_a_measurement_is_a_line_with_shapes_and_light_first(qtbot: QtBot) -> None:
    line = FigureLine()
    qtbot.addWidget(line)
    assert line.isHidden()
    line.show_figures(1200, MEASURED)
    assert line.text() == (
        "At step 1,200: Edges kept 71%  ·  Brightness kept -0.40  ·  Distance 12.3"
    )
    assert not line.isHidden()
    assert all(
        words in line.toolTip() for words in ("edge IoU", "Correlation of brightness", "KID")
    )
    line.forget()
    assert (line.text(), line.isHidden()) == ("", True)


def test_every_shown_figure_has_a_form_and_a_help() -> None:
    for shown in metric_names.SHOWN.values():
        assert format(0.5, shown.form)
        assert shown.words
        assert shown.help.endswith(".")


def test_the_train_page_shows_what_is_measured_and_forgets_it_with_a_new_run(
    studio: StudioDriver,
) -> None:
    line = studio.window.findChild(QLabel, "train.figures")
    training = studio.window._training
    training.received.emit([events.MetricsReady(step=7, metrics=MEASURED)])
    assert "Edges kept 71%" in line.text()
    training.received.emit(
        [
            events.RunStarted(
                run=Path("another"),
                model="m",
                device="CPU",
                precision="fp32",
                threads=1,
                num_images=3,
                num_parameters=5,
                step=0,
            )
        ]
    )
    assert line.text() == ""
