"""From a folder of pictures to a recorded run: everything around the engine's own loop."""

import shutil
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.scan import scan_folder, usable_manifest
from genstudio.domain import events
from genstudio.domain.datasets import Manifest, ScanReport
from genstudio.domain.errors import SettingsError
from genstudio.domain.files import explained
from genstudio.domain.settings import parse_settings
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.device import plan_device
from genstudio.engine.meters import RateLimit
from genstudio.engine.trainer import CommandSource, TrainingJob, train, with_one_ending
from genstudio.models.catalog import model_class
from genstudio.services.gallery import Gallery
from genstudio.services.generation import generate
from genstudio.services.projects import open_or_create
from genstudio.services.runs import Recorder, Run, create_run

_PREPARING_PER_S = 10
_FIRST_PICTURES = 24

T = TypeVar("T")
# Tells how it goes while it runs, and has a result at its end.
Preparation = Generator[events.Event, None, T]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What a person chose for a new run.

    Attributes:
        folder: The pictures; only read.
        project: The project's folder; made if it is not there.
        settings: Settings of the run.
        excluded: Names of pictures that were taken out.
        report: A scan of the folder, if it was looked through already.
    """

    folder: Path
    project: Path
    settings: TrainingSettings
    excluded: tuple[str, ...] = ()
    report: ScanReport | None = None


def start_run(request: NewRun, source: CommandSource) -> Iterator[events.Event]:
    """Look through the pictures, decode them and train a new model on them.

    Yields:
        Events, of which the last and only the last is terminal.
    """
    return with_one_ending(_start(request, source), None)


def resume_run(
    run: Path,
    source: CommandSource,
    *,
    budget: Budget | None = None,
    branch_from: int | None = None,
) -> Iterator[events.Event]:
    """Continue a run from its newest undamaged checkpoint, or branch a new run from an older one.

    Args:
        run: The run's folder.
        source: A person's commands.
        budget: A new budget, counted from the beginning of the run.
        branch_from: Step of the checkpoint that a new run begins at.

    Yields:
        Events, of which the last and only the last is terminal.
    """
    return with_one_ending(_resume(run, source, budget, branch_from), run)


def complete_settings(settings: TrainingSettings) -> TrainingSettings:
    """Check a run's settings and freeze every default, so that later versions change nothing.

    Raises:
        UnknownModelError: No architecture goes by that key.
        SettingsError: A setting of the architecture is unknown or out of bounds.
        DeviceError: The device or precision is not to be had here.
    """
    chosen = model_class(settings.model_key)
    config = parse_settings(chosen.Config, settings.model)
    plan_device(settings.device, settings.precision)
    update = {"model_key": chosen.card.key, "model": config.model_dump(mode="json")}
    return settings.model_copy(update=update)


def _start(request: NewRun, source: CommandSource) -> Iterator[events.Event]:
    settings = complete_settings(request.settings)
    report = request.report
    if report is None:
        report = yield from _scan(request.folder)
    manifest = usable_manifest(report, request.excluded)
    # Only now: pictures that cannot be used leave no empty project behind.
    project = open_or_create(request.project, dataset=request.folder)
    dataset = project.save_manifest(manifest)
    images_NHWC = yield from _decode(manifest, settings.size, dataset)
    run = create_run(project, dataset, settings)
    yield from _record(run, settings, images_NHWC, source, resume_from=None)


def _resume(
    path: Path, source: CommandSource, budget: Budget | None, branch_from: int | None
) -> Iterator[events.Event]:
    run = Run(path)
    settings = run.settings
    if budget is not None:
        settings = settings.model_copy(update={"budget": budget})
    checkpoint = run.checkpoint("last" if branch_from is None else str(branch_from))
    state = checkpoint.state
    spent = settings.budget.progress(
        step=state.step, images_seen=state.images_seen, seconds=state.seconds
    )
    if spent >= 1:
        raise SettingsError(
            "This run has already done what it was asked to",
            f"It stands at step {state.step:,} after {state.seconds / 60:.1f} minutes; "
            f"its budget is {settings.budget}, counted from its beginning.",
            "Give it a larger budget to keep learning.",
        )
    project = run.project()
    manifest = project.load_manifest(run.file.dataset)
    dataset = project.dataset_folder(run.file.dataset)
    images_NHWC = yield from _decode(manifest, settings.size, dataset)
    if branch_from is not None:
        run = create_run(project, dataset, settings, branched_from=f"{run.path.name}/{state.step}")
        with explained(run.store.folder):
            shutil.copytree(checkpoint.path, run.store.folder / str(state.step))
    yield from _record(run, settings, images_NHWC, source, resume_from=state.step)


def _scan(folder: Path) -> Preparation[ScanReport]:
    limit = RateLimit(_PREPARING_PER_S)
    for item in scan_folder(folder):
        if isinstance(item, ScanReport):
            return item
        if limit.allows(time.monotonic()) or item.done == item.total:
            yield events.Preparing(
                what="Looking through the pictures", done=item.done, total=item.total
            )
    raise AssertionError("a scan ends with its report")


def _decode(manifest: Manifest, size: int, dataset: Path) -> Preparation[np.ndarray]:
    limit = RateLimit(_PREPARING_PER_S)
    for item in build_cache(manifest, size=size, cache_dir=dataset):
        if isinstance(item, PictureCache):
            return item.images_NHWC
        if limit.allows(time.monotonic()) or item.done == item.total:
            yield events.Preparing(what="Reading the pictures", done=item.done, total=item.total)
    raise AssertionError("decoding ends with the decoded pictures")


def _record(
    run: Run,
    settings: TrainingSettings,
    images_NHWC: np.ndarray,
    source: CommandSource,
    *,
    resume_from: int | None,
) -> Iterator[events.Event]:
    job = TrainingJob(
        settings=settings,
        images_NHWC=images_NHWC,
        run=run.path,
        checkpoints=run.store.folder,
        resume_from=resume_from,
    )
    recorder = Recorder(run.path)
    for event in train(job, source):
        if isinstance(event, events.Finished):
            _hang_first_pictures(run)
        yield recorder.record(event)


def _hang_first_pictures(run: Run) -> None:
    """A finished run has something to show: pictures on the seeds that its previews began with."""
    with Gallery(run.project()) as gallery:
        for made in generate(run, range(_FIRST_PICTURES), checkpoint="last"):
            gallery.add(made.image_HWC, made.recipe)
