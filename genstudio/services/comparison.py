"""Compares runs in one report: a page with sheets of samples, and the figures as JSON."""

import base64
import html
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from PIL import Image

from genstudio.domain.files import write_text
from genstudio.domain.resources import resource
from genstudio.metrics.report import Figure
from genstudio.services.evaluation import Evaluation, EvaluationProgress, evaluate
from genstudio.services.runs import Run

PAGE = "comparison.html"
RECORD = "comparison.json"
# What each figure is called for people, and whether less of it is better, more, or neither.
FIGURES = {
    "swd": "Surface — SWD × 1,000 (less is better)",
    "kid": "Likeness — KID × 1,000 (less is better)",
    "density": "Believable pictures — density (about 1)",
    "coverage": "Variety of your pictures — coverage (up to 0.97)",
    "diversity": "Differences among them — diversity (about 1)",
    "copying": "Copies — share (less is better)",
}
_SHEET_COLUMNS = 8
_SHEET_ROWS = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """Where the page is, and what it shows."""

    page: Path
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Compared:
    run: Run
    evaluation: Evaluation

    def record(self) -> dict[str, Any]:
        """Figures and what they cost."""
        checkpoint = self.run.checkpoint(str(self.evaluation.step))
        num_parameters = sum(tensor.numel() for tensor in checkpoint.tensors("ema").values())
        return {
            "run": str(self.run.path),
            "model": self.run.settings.model_key,
            "step": checkpoint.state.step,
            "minutes": checkpoint.state.seconds / 60,
            "parameters": num_parameters,
            **self.evaluation.record(),
        }


def compare(
    runs: Sequence[Path], *, out: Path, count: int | None = None
) -> Iterator[EvaluationProgress | Comparison]:
    """Judge the best checkpoint of each run on the same seeds, and write the report.

    Args:
        runs: Folders of runs.
        out: Folder that the page and the record are written to.
        count: Pictures to judge, at most.

    Yields:
        Progress, and the comparison as the last item.

    Raises:
        GenStudioError: A run cannot be read or judged, or the folder cannot be written to.
    """
    opened = [Run(path) for path in runs]
    compared: list[_Compared] = []
    for run in opened:
        for item in evaluate(run.path, count=count):
            if isinstance(item, Evaluation):
                compared.append(_Compared(run, item))
            else:
                what = f"{run.path.name}: {item.what}"
                yield EvaluationProgress(what, item.done, item.total)
    record = {"note": _note(opened), "runs": [one.record() for one in compared]}
    write_text(out / PAGE, _page(compared, record))
    write_text(out / RECORD, json.dumps(record, indent=2, ensure_ascii=False))
    yield Comparison(out / PAGE, record)


def _note(runs: Sequence[Run]) -> str:
    if len({(run.project().path, run.file.dataset) for run in runs}) == 1:
        return "All runs learned from the same pictures, and are drawn on the same seeds."
    return (
        "These runs learned from different pictures. Each is judged against its own, so that "
        "only the distance of each figure from its floor can be compared."
    )


def _page(compared: Sequence[_Compared], record: dict[str, Any]) -> str:
    records: list[dict[str, Any]] = record["runs"]
    about: dict[str, Callable[[dict[str, Any]], str]] = {
        "Architecture": lambda run: str(run["model"]),
        "Step": lambda run: f"{run['step']:,}",
        "Time spent training": lambda run: f"{run['minutes']:.1f} minutes",
        "Weights": lambda run: f"{run['parameters'] / 1e6:.2f} million",
        "Pictures compared": lambda run: f"{run['count']} at {run['size']} px",
    }
    rows = [_row(name, [html.escape(told(run)) for run in records]) for name, told in about.items()]
    for name, title in FIGURES.items():
        figures = [getattr(one.evaluation.report, name) for one in compared]
        rows.append(_row(title, [_cell(figure) for figure in figures]))
    return Template(resource("web/comparison.html").read_text(encoding="utf-8")).substitute(
        title=f"{len(compared)} runs compared",
        note=html.escape(record["note"]),
        runs="".join(f'<th scope="col">{html.escape(one.run.path.name)}</th>' for one in compared),
        rows="\n".join(rows),
        sheets="\n".join(_sheet(one) for one in compared),
    )


def _row(title: str, cells: Sequence[str]) -> str:
    content = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{html.escape(title)}</th>{content}</tr>'


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "—"
    floor = f"floor {figure.floor:.3g} ± {figure.floor_sd:.2g}"
    return f"{figure.value:.3g} <small>{floor}</small><small>{html.escape(figure.verdict)}</small>"


def _sheet(one: _Compared) -> str:
    """The first pictures, which have the same seeds in every run, inside the page itself."""
    made_NHWC = one.evaluation.made_NHWC[: _SHEET_COLUMNS * _SHEET_ROWS]
    full = len(made_NHWC) // _SHEET_COLUMNS * _SHEET_COLUMNS
    rows = made_NHWC[:full].reshape(-1, _SHEET_COLUMNS, *made_NHWC.shape[1:])
    sheet_HWC = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    file = io.BytesIO()
    Image.fromarray(sheet_HWC).save(file, "PNG")
    name = html.escape(one.run.path.name)
    content = base64.b64encode(file.getvalue()).decode()
    return (
        f'<figure><img src="data:image/png;base64,{content}" alt="Pictures made by {name}">'
        f"<figcaption>{name}, step {one.evaluation.step:,}</figcaption></figure>"
    )
