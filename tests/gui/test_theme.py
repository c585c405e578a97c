"""The themes: enough contrast for every reader, and all of the window follows."""

import locale
from dataclasses import asdict

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAccessibilityHints, QColor, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from genstudio.ui.icons import IconLabel, icon
from genstudio.ui.theme import (
    CONTRAST_DARK,
    CONTRAST_LIGHT,
    DARK,
    LIGHT,
    Colors,
    apply_theme,
    colors,
    mark,
    prepare_application,
)

CONTRASTS = [
    pytest.param(CONTRAST_DARK, id="contrast_dark"),
    pytest.param(CONTRAST_LIGHT, id="contrast_light"),
]
THEMES = [pytest.param(DARK, id="dark"), pytest.param(LIGHT, id="light"), *CONTRASTS]
WRITTEN = ("text", "muted", "danger", "warning", "good", "accent")
GROUNDS = ("window", "panel", "field")


def luminance(name: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = QColor(name).getRgbF()[:3]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("role", WRITTEN)
def test_writing_can_be_read(theme: Colors, role: str, ground: str) -> None:
    assert contrast(getattr(theme, role), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_writing_can_be_read_on_accent_hover_and_canvas(theme: Colors) -> None:
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    assert contrast(theme.text, theme.hover) >= 4.5
    assert contrast(theme.text, theme.canvas) >= 4.5
    assert contrast(theme.muted, theme.canvas) >= 4.5


@pytest.mark.parametrize("theme", CONTRASTS)
def test_high_contrast_is_that_of_wcag_aaa(theme: Colors) -> None:
    for ground in ("window", "panel", "field", "canvas"):
        for role in (*WRITTEN, "border"):
            assert contrast(getattr(theme, role), getattr(theme, ground)) >= 7, (role, ground)
        assert contrast(theme.disabled, getattr(theme, ground)) >= 4.5
        assert all(contrast(line, getattr(theme, ground)) >= 4.5 for line in theme.plot)
    assert contrast(theme.on_accent, theme.accent) >= 7
    assert contrast(theme.text, theme.hover) >= 7


@pytest.mark.parametrize("theme", THEMES)
def test_lines_of_plots_stand_out(theme: Colors) -> None:
    assert len(set(theme.plot)) == 7
    assert all(contrast(line, theme.panel) >= 3 for line in theme.plot)


@pytest.mark.parametrize("theme", THEMES)
def test_greys_are_neutral_so_that_the_pictures_carry_the_color(theme: Colors) -> None:
    for name in ("window", "panel", "field", "hover", "canvas", "text", "muted", "border"):
        assert QColor(getattr(theme, name)).saturation() == 0


def test_both_themes_name_the_same_colors() -> None:
    assert asdict(DARK).keys() == asdict(LIGHT).keys()


def test_the_palette_follows_the_theme(qapp: QApplication) -> None:
    for mode, theme in (
        ("contrast_light", CONTRAST_LIGHT),
        ("contrast_dark", CONTRAST_DARK),
        ("light", LIGHT),
        ("dark", DARK),
    ):
        apply_theme(qapp, mode)
        assert colors() is theme
        palette = qapp.palette()
        assert palette.color(QPalette.ColorRole.Window).name() == theme.window
        assert palette.color(QPalette.ColorRole.Text).name() == theme.text
        assert palette.color(QPalette.ColorRole.Highlight).name() == theme.accent
        disabled = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
        assert disabled.name() == theme.disabled


def test_a_window_that_is_open_changes_its_colors(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp, "dark")
    button = QPushButton("Start")
    mark(button, primary=True)
    qtbot.addWidget(button)
    button.resize(120, 40)
    button.show()
    for mode, theme in (("dark", DARK), ("light", LIGHT)):
        apply_theme(qapp, mode)
        assert button.grab().toImage().pixelColor(8, 20).name() == theme.accent


def test_the_theme_follows_the_system_only_when_told_to(qapp: QApplication) -> None:
    apply_theme(qapp, "light")
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert colors() is LIGHT
    apply_theme(qapp, "system")
    system_is_light = qapp.styleHints().colorScheme() == Qt.ColorScheme.Light
    assert colors() is (LIGHT if system_is_light else DARK)


def test_a_system_that_wants_high_contrast_gets_it(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply_theme(qapp, "system")
    before = colors()
    wanted = Qt.ContrastPreference.HighContrast
    monkeypatch.setattr(QAccessibilityHints, "contrastPreference", lambda _: wanted)
    qapp.styleHints().accessibility().contrastPreferenceChanged.emit(wanted)
    assert colors() is (CONTRAST_LIGHT if before is LIGHT else CONTRAST_DARK)
    assert "dashed" in qapp.styleSheet()
    monkeypatch.undo()
    apply_theme(qapp, "light")
    assert "dashed" not in qapp.styleSheet()


def test_icons_take_the_colors_of_the_theme_at_once(qtbot: QtBot, qapp: QApplication) -> None:
    label = IconLabel("square", 64)
    qtbot.addWidget(label)
    for mode, theme in (("dark", DARK), ("light", LIGHT)):
        apply_theme(qapp, mode)
        image = label.grab().toImage()
        drawn = {image.pixelColor(QPoint(x, y)).name() for x in range(64) for y in range(64)}
        assert theme.text in drawn


def test_an_icon_of_a_disabled_button_is_quiet(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")
    button = icon("square")
    normal, disabled = (
        button.pixmap(QSize(32, 32), mode).toImage()
        for mode in (button.Mode.Normal, button.Mode.Disabled)
    )
    assert normal != disabled


def test_a_wrong_name_of_an_icon_shows_at_once() -> None:
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")


def test_numbers_in_files_keep_their_point_and_the_style_is_the_same_everywhere(
    qapp: QApplication,
) -> None:
    prepare_application(qapp)
    assert locale.localeconv()["decimal_point"] == "."
    apply_theme(qapp, "dark")
    assert qapp.style().metaObject().className() in {"QFusionStyle", "QStyleSheetStyle"}


@pytest.mark.parametrize("points", [9.0, 10.0, 12.0])
@pytest.mark.parametrize("role", ["", "small", "muted", "heading", "title"])
def test_accents_of_capitals_have_room(
    qtbot: QtBot, qapp: QApplication, role: str, points: float
) -> None:
    before, larger = qapp.font(), qapp.font()
    larger.setPointSizeF(points)
    try:
        qapp.setFont(larger)
        apply_theme(qapp, "dark")
        window = QWidget()
        qtbot.addWidget(window)
        column = QVBoxLayout(window)
        inked: list[int] = []
        for room_px in (0, 8):
            label = QLabel("ÜÉÅg")
            label.setContentsMargins(0, room_px, 0, room_px)
            mark(label, role=role)
            column.addWidget(label)
        window.show()
        qtbot.waitExposed(window)
        for label in window.findChildren(QLabel):
            image = label.grab().toImage()
            ground = image.pixel(image.width() - 1, 0)
            places = ((x, y) for x in range(image.width()) for y in range(image.height()))
            inked.append(sum(image.pixel(x, y) != ground for x, y in places))
        assert inked[0] == inked[1] > 0
    finally:
        qapp.setFont(before)
        apply_theme(qapp, "dark")
