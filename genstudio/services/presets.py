"""Presets: ready-made settings in TOML files, and how they become a run's settings."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import Spoken, tr
from genstudio.domain.resources import resource
from genstudio.domain.settings import parse_settings
from genstudio.domain.training import TrainingSettings

DEFAULT_PRESET = "balanced"


class Preset(Spoken, BaseModel):
    """One file of ``resources/presets``.

    Attributes:
        key: File name without suffix.
        title: Shown to people.
        summary: What it is good for, in a sentence.
        order: Place in lists.
        training: Values of :class:`TrainingSettings`.
        model: Model key => values of its Config; models that are not named keep their defaults.
    """

    spoken: ClassVar[frozenset[str]] = frozenset({"title", "summary"})

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    title: str
    summary: str
    order: int = 0
    training: dict[str, Any] = Field(default_factory=dict)
    model: dict[str, dict[str, Any]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some settings are what they are, in a sentence; of none, something to know."""

    sentence: str
    settings: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fit:
    """Settings that fit the pictures and the machine, and why.

    Attributes:
        training: Settings of the run that differ from the preset's.
        model: Settings of the architecture that do.
        reasons: In the order in which a person reads them.
    """

    training: Mapping[str, Any]
    model: Mapping[str, Any]
    reasons: tuple[Reason, ...]

    def sentences(self, chosen: Collection[str] = ()) -> list[str]:
        """The reasons, without those for settings that a person chose otherwise."""
        kept = (it for it in self.reasons if not it.settings or it.settings - set(chosen))
        return [it.sentence for it in kept]


@cache
def presets() -> tuple[Preset, ...]:
    """All presets, in the order in which they are shown."""
    found = [_read(path) for path in resource("presets").glob("*.toml")]
    return tuple(sorted(found, key=lambda preset: (preset.order, preset.key)))


def _read(path: Path) -> Preset:
    return Preset(key=path.stem, **tomllib.loads(path.read_text(encoding="utf-8")))


def preset_named(key: str) -> Preset:
    """Find a preset.

    Raises:
        SettingsError: There is none of that name; the hint lists them.
    """
    for preset in presets():
        if preset.key == key:
            return preset
    known = ", ".join(preset.key for preset in presets())
    raise SettingsError(
        tr("There is no preset “{key}”", key=key), "", tr("Known presets: {known}.", known=known)
    )


def resolve_settings(
    *,
    preset: str,
    model_key: str,
    training: Mapping[str, Any] | None = None,
    model: Mapping[str, Any] | None = None,
    fit: Fit | None = None,
) -> TrainingSettings:
    """Lay a person's own settings over a preset's.

    Args:
        preset: Key of the preset.
        model_key: Key of the architecture in the catalogue, not an alias.
        training: Settings of the run that a person chose.
        model: Settings of the architecture that a person chose.
        fit: What fits the pictures and the machine; lies between both.

    Raises:
        SettingsError: The preset is unknown, or a setting of the run is unknown or out of bounds.
    """
    base = preset_named(preset)
    values = {
        **base.training,
        **(fit.training if fit else {}),
        **(training or {}),
        "preset": preset,
        "model_key": model_key,
        "model": _laid_over(base.model.get(model_key, {}), fit.model if fit else {}, model or {}),
    }
    return parse_settings(TrainingSettings, values)


def _laid_over(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """One mapping of all layers, in which the names of a later layer come later.

    Layers may call one setting by different names, and of these the last one counts.
    """
    laid: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            laid.pop(name, None)
            laid[name] = value
    return laid
