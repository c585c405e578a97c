"""The table that a search for what does not belong leaves beside its results, read back."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from genstudio.domain.errors import DatasetError
from genstudio.domain.files import is_file, read_file
from genstudio.domain.language import tr

CSV_NAME: Final = "scores.csv"
COLUMNS: Final = (
    "rank", "file", "folder", "score", "rarity", "strange", "label", "place", "overall",
    "likelihood", "result", "note",
)  # fmt: skip
WHOLE: Final = "whole"
THRESHOLD: Final = "threshold"
_LARGEST_BYTES = 64 * 2**20
_MOST_ROWS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """One picture of the table.

    Attributes:
        file: Its name.
        score: How strange it is; NaN where it could not be read.
        rarity: Share of whole pictures that would score as high.
        is_strange: Whether it does not belong.
        label: "whole", the name of a defect, or empty.
        result: Name of its heat map in the same folder; empty if there is none.
        note: What makes the score doubtful.
    """

    file: str
    score: float
    rarity: float
    is_strange: bool
    label: str
    result: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTable:
    """All pictures, the strangest first.

    Attributes:
        rows: Pictures.
        threshold: Score above which a picture does not belong; NaN if the table does not say.
    """

    rows: Sequence[ScoreRow]
    threshold: float

    def of_label(self, *, whole: bool) -> list[float]:
        """Scores of those whose folders call them whole, or of those with a defect."""
        known = [row for row in self.rows if row.label and not math.isnan(row.score)]
        return [row.score for row in known if (row.label == WHOLE) is whole]


def has_scores(folder: Path) -> bool:
    """Whether there is such a table in a folder."""
    return is_file(folder / CSV_NAME)


def read_scores(folder: Path) -> ScoreTable:
    """Read the table in a folder of results.

    Raises:
        DatasetError: It is missing, or is not as this program writes it.
    """
    path = folder / CSV_NAME
    try:
        text = read_file(path, largest_bytes=_LARGEST_BYTES).decode("utf-8-sig")
        lines = list(csv.DictReader(text.splitlines()))[:_MOST_ROWS]
        rows = [_row(line) for line in lines if line["rank"]]
        limits = [float(line["score"]) for line in lines if line["file"] == THRESHOLD]
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise DatasetError(
            tr("{name} cannot be read", name=path.name),
            tr("{path} is not as it was written: {error}.", path=path, error=error),
            tr("Have the pictures looked through once more."),
        ) from error
    return ScoreTable(rows=rows, threshold=limits[-1] if limits else math.nan)


def _row(line: dict[str, str]) -> ScoreRow:
    return ScoreRow(
        file=line["file"],
        score=float(line["score"]),
        rarity=float(line["rarity"]),
        is_strange=line["strange"] == "yes",
        label=line["label"],
        result=line["result"],
        note=line["note"],
    )
