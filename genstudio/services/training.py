"""From a folder of pictures to a recorded run: everything around the engine's own loop."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from genstudio.data import selfies_notation
from genstudio.data.kinds import checked_kinds
from genstudio.data.modalities.catalog import MODALITIES
from genstudio.data.modalities.protocol import Arrangement, FileModality
from genstudio.domain import events
from genstudio.domain.cards import CROSS, KINDS, ModelCard
from genstudio.domain.datasets import Manifest, ScanReport
from genstudio.domain.errors import ProjectError, SettingsError
from genstudio.domain.files import explained
from genstudio.domain.language import tr, trn
from genstudio.domain.modalities import CAPTIONS, IMAGES, MOLECULES, words_beside
from genstudio.domain.settings import parse_settings
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.checkpoint import Checkpoint, CheckpointState
from genstudio.engine.device import most_devices, plan_device
from genstudio.engine.lessons import Lesson
from genstudio.engine.trainer import CommandSource, train, with_one_ending
from genstudio.models.catalog import model_class
from genstudio.services import materials
from genstudio.services.caption_edits import with_edits_of
from genstudio.services.crop_edits import with_crops_of
from genstudio.services.decoding import Decoded, shape_step
from genstudio.services.launcher import Launcher
from genstudio.services.lessons import digest_of, keep_lesson, lesson_bytes
from genstudio.services.locks import ProjectLock
from genstudio.services.logs import log_event
from genstudio.services.preparing import StopWantedError, decode, scan
from genstudio.services.projects import open_or_create
from genstudio.services.records import Recorder
from genstudio.services.run_bases import note_of, refuse_other_base, remarks_on_base
from genstudio.services.run_jobs import job_for
from genstudio.services.run_remarks import (
    other_decoding,
    remarks_of,
    remarks_on_resuming,
    remarks_on_what_is_kept_aside,
    told_as_messages,
)
from genstudio.services.runs import Run, as_begun, create_run

_FEWEST_PER_DEVICE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What a person chose for a new run.

    Attributes:
        folder: The pictures; only read.
        project: The project's folder; made if it is not there.
        settings: Settings of the run.
        excluded: Names of pictures that were taken out.
        report: A scan of the folder, if it was looked through already.
        fitted: Gives the settings anew once it is known what the pictures are like.
        modality: Key of what the folder is learned as; by default the likeliest for the model.
        column: Of tables, where a person chose one; by default the likeliest.
        within: Folders inside the folder that alone are looked into; by default all.
    """

    folder: Path
    project: Path
    settings: TrainingSettings
    excluded: tuple[str, ...] = ()
    report: ScanReport | None = None
    fitted: Callable[[ScanReport], TrainingSettings] | None = None
    modality: str | None = None
    column: str = ""
    within: tuple[str, ...] = ()


def start_run(request: NewRun, source: CommandSource) -> Iterator[events.Event]:
    """Look through the pictures, decode them and train a new model on them.

    Yields:
        Events, of which the last and only the last is terminal.
    """
    return _logged(with_one_ending(_start(request, source), None))


def resume_run(
    run: Path,
    source: CommandSource,
    *,
    budget: Budget | None = None,
    branch_from: int | None = None,
    devices: int | None = None,
    lesson: Lesson | None = None,
) -> Iterator[events.Event]:
    """Continue a run from its newest undamaged checkpoint, or branch a new run from an older one.

    A run that was interrupted before its first checkpoint begins again.

    Args:
        run: The run's folder.
        source: A person's commands.
        budget: A new budget, counted from the beginning of the run.
        branch_from: Step of the checkpoint that a new run begins at.
        devices: How many share the work from now on; as before by default, or as many as there are.
        lesson: What a new run is taught from there on; by default what the old one was.

    Yields:
        Events, of which the last and only the last is terminal.
    """
    told = _resume(run, source, budget, branch_from, devices, lesson)
    return _logged(with_one_ending(told, run))


def _logged(told: Iterator[events.Event]) -> Iterator[events.Event]:
    for event in told:
        log_event(event)
        yield event


def complete_settings(settings: TrainingSettings) -> TrainingSettings:
    """Check a run's settings and freeze every default, so that later versions change nothing.

    Raises:
        UnknownModelError: No architecture goes by that key.
        SettingsError: A setting of the architecture is unknown or out of bounds.
        DeviceError: The device or precision is not to be had here.
    """
    chosen = model_class(settings.model_key)
    config = parse_settings(chosen.Config, settings.model)
    if settings.kinds and KINDS not in chosen.card.capabilities:
        raise SettingsError(
            tr("“{title}” cannot tell kinds apart", title=chosen.card.title),
            tr("It learns all pictures as one kind."),
            tr("Choose another architecture, or do not ask for kinds."),
        )
    if settings.notation == "SELFIES" and MOLECULES in chosen.card.modalities:
        # Before a folder is looked through for minutes.
        selfies_notation.selfies()
    plan_device(settings.device, settings.precision, settings.devices)
    if settings.batch < _FEWEST_PER_DEVICE * settings.devices:
        raise SettingsError(
            tr(
                "{batch} pictures per step are too few for {devices} devices",
                batch=settings.batch,
                devices=settings.devices,
            ),
            tr("Each device takes its share of them."),
            tr(
                "Choose {fewest_per_device} or more, or fewer devices.",
                fewest_per_device=_FEWEST_PER_DEVICE * settings.devices,
            ),
        )
    update = {"model_key": chosen.card.key, "model": config.model_dump(mode="json")}
    return settings.model_copy(update=update)


def _start(request: NewRun, source: CommandSource) -> Iterator[events.Event]:
    settings = complete_settings(request.settings)
    try:
        report = request.report
        if report is None:
            report = yield from scan(
                request.folder,
                source,
                settings,
                modality=request.modality,
                column=request.column,
                within=request.within,
            )
            # What was written in the project counts, also without the window.
            where = request.project.expanduser().absolute()
            report = with_crops_of(where, with_edits_of(where, report))
        if request.fitted is not None:
            settings = complete_settings(request.fitted(report))
        card = model_class(settings.model_key).card
        rest = materials.without(report, request.excluded)
        modality = materials.choose_modality(rest, card, request.modality)
        settings = settings.model_copy(update={"modality": modality})
        manifest, arrangement = materials.freeze(report, request.excluded, modality)
        left_out = told_as_messages(materials.advice_on_left_out(manifest, settings))
        manifest = materials.laid_out(manifest, settings)
        if shape_step(settings):
            manifest = materials.with_sizes(manifest, report)
        if isinstance(MODALITIES.get(modality), FileModality):
            settings = settings.model_copy(update={"layout": manifest.layout})
        elif modality == CAPTIONS and CROSS in card.capabilities:
            # Previews show each picture beside its words.
            settings = settings.model_copy(update={"layout": words_beside(settings.size)})
        # Only now: pictures that cannot be used leave no empty project behind.
        project = open_or_create(request.project, dataset=request.folder)
        with ProjectLock(project.path):
            dataset = project.save_manifest(manifest)
            kinds = checked_kinds(name for name, _ in manifest.pictures) if settings.kinds else {}
            cache = yield from decode(manifest, settings, dataset, source)
            held_out = materials.held_out_names(
                manifest,
                report,
                settings.held_out,
                by_kind=settings.kinds,
                groups=settings.groups,
            )
            # Before there is a run: a base that cannot be used leaves none behind.
            remarks = remarks_on_base(settings)
            run = create_run(
                project,
                dataset,
                settings,
                manifest=manifest,
                held_out=held_out,
                kinds=kinds,
                words=materials.vocabulary_of(manifest, held_out),
                base=note_of(settings),
            )
            remarks += (
                [] if modality == IMAGES else remarks_of(arrangement, is_reversed=settings.reverse)
            )
            remarks += left_out
            remarks += _too_few(card, arrangement)
            names = [name for name, _ in manifest.pictures]
            remarks += remarks_on_what_is_kept_aside(names, held_out, settings)
            yield from _record(run, settings, manifest, cache, source, remarks=remarks)
    except StopWantedError:
        yield _stopped_before_it_began()


def _resume(
    path: Path,
    source: CommandSource,
    budget: Budget | None,
    branch_from: int | None,
    devices: int | None,
    lesson: Lesson | None,
) -> Iterator[events.Event]:
    run = Run(path)
    _refuse_imported(run)
    refuse_other_base(run)
    project = run.project()
    with ProjectLock(project.path):
        settings = as_begun(run.settings)
        if budget is not None:
            settings = settings.model_copy(update={"budget": budget})
        settings = _with_devices(settings, devices)
        checkpoint = None
        if branch_from is not None or run.store.has_any():
            checkpoint = run.checkpoint("last" if branch_from is None else str(branch_from))
            _refuse_spent(settings.budget, checkpoint.state)
        manifest = project.load_manifest(run.file.dataset)
        dataset = project.dataset_folder(run.file.dataset)
        _refuse_strangers(run, manifest)
        try:
            cache = yield from decode(manifest, settings, dataset, source)
        except StopWantedError:
            yield _stopped_before_it_began(run.path, checkpoint)
            return
        remarks: list[events.Message] = []
        if branch_from is None:
            remarks = remarks_on_resuming(run, checkpoint.state.step if checkpoint else 0)
        elif checkpoint is not None:
            run, checkpoint = _branch(run, checkpoint, settings, manifest, lesson)
            settings = run.settings
        if cache.decoding != manifest.decoding:
            remarks.append(other_decoding(checkpoint.state.step if checkpoint else 0))
        yield from _record(run, settings, manifest, cache, source, checkpoint, remarks)


def _refuse_imported(run: Run) -> None:
    if run.file.imported_from:
        raise ProjectError(
            tr("This model was taken in from a package"),
            tr("What it learned from is not here, so it can make things but not go on learning."),
            tr("Train a new run on material of your own."),
        )


def _with_devices(settings: TrainingSettings, devices: int | None) -> TrainingSettings:
    """Have as many devices as a person wants; as many as before, as far as they are here."""
    if devices is None:
        accelerator = plan_device(settings.device, settings.precision).accelerator
        devices = min(settings.devices, most_devices(accelerator))
    return complete_settings(settings.model_copy(update={"devices": devices}))


def _refuse_strangers(run: Run, manifest: Manifest) -> None:
    strangers = set(run.held_out_of(manifest)) - {name for name, _ in manifest.pictures}
    if strangers:
        raise ProjectError(
            tr("{path} is damaged", path=run.path / "run.toml"),
            tr(
                "It holds out pictures that are not in the set, such as {strangers}.",
                strangers=min(strangers),
            ),
            tr("Put the original back; without it the run would learn from other pictures."),
        )


def _refuse_spent(budget: Budget, state: CheckpointState) -> None:
    spent = budget.progress(step=state.step, images_seen=state.images_seen, seconds=state.seconds)
    if spent >= 1:
        raise SettingsError(
            tr("This run has already done what it was asked to"),
            tr(
                "It stands at step {step:,} after {seconds:.1f} minutes; its budget is {budget}, "
                "counted from its beginning.",
                step=state.step,
                seconds=state.seconds / 60,
                budget=budget,
            ),
            tr("Give it a larger budget to keep learning."),
        )


def _branch(
    run: Run,
    checkpoint: Checkpoint,
    settings: TrainingSettings,
    manifest: Manifest,
    lesson: Lesson | None,
) -> tuple[Run, Checkpoint]:
    """Make a new run that begins with a copy of a checkpoint; the old one is left as it is."""
    content = lesson_bytes(run.path) if settings.lesson else b""
    if lesson is not None:
        content, digest = digest_of(lesson)
        settings = settings.model_copy(update={"lesson": digest})
    project, step = run.project(), checkpoint.state.step
    dataset = project.dataset_folder(run.file.dataset)
    branch = create_run(
        project,
        dataset,
        settings,
        manifest=manifest,
        held_out=run.held_out,
        kinds=run.file.kinds,
        words=run.file.words,
        branched_from=f"{run.path.name}/{step}",
        base=run.file.base,
    )
    if content:
        keep_lesson(branch.path, content)
    with explained(branch.store.folder):
        shutil.copytree(checkpoint.path, branch.store.folder / str(step))
    return branch, branch.store.load(step)


def _stopped_before_it_began(
    run: Path | None = None, checkpoint: Checkpoint | None = None
) -> events.Stopped:
    return events.Stopped(
        run=run,
        step=checkpoint.state.step if checkpoint else 0,
        images_seen=checkpoint.state.images_seen if checkpoint else 0,
        seconds=checkpoint.state.seconds if checkpoint else 0.0,
        checkpoint=checkpoint.path if checkpoint else None,
    )


def _too_few(card: ModelCard, arrangement: Arrangement) -> list[events.Message]:
    """A warning where a model learns from fewer examples than its card asks for."""
    if arrangement.num_examples >= card.fewest:
        return []
    return [
        events.Message(
            step=0,
            level="warning",
            title=trn(
                "{number} picture is too little for “{title}”",
                "{number} pictures are too few for “{title}”",
                arrangement.num_examples,
                title=card.title,
            ),
            message=tr(
                "It learns, but with fewer than {fewest} nobody can say what it is worth, and "
                "what needs to know that will refuse it. Add pictures.",
                fewest=card.fewest,
            ),
        )
    ]


def _record(
    run: Run,
    settings: TrainingSettings,
    manifest: Manifest,
    cache: Decoded,
    source: CommandSource,
    resume_from: Checkpoint | None = None,
    remarks: Sequence[events.Message] = (),
) -> Iterator[events.Event]:
    launcher = Launcher(settings, run.path)
    recorder = Recorder(run.path)
    is_done = False
    try:
        for waking in launcher.start():
            yield waking
            if source.is_stop_wanted:
                yield recorder.record(_stopped_before_it_began(run.path, resume_from))
                return
        job = job_for(run, settings, manifest, cache, launcher.process_group, resume_from)
        for event in train(job, source):
            is_done = isinstance(event, (events.Finished, events.Stopped))
            yield recorder.record(event)
            if isinstance(event, events.RunStarted):
                yield from map(recorder.record, remarks)
    finally:
        launcher.shutdown(is_done=is_done)
