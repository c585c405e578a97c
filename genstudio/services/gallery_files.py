"""The files of a gallery: which of them may be artifacts."""

import os
from collections.abc import Iterator
from pathlib import Path

from genstudio.artifacts.catalog import kind_of_file


def picture_names(folder: Path) -> Iterator[str]:
    """Pictures in a folder and the folders in it, as paths relative to it; links are passed over.

    The kind of an entry comes with its name: asking for each file takes ten times as long.

    Raises:
        OSError: A folder cannot be read; one that is gone meanwhile is passed over.
    """
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            entries = os.scandir(folder / prefix)
        except FileNotFoundError:
            continue
        with entries:
            for entry in entries:
                if entry.is_symlink():
                    continue
                if entry.is_dir():
                    waiting.append(f"{prefix}{entry.name}/")
                elif _may_be_picture(entry.name):
                    yield prefix + entry.name


def _may_be_picture(file: str) -> bool:
    # Names that are not text, which Linux allows, cannot be kept in the index.
    return (
        kind_of_file(file) is not None
        and not file.startswith(".")
        and (file.isascii() or not any("\ud800" <= character <= "\udfff" for character in file))
    )
