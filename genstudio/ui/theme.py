"""The look: two sets of colours, the Fusion palette and the stylesheet made from them."""

import locale
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTemporaryDir
from PySide6.QtGui import QColor, QFontInfo, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from genstudio.domain.resources import resource
from genstudio.services.preferences import Theme

# All distances are multiples of this many pixels.
GRID_PX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Colors:
    """Named colours of one theme, as ``#rrggbb``.

    Text on window, panel, field and accent has at least the contrast of WCAG AA (4.5 : 1), in the
    themes of high contrast that of AAA (7 : 1).

    Attributes:
        window: Behind everything.
        panel: Groups of controls.
        field: Inputs and buttons.
        hover: Inputs and buttons under the pointer.
        canvas: Behind pictures.
        checker: The two squares that show behind see-through parts of pictures.
        text: Most writing.
        muted: Writing of the second rank.
        disabled: What cannot be used now.
        accent: The one thing to do next; also selection and focus.
        on_accent: Writing on the accent.
        border: Outlines and separators.
        danger: What destroys or has failed.
        warning: What needs care.
        good: What went well.
        plot: Lines of plots, told apart by colour-blind people too (after Okabe and Ito).
        is_contrast: Outlines say what shades say in other themes.
    """

    window: str
    panel: str
    field: str
    hover: str
    canvas: str
    checker: tuple[str, str]
    text: str
    muted: str
    disabled: str
    accent: str
    on_accent: str
    border: str
    danger: str
    warning: str
    good: str
    plot: tuple[str, ...]
    is_contrast: bool = False


DARK = Colors(
    window="#1e1e1e",
    panel="#272727",
    field="#333333",
    hover="#3d3d3d",
    canvas="#161616",
    checker=("#5c5c5c", "#4e4e4e"),
    text="#e4e4e4",
    muted="#a8a8a8",
    disabled="#707070",
    accent="#4dbbab",
    on_accent="#04211d",
    border="#444444",
    danger="#f4827c",
    warning="#e8b54a",
    good="#7cc47f",
    plot=("#56b4e9", "#e69f00", "#2fc59a", "#d88fb8", "#f0e442", "#ff8a4c", "#bdbdbd"),
)
LIGHT = Colors(
    window="#e8e8e8",
    panel="#f4f4f4",
    field="#ffffff",
    hover="#ececec",
    canvas="#d4d4d4",
    checker=("#ffffff", "#ebebeb"),
    text="#1c1c1c",
    muted="#575757",
    disabled="#9a9a9a",
    accent="#0b6b60",
    on_accent="#ffffff",
    border="#bdbdbd",
    danger="#b3261e",
    warning="#855300",
    good="#1f6b2a",
    plot=("#0072b2", "#a86400", "#00785a", "#a3437c", "#75700a", "#c24e00", "#4d4d4d"),
)
CONTRAST_DARK = Colors(
    window="#000000",
    panel="#000000",
    field="#000000",
    hover="#303030",
    canvas="#000000",
    checker=("#5c5c5c", "#4e4e4e"),
    text="#ffffff",
    muted="#e6e6e6",
    disabled="#9c9c9c",
    accent="#ffd600",
    on_accent="#000000",
    border="#ffffff",
    danger="#ff9d95",
    warning="#ffb84d",
    good="#7dff8a",
    plot=DARK.plot,
    is_contrast=True,
)
CONTRAST_LIGHT = Colors(
    window="#ffffff",
    panel="#ffffff",
    field="#ffffff",
    hover="#dedede",
    canvas="#ffffff",
    checker=("#ffffff", "#ebebeb"),
    text="#000000",
    muted="#262626",
    disabled="#5e5e5e",
    accent="#00306b",
    on_accent="#ffffff",
    border="#000000",
    danger="#8b0000",
    warning="#5c3a00",
    good="#0a4d16",
    plot=("#00508a", "#7a4800", "#00553f", "#7c2a5b", "#545000", "#8a3700", "#333333"),
    is_contrast=True,
)
_ALWAYS: Final = {
    "light": LIGHT,
    "dark": DARK,
    "contrast_light": CONTRAST_LIGHT,
    "contrast_dark": CONTRAST_DARK,
}

_current = DARK
# Height of the letters that desktops have where nobody asked for larger ones, at most.
_USUAL_LETTERS_PX = 17


def colors() -> Colors:
    """Colours of the theme that is shown now."""
    return _current


def prepare_application(app: QApplication) -> None:
    """Do once, right after the application is made and before any window.

    Qt takes over the system's locale, and with a comma as decimal sign C libraries inside
    this process would then misread every number in a file.
    """
    locale.setlocale(locale.LC_NUMERIC, "C")
    # Stylesheets and native styles do not mix; Fusion looks the same everywhere.
    app.setStyle("Fusion")


def apply_theme(app: QApplication, mode: Theme) -> None:
    """Show one theme, or whichever the system has now and later."""
    theme = app.findChild(_Theme) or _Theme(app)
    theme.show(mode)


def mark(widget: QWidget, **properties: str | bool) -> None:
    """Give a widget properties that the stylesheet knows, such as ``role="heading"``.

    Known are ``primary`` and ``danger`` on buttons, ``role`` of "title", "heading", "small"
    or "muted" on labels, and of "panel" on frames.
    """
    for name, value in properties.items():
        widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def roomy(width_px: int) -> int:
    """A width for words in pixels, as many times as wide as letters are taller than usual."""
    letters = QFontMetrics(QApplication.font()).height()
    return round(width_px * max(1.0, letters / _USUAL_LETTERS_PX))


def is_restyled(event: QEvent) -> bool:
    """Whether a widget's ``changeEvent`` says that colours are other ones now."""
    return event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange}


class _Theme(QObject):
    """Lives as long as the application and follows the system's light, dark and contrast."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._mode: Theme = "system"
        self._files = QTemporaryDir()
        hints = app.styleHints()
        hints.colorSchemeChanged.connect(self._on_system_changed)
        hints.accessibility().contrastPreferenceChanged.connect(self._on_system_changed)

    def show(self, mode: Theme) -> None:
        self._mode = mode
        # Title bars and native dialogs follow this where the platform can.
        scheme = Qt.ColorScheme.Unknown
        if mode != "system":
            is_light = mode in ("light", "contrast_light")
            scheme = Qt.ColorScheme.Light if is_light else Qt.ColorScheme.Dark
        self._app.styleHints().setColorScheme(scheme)
        self._paint(self._chosen())

    def _chosen(self) -> Colors:
        if self._mode != "system":
            return _ALWAYS[self._mode]
        hints = self._app.styleHints()
        # A system that does not say gets the darkroom.
        is_light = hints.colorScheme() == Qt.ColorScheme.Light
        contrast = hints.accessibility().contrastPreference()
        if contrast == Qt.ContrastPreference.HighContrast:
            return CONTRAST_LIGHT if is_light else CONTRAST_DARK
        return LIGHT if is_light else DARK

    def _on_system_changed(self) -> None:
        if self._mode == "system":
            self._paint(self._chosen())

    def _paint(self, chosen: Colors) -> None:
        global _current  # noqa: PLW0603 - one process has one look
        _current = chosen
        self._app.setPalette(_palette(chosen))
        self._app.setStyleSheet(_stylesheet(chosen, self._app, Path(self._files.path())))


def _palette(theme: Colors) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for name, value in {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.field,
        role.AlternateBase: theme.panel,
        role.Text: theme.text,
        role.Button: theme.field,
        role.ButtonText: theme.text,
        role.BrightText: theme.danger,
        role.ToolTipBase: theme.panel,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.muted,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Accent: theme.accent,
    }.items():
        palette.setColor(name, QColor(value))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(theme.disabled))
    return palette


def _stylesheet(theme: Colors, app: QApplication, folder: Path) -> str:
    points = QFontInfo(app.font()).pointSizeF()
    values = {
        **{name: value for name, value in asdict(theme).items() if isinstance(value, str)},
        "small_pt": f"{points * 0.9:.1f}",
        "heading_pt": f"{points * 1.15:.1f}",
        "title_pt": f"{points * 1.6:.1f}",
    }
    # Stylesheets take pictures only as files, so each colour needs files of its own.
    for name, key, color in (
        ("chevron-down", "arrow_down", theme.muted),
        ("chevron-up", "arrow_up", theme.muted),
        ("check", "check", theme.on_accent),
        ("minus", "minus", theme.on_accent),
        ("arrow-left", "arrow_left", theme.text),
        ("arrow-right", "arrow_right", theme.text),
        ("arrow-up", "arrow_parent", theme.text),
    ):
        path = folder / f"{name}-{color[1:]}.svg"
        svg = resource(f"icons/{name}.svg").read_text(encoding="utf-8")
        path.write_text(svg.replace("currentColor", color), encoding="utf-8")
        values[key] = path.as_posix()
    names = ["studio", *(["contrast"] if theme.is_contrast else [])]
    sheets = [resource(f"styles/{name}.qss").read_text(encoding="utf-8") for name in names]
    return Template("\n".join(sheets)).substitute(values)
