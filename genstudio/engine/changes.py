"""Settings that change while a run goes on: which may, to what, and how that is told."""

from collections.abc import Mapping

from pydantic import JsonValue

from genstudio.domain.errors import SettingsError
from genstudio.domain.events import CHANGED, Advice, CoachAction
from genstudio.domain.language import tr
from genstudio.domain.settings import (
    SettingField,
    Settings,
    parse_settings,
    setting_fields,
    with_current_names,
)
from genstudio.engine.coach import shown_value


def with_changes(config: Settings, changes: Mapping[str, object]) -> Settings:
    """A model's settings with some others in their place.

    Raises:
        SettingsError: One of them may not change while a run goes on, or is out of bounds.
    """
    live = _live_fields(config)
    changes = with_current_names(type(config), changes)
    for name in changes:
        if name not in live:
            known = ", ".join(
                [tr("its budget"), *(f"“{f.words}” ({f.name})" for f in live.values())]
            )
            raise SettingsError(
                tr("“{name}” cannot be changed while a run goes on", name=name),
                tr("The run goes on as it was."),
                tr("What can be changed: {known}.", known=known),
            )
    return parse_settings(type(config), {**config.model_dump(), **changes})


def told_change(step: int, name: str, before: Settings, after: Settings) -> Advice:
    """Say that a setting has changed, with the way back."""
    (name,) = with_current_names(type(after), {name: None})
    field = _live_fields(after)[name]
    old: JsonValue = getattr(before, name)
    new: JsonValue = getattr(after, name)
    return Advice(
        step=step,
        level="info",
        topic=CHANGED,
        title=tr("“{words}” is now {shown_value}", words=field.words, shown_value=shown_value(new)),
        message=tr(
            "From this step on; it was {shown_value} before. It takes some measurements "
            "until it shows.",
            shown_value=shown_value(old),
        ),
        action=CoachAction(label=tr("Take it back"), setting=name, value=old, before=new),
    )


def _live_fields(config: Settings) -> dict[str, SettingField]:
    return {field.name: field for field in setting_fields(type(config)) if field.hints.live}
