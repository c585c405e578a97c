"""Saves what is chosen on the Train page as a preset, and chooses what a preset says."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from genstudio.domain.errors import GenStudioError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.services.notices import NoticeBoard, notice_about
from genstudio.services.own_presets import OwnPreset, preset_of, save_preset, usable_part
from genstudio.ui.state.training import TrainingState
from genstudio.ui.studio_pages import StudioPages

_LONGEST_NAMED = 60


class OwnPresets:
    """Between the Train page and preset files.

    Args:
        training: Knows the architectures.
        pages: Of the window.
        notices: Where messages come together.
    """

    def __init__(self, training: TrainingState, pages: StudioPages, notices: NoticeBoard) -> None:
        self._training = training
        self._controls = pages.train.controls
        self._notices = notices
        menu = self._controls.choices.preset_menu
        menu.save_wanted.connect(self._save)
        menu.chosen.connect(self._choose)
        menu.failed.connect(lambda error: notices.post(notice_about(error)))
        self._controls.preset_dropped.connect(menu.open_file)

    def _save(self, title: str, path: Path | None) -> None:
        try:
            saved = save_preset(preset_of(title, self._controls.settings()), path)
        except GenStudioError as error:
            self._notices.post(notice_about(error))
            return
        self._tell(
            tr("The preset is saved"),
            tr("{saved}. Others can drop this file on their Train page.", saved=saved),
        )

    def _choose(self, preset: OwnPreset) -> None:
        choices = self._controls.choices
        if preset.model_key not in self._training.entries:
            error = SettingsError(
                tr("“{title}” is for an architecture that is not here", title=preset.title),
                tr("It needs “{model_key}”.", model_key=preset.model_key),
                tr("Nothing was changed."),
            )
            self._notices.post(notice_about(error))
            return
        choices.choose_model(preset.model_key)
        usable, told = usable_part(preset, *choices.known_settings())
        choices.choose_preset(usable.preset)
        refused = [
            *_refused(choices.apply, usable.training),
            *_refused(choices.apply_model, usable.model),
        ]
        title = tr("“{title}” is chosen", title=preset.title)
        if refused:
            title = tr("Not all of “{title}” could be chosen", title=preset.title)
            names = ", ".join(refused)
            why = tr("What is not offered here stays as it was: {names}.", names=names)
            told = f"{told} {why}".strip()
        self._tell(title, told)

    def _tell(self, title: str, message: str) -> None:
        self._notices.post(Notice(level=Level.INFO, title=title, message=message))


def _refused(choose: Callable[[Mapping[str, Any]], None], values: Mapping[str, Any]) -> list[str]:
    """Choose values one by one; gives the names of those that cannot be chosen."""
    refused: list[str] = []
    for name, value in values.items():
        try:
            choose({name: value})
        except (GenStudioError, ValueError, TypeError, OverflowError):
            refused.append(f"{name} = {value}"[:_LONGEST_NAMED])
    return refused
