"""Gives a window all manners of a desktop program."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QMainWindow

from genstudio.services.notices import NoticeBoard
from genstudio.services.preferences import Preferences
from genstudio.ui.manners.checking_fit import CheckingFit
from genstudio.ui.manners.choosing_language import ChoosingLanguage
from genstudio.ui.manners.coming_forward import ComingForward
from genstudio.ui.manners.cropping import Cropping
from genstudio.ui.manners.importing_scans import ImportingScans
from genstudio.ui.manners.own_presets import OwnPresets
from genstudio.ui.manners.queueing import Queueing
from genstudio.ui.manners.recent_projects import RecentProjects
from genstudio.ui.manners.telling_endings import TellingEndings
from genstudio.ui.state.studio import StudioStates
from genstudio.ui.studio_pages import StudioPages

_SMALLEST = QSize(1024, 680)
_USUAL = QSize(1280, 800)
# Title bar and frame take room as well.
_FRAME_PX = 40


def add_manners(
    window: QMainWindow,
    states: StudioStates,
    pages: StudioPages,
    notices: NoticeBoard,
    preferences: Preferences,
    open_project: Callable[[Path], object],
    open_dataset: Callable[[Path], object],
    change_language: Callable[[str], object],
) -> tuple[object, ...]:
    """Make them; they work as long as what is given back is kept."""
    endings = TellingEndings(window, states.training)
    return (
        Cropping(window, states.bridge, states.dataset, pages),
        OwnPresets(states.training, pages, notices),
        CheckingFit(states, pages, notices),
        Queueing(window, states, pages, notices, endings),
        ImportingScans(states.scans, pages.dataset, open_dataset),
        RecentProjects(window, preferences, open_project),
        ChoosingLanguage(window, states, preferences, notices, change_language),
        ComingForward(window, lambda: states.project.path),
        endings,
    )


def smallest_size(window: QMainWindow) -> QSize:
    """How small a window may become: no larger than its screen, however much that is scaled."""
    return _SMALLEST.boundedTo(_room(window))


def usual_size(window: QMainWindow) -> QSize:
    """How large a window is at first, on a screen that has room for it."""
    return _USUAL.boundedTo(_room(window))


def _room(window: QMainWindow) -> QSize:
    return window.screen().availableSize() - QSize(_FRAME_PX, _FRAME_PX)
