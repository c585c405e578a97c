"""What a night brought: a contact sheet of all runs of the queue, and a page that tells of each."""

import html
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from genstudio.domain import metric_names
from genstudio.domain.amounts import duration
from genstudio.domain.errors import GenStudioError
from genstudio.domain.files import replacing, write_bytes
from genstudio.domain.language import tr, trn
from genstudio.domain.queue import ENDED, ItemState, QueuedRun, RunQueue
from genstudio.domain.runs import RunSummary, best_measured
from genstudio.services.report_pages import report_page
from genstudio.services.run_queue import run_of

FOLDER = "queue"
SHEET = "sheet.png"
PAGE = "index.html"
_CELL_PX = 384
_GAP_PX = 16
_LABEL_PX = 40
_FONT_PX = 14
_MOST_COLUMNS = 4
_LONGEST_LABEL = 52


def write_report(queue: RunQueue, project: Path, since: datetime) -> Path | None:
    """Write what became of the runs that have ended.

    Args:
        queue: With the runs.
        project: Folder of the project; the report goes into its folder ``queue``.
        since: When the queue began; names the report.

    Returns:
        The page; None if no run has ended.

    Raises:
        ProjectError: The folder cannot be written to.
    """
    ended = [it for it in queue.items if it.state in ENDED]
    if not ended:
        return None
    folder = project / FOLDER / since.strftime("%Y%m%d-%H%M%S")
    told = [(it, _summary(it, project)) for it in ended]
    _write_sheet(told, folder / SHEET)
    done = sum(it.state is ItemState.DONE for it in ended)
    content = report_page(
        "queue.html",
        title=trn(
            "{done} of {number} run is done",
            "{done} of {number} runs are done",
            len(ended),
            done=done,
        ),
        when=html.escape(since.strftime("%Y-%m-%d %H:%M")),
        sheet=SHEET,
        rows="\n".join(_row(it, run) for it, run in told),
    )
    write_bytes(folder / PAGE, content)
    return folder / PAGE


def _summary(item: QueuedRun, project: Path) -> RunSummary | None:
    try:
        run = run_of(item, project)
        return run.summary() if run is not None else None
    except GenStudioError:
        return None  # The report tells of the others.


def _row(item: QueuedRun, run: RunSummary | None) -> str:
    best = best_measured(run.checkpoints) if run else None
    kid = best.metrics.get(metric_names.KID) if best else None
    cells = (
        item.title,
        _state(item),
        tr("{step:,}", step=run.step) if run else "—",
        duration(run.seconds) if run else "—",
        "—" if kid is None else f"{kid:.4f}",
        item.told or item.fault,
    )
    return "<tr>" + "".join(f"<td>{html.escape(it)}</td>" for it in cells) + "</tr>"


def _state(item: QueuedRun) -> str:
    return item.state.words


def _write_sheet(told: Sequence[tuple[QueuedRun, RunSummary | None]], path: Path) -> None:
    """Draw the newest preview of each run with its title under it."""
    columns = min(len(told), _MOST_COLUMNS)
    rows = -(-len(told) // columns)
    width = columns * (_CELL_PX + _GAP_PX) + _GAP_PX
    height = rows * (_CELL_PX + _LABEL_PX + _GAP_PX) + _GAP_PX
    sheet = Image.new("RGB", (width, height), (30, 30, 30))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_FONT_PX)
    for place, (item, run) in enumerate(told):
        left = _GAP_PX + place % columns * (_CELL_PX + _GAP_PX)
        top = _GAP_PX + place // columns * (_CELL_PX + _LABEL_PX + _GAP_PX)
        preview = _newest_preview(run)
        if preview is not None:
            sheet.paste(preview, (left, top))
        else:
            draw.rectangle((left, top, left + _CELL_PX, top + _CELL_PX), fill=(48, 48, 48))
        for line, words in enumerate((item.title, _state(item))):
            draw.text((left, top + _CELL_PX + 4 + line * 17), _short(words), "white", font)
    with replacing(path) as temporary:
        sheet.save(temporary, format="PNG")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_LABEL else f"{text[:_LONGEST_LABEL]}…"


def _newest_preview(run: RunSummary | None) -> Image.Image | None:
    for _, path in reversed(run.previews if run else ()):
        try:
            with Image.open(path) as opened:
                return ImageOps.pad(opened.convert("RGB"), (_CELL_PX, _CELL_PX))
        except (OSError, ValueError):
            continue
    return None
