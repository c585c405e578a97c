"""Captions that a person wrote in a project: kept there, never beside the pictures.

``captions.jsonl`` in the project's folder has a line for each picture: the hash of its content, so
that it keeps its caption wherever it lies, and the caption, empty for one that was taken away.
"""

import csv
import io
import json
from collections.abc import Mapping
from json.encoder import encode_basestring as _quoted
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from genstudio.data.captions import LONGEST_CAPTION, checked_caption
from genstudio.domain.datasets import ScanReport
from genstudio.domain.errors import ProjectError
from genstudio.domain.files import read_file, write_text
from genstudio.domain.language import tr

FILE: Final = "captions.jsonl"
FORMAT_VERSION = 1
_LARGEST_BYTES = 2**28
_LONGEST_HASH = 200
_ROW = TypeAdapter(tuple[str, str])


def load_edits(project: Path) -> dict[str, str]:
    """Content hash of each picture that a person wrote a caption of => the caption.

    Args:
        project: Folder of the project; need not be there yet.

    Raises:
        ProjectError: The file cannot be read, is damaged, or a newer program wrote it.
    """
    path = project / FILE
    try:
        lines = read_file(path, largest_bytes=_LARGEST_BYTES).decode("utf-8").split("\n")
        header: Any = json.loads(lines[0])
        if header["format_version"] > FORMAT_VERSION:
            raise ProjectError(
                tr("{path} was written by a newer version of GenStudio", path=path),
                "",
                tr("Update the program to open it."),
            )
        rows = [_ROW.validate_json(line) for line in lines[1:] if line]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ProjectError(tr("{path} cannot be read", path=path), f"{error.strerror}.") from error
    except (ValueError, ValidationError, KeyError, TypeError, RecursionError) as error:
        raise ProjectError(
            tr("{path} is damaged", path=path),
            tr("The captions that you wrote cannot be read: {error}", error=error),
            tr("Put the original back, or move the file away to begin anew."),
        ) from error
    return {
        content_hash: checked_caption(text[: 2 * LONGEST_CAPTION])
        for content_hash, text in rows
        if len(content_hash) <= _LONGEST_HASH
    }


def save_edits(project: Path, edits: Mapping[str, str]) -> None:
    """Keep what a person wrote.

    Raises:
        ProjectError: The disk is full, or the folder cannot be written to.
    """
    lines = [json.dumps({"format_version": FORMAT_VERSION})]
    # As json.dumps writes a row, but without an encoder for each of very many.
    lines += [f"[{_quoted(content_hash)}, {_quoted(text)}]" for content_hash, text in edits.items()]
    write_text(project / FILE, "\n".join(lines) + "\n")


def edited(report: ScanReport, edits: Mapping[str, str]) -> dict[str, str]:
    """Captions of the pictures of a report by name, those that were written before those found."""
    texts = dict(report.captions.texts)
    for picture in report.pictures if edits else ():
        text = edits.get(picture.content_hash)
        if text:
            texts[picture.name] = text
        elif text is not None:
            texts.pop(picture.name, None)
    return texts


def with_edits_of(project: Path, report: ScanReport) -> ScanReport:
    """The report with what a person wrote in a project.

    Raises:
        ProjectError: What was written cannot be read.
    """
    edits = load_edits(project)
    return report.with_captions(edited(report, edits)) if edits else report


def table_of(captions: Mapping[str, str]) -> str:
    """Captions as a table with the columns ``file`` and ``text``, as ``captions.csv`` has them."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(("file", "text"))
    writer.writerows(captions.items())
    return file.getvalue()
