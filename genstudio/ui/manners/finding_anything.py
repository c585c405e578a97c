"""Gathers all that can be found by its name, and shows the palette."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from genstudio.domain.language import tr
from genstudio.services.preferences import Preferences
from genstudio.services.projects import is_project
from genstudio.ui.actions import COMMANDS
from genstudio.ui.dialogs.palette import show_palette
from genstudio.ui.dialogs.shortcuts import shown_keys
from genstudio.ui.finding import Entry
from genstudio.ui.forms import SettingsForm, bring_into_view
from genstudio.ui.kind_words import way
from genstudio.ui.state.studio import StudioStates
from genstudio.ui.studio_pages import StudioPages

_NOT_FOUND = frozenset({"edit.find"})


class FindingAnything:
    """Knows commands, pages, what Create can do, architectures and recent projects.

    Args:
        actions: Of all commands, by their keys.
        states: Know operations and architectures.
        pages: Show what was found.
        preferences: Know recent projects.
        open_project: Opens a project.
    """

    def __init__(
        self,
        actions: Mapping[str, QAction],
        states: StudioStates,
        pages: StudioPages,
        preferences: Preferences,
        open_project: Callable[[Path], object],
    ) -> None:
        self._actions = actions
        self._states = states
        self._pages = pages
        self._preferences = preferences
        self._open_project = open_project

    def show(self, window: QWidget) -> None:
        """Show the palette over a window."""
        show_palette(window, self.entries())

    def entries(self) -> list[Entry]:
        """All that can be found now."""
        return [
            *self._commands(),
            *self._operations(),
            *self._models(),
            *self._settings(),
            *self._projects(),
        ]

    def _commands(self) -> list[Entry]:
        return [
            Entry(
                title=command.plain_title,
                where=command.menu.replace("&", ""),
                act=self._actions[command.key].trigger,
                help=command.help,
                words=command.words,
                shortcut=shown_keys(command.shortcut),
                icon=command.icon,
                is_enabled=self._actions[command.key].isEnabled(),
            )
            for command in COMMANDS
            if command.key not in _NOT_FOUND
        ]

    def _operations(self) -> list[Entry]:
        return [
            Entry(
                title=it.card.title,
                where=tr("Create"),
                act=partial(self._choose_operation, key),
                help=it.card.summary,
                words=f"{way(it.card)} {key}",
                icon="palette",
            )
            for key, it in self._states.create.entries.items()
        ]

    def _models(self) -> list[Entry]:
        return [
            Entry(
                title=it.card.title,
                where=tr("Architecture"),
                act=partial(self._choose_model, key),
                help=it.card.summary,
                words=tr("{family} {key} model train", family=it.card.family, key=key),
                icon="sparkles",
            )
            for key, it in self._states.training.entries.items()
        ]

    def _settings(self) -> list[Entry]:
        choices = self._pages.train.controls.choices
        basics = [
            Entry(
                title=control.accessibleName(),
                where=tr("Train"),
                act=partial(self._show_control, control),
                help=control.toolTip(),
                icon="settings",
            )
            for control in choices.rows.controls()
        ]
        others = [
            Entry(
                title=field.title,
                where=tr("Train"),
                act=partial(self._show_setting, form, field.name),
                help=field.help,
                words=field.name,
                icon="settings",
            )
            for form in choices.forms()
            for field in form.fields()
        ]
        return [*basics, *others]

    def _projects(self) -> list[Entry]:
        return [
            Entry(
                title=path.name,
                where=tr("Recent project"),
                act=partial(self._open_project, path),
                help=str(path),
                words=tr("open project"),
                icon="folder-open",
                is_enabled=is_project(path),
            )
            for path in self._preferences.recent_projects
        ]

    def _choose_operation(self, key: str) -> None:
        self._actions["view.create"].trigger()
        self._pages.create.choose(key)

    def _show_control(self, control: QWidget) -> None:
        self._actions["view.train"].trigger()
        bring_into_view(control)

    def _show_setting(self, form: SettingsForm, name: str) -> None:
        self._actions["view.train"].trigger()
        self._pages.train.controls.choices.show_all_settings()
        form.show_setting(name)

    def _choose_model(self, key: str) -> None:
        self._actions["view.train"].trigger()
        self._pages.train.controls.choices.choose_model(key)
