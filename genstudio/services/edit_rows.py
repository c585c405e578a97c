"""Files in which a project keeps what a person changed of its pictures: a row for each.

The first line says the format's version, each further one is a row in JSON.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from genstudio.domain.errors import ProjectError
from genstudio.domain.files import read_file, write_text
from genstudio.domain.language import tr

T = TypeVar("T")

FORMAT_VERSION = 1
_LARGEST_BYTES = 2**28
_LONGEST_REASON = 300
# One for all: there may be very many rows.
_WRITER = json.JSONEncoder(ensure_ascii=False)


def load_rows(path: Path, row: TypeAdapter[T], explain: Callable[[str], str]) -> list[T]:
    """Read all rows; none where there is no file.

    Args:
        path: The file.
        row: Reads a row, and refuses what is none.
        explain: Says what cannot be read, by the reason.

    Raises:
        ProjectError: The file cannot be read, is damaged, or a newer program wrote it.
    """
    try:
        lines = read_file(path, largest_bytes=_LARGEST_BYTES).decode("utf-8").split("\n")
        header: Any = json.loads(lines[0])
        if header["format_version"] > FORMAT_VERSION:
            raise ProjectError(
                tr("{path} was written by a newer version of GenStudio", path=path),
                "",
                tr("Update the program to open it."),
            )
        return [row.validate_json(line) for line in lines[1:] if line]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ProjectError(tr("{path} cannot be read", path=path), f"{error.strerror}.") from error
    # Errors of pydantic are ValueErrors.
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProjectError(
            tr("{path} is damaged", path=path),
            explain(str(error)[:_LONGEST_REASON]),
            tr("Put the original back, or move the file away to begin anew."),
        ) from error


def save_rows(path: Path, rows: Iterable[object]) -> None:
    """Write rows in the place of those that the file has.

    Raises:
        ProjectError: The disk is full, or the folder cannot be written to.
    """
    lines = [json.dumps({"format_version": FORMAT_VERSION})]
    lines += map(_WRITER.encode, rows)
    write_text(path, "\n".join(lines) + "\n")
