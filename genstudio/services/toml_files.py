"""Reads TOML files that a stranger may have put into a project: in bounded time and memory."""

import re
import tomllib
from pathlib import Path
from typing import Any

from genstudio.domain.errors import ProjectError
from genstudio.domain.files import read_file
from genstudio.domain.language import tr

_LARGEST_TOML_BYTES = 2**20
# Parsing a dotted key takes time and memory with the square of its parts; ours have two at most.
_MOST_DOTS = 32
_QUOTED = re.compile(r"""\"(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?""")


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
            tr("{name} cannot be read", name=path.name),
            f"{path}: {error.strerror}.",
            tr("Is this the right folder?"),
        ) from error
    except (ValueError, RecursionError) as error:
        raise ProjectError(tr("{path} is damaged", path=path), str(error)) from error


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
            tr("This was made by a newer GenStudio"),
            tr(
                "{path} has a newer format than the one that this program reads ({known}). "
                "Nothing was changed.",
                path=path,
                known=known,
            ),
            tr("Update GenStudio to open it."),
        )
