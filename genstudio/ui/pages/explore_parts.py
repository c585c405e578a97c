"""Parts that the Explore view is put together from."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.domain.places import Place, moves_text, place_settings, styles_text
from genstudio.domain.settings import Settings
from genstudio.ui.forms import SettingsForm
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX, mark, roomy

_SIDE_WIDTH_PX = 42 * GRID_PX
# Of the form of the operation: what the pad and the sliders say instead.
_PLACE_FIELDS = frozenset(place_settings(Place(seeds=(0,))))


def side_panel(top: QWidget, content: QWidget) -> QFrame:
    """A panel at the side: what stays at its top, and what is scrolled below."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(content)
    side = QFrame()
    mark(side, role="panel")
    side.setMinimumWidth(roomy(_SIDE_WIDTH_PX))
    side.setMaximumWidth(roomy(_SIDE_WIDTH_PX + 10 * GRID_PX))
    layout = QVBoxLayout(side)
    layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, GRID_PX, 2 * GRID_PX)
    layout.setSpacing(GRID_PX)
    layout.addWidget(top)
    layout.addWidget(area, 1)
    return side


def form_beside_the_place(
    settings: type[Settings], choices: Mapping[str, Sequence[str]]
) -> SettingsForm:
    """A form of how pictures are drawn."""
    names = [name for name in settings.model_fields if name not in _PLACE_FIELDS]
    return SettingsForm(settings, include=names, choices=choices)


def place_in_words(place: Place) -> str:
    """Where a place is, for people."""
    words = tr("{across:.0%} right, {down:.0%} down", across=place.across, down=place.down)
    if place.farthest_direction:
        moves = moves_text(place.moves, place.zone_moves)
        words = tr("{at} · moved {moves_text}", at=words, moves_text=moves)
    if place.styles:
        words = tr("{at} · {styles}", at=words, styles=styles_text(place.styles))
    return words


def heading(words: str) -> QLabel:
    """A heading of the column."""
    label = QLabel(words)
    mark(label, role="heading")
    return label


def tool_button(image: str, name: str, words: str) -> QToolButton:
    """A small button with a picture on it."""
    button = QToolButton()
    button.setObjectName(name)
    button.setIcon(icon(image))
    button.setToolTip(words)
    button.setAccessibleName(words)
    return button
