"""Compares runs that make sounds, notes, molecules or texts: of one material, on the same seeds."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

import numpy as np

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.artifacts.protocol import Drawn, Heard
from genstudio.data.sounds import write_sound
from genstudio.domain.artifacts import MOLECULE, NOTES, SOUND, TEXT, Artifact
from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.modalities import MOLECULES, TEXTS
from genstudio.domain.operations import GENERATE
from genstudio.domain.progress import Progress, Working
from genstudio.domain.settings import Settings, parse_settings, setting_fields
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.threads import single_threaded
from genstudio.models.catalog import model_class
from genstudio.models.protocol import Request, TrainableModel
from genstudio.models.tasks import find_task
from genstudio.services.compared_materials import MaterialComparison, MaterialRun
from genstudio.services.copy_meters import dataset_of_run
from genstudio.services.drawing_costs import cost_of, drawing_cost
from genstudio.services.evaluation import FIRST_SEED
from genstudio.services.generation import load_model
from genstudio.services.heard_previews import joined
from genstudio.services.material_measures import MEASURED_KINDS, Judged, measure_material
from genstudio.services.runs import Run

# As many as are made in about a minute.
_COUNTS: Final = {SOUND: 64, NOTES: 64, MOLECULE: 256, TEXT: 16}
_AT_ONCE: Final = {MOLECULE: 64, TEXT: 4}
_NUM_SAMPLES = 12
_SIDE_PX = 192
# What would make results look better than the model writes them.
_TRIES_AGAIN = "valid_only"


def material_of(run: Run) -> str:
    """The kind of what a run makes of seeds, if this module judges it; empty otherwise."""
    task = find_task(model_class(run.settings.model_key), GENERATE)
    return task.output if task is not None and task.output in MEASURED_KINDS else ""


@single_threaded
def compare_materials(runs: Sequence[Run], count: int | None = None) -> Working[MaterialComparison]:
    """Judge the best checkpoint of each run on the same seeds.

    Args:
        runs: All of one material.
        count: Results to judge, at most.

    Raises:
        GenStudioError: A run cannot be read, or they are of different materials.
    """
    kinds = {material_of(run) for run in runs}
    if len(kinds) > 1:
        raise SettingsError(
            tr("These runs make different things"),
            tr(
                "They make {kinds}, and no figure holds for all of them.",
                kinds=", ".join(sorted(_noun(run) for run in runs)),
            ),
            tr("Choose runs of one material."),
        )
    (kind,) = kinds
    compared: list[MaterialRun] = []
    for number, run in enumerate(runs, start=1):
        beginning = tr("Run {number} of {num_opened}: ", number=number, num_opened=len(runs))
        compared.append((yield from _judged(run, kind, count or _COUNTS[kind], beginning)))
    note, is_alike = _note(runs)
    return MaterialComparison(
        kind=kind,
        runs=tuple(compared),
        note=note,
        is_alike=is_alike,
        is_written_alike=len({run.data.layout for run in runs}) == 1,
    )


def _noun(run: Run) -> str:
    task = find_task(model_class(run.settings.model_key), GENERATE)
    return ARTIFACTS.get(task.output).card.noun[1] if task else tr("nothing new")


def _judged(run: Run, kind: str, count: int, beginning: str) -> Working[MaterialRun]:
    checkpoint = run.checkpoint("best")
    model = load_model(run, checkpoint)
    settings = _raw_settings(model)
    what = beginning + tr("Making {nouns}", nouns=ARTIFACTS.get(kind).card.noun[1])
    made: list[Artifact] = []
    step = _AT_ONCE.get(kind, 1)
    yield Progress(what, 0, count)
    for start in range(0, count, step):
        seeds = range(FIRST_SEED + start, FIRST_SEED + min(start + step, count))
        made += model.run(GENERATE, Request(seeds=seeds, settings=settings))
        yield Progress(what, len(made), count)
    yield Progress(beginning + tr("Comparing with what it learned from"), 0, 0)
    learned, held_out = _texts_of(run)
    judged = Judged(
        kind=kind,
        made=made,
        model=model,
        dataset=dataset_of_run(run),
        learned=learned,
        held_out=held_out,
    )
    report = measure_material(judged)
    cost = cost_of(run, checkpoint, drawing_cost(model, settings, FIRST_SEED))
    shown = made[:_NUM_SAMPLES]
    return MaterialRun(
        path=run.path,
        model_title=model_class(run.settings.model_key).card.title,
        step=checkpoint.state.step,
        newest_step=run.store.steps()[-1],
        seconds=checkpoint.state.seconds,
        num_parameters=cost.num_parameters,
        report=report,
        cost=cost,
        samples_NHWC=_drawn(shown),
        words=tuple(_words(it) for it in shown),
        heard=_heard(shown),
        record=_record(
            run, checkpoint, report.model_dump(mode="json"), cost.model_dump(mode="json")
        ),
    )


def _raw_settings(model: TrainableModel) -> Settings:
    """As a person finds them, but without trying again: what is judged is the model."""
    task = find_task(model, GENERATE)
    assert task is not None, "it was asked before"
    names = {it.name for it in setting_fields(task.settings)}
    return parse_settings(task.settings, {_TRIES_AGAIN: False} if _TRIES_AGAIN in names else {})


def _texts_of(run: Run) -> tuple[list[str], list[str]]:
    if run.settings.modality not in (MOLECULES, TEXTS):
        return [], []
    manifest = run.project().load_manifest(run.file.dataset)
    held_out = frozenset(run.held_out_of(manifest))
    learned = [text for name, text in manifest.captions if name not in held_out]
    return learned, [text for name, text in manifest.captions if name in held_out]


def _record(
    run: Run, checkpoint: Checkpoint, report: dict[str, Any], cost: dict[str, Any]
) -> dict[str, Any]:
    for figure in report["figures"].values():
        del figure["parts"]  # Hundreds of numbers, which only tell runs apart.
    return {
        "run": str(run.path),
        "model": run.settings.model_key,
        "step": checkpoint.state.step,
        "minutes": checkpoint.state.seconds / 60,
        **report,
        "cost": cost,
    }


def _drawn(shown: Sequence[Artifact]) -> np.ndarray:
    kind = ARTIFACTS.get(shown[0].kind)
    assert isinstance(kind, Drawn), "what is no picture is drawn"
    return np.stack([kind.draw(it, _SIDE_PX)[..., :3] for it in shown])


def _words(artifact: Artifact) -> str:
    if artifact.kind == TEXT:
        return str(artifact.data)
    return ARTIFACTS.get(artifact.kind).words(artifact)


def _heard(shown: Sequence[Artifact]) -> bytes:
    if not isinstance(ARTIFACTS.get(shown[0].kind), Heard):
        return b""
    sound = joined(shown, len(shown))
    content = BytesIO()
    if sound is not None:
        write_sound(sound, content, "FLAC")
    return content.getvalue()


def _note(runs: Sequence[Run]) -> tuple[str, bool]:
    if len(runs) == 1:
        return tr("Judged against what it learned from."), True
    if len({(run.project().path, run.file.dataset) for run in runs}) > 1:
        return tr(
            "These runs learned from different material. Each is judged against its own, so that "
            "only the distance of each figure from its floor can be compared."
        ), False
    if len({frozenset(run.held_out) for run in runs}) > 1:
        return tr(
            "These runs held out different examples, so that some learned what others are judged "
            "by. Only the distance of each figure from its floor can be compared."
        ), False
    return tr("All runs learned from the same material, and make things of the same seeds."), True
