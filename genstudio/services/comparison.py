"""Compares runs, and writes one report: a page with sheets of samples, and the figures as JSON."""

import json
import os
from collections.abc import Sequence
from itertools import count as counted
from pathlib import Path
from typing import Any

from genstudio.domain.errors import GenStudioError
from genstudio.domain.files import write_text
from genstudio.domain.language import tr
from genstudio.domain.progress import Working, relabelled
from genstudio.engine.checkpoint import Checkpoint
from genstudio.models.catalog import model_class
from genstudio.services.compared import ComparedRun, Comparison
from genstudio.services.compared_materials import AnyComparison, MaterialComparison
from genstudio.services.compared_picks import picks_among
from genstudio.services.comparison_page import comparison_page
from genstudio.services.comparison_words import said_of
from genstudio.services.evaluation import Evaluation, evaluate
from genstudio.services.judged_pictures import own_pictures
from genstudio.services.material_comparison import compare_materials, material_of
from genstudio.services.model_measures import Measures, measure
from genstudio.services.outputs import refuse_pictures_folders
from genstudio.services.projects import Project
from genstudio.services.runs import Run

PAGE = "comparison.html"
RECORD = "comparison.json"


def compare(runs: Sequence[Path], *, count: int | None = None) -> Working[AnyComparison]:
    """Judge the best checkpoint of each run on the same seeds.

    Args:
        runs: Folders of runs.
        count: Pictures, or other results, to judge, at most.

    Returns:
        What was found.

    Raises:
        GenStudioError: A run cannot be read or judged; the message says which.
    """
    opened = [Run(path) for path in runs]
    if any(map(material_of, opened)):
        return (yield from compare_materials(opened, count))
    compared: list[ComparedRun] = []
    for number, run in enumerate(opened, start=1):
        try:
            beginning = tr("Run {number} of {num_opened}: ", number=number, num_opened=len(opened))
            compared.append((yield from relabelled(_judged(run, count), beginning.__add__)))
        except GenStudioError as error:
            raise _naming(run, error) from error
    note, is_alike = _note(opened)
    return Comparison(
        runs=tuple(compared), note=note, is_alike=is_alike, picks=picks_among(compared)
    )


def comparison_record(comparison: AnyComparison) -> dict[str, Any]:
    """All of a comparison as plain JSON values, without the pictures."""
    kind = {"material": comparison.kind} if isinstance(comparison, MaterialComparison) else {}
    return {
        **kind,
        "note": comparison.note,
        "conclusions": [{"about": it.key, "text": it.text} for it in said_of(comparison)],
        "picks": [
            {**tally.model_dump(mode="json"), "chance": tally.chance, "claimed": tally.is_claimed}
            for tally in comparison.picks
        ],
        "runs": [dict(run.record) for run in comparison.runs],
    }


def refuse_place(runs: Sequence[Path], out: Path) -> None:
    """Say at once, not after an hour of judging, that a report cannot go to a place.

    Raises:
        ProjectError: One of the runs learned from the pictures there.
    """
    for project in sorted({run.expanduser().absolute().parent.parent for run in runs}):
        refuse_pictures_folders(out, Project(project, "").pictures_folders())


def save_comparison(comparison: AnyComparison, out: Path) -> Path:
    """Write the report into a folder, or where another one is, into a new one inside it.

    Returns:
        The page.

    Raises:
        ProjectError: The folder cannot be written to, or a run learned from it.
    """
    refuse_place([run.path for run in comparison.runs], out)
    place = free_place(out)
    record = comparison_record(comparison)
    write_text(place / PAGE, comparison_page(comparison))
    write_text(place / RECORD, json.dumps(record, indent=2, ensure_ascii=False))
    return place / PAGE


def free_place(folder: Path) -> Path:
    """The folder itself, or where a report is in it already, one inside it that is not there."""
    if not any(os.path.lexists(folder / name) for name in (PAGE, RECORD)):
        return folder
    names = (f"comparison-{number}" for number in counted(2))
    return next(folder / name for name in names if not os.path.lexists(folder / name))


def _judged(run: Run, count: int | None) -> Working[ComparedRun]:
    evaluation = yield from evaluate(run.path, count=count)
    checkpoint = run.checkpoint(str(evaluation.step))
    own = yield from own_pictures(run)
    measures = yield from measure(run, checkpoint, own)
    return _compared(run, evaluation, checkpoint, measures)


def _compared(
    run: Run, evaluation: Evaluation, checkpoint: Checkpoint, measures: Measures
) -> ComparedRun:
    record = {
        "run": str(run.path),
        "model": run.settings.model_key,
        "step": checkpoint.state.step,
        "minutes": checkpoint.state.seconds / 60,
        "parameters": measures.cost.num_parameters,
        **evaluation.record(),
        "latents": measures.report.model_dump(mode="json"),
        "cost": measures.cost.model_dump(mode="json"),
    }
    return ComparedRun(
        path=run.path,
        model_title=model_class(run.settings.model_key).card.title,
        step=checkpoint.state.step,
        newest_step=run.store.steps()[-1],
        seconds=checkpoint.state.seconds,
        num_parameters=measures.cost.num_parameters,
        size=evaluation.size,
        report=evaluation.report,
        samples_NHWC=evaluation.samples_NHWC,
        pairs=evaluation.pairs,
        record=record,
        model=measures.report,
        cost=measures.cost,
        ways=measures.ways,
        held_out_NHWC=measures.held_out_NHWC,
        redrawn_NHWC=measures.redrawn_NHWC,
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
