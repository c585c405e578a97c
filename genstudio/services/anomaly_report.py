"""What a search for what does not belong is written down as: a table, and a page for people."""

import csv
import html
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

import numpy as np

from genstudio.domain.language import tr
from genstudio.metrics.detection import auroc, roc_curve
from genstudio.services.anomalies import Threshold
from genstudio.services.report_pages import report_page
from genstudio.services.score_tables import COLUMNS, CSV_NAME, THRESHOLD, WHOLE

PAGE_NAME: Final = "report.html"
_BINS = 32
_MOST_ROWS_ON_PAGE = 2000
_WIDTH, _HEIGHT = 360, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One picture.

    Attributes:
        path: Its file.
        score: How strange it is; NaN where it could not be read.
        rarity: Share of whole pictures that would score as high.
        is_strange: Whether it does not belong.
        label: What its folder says: "" for whole, a defect's name; None if nothing.
        evidence: What the score was made of.
        note: What a person should know of it.
    """

    path: Path
    score: float
    rarity: float = float("nan")
    is_strange: bool = False
    label: str | None = None
    evidence: Mapping[str, float] = field(default_factory=dict[str, float])
    note: str = ""

    @property
    def is_read(self) -> bool:
        """Whether it could be looked at."""
        return not math.isnan(self.score)


def ranked(rows: Sequence[Row]) -> list[Row]:
    """The strangest first; what could not be read last."""
    return sorted(rows, key=lambda row: (not row.is_read, -row.score, str(row.path)))


def csv_of(rows: Sequence[Row], results: Mapping[Path, str], threshold: Threshold) -> bytes:
    """A table, the strangest first, that spreadsheets read: UTF-8 with a mark.

    Args:
        rows: Pictures.
        results: File => name of its heat map, where one was written.
        threshold: In a line of its own behind the rest.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for rank, row in enumerate(ranked(rows), start=1):
        writer.writerow([str(rank), *_cells(row, results)])
    writer.writerow(["", THRESHOLD, "", f"{threshold.score:.6g}", f"{threshold.promised:.6g}"])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cells(row: Row, results: Mapping[Path, str]) -> list[str]:
    label = "" if row.label is None else row.label or WHOLE
    evidence = [f"{row.evidence[it]:.6g}" if it in row.evidence else "" for it in COLUMNS[7:10]]
    name, folder, result = row.path.name, row.path.parent.name, results.get(row.path, "")
    verdict = "yes" if row.is_strange else "no"
    shown = [_cell(name), _cell(folder), f"{row.score:.6g}", f"{row.rarity:.6g}", verdict]
    return [*shown, _cell(label), *evidence, _cell(result), row.note]


def _cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def page_of(
    rows: Sequence[Row], results: Mapping[Path, str], threshold: Threshold, *, model: str
) -> bytes:
    """A page that opens in any browser and needs only the pictures beside it."""
    order = ranked(rows)
    strange = sum(row.is_strange for row in rows)
    sections = [_histogram(rows, threshold)]
    if (roc := _roc(rows)) is not None:
        sections.append(roc)
    left_out = len(order) - _MOST_ROWS_ON_PAGE
    return report_page(
        "anomalies.html",
        title=tr("{strange} of {num_rows} do not belong", strange=strange, num_rows=len(rows)),
        threshold=html.escape(threshold.words),
        model=html.escape(model),
        figures="\n".join(sections),
        rows="\n".join(_row(rank, row, results) for rank, row in _first(order)),
        rest=_more(left_out) if left_out > 0 else "",
    )


def _more(count: int) -> str:
    told = tr("{count:,} more are in {name}.", count=count, name=CSV_NAME)
    return f"<p>{html.escape(told)}</p>"


def _first(order: Sequence[Row]) -> Sequence[tuple[int, Row]]:
    return list(enumerate(order, start=1))[:_MOST_ROWS_ON_PAGE]


def _row(rank: int, row: Row, results: Mapping[Path, str]) -> str:
    name = results.get(row.path)
    picture = ""
    if name is not None:
        link, seen = quote(name), html.escape(tr("Heat map"))
        picture = f'<a href="{link}"><img src="{link}" alt="{seen}" loading="lazy"></a>'
    label = "" if row.label is None else row.label or WHOLE
    cells = [
        str(rank), picture, html.escape(row.path.name), f"{row.score:.2f}", f"{row.rarity:.3f}",
        html.escape(tr("strange") if row.is_strange else tr("belongs")), html.escape(label),
        html.escape(row.note),
    ]  # fmt: skip
    look = ' class="strange"' if row.is_strange else ""
    return f"<tr{look}>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def labelled(rows: Sequence[Row]) -> tuple[list[float], list[float]]:
    """Scores of pictures whose folders call them whole, and of those with a defect."""
    known = [row for row in rows if row.label is not None and row.is_read]
    return (
        [row.score for row in known if not row.label],
        [row.score for row in known if row.label],
    )


def _roc(rows: Sequence[Row]) -> str | None:
    whole, odd = labelled(rows)
    if not whole or not odd:
        return None
    curve = roc_curve(whole, odd)
    points = " ".join(
        f"{x * _HEIGHT:.1f},{_HEIGHT - y * _HEIGHT:.1f}"
        for x, y in zip(curve.false_alarms, curve.found, strict=True)
    )
    area = auroc(whole, odd)
    name = tr("ROC curve, area {area:.3f}", area=area)
    said = tr(
        "Found (up) against false alarms (right), by the names of the folders: area under the "
        "curve {area:.3f}, where chance has {chance:.1f}.",
        area=area,
        chance=0.5,
    )
    return (
        f'<figure><svg viewBox="-2 -2 {_HEIGHT + 4} {_HEIGHT + 4}" role="img" '
        f'aria-label="{html.escape(name)}"><polyline '
        f'points="0,{_HEIGHT} {_HEIGHT},0" class="chance"/><polyline points="{points}" '
        f'class="curve"/></svg><figcaption>{html.escape(said)}</figcaption></figure>'
    )


def _histogram(rows: Sequence[Row], threshold: Threshold) -> str:
    scores = np.array([row.score for row in rows if row.is_read])
    everything = np.concatenate([scores, threshold.whole_N])
    low, high = float(everything.min()), float(everything.max()) + 1e-9
    edges = np.linspace(low, high, _BINS + 1)
    bars: list[str] = []
    for values, look in ((threshold.whole_N, "whole"), (scores, "tests")):
        counts = np.histogram(values, edges)[0] / max(1, len(values))
        peak = max(float(counts.max()), 1e-9)
        step = _WIDTH / _BINS
        bars += [
            f'<rect x="{at * step:.1f}" y="{_HEIGHT - _HEIGHT * count / peak:.1f}" '
            f'width="{step - 1:.1f}" height="{_HEIGHT * count / peak:.1f}" class="{look}"/>'
            for at, count in enumerate(counts)
            if count
        ]
    place = (threshold.score - low) / (high - low) * _WIDTH
    name = html.escape(tr("Histogram of scores"))
    said = tr(
        "Scores of whole pictures (outlined) and of these (filled), from {low:.1f} to {high:.1f}; "
        "the line is the threshold, {threshold:.2f}.",
        low=low,
        high=high,
        threshold=threshold.score,
    )
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{name}">'
        f'{"".join(bars)}<line x1="{place:.1f}" x2="{place:.1f}" y1="0" y2="{_HEIGHT}" '
        f'class="threshold"/></svg><figcaption>{html.escape(said)}</figcaption></figure>'
    )
