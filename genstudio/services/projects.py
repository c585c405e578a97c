"""Project folders: made, opened, refused when a newer program wrote them."""

import hashlib
import os
import re
import stat
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import ProjectError
from genstudio.domain.files import is_file, write_text
from genstudio.domain.language import tr
from genstudio.services import manifests
from genstudio.services.toml_files import read_toml, refuse_newer

FORMAT_VERSION = 1
_PROJECT_FILE = "project.toml"
# Names of devices, which Windows gives to no file or folder, whatever the case.
_DEVICES = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])", re.IGNORECASE)


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
        # Sets without these keep the name that they had before there were any.
        names = ("captions", "crops", "within", "sizes")
        later = {name for name in names if not getattr(manifest, name)}
        content = manifest.model_dump_json(exclude=later)
        digest = hashlib.blake2b(content.encode(), digest_size=4).hexdigest()
        folder = self.dataset_folder(f"{slug(manifest.folder.name)}-{digest}")
        if not manifests.has_manifest(folder):
            manifests.save_manifest(folder, manifest)
        return folder

    def load_manifest(self, dataset: str) -> Manifest:
        """Read a saved list of pictures.

        Raises:
            ProjectError: It is missing or damaged.
        """
        return manifests.load_manifest(self.dataset_folder(dataset))

    def pictures_folders(self) -> list[Path]:
        """The folders that its runs learned from, as far as their manifests can be read."""
        found: list[Path] = []
        for header in sorted(self.dataset_folder("").glob(f"*/{manifests.HEADER}")):
            with suppress(ProjectError):
                found.append(manifests.pictures_folder(header.parent))
        return found


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
            tr("The project cannot be inside the folder of pictures"),
            tr("GenStudio never writes into your pictures' folder."),
            tr("Choose another folder for the project."),
        )
    if (path / _PROJECT_FILE).exists():
        return open_project(path)
    if path.exists() and not path.is_dir():
        raise ProjectError(
            tr("{path} is a file", path=path), tr("A project is a folder."), tr("Choose a folder.")
        )
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
        raise ProjectError(
            tr("{path} is damaged", path=path / _PROJECT_FILE), str(error)
        ) from error


def _refuse_links_out(project: Path) -> None:
    """Stop before anything is written to where a link in a stranger's project leads.

    Raises:
        ProjectError: A folder or file that GenStudio writes to is a link out of the project.
    """
    inside = os.path.realpath(project) + os.sep
    for pattern in ("*", "runs/*", "datasets/*", "results/*", "runs/*/*", "datasets/*/*"):
        for path in project.glob(pattern):
            target = os.path.realpath(path) if _is_link(path) else inside
            if not (target + os.sep).startswith(inside):
                raise ProjectError(
                    tr("The project leads out of its own folder"),
                    tr(
                        "{path} is a link to {target}. GenStudio writes to no other folder.",
                        path=path,
                        target=target,
                    ),
                    tr("If you made the link, move the whole project to that drive instead."),
                )


def _is_link(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False  # Gone again: it was a file that is being written.
    # Windows has links that are none for Python.
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) != 0


def slug(name: str) -> str:
    """A short folder name that every system accepts; letters of all scripts stay."""
    normal = unicodedata.normalize("NFC", name)
    short = re.sub(r"[^\w-]+", "-", normal).strip("-")[:60] or "pictures"
    return f"{short}_" if _DEVICES.fullmatch(short) else short


def is_project(path: Path) -> bool:
    """Whether a folder is a project."""
    return is_file(path / _PROJECT_FILE)
