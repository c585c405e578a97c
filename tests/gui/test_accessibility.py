"""What screen readers and weak eyes get: names, values and actions of controls, and contrast."""

import re
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QAccessible, QAccessibleInterface, QImage, QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QToolButton,
    QWidget,
)
from pytestqt.exceptions import TimeoutError as WaitedInVainError
from pytestqt.qtbot import QtBot
from saved_runs import Opener
from studio_driver import StudioDriver

from genstudio.services.preferences import Theme
from genstudio.ui.studio_pages import PAGES
from genstudio.ui.theme import apply_theme
from genstudio.ui.widgets.named_label import NamedLabel

_Role = QAccessible.Role
_Text = QAccessible.Text
_CONTROLS = {
    _Role.Button, _Role.ButtonMenu, _Role.CheckBox, _Role.ComboBox, _Role.EditableText,
    _Role.SpinBox, _Role.Slider, _Role.List, _Role.ListItem, _Role.Table, _Role.PageTab,
    _Role.RadioButton, _Role.ProgressBar,
}  # fmt: skip
_WITH_VALUES = {_Role.SpinBox, _Role.Slider, _Role.ProgressBar}
_MOST_ITEMS = 30
# WCAG AA for text; what cannot be used now is exempt.
_LEAST_CONTRAST = 4.5
_SCALE = 4
_PATIENCE_MS = 30_000


def interfaces(root: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    """All that a screen reader finds and that is shown, without the later items of long lists."""
    if not root.isValid() or root.state().invisible:
        return
    yield root
    for at in range(min(root.childCount(), _MOST_ITEMS)):
        child = root.child(at)
        if child is not None:
            yield from interfaces(child)


def faults(page: QWidget) -> list[str]:
    found: list[str] = []
    root = QAccessible.queryAccessibleInterface(page)
    for it in interfaces(root):
        role, name = it.role(), it.text(_Text.Name)
        where = it.object().objectName() if it.object() else f"{role.name} “{name}”"
        if role in _CONTROLS and not name.strip():
            found.append(f"{where} ({role.name}) has no name")
        if role in _WITH_VALUES and not it.text(_Text.Value):
            found.append(f"{where} ({role.name}) has no value")
        if role is _Role.ComboBox and not (it.text(_Text.Description) or it.relations()):
            found.append(f"{where} says what is chosen, and not of what")
        if re.search(r"</?\w+>", it.text(_Text.Description)):
            found.append(f"{where} is described in HTML")
    return found


def test_all_controls_have_names_and_values(open_project: Opener) -> None:
    studio = open_project()
    studio.wait(lambda: studio.window._training.runs)
    found: list[str] = []
    for page in PAGES:
        studio.go_to(page.key)
        found += [f"{page.key}: {it}" for it in faults(studio.find(f"page.{page.key}"))]
    assert not found, "\n".join(found)


def test_pages_are_changed_by_what_a_screen_reader_does(studio: StudioDriver) -> None:
    button = QAccessible.queryAccessibleInterface(studio.find("rail.gallery"))
    actions = button.actionInterface()
    assert actions.actionNames()[0] == "Toggle"
    actions.doAction("Toggle")
    assert studio.find("page.gallery").isVisible()


def test_texts_that_change_are_said_beside_their_names(qtbot: QtBot) -> None:
    label = NamedLabel("Free disk space")
    qtbot.addWidget(label)
    label.setText("<b>73 GB</b> free")
    said = QAccessible.queryAccessibleInterface(label)
    assert said.text(_Text.Name) == "Free disk space"
    assert said.text(_Text.Description) == "73 GB free"


@pytest.mark.parametrize("mode", ["light", "dark", "contrast_light", "contrast_dark"])
def test_all_words_stand_out(mode: Theme, open_project: Opener, qapp: QApplication) -> None:
    studio = open_project()
    studio.wait(lambda: studio.window._training.runs)
    apply_theme(qapp, mode)
    found: list[str] = []
    for page in PAGES:
        studio.go_to(page.key)
        # Words come from threads, and layouts are made when the events at hand are through.
        with suppress(WaitedInVainError):
            studio.qtbot.waitUntil(lambda: not faint(studio.window), timeout=_PATIENCE_MS)
        found += [f"{page.key}: {it}" for it in faint(studio.window)]
    assert not found, "\n".join(found)


def faint(window: QWidget) -> list[str]:
    shot = picture_of(window)
    ratios = {widget: contrast(shot, window, widget) for widget in worded(window)}
    return [
        f"{widget.objectName() or type(widget).__name__} “{words_of(widget)[:30]}” {ratio:.1f} : 1"
        for widget, ratio in ratios.items()
        if ratio < _LEAST_CONTRAST
    ]


def test_the_measure_tells_faint_words(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.setStyleSheet("background: #ffffff")
    faint, clear = QLabel("Hardly to be read", window), QLabel("Easily to be read", window)
    faint.setStyleSheet("color: #999999")
    clear.setStyleSheet("color: #666666")
    clear.move(0, 40)
    window.resize(200, 80)
    window.show()
    shot = picture_of(window)
    assert contrast(shot, window, faint) == pytest.approx(2.85, abs=0.1)
    assert contrast(shot, window, clear) == pytest.approx(5.74, abs=0.1)


def picture_of(window: QWidget) -> np.ndarray:
    """The window at four times its size, where letters have cores of their full colour; RGB."""
    image = QImage(window.size() * _SCALE, QImage.Format.Format_RGB888)
    image.setDevicePixelRatio(_SCALE)
    painter = QPainter(image)
    window.render(painter, QPoint(0, 0))
    painter.end()
    width, height = image.width(), image.height()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
    return rows[:, : 3 * width].reshape(height, width, 3)


def worded(window: QWidget) -> Iterator[QWidget]:
    """Enabled labels and buttons with words of one colour that are shown as a whole."""
    for widget in window.findChildren(QWidget):
        if not isinstance(widget, QLabel | QPushButton | QToolButton | QCheckBox | QComboBox):
            continue
        is_seen = widget.isVisible() and widget.isEnabled() and not widget.visibleRegion().isEmpty()
        is_whole = widget.visibleRegion().boundingRect() == widget.rect()
        if is_seen and is_whole and re.search(r"\w{3}", words_of(widget)):
            yield widget


def words_of(widget: QWidget) -> str:
    if isinstance(widget, QComboBox):
        return widget.currentText()
    assert isinstance(widget, QLabel | QAbstractButton)
    return widget.text()


def contrast(shot: np.ndarray, window: QWidget, widget: QWidget) -> float:
    """Contrast of WCAG 2 between the most frequent colour of a widget and the one furthest off."""
    corner = widget.mapTo(window, QPoint(0, 0)) * _SCALE
    size = widget.size() * _SCALE
    part = shot[corner.y() : corner.y() + size.height(), corner.x() : corner.x() + size.width()]
    colours, counts = np.unique(part.reshape(-1, 3), axis=0, return_counts=True)
    light = luminance(colours)
    ground = light[counts.argmax()]
    # Letters have hundreds of pixels of their own colour; a few may come from smoothing.
    seen = light[counts >= 8]
    ratios = (np.maximum(seen, ground) + 0.05) / (np.minimum(seen, ground) + 0.05)
    return float(ratios.max())


def luminance(colours: np.ndarray) -> np.ndarray:
    """Relative luminance of sRGB colours (N, 3), from 0 to 1 (WCAG 2)."""
    values = colours / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])
