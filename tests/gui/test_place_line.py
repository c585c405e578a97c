from pathlib import Path

import tiny_diffusion
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from genstudio.ui.widgets.place_line import PlaceLine


def test_what_lies_there_is_said_with_its_licence(qtbot: QtBot, tmp_path: Path) -> None:
    place = PlaceLine("Base model")
    qtbot.addWidget(place)
    words = place.findChild(QLabel, "place.words")
    assert words is not None

    place.line.setText(str(tiny_diffusion.shared_folder()))
    qtbot.waitUntil(lambda: tiny_diffusion.LICENCE in words.text())
    place.line.setText(str(tmp_path))
    qtbot.waitUntil(lambda: "no model of Stable Diffusion" in words.text())
    place.line.clear()
    qtbot.waitUntil(words.isHidden)
