"""Runs of a queue are checked, and trained one after another."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from genstudio.data.modalities.scanning import scan_material
from genstudio.domain import events
from genstudio.domain.datasets import ScanReport
from genstudio.domain.errors import GenStudioError
from genstudio.domain.files import free_disk_bytes, is_file
from genstudio.domain.language import tr, trn
from genstudio.domain.progress import Working, drain
from genstudio.domain.queue import CheckedRun, QueuedRun
from genstudio.engine.trainer import CommandSource
from genstudio.models.catalog import model_class
from genstudio.services import materials
from genstudio.services.caption_edits import with_edits_of
from genstudio.services.crop_edits import with_crops_of
from genstudio.services.fit_check import check_fit, words_about
from genstudio.services.queue_file import after, load_queue, save_queue
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, complete_settings, resume_run, start_run

# A picture's bytes in the cache, for each pixel; those of sounds and tables are fewer.
_CHANNELS = 4
# Checkpoints of common models, with what is kept of them.
_CHECKPOINTS_BYTES = 2 * 2**30


def check(
    item: QueuedRun, project: Path, report: ScanReport | None = None, *, tries: bool = False
) -> QueuedRun:
    """Look whether a run can begin; see :func:`checking`."""
    return drain(checking(item, project, report, tries=tries)).item


def checking(
    item: QueuedRun, project: Path, report: ScanReport | None = None, *, tries: bool = False
) -> Working[CheckedRun]:
    """Look whether a run can begin: its pictures, its settings, its device, the disk.

    Args:
        item: The run.
        project: Folder of the project.
        report: A scan of its folder, if there is one; else it is looked through now.
        tries: Also take some steps, which tell whether it fits; takes a quarter of a minute.

    Returns:
        The run with what was found, and what its folder holds.
    """
    try:
        settings = complete_settings(item.settings)
        card = model_class(settings.model_key).card
        if report is None:
            wanted = item.modality or None
            # Very many pictures are looked through for minutes.
            report = yield from scan_material(item.folder, wanted, item.column, item.within)
            report = with_crops_of(project, with_edits_of(project, report))
        rest = materials.without(report, item.excluded)
        modality = materials.choose_modality(rest, card, item.modality or None)
        manifest, arrangement = materials.freeze(report, item.excluded, modality)
    except GenStudioError as error:
        return CheckedRun(item=item.model_copy(update={"fault": str(error)}), report=report)
    told, fault = trn("{number:,} example.", "{number:,} examples.", arrangement.num_examples), ""
    if tries:
        try:
            forecast = yield from check_fit(settings, manifest, project)
        except GenStudioError as error:
            return CheckedRun(item=item.model_copy(update={"fault": str(error)}), report=report)
        words = " ".join(words_about(forecast))
        told, fault = (f"{told} {words}", "") if forecast.fits else (told, words)
    else:
        fault = _why_no_room(len(manifest.pictures) * settings.size**2 * _CHANNELS, project)
    update = {"settings": settings, "modality": modality, "told": told, "fault": fault}
    return CheckedRun(item=item.model_copy(update=update), report=report)


def _why_no_room(cache_bytes: int, project: Path) -> str:
    needed, free = cache_bytes + _CHECKPOINTS_BYTES, free_disk_bytes(project)
    if needed <= free:
        return ""
    return tr(
        "The disk is too full: about {needed:.1f} GB may be needed, and {free:.1f} GB "
        "are free. Free some space.",
        needed=needed / 2**30,
        free=free / 2**30,
    )


def do_item(
    item: QueuedRun, project: Path, source: CommandSource, report: ScanReport | None = None
) -> Iterator[events.Event]:
    """Train a run of the queue; one that was begun before goes on where it was saved.

    Args:
        item: The run.
        project: Folder of the project.
        source: A person's commands.
        report: A scan of its folder, if it was looked through just now.

    Yields:
        Events, of which the last and only the last is terminal.
    """
    begun = project / "runs" / item.run if item.run else None
    if begun is not None and is_file(begun / "run.toml"):
        return resume_run(begun, source, budget=item.settings.budget)
    request = NewRun(
        folder=item.folder,
        project=project,
        settings=item.settings,
        excluded=item.excluded,
        report=report,
        modality=item.modality or None,
        column=item.column,
        within=item.within,
    )
    return start_run(request, source)


def do_recorded(item: QueuedRun, project: Path, source: CommandSource) -> Iterator[events.Event]:
    """Train a run of the queue, and write down how it stands: a kill loses nothing.

    For commands: a window keeps the queue itself.
    """
    for event in do_item(item, project, source):
        if isinstance(event, (events.RunStarted, *get_args(events.Terminal))):
            save_queue(project, after(load_queue(project), item.id, event))
        yield event


def run_of(item: QueuedRun, project: Path) -> Run | None:
    """The run that an item became; None if it has not begun, or is not there any more."""
    folder = project / "runs" / item.run
    return Run(folder) if item.run and is_file(folder / "run.toml") else None
