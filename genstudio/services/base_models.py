"""Base models that a person has: where they lie, and the checksum that recipes know them by.

A recipe travels with pictures, so it names no folder of a person's disk: it holds the checksum, and
this machine remembers where it saw those weights last.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final, cast

import platformdirs

from genstudio.domain.errors import GenStudioError, ProjectError, SettingsError
from genstudio.domain.files import is_file, read_file, write_text
from genstudio.models.stable_diffusion.folders import BaseModel, chosen_base

_PREFIX: Final = "sha256:"
_LARGEST_BYTES = 2**20
_MOST_KNOWN = 200
_BLOCK_BYTES = 2**22


def find_base(text: str) -> BaseModel:
    """The base model that a person or a recipe names.

    Args:
        text: A folder, a file, or "sha256:" and the checksum of one that was used before.

    Raises:
        SettingsError: There is none there, or it cannot be used.
    """
    if not text.startswith(_PREFIX):
        return chosen_base(text)
    wanted = text.removeprefix(_PREFIX)
    for place, entry in _known().items():
        if entry.get("sha256") == wanted:
            base = chosen_base(place)
            if checksum(base) == wanted:
                return base
    raise SettingsError(
        "The base model is not known here",
        f"The recipe names weights with the checksum {wanted[:16]}….",
        "Draw one picture with the folder or file that holds them: then they are known.",
    )


def reference(base: BaseModel) -> str:
    """How a recipe names it."""
    return _PREFIX + checksum(base)


def checksum(base: BaseModel) -> str:
    """SHA-256 of the weights; of several files, that of their own checksums in order.

    Computed once, and again where a file became another one.

    Raises:
        ProjectError: A file cannot be read.
    """
    stamp = [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in base.weights]
    known = _known()
    place = str(base.path.absolute())
    entry = known.get(place, {})
    if entry.get("stamp") == stamp and next(iter(known)) == place:
        return str(entry["sha256"])
    if entry.get("stamp") == stamp:
        found = str(entry["sha256"])
    else:
        own = [_of_file(file) for file in base.weights]
        found = own[0] if len(own) == 1 else hashlib.sha256("".join(own).encode()).hexdigest()
    others = {at: it for at, it in known.items() if at != place}
    kept = dict(list(others.items())[: _MOST_KNOWN - 1])
    content = {place: {"sha256": found, "stamp": stamp}, **kept}
    write_text(_place(), json.dumps(content, indent=1))
    return found


def words_about_base(text: str) -> str:
    """What the model at a place is and which licence it states, or why it cannot be used.

    Args:
        text: A folder or a file; nothing of the weights is loaded.
    """
    if not text.strip():
        return ""
    try:
        return find_base(text).title
    except GenStudioError as error:
        return str(error)


def last_base() -> str:
    """The base model that was used last and is still there; empty if there is none."""
    return next((place for place in _known() if Path(place).exists()), "")


def _of_file(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise ProjectError(
            f"{path.name} cannot be read", str(error), "Is it still there?"
        ) from error
    return digest.hexdigest()


def _place() -> Path:
    return platformdirs.user_data_path("genstudio", appauthor=False) / "base_models.json"


def _known() -> dict[str, dict[str, Any]]:
    """Place => checksum and stamp; nothing where that cannot be read, for it is only comfort."""
    if not is_file(_place()):
        return {}
    try:
        found: object = json.loads(read_file(_place(), largest_bytes=_LARGEST_BYTES))
    except (ProjectError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    entries = cast("dict[str, Any]", found).items()
    return {place: cast("dict[str, Any]", it) for place, it in entries if isinstance(it, dict)}
