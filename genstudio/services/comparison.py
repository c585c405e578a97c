"""Compares runs, and writes one report: a page with sheets of samples, and the figures as JSON."""

import base64
import html
import io
import json
import os
from collections.abc import Callable, Sequence
from itertools import count as counted
from pathlib import Path
from string import Template

import numpy as np
from PIL import Image

from genstudio.domain.errors import GenStudioError
from genstudio.domain.files import write_text
from genstudio.domain.language import tr
from genstudio.domain.progress import Working, relabelled
from genstudio.domain.reports import FIGURES, FigureCard
from genstudio.domain.resources import resource
from genstudio.models.catalog import model_class
from genstudio.services.compared import ComparedRun, Comparison, Mark
from genstudio.services.evaluation import Evaluation, evaluate
from genstudio.services.outputs import refuse_pictures_folders
from genstudio.services.projects import Project
from genstudio.services.runs import Run

PAGE = "comparison.html"
RECORD = "comparison.json"
_MARKS = {Mark.BEST: "★ ", Mark.LEVEL: "≈ "}
_SHEET_COLUMNS = 8


def compare(runs: Sequence[Path], *, count: int | None = None) -> Working[Comparison]:
    """Judge the best checkpoint of each run on the same seeds.

    Args:
        runs: Folders of runs.
        count: Pictures to judge, at most.

    Returns:
        What was found.

    Raises:
        GenStudioError: A run cannot be read or judged; the message says which.
    """
    opened = [Run(path) for path in runs]
    compared: list[ComparedRun] = []
    for number, run in enumerate(opened, start=1):
        try:
            beginning = tr("Run {number} of {num_opened}: ", number=number, num_opened=len(opened))
            work = relabelled(evaluate(run.path, count=count), beginning.__add__)
            compared.append(_compared(run, (yield from work)))
        except GenStudioError as error:
            raise _naming(run, error) from error
    note, is_alike = _note(opened)
    return Comparison(runs=tuple(compared), note=note, is_alike=is_alike)


def refuse_place(runs: Sequence[Path], out: Path) -> None:
    """Say at once, not after an hour of judging, that a report cannot go to a place.

    Raises:
        ProjectError: One of the runs learned from the pictures there.
    """
    for project in sorted({run.expanduser().absolute().parent.parent for run in runs}):
        refuse_pictures_folders(out, Project(project, "").pictures_folders())


def save_comparison(comparison: Comparison, out: Path) -> Path:
    """Write the report into a folder, or where another one is, into a new one inside it.

    Returns:
        The page.

    Raises:
        ProjectError: The folder cannot be written to, or a run learned from it.
    """
    refuse_place([run.path for run in comparison.runs], out)
    place = free_place(out)
    write_text(place / PAGE, _page(comparison))
    write_text(place / RECORD, json.dumps(comparison.record(), indent=2, ensure_ascii=False))
    return place / PAGE


def free_place(folder: Path) -> Path:
    """The folder itself, or where a report is in it already, one inside it that is not there."""
    if not any(os.path.lexists(folder / name) for name in (PAGE, RECORD)):
        return folder
    names = (f"comparison-{number}" for number in counted(2))
    return next(folder / name for name in names if not os.path.lexists(folder / name))


def _compared(run: Run, evaluation: Evaluation) -> ComparedRun:
    checkpoint = run.checkpoint(str(evaluation.step))
    num_parameters = sum(tensor.numel() for tensor in checkpoint.tensors("ema").values())
    record = {
        "run": str(run.path),
        "model": run.settings.model_key,
        "step": checkpoint.state.step,
        "minutes": checkpoint.state.seconds / 60,
        "parameters": num_parameters,
        **evaluation.record(),
    }
    return ComparedRun(
        path=run.path,
        model_title=model_class(run.settings.model_key).card.title,
        step=checkpoint.state.step,
        newest_step=run.store.steps()[-1],
        seconds=checkpoint.state.seconds,
        num_parameters=num_parameters,
        size=evaluation.size,
        report=evaluation.report,
        samples_NHWC=evaluation.samples_NHWC,
        pairs=evaluation.pairs,
        record=record,
    )


def _naming(run: Run, error: GenStudioError) -> GenStudioError:
    """The same error, saying which run it was."""
    if run.path.name in f"{error.title} {error.message}":
        return error
    return type(error)(error.title, f"{run.path.name}: {error.message}", error.hint)


def _note(runs: Sequence[Run]) -> tuple[str, bool]:
    if len({(run.project().path, run.file.dataset) for run in runs}) > 1:
        return (
            tr(
                "These runs learned from different pictures. Each is judged "
                "against its own, so that "
                "only the distance of each figure from its floor can be compared."
            )
        ), False
    if len({run.settings.size for run in runs}) > 1:
        return (
            tr(
                "These runs paint pictures of different sizes. Each is judged at its own, so that "
                "only the distance of each figure from its floor can be compared."
            )
        ), False
    if len(runs) == 1:
        return tr("Judged against the pictures that it learned from."), True
    return tr("All runs learned from the same pictures, and are drawn on the same seeds."), True


def _page(comparison: Comparison) -> str:
    runs = comparison.runs
    about: dict[str, Callable[[ComparedRun], str]] = {
        "Architecture": lambda run: run.model_title,
        "Checkpoint": lambda run: tr("step {step:,}", step=run.step),
        "Time spent training": lambda run: tr("{seconds:.1f} minutes", seconds=run.seconds / 60),
        "Weights": lambda run: tr(
            "{num_parameters:.2f} million", num_parameters=run.num_parameters / 1e6
        ),
        "Pictures compared": lambda run: tr(
            "{count} at {size} px", count=run.report.count, size=run.size
        ),
    }
    rows = [_row(name, [html.escape(told(run)) for run in runs]) for name, told in about.items()]
    for card in FIGURES:
        title = f"{card.title} — {card.term} ({card.better_words})"
        cells = [_cell(card, run, comparison.mark(card, at)) for at, run in enumerate(runs)]
        rows.append(_row(title, cells, about=card.help))
    return Template(resource("web/comparison.html").read_text(encoding="utf-8")).substitute(
        title=tr("{num_runs} runs compared", num_runs=len(runs))
        if len(runs) > 1
        else tr("A run judged"),
        note=html.escape(comparison.note),
        runs="".join(f'<th scope="col">{html.escape(run.path.name)}</th>' for run in runs),
        rows="\n".join(rows),
        sheets="\n".join(_sheet(run) for run in runs),
    )


def _row(title: str, cells: Sequence[str], *, about: str = "") -> str:
    content = "".join(f"<td>{cell}</td>" for cell in cells)
    small = f"<small>{html.escape(about)}</small>" if about else ""
    return f'<tr><th scope="row">{html.escape(title)}{small}</th>{content}</tr>'


def _cell(card: FigureCard, run: ComparedRun, mark: Mark | None) -> str:
    figure = card.of(run.report)
    if figure is None:
        return "—"
    floor = tr(
        "floor {told} ± {told2}", told=card.told(figure.floor), told2=card.told(figure.floor_sd)
    )
    return (
        f"{_MARKS[mark] if mark else ''}{card.told(figure.value)} <small>{floor}</small>"
        f"<small>{html.escape(figure.verdict)}</small>"
    )


def _sheet(run: ComparedRun) -> str:
    """The first pictures, which have the same seeds in every run, inside the page itself."""
    made_NHWC = run.samples_NHWC
    full = len(made_NHWC) // _SHEET_COLUMNS * _SHEET_COLUMNS
    rows = made_NHWC[:full].reshape(-1, _SHEET_COLUMNS, *made_NHWC.shape[1:])
    sheet_HWC = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    file = io.BytesIO()
    Image.fromarray(sheet_HWC).save(file, "PNG")
    name = html.escape(run.path.name)
    content = base64.b64encode(file.getvalue()).decode()
    return (
        f'<figure><img src="data:image/png;base64,{content}" alt="Pictures made by {name}">'
        f"<figcaption>{name}, step {run.step:,}</figcaption></figure>"
    )
