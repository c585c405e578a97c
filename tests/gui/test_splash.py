"""What is shown while the window is being loaded."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from genstudio.ui.splash import Splash


def test_it_is_painted_when_showing_it_comes_back(qtbot: QtBot, qapp: QApplication) -> None:
    splash = Splash()
    qtbot.addWidget(splash)

    splash.show_now(qapp)

    assert splash.isVisible()
    assert splash.windowHandle().isExposed()
    assert splash.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    pictures = [it.pixmap() for it in splash.findChildren(QLabel) if not it.pixmap().isNull()]
    assert len(pictures) == 1
    middle = pictures[0].toImage().pixelColor(pictures[0].rect().center())
    assert middle.alpha() == 255  # The picture was found and drawn.
