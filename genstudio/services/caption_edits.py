"""Captions that a person wrote in a project: kept there, never beside the pictures.

``captions.jsonl`` in the project's folder has a line for each picture: the hash of its content, so
that it keeps its caption wherever it lies, and the caption, empty for one that was taken away.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from genstudio.data.captions import LONGEST_CAPTION, checked_caption
from genstudio.domain.datasets import ScanReport
from genstudio.domain.language import tr
from genstudio.services.edit_rows import load_rows, save_rows

FILE: Final = "captions.jsonl"
_LONGEST_HASH = 200
_ROW = TypeAdapter(tuple[str, str])


def load_edits(project: Path) -> dict[str, str]:
    """Content hash of each picture that a person wrote a caption of => the caption.

    Args:
        project: Folder of the project; need not be there yet.

    Raises:
        ProjectError: The file cannot be read, is damaged, or a newer program wrote it.
    """
    rows = load_rows(
        project / FILE,
        _ROW,
        lambda reason: tr("The captions that you wrote cannot be read: {error}", error=reason),
    )
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
    save_rows(project / FILE, edits.items())


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
