"""Gives a window all manners of a desktop program."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QMainWindow

from genstudio.services.preferences import Preferences
from genstudio.ui.manners.coming_forward import ComingForward
from genstudio.ui.manners.recent_projects import RecentProjects
from genstudio.ui.manners.telling_endings import TellingEndings
from genstudio.ui.state.studio import StudioStates

_SMALLEST = QSize(1024, 680)
# Title bar and frame take room as well.
_FRAME_PX = 40


def add_manners(
    window: QMainWindow,
    states: StudioStates,
    preferences: Preferences,
    open_project: Callable[[Path], object],
) -> tuple[object, ...]:
    """Make them; they work as long as what is given back is kept."""
    return (
        RecentProjects(window, preferences, open_project),
        ComingForward(window, lambda: states.project.path),
        TellingEndings(window, states.training),
    )


def smallest_size(window: QMainWindow) -> QSize:
    """How small a window may become: no larger than its screen, however much that is scaled."""
    room = window.screen().availableSize() - QSize(_FRAME_PX, _FRAME_PX)
    return _SMALLEST.boundedTo(room)
