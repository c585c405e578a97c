"""What the program remembers between two starts: look, window, recent projects."""

import base64
from pathlib import Path
from typing import Literal, TypeAlias

import platformdirs
import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genstudio.domain.errors import ProjectError
from genstudio.domain.files import is_file, write_text
from genstudio.services.projects import is_project, slug
from genstudio.services.toml_files import read_toml

_MOST_RECENT = 8


class ExportMemory(BaseModel):
    """What goes along with exports, as it was chosen last; named as in ``ExportOptions``."""

    model_config = ConfigDict(extra="ignore")

    author: str = ""
    licence: str = ""
    statement: str = ""
    signed: bool = False
    certificate: str = ""
    private_key: str = ""


# The look: as the system has it, or always one of these.
Theme: TypeAlias = Literal["system", "light", "dark", "contrast_light", "contrast_dark"]


class Preferences(BaseModel):
    """Content of ``preferences.toml``; a field that cannot be read falls back to its default."""

    model_config = ConfigDict(extra="ignore")

    theme: Theme = "system"
    # Code of a language; empty for the system's.
    language: str = ""
    recent_projects: list[Path] = Field(default_factory=list[Path])
    pictures_folder: Path | None = None
    window: str = ""
    export: ExportMemory = Field(default_factory=ExportMemory)

    def remember_project(self, project: Path) -> None:
        """Put a project first among the recent ones."""
        others = [path for path in self.recent_projects if path != project]
        self.recent_projects = [project, *others][:_MOST_RECENT]

    def last_project(self) -> Path | None:
        """The most recent project that is still there."""
        found = (path for path in self.recent_projects if is_project(path))
        return next(found, None)

    def window_geometry(self) -> bytes:
        """Place and size of the window, as Qt wrote it down."""
        try:
            return base64.b64decode(self.window, validate=True)
        except ValueError:
            return b""

    def set_window_geometry(self, geometry: bytes) -> None:
        """Remember place and size of the window."""
        self.window = base64.b64encode(geometry).decode("ascii")


def preferences_path() -> Path:
    """Where the preferences are kept."""
    return platformdirs.user_config_path("genstudio", appauthor=False) / "preferences.toml"


def load_preferences() -> Preferences:
    """Read the preferences; damaged or missing ones are the defaults, for they are only comfort."""
    path = preferences_path()
    if not is_file(path):
        return Preferences()
    try:
        content = read_toml(path)
    except ProjectError:
        return Preferences()
    try:
        return Preferences.model_validate(content)
    except ValidationError as error:
        unreadable = {entry["loc"][0] for entry in error.errors()}
        kept = {name: value for name, value in content.items() if name not in unreadable}
        return Preferences.model_validate(kept)


def save_preferences(preferences: Preferences) -> None:
    """Write the preferences.

    Raises:
        ProjectError: The disk is full or the folder cannot be written to.
    """
    content = preferences.model_dump(mode="json", exclude_none=True)
    write_text(preferences_path(), tomli_w.dumps(content))


def default_project_folder(pictures: Path) -> Path:
    """Where a project for a folder of pictures goes unless a person says otherwise."""
    return platformdirs.user_documents_path() / "GenStudio" / slug(pictures.name)


def sample_folder() -> Path:
    """Where the built-in pictures are drawn, once."""
    return platformdirs.user_data_path("genstudio", appauthor=False) / "flowers"
