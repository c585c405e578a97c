"""Presets that a person saved: TOML files in the person's own folder, to be shared as they are."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs
import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import genstudio
from genstudio.domain.errors import SettingsError
from genstudio.domain.files import read_file, write_text
from genstudio.domain.language import tr
from genstudio.domain.training import TrainingSettings
from genstudio.services.presets import DEFAULT_PRESET, presets
from genstudio.services.projects import slug

FORMAT_VERSION = 1
_LARGEST_BYTES = 2**18
# Of the machine or of one run, and no part of how something is learned.
_NOT_SHARED = frozenset(
    {"device", "devices", "seed", "model", "model_key", "preset", "layout", "modality"}
)


class OwnPreset(BaseModel):
    """Content of a preset file.

    Attributes:
        title: Its name.
        genstudio: Version of the program that wrote it.
        model_key: Architecture.
        preset: The built-in preset that it began with.
        training: Settings of the run.
        model: Settings of the architecture.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format_version: int = FORMAT_VERSION
    title: str = Field(min_length=1, max_length=200)
    genstudio: str = Field(default="", max_length=40)
    model_key: str = Field(max_length=100)
    preset: str = Field(default=DEFAULT_PRESET, max_length=100)
    training: dict[str, Any] = Field(default_factory=dict[str, Any])
    model: dict[str, Any] = Field(default_factory=dict[str, Any])


def own_presets_folder() -> Path:
    """Where saved presets are kept."""
    return platformdirs.user_config_path("genstudio", appauthor=False) / "presets"


def preset_of(title: str, settings: TrainingSettings) -> OwnPreset:
    """A preset with all that decides how something is learned."""
    values = settings.model_dump(mode="json")
    return OwnPreset(
        title=title,
        genstudio=genstudio.__version__,
        model_key=settings.model_key,
        preset=settings.preset,
        training={name: it for name, it in values.items() if name not in _NOT_SHARED},
        model=values["model"],
    )


def save_preset(preset: OwnPreset, path: Path | None = None) -> Path:
    """Write a preset to a file that can be shared; by default among the person's own.

    Raises:
        ProjectError: The folder cannot be written to.
    """
    where = path or own_presets_folder() / f"{slug(preset.title)}.toml"
    write_text(where, tomli_w.dumps(preset.model_dump(mode="json")))
    return where


def read_preset(path: Path) -> OwnPreset:
    """Read a preset that anybody may have written.

    Raises:
        SettingsError: It is no preset, or cannot be read.
    """
    try:
        raw = tomllib.loads(read_file(path, largest_bytes=_LARGEST_BYTES).decode("utf-8"))
        version = raw.get("format_version", 0)
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise SettingsError(
                tr("This preset was made by a newer GenStudio"),
                tr("{name} has a format that this program does not read.", name=path.name),
                tr("Update GenStudio to use it."),
            )
        return OwnPreset.model_validate(raw)
    except (OSError, ValueError, ValidationError, RecursionError) as error:
        raise SettingsError(
            tr("{name} is no preset that can be read", name=path.name),
            str(error)[:300],
            tr("Presets are TOML files that “Save these settings…” writes."),
        ) from error


def own_presets() -> list[tuple[Path, OwnPreset]]:
    """All that a person saved and that can be read, by their titles."""
    found: list[tuple[Path, OwnPreset]] = []
    for path in sorted(own_presets_folder().glob("*.toml")):
        try:
            found.append((path, read_preset(path)))
        except SettingsError:
            continue  # It is told when a person opens it.
    return sorted(found, key=lambda it: it[1].title.casefold())


def unreadable_presets() -> list[Path]:
    """Files among the person's own that are no presets, or of a newer program."""
    known = {path for path, _ in own_presets()}
    return [path for path in sorted(own_presets_folder().glob("*.toml")) if path not in known]


def usable_part(
    preset: OwnPreset, training: Mapping[str, Any], model: Mapping[str, Any]
) -> tuple[OwnPreset, str]:
    """A preset without what this program does not know, and a sentence where that is something.

    Args:
        preset: As it was read.
        training: Settings of a run that are known, by name.
        model: Settings of the architecture that are known.
    """
    unknown = sorted({*(preset.training.keys() - training.keys() - _NOT_SHARED)})
    unknown += sorted(preset.model.keys() - model.keys())
    keys = {it.key for it in presets()}
    kept = preset.model_copy(
        update={
            "preset": preset.preset if preset.preset in keys else DEFAULT_PRESET,
            "training": {
                name: it
                for name, it in preset.training.items()
                if name in training and name not in _NOT_SHARED
            },
            "model": {name: it for name, it in preset.model.items() if name in model},
        }
    )
    parts: list[str] = []
    if preset.genstudio != genstudio.__version__:
        made_by = (
            tr("GenStudio {genstudio}", genstudio=preset.genstudio)
            if preset.genstudio
            else tr("another version")
        )
        parts.append(
            tr(
                "It was made by {made_by}; this is {version}.",
                made_by=made_by,
                version=genstudio.__version__,
            )
        )
    if unknown:
        parts.append(
            tr(
                "Settings that are not known here are left out: {unknown}.",
                unknown=", ".join(unknown),
            )
        )
    return kept, " ".join(parts)
