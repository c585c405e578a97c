"""The report of a comparison as one page: in the language spoken, and with its pictures inside."""

import base64
import html
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from string import Template
from typing import Final

import numpy as np
from PIL import Image

import genstudio
from genstudio.domain.language import LANGUAGES, language, tr, tr_noop
from genstudio.domain.resources import resource
from genstudio.services.compared import ComparedRun, Mark
from genstudio.services.compared_materials import (
    AnyComparison,
    AnyRun,
    MaterialComparison,
    MaterialRun,
)
from genstudio.services.compared_rows import Row, RowCell
from genstudio.services.comparison_words import said_of, table_rows
from genstudio.services.conclusions import run_moment

_MARKS: Final = {Mark.BEST: "★ ", Mark.LEVEL: "≈ "}
_SHEET_COLUMNS: Final = 8
_MATERIAL_COLUMNS: Final = 4
# Small pictures are shown larger, pixel by pixel.
_SHOWN_PX: Final = 96
_PICTURE_MARKS: Final = tr_noop(
    "★ marks the best value, and ≈ those that only chance tells from it. The floor is what "
    "real pictures get against other real ones."
)
_MATERIAL_MARKS: Final = tr_noop(
    "★ marks the best value, and ≈ those that only chance tells from it."
)


def comparison_page(comparison: AnyComparison) -> str:
    """A page that opens in any browser, needs no network and can be printed."""
    runs = comparison.runs
    title = (
        tr("{num_runs} runs compared", num_runs=len(runs)) if len(runs) > 1 else tr("A run judged")
    )
    sentences = (f"<li>{html.escape(it.text)}</li>" for it in said_of(comparison))
    is_material = isinstance(comparison, MaterialComparison)
    explained = tr(_MATERIAL_MARKS if is_material else _PICTURE_MARKS)
    heads = (
        f'<th scope="col">{html.escape(run.model_title)}'
        f"<small>{html.escape(run_moment(run.path.name))}</small></th>"
        for run in runs
    )
    made = tr(
        "Made with GenStudio {version} on {date}. Nothing on this page is loaded from elsewhere.",
        version=genstudio.__version__,
        date=f"{datetime.now(UTC).astimezone():%Y-%m-%d}",
    )
    code = language()
    return Template(resource("web/comparison.html").read_text(encoding="utf-8")).substitute(
        lang=code if code in LANGUAGES else "en",
        title=html.escape(title),
        says_heading=html.escape(tr("What follows from it")),
        says="\n".join(sentences),
        note=html.escape(f"{comparison.note} {explained}"),
        figures_heading=html.escape(tr("All figures")),
        figure=html.escape(tr("Figure")),
        runs="".join(heads),
        rows="\n".join(_row(row) for row in table_rows(comparison)),
        sheets="\n".join(_results(comparison)),
        made=html.escape(made),
    )


def _row(row: Row) -> str:
    cells = "".join(f"<td>{_cell(cell)}</td>" for cell in row.cells)
    head = " — ".join(filter(None, (row.title, ", ".join(row.terms))))
    about = f"<small>{html.escape(row.help)}</small>" if row.help else ""
    return f'<tr><th scope="row">{html.escape(head)}{about}</th>{cells}</tr>'


def _cell(cell: RowCell) -> str:
    value = html.escape(f"{_MARKS[cell.mark] if cell.mark else ''}{cell.value}")
    more = (f"<small>{html.escape(text)}</small>" for text in (cell.small, cell.sentence) if text)
    return f"<b>{value}</b>{''.join(more)}" if cell.sentence else value + "".join(more)


def _results(comparison: AnyComparison) -> list[str]:
    if not isinstance(comparison, MaterialComparison):
        return _sheets(comparison.runs)
    sections = [_heading(tr("The first results, on the same seeds"))]
    for run in comparison.runs:
        sections.append(_figure(_sheet(run.samples_NHWC, _MATERIAL_COLUMNS), _caption(run)))
        sections += _heard_and_read(run)
    return sections


def _heard_and_read(run: MaterialRun) -> list[str]:
    parts: list[str] = []
    if run.heard:
        content = base64.b64encode(run.heard).decode()
        parts.append(
            f'<audio controls preload="none" src="data:audio/flac;base64,{content}" '
            f'aria-label="{html.escape(_caption(run), quote=True)}"></audio>'
        )
    if run.words:
        lines = "".join(f"<li>{html.escape(text)}</li>" for text in run.words)
        parts.append(f'<ol class="results">{lines}</ol>')
    return parts


def _sheets(runs: Sequence[ComparedRun]) -> list[str]:
    sections = [_heading(tr("The first pictures, on the same seeds"))]
    sections += [_figure(_sheet(run.samples_NHWC), _caption(run)) for run in runs]
    walking = [run for run in runs if run.ways]
    if walking:
        words = tr("From one seed to another, in equal steps")
        sections.append(_heading(words))
        sections += [_figure(_tiled(np.stack(run.ways)), _caption(run)) for run in walking]
    redrawing = [run for run in runs if len(run.held_out_NHWC)]
    if redrawing:
        sections.append(_heading(tr("Described and drawn again")))
        sections += [
            _figure(
                _tiled(np.stack([run.held_out_NHWC, run.redrawn_NHWC])),
                tr(
                    "{caption}: above, pictures that were held out of training; below, what it "
                    "made of them",
                    caption=_caption(run),
                ),
            )
            for run in redrawing
        ]
    return sections


def _heading(words: str) -> str:
    return f"<h2>{html.escape(words)}</h2>"


def _caption(run: AnyRun) -> str:
    return tr(
        "{title}, {when}, step {step:,}",
        title=run.model_title,
        when=run_moment(run.path.name),
        step=run.step,
    )


def _sheet(made_NHWC: np.ndarray, most: int = _SHEET_COLUMNS) -> np.ndarray:
    """Full rows of pictures, or one that is not full: uint8 (height, width, 3)."""
    columns = min(most, len(made_NHWC))
    full = len(made_NHWC) // columns * columns
    return _tiled(made_NHWC[:full].reshape(-1, columns, *made_NHWC.shape[1:]))


def _tiled(rows_of_NHWC: np.ndarray) -> np.ndarray:
    """Rows of pictures => one picture, uint8 (height, width, 3)."""
    rows, columns, height, width, channels = rows_of_NHWC.shape
    turned = rows_of_NHWC.transpose(0, 2, 1, 3, 4)
    return turned.reshape(rows * height, columns * width, channels)


def _figure(sheet_HWC: np.ndarray, caption: str) -> str:
    file = io.BytesIO()
    Image.fromarray(sheet_HWC).save(file, "PNG")
    content = base64.b64encode(file.getvalue()).decode()
    told = html.escape(caption, quote=True)
    # As large as pictures of 96 pixels would be: what is smaller shows its pixels.
    width = sheet_HWC.shape[1] * max(1, round(_SHOWN_PX * _SHEET_COLUMNS / sheet_HWC.shape[1]))
    return (
        f'<figure><img src="data:image/png;base64,{content}" width="{width}" alt="{told}">'
        f"<figcaption>{told}</figcaption></figure>"
    )
