"""Settings declared once: bounds, help and units that forms, flags and files are derived from."""

from collections.abc import Collection, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar, cast, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import PydanticUndefined

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr

SettingsT = TypeVar("SettingsT", bound="Settings")


class Settings(BaseModel):
    """Base of every declared group of settings: closed, validated on assignment, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        return with_current_names(cls, cast("Mapping[str, Any]", values))


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldHints:
    """How a setting is shown; the bounds are pydantic's own.

    Attributes:
        unit: Printed behind the value.
        advanced: Hidden until a person asks for all settings.
        logarithmic: Steps multiply instead of add.
        live: May be changed while a run goes on.
        choices: What it means nothing without, such as "kinds" for those that the run was taught;
            of a text, the window offers these instead of a line to write in. For "words", it
            completes those that a model knows, and says how others are read.
        role: What it is for, as :mod:`genstudio.domain.roles` names it; empty for nothing that
            is steered.
        group: The part of a form that it stands in; empty for what has an editor of its own.
        formerly: The name that older files have for it; empty for none.
        opens: Of a text that is a place on the disk, what lies there, such as "model": the window
            helps to choose it.
        lines: Of a text, how many lines there are to write in; 1 for a single one.
        before: What was the case before there was this setting, where that is not its default:
            runs that do not name it go on so.
        only_with: Another setting of the same class and its value without which this one changes
            nothing; the window shows it only then. None where it always counts.
    """

    unit: str = ""
    advanced: bool = False
    logarithmic: bool = False
    live: bool = False
    choices: str = ""
    role: str = ""
    group: str = ""
    formerly: str = ""
    opens: str = ""
    lines: int = 1
    before: Any = None
    only_with: tuple[str, Any] | None = None


def setting(
    default: Any,
    *,
    title: str,
    help: str,
    ge: float | None = None,
    le: float | None = None,
    unit: str = "",
    advanced: bool = False,
    logarithmic: bool = False,
    live: bool = False,
    choices: str = "",
    role: str = "",
    group: str = "",
    formerly: str = "",
    opens: str = "",
    lines: int = 1,
    before: Any = None,
    only_with: tuple[str, Any] | None = None,
) -> Any:
    """Declare one setting of a :class:`Settings` class.

    Args:
        default: Value used when a person changes nothing.
        title: A painter's words, the technical term behind a dash.
        help: A sentence or two on what turning it does.
        ge: Smallest allowed value.
        le: Largest allowed value.
        unit: Printed behind the value.
        advanced: Hidden until a person asks for all settings.
        logarithmic: Steps multiply instead of add.
        live: May be changed while a run goes on; the model reads it anew at each step.
        choices: What it means nothing without, such as "kinds"; of a text, what is offered.
        role: What it is for, where the coach or the fitting steers it.
        group: The part of a form that it stands in, where a form shows parts of a class.
        formerly: The name that it had before; files and flags may still use it.
        opens: Of a text that is a place on the disk, what lies there.
        lines: Of a text, how many lines there are to write in.
        before: What was the case before there was this setting, where that is not its default.
        only_with: Another setting and its value without which this one changes nothing.
    """
    hints = FieldHints(
        unit=unit,
        advanced=advanced,
        logarithmic=logarithmic,
        live=live,
        choices=choices,
        role=role,
        group=group,
        formerly=formerly,
        opens=opens,
        lines=lines,
        before=before,
        only_with=only_with,
    )
    extra = cast("dict[str, Any]", {"hints": hints})
    return Field(default, title=title, description=help, ge=ge, le=le, json_schema_extra=extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingField:
    """One setting, ready to be drawn as an editor or printed as help."""

    name: str
    title: str
    help: str
    annotation: Any
    default: Any
    minimum: float | None
    maximum: float | None
    hints: FieldHints

    @property
    def words(self) -> str:
        """A painter's words for it, without the technical term."""
        return self.title.partition(" — ")[0]


def setting_fields(settings_class: type[BaseModel]) -> list[SettingField]:
    """List the settings that a class declares, in the order of declaration."""
    fields: list[SettingField] = []
    for name, info in settings_class.model_fields.items():
        extra = cast("Mapping[str, object] | None", info.json_schema_extra) or {}
        hints = extra.get("hints")
        fields.append(
            SettingField(
                name=name,
                title=tr(info.title or name.replace("_", " ")),
                help=tr(info.description or ""),
                annotation=info.annotation,
                default=None if info.default is PydanticUndefined else info.default,
                minimum=_bound(info.metadata, "ge"),
                maximum=_bound(info.metadata, "le"),
                hints=hints if isinstance(hints, FieldHints) else FieldHints(),
            )
        )
    return fields


def shown_only_with(
    settings_class: type[SettingsT], other: str, value: Any, *, but: Collection[str] = ()
) -> type[SettingsT]:
    """The same settings, which change something only where another one has a value.

    Args:
        settings_class: Whose settings.
        other: Name of the other one, which is declared elsewhere.
        value: Of the other one.
        but: Settings that always count.
    """
    fields: dict[str, Any] = {}
    for it in setting_fields(settings_class):
        if it.name not in but:
            info = copy(settings_class.model_fields[it.name])
            hints = replace(it.hints, only_with=(other, value))
            info.json_schema_extra = cast("dict[str, Any]", {"hints": hints})
            fields[it.name] = (it.annotation, info)
    return create_model(settings_class.__name__, __base__=settings_class, **fields)


def with_current_names(
    settings_class: type[BaseModel], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Values by the current names of their settings, whatever they were called when they were set.

    Of a setting that is given by both names, the later value counts; unknown names stay.
    """
    fields = setting_fields(settings_class)
    current = {it.hints.formerly: it.name for it in fields if it.hints.formerly}
    named: dict[str, Any] = {}
    for name, value in values.items():
        name_now = current.get(name, name)
        named.pop(name_now, None)
        named[name_now] = value
    return named


def as_before(settings_class: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values from a file that may be older than some settings, with what was the case then."""
    named = with_current_names(settings_class, values)
    before = {it.name: it.hints.before for it in setting_fields(settings_class)}
    return {name: it for name, it in before.items() if it is not None} | named


def _bound(metadata: list[Any], name: str) -> float | None:
    return next((getattr(item, name) for item in metadata if hasattr(item, name)), None)


def parse_settings(settings_class: type[SettingsT], values: Mapping[str, Any]) -> SettingsT:
    """Build settings from loose values such as ``--set key=value`` or a file.

    Strings are read as the declared type ("0.5" becomes 0.5).

    Raises:
        SettingsError: A name is unknown or a value is out of bounds; the hint
            lists what is known or allowed.
    """
    named = with_current_names(settings_class, values)
    read = {name: _as_option(settings_class, name, value) for name, value in named.items()}
    try:
        return settings_class.model_validate(read)
    except ValidationError as error:
        raise _explained(settings_class, error) from error


def parse_known(
    settings_class: type[SettingsT], values: Mapping[str, Any], **others: Any
) -> dict[str, Any]:
    """Those of loose values that are settings, read as what these are declared as.

    Args:
        settings_class: Declares them.
        values: By name; what is no setting is passed over.
        others: Values that the settings need besides, and that are not given back.

    Raises:
        SettingsError: One is out of bounds.
    """
    known = {name: it for name, it in values.items() if name in settings_class.model_fields}
    read = parse_settings(settings_class, {**others, **known})
    return {name: getattr(read, name) for name in known}


def _as_option(settings_class: type[BaseModel], name: str, value: Any) -> Any:
    """A choice among numbers, written as text, as the number: pydantic leaves that to us."""
    field = settings_class.model_fields.get(name)
    if not isinstance(value, str) or field is None or get_origin(field.annotation) is not Literal:
        return value
    options = {str(option): option for option in get_args(field.annotation)}
    return options.get(value, value)


def _explained(settings_class: type[BaseModel], error: ValidationError) -> SettingsError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = ", ".join(settings_class.model_fields) or "none"
        return SettingsError(
            tr("There is no setting “{name}”", name=name),
            "",
            tr("Known settings: {known}.", known=known),
        )
    message = f"{name} = {first['input']!r}: {first['msg']}."
    fields = {field.name: field for field in setting_fields(settings_class)}
    field = fields.get(name)
    hint = ""
    if field is not None:
        low = "" if field.minimum is None else tr(" from {minimum:g}", minimum=field.minimum)
        high = "" if field.maximum is None else tr(" to {maximum:g}", maximum=field.maximum)
        span = tr("Allowed:{low}{high}. ", low=low, high=high) if low or high else ""
        hint = tr("{span}The default is {default}.", span=span, default=field.default)
    return SettingsError(tr("The setting “{name}” is not valid", name=name), message, hint)
