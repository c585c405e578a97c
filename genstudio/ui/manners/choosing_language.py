"""A menu of the languages; whoever chooses one gets the window in it."""

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from genstudio.domain.language import LANGUAGES, tr
from genstudio.domain.notices import Level, Notice
from genstudio.services.notices import NoticeBoard
from genstudio.services.preferences import Preferences
from genstudio.ui.state.studio import StudioStates


class ChoosingLanguage:
    """Lists the languages behind the looks in the menu “View”.

    Args:
        window: Has the menus.
        states: Know whether something is being made.
        preferences: Remember the language.
        notices: Where messages come together.
        choose: Called with the code of another one, or with an empty text for the system's.
    """

    def __init__(
        self,
        window: QMainWindow,
        states: StudioStates,
        preferences: Preferences,
        notices: NoticeBoard,
        choose: Callable[[str], object],
    ) -> None:
        self._states = states
        self._preferences = preferences
        self._notices = notices
        self._choose = choose
        look = window.findChild(QAction, "view.dark")
        assert look is not None
        view = next(it for it in look.associatedObjects() if isinstance(it, QMenu))
        # In English as well: whoever came into a language by mistake must find the way out.
        title = tr("&Language")
        is_english = title.replace("&", "") == "Language"
        self.menu = view.addMenu(title if is_english else f"{title} — Language")
        self.menu.setObjectName("view.language")
        group = QActionGroup(window)
        for code, name in {"": tr("As the system has it"), **LANGUAGES}.items():
            action = self.menu.addAction(name)
            action.setObjectName(f"view.language.{code or 'system'}")
            action.setCheckable(True)
            action.setChecked(code == preferences.language)
            action.triggered.connect(partial(self._on_chosen, code))
            group.addAction(action)

    def _on_chosen(self, code: str, *_checked: bool) -> None:
        if code == self._preferences.language:
            return
        self._preferences.language = code
        if self._states.is_busy():
            told = Notice(
                level=Level.INFO,
                title=tr("Something is being made"),
                message=tr("The window will be in the other language when it is opened again."),
            )
            self._notices.post(told)
        else:
            self._choose(code)
