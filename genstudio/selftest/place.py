"""Where the selftest works: a folder and a home of its own, both gone at its end."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from genstudio.domain.errors import GenStudioError
from genstudio.services.packs import PACKS

# What systems and platformdirs are told a person's folders by.
_HOME = {
    "HOME": ".",
    "USERPROFILE": ".",
    "APPDATA": "appdata",
    "LOCALAPPDATA": "localappdata",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_CACHE_HOME": "cache",
    "XDG_STATE_HOME": "state",
    "XDG_DOCUMENTS_DIR": "documents",
}


class SelfTestError(GenStudioError):
    """A check found something wrong."""


def missing_pack(key: str) -> str:
    """What a check says that needs a pack which is not installed; empty if it is."""
    pack = next(it for it in PACKS if it.key == key)
    return "" if pack.is_installed() else f"left out: the pack “{key}” is not installed"


@dataclass(slots=True)
class Place:
    """What the checks hand to each other.

    Attributes:
        folder: Everything is below it.
        trained: Folder of the run that a check has trained; None as long as none has.
    """

    folder: Path
    trained: Path | None = None

    @property
    def pictures(self) -> Path:
        """Folder of the pictures that the first check draws."""
        return self.folder / "flowers"

    @property
    def project(self) -> Path:
        """The project that the checks work in."""
        return self.folder / "Meadow"

    def run(self) -> Path:
        """The trained run.

        Raises:
            SelfTestError: Training failed before.
        """
        if self.trained is None:
            raise SelfTestError("There is no trained model", "Training failed before.")
        return self.trained


@contextmanager
def temporary_place() -> Iterator[Place]:
    """A new place; until its end, the person's own folders are out of sight.

    Raises:
        SelfTestError: No folder for temporary files can be written to.
    """
    try:
        temporary = tempfile.TemporaryDirectory(
            prefix="genstudio-selftest-", ignore_cleanup_errors=True
        )
    except OSError as error:
        raise SelfTestError(
            "There is no room for temporary files",
            f"{error.strerror}: {error.filename or tempfile.gettempdir()}.",
            "Free some space, or name another folder in the variable TMPDIR.",
        ) from error
    with temporary as name:
        folder = Path(name)
        before = {variable: os.environ.get(variable) for variable in _HOME}
        for variable, below in _HOME.items():
            home = folder / "home" / below
            home.mkdir(parents=True, exist_ok=True)
            os.environ[variable] = str(home)
        try:
            yield Place(folder)
        finally:
            for variable, value in before.items():
                if value is None:
                    del os.environ[variable]
                else:
                    os.environ[variable] = value
