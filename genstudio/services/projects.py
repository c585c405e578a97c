"""Project folders: made, opened, refused when a newer program wrote them."""

import hashlib
import os
import re
import stat
import tomllib
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import ProjectError
from genstudio.domain.files import is_file, read_file, write_text

FORMAT_VERSION = 1
_PROJECT_FILE = "project.toml"
_LARGEST_TOML_BYTES = 2**20
_LARGEST_MANIFEST_BYTES = 64 * 2**20
# Parsing a dotted key takes time and memory with the square of its parts; ours have two at most.
_MOST_DOTS = 32
_QUOTED = re.compile(r"""\"(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?""")


class _ProjectFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    format_version: int = FORMAT_VERSION
    name: str = Field(min_length=1, max_length=200)
    created: datetime


class Project:
    """A folder that holds data sets, runs and a gallery."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name

    @property
    def runs(self) -> Path:
        """Folder of runs, one folder each."""
        return self.path / "runs"

    @property
    def gallery(self) -> Path:
        """Folder of generated pictures."""
        return self.path / "gallery"

    def dataset_folder(self, dataset: str) -> Path:
        """Folder of a saved list of pictures and of their decoded form."""
        return self.path / "datasets" / dataset

    def run_folders(self) -> list[Path]:
        """Folders of complete runs, oldest first."""
        return sorted(path.parent for path in self.runs.glob("*/run.toml"))

    def save_manifest(self, manifest: Manifest) -> Path:
        """Keep the list of pictures that runs learn from; gives its folder."""
        digest = hashlib.blake2b(manifest.model_dump_json().encode(), digest_size=4).hexdigest()
        folder = self.dataset_folder(f"{slug(manifest.folder.name)}-{digest}")
        if not (folder / "manifest.toml").is_file():
            write_text(folder / "manifest.toml", tomli_w.dumps(manifest.model_dump(mode="json")))
        return folder

    def load_manifest(self, dataset: str) -> Manifest:
        """Read a saved list of pictures.

        Raises:
            ProjectError: It is missing or damaged.
        """
        path = self.dataset_folder(dataset) / "manifest.toml"
        try:
            content = read_toml(path, largest_bytes=_LARGEST_MANIFEST_BYTES)
            return Manifest.model_validate(content)
        except ValidationError as error:
            raise ProjectError(f"{path} is damaged", str(error)) from error


def open_or_create(path: Path, *, dataset: Path | None = None) -> Project:
    """Open a project folder, or make one.

    Args:
        path: The project's folder.
        dataset: A folder of pictures that the project must stay out of.

    Raises:
        ProjectError: Not writable, damaged, of a newer format, or inside the pictures.
    """
    path = path.expanduser().absolute()
    if dataset is not None and path.resolve().is_relative_to(dataset.resolve()):
        raise ProjectError(
            "The project cannot be inside the folder of pictures",
            "GenStudio never writes into your pictures' folder.",
            "Choose another folder for the project.",
        )
    if (path / _PROJECT_FILE).exists():
        return open_project(path)
    if path.exists() and not path.is_dir():
        raise ProjectError(f"{path} is a file", "A project is a folder.", "Choose a folder.")
    content = _ProjectFile(name=path.name or "Project", created=datetime.now(UTC))
    write_text(path / _PROJECT_FILE, tomli_w.dumps(content.model_dump(mode="json")))
    return Project(path, content.name)


def open_project(path: Path) -> Project:
    """Open an existing project.

    Raises:
        ProjectError: There is none, it is damaged, of a newer format, or leads elsewhere.
    """
    raw = read_toml(path / _PROJECT_FILE)
    refuse_newer(raw, path, FORMAT_VERSION)
    _refuse_links_out(path)
    try:
        return Project(path, _ProjectFile.model_validate(raw).name)
    except ValidationError as error:
        raise ProjectError(f"{path / _PROJECT_FILE} is damaged", str(error)) from error


def _refuse_links_out(project: Path) -> None:
    """Stop before anything is written to where a link in a stranger's project leads.

    Raises:
        ProjectError: A folder or file that GenStudio writes to is a link out of the project.
    """
    inside = os.path.realpath(project) + os.sep
    for pattern in ("*", "runs/*", "datasets/*", "runs/*/*", "datasets/*/*"):
        for path in project.glob(pattern):
            target = os.path.realpath(path) if _is_link(path) else inside
            if not (target + os.sep).startswith(inside):
                raise ProjectError(
                    "The project leads out of its own folder",
                    f"{path} is a link to {target}. GenStudio writes to no other folder.",
                    "If you made the link, move the whole project to that drive instead.",
                )


def _is_link(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False  # Gone again: it was a file that is being written.
    # Windows has links that are none for Python.
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) != 0


def read_toml(path: Path, *, largest_bytes: int = _LARGEST_TOML_BYTES) -> dict[str, Any]:
    """Read a TOML file of ours.

    Raises:
        ProjectError: It is missing, no ordinary file, too large or not TOML.
    """
    try:
        text = read_file(path, largest_bytes=largest_bytes).decode("utf-8")
        _refuse_endless_keys(text)
        return tomllib.loads(text)
    except OSError as error:
        raise ProjectError(
            f"{path.name} cannot be read",
            f"{path}: {error.strerror}.",
            "Is this the right folder?",
        ) from error
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"{path} is damaged", str(error)) from error


def _refuse_endless_keys(text: str) -> None:
    """Stop before a small file takes minutes and gigabytes to parse."""
    for number, line in enumerate(_QUOTED.sub("", text).split("\n"), start=1):
        if line.count(".") > _MOST_DOTS:
            raise ValueError(f"The key in line {number} has too many parts")


def refuse_newer(raw: dict[str, Any], path: Path, known: int) -> None:
    """Stop before touching what a newer program wrote.

    Raises:
        ProjectError: The format version is above ``known``.
    """
    version = raw.get("format_version")
    if isinstance(version, int) and version > known:
        # The number itself may have more digits than can be printed.
        raise ProjectError(
            "This was made by a newer GenStudio",
            f"{path} has a newer format than the one that this program reads ({known}). "
            "Nothing was changed.",
            "Update GenStudio to open it.",
        )


def slug(name: str) -> str:
    """A short folder name that every system accepts; letters of all scripts stay."""
    normal = unicodedata.normalize("NFC", name)
    return re.sub(r"[^\w-]+", "-", normal).strip("-")[:60] or "pictures"


def is_project(path: Path) -> bool:
    """Whether a folder is a project."""
    return is_file(path / _PROJECT_FILE)
