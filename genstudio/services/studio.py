"""What the window asks of the program: each slow thing as a job that runs beside it.

Importing this module does not import torch; the jobs do, in their own threads.
"""

import gc
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from genstudio.artifacts.catalog import kind_of_input
from genstudio.data.decode import UnreadablePictureError, decode_thumbnail
from genstudio.data.samples import make_sample_folder
from genstudio.domain.artifacts import IMAGE
from genstudio.domain.cards import ModelCard
from genstudio.domain.datasets import Manifest, ScanReport, ScansFound
from genstudio.domain.errors import GenStudioError
from genstudio.domain.events import Event
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE
from genstudio.domain.progress import Progress, with_result
from genstudio.domain.runs import CheckpointInfo, RunSummary
from genstudio.domain.settings import Settings
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.services.compared_materials import AnyComparison
from genstudio.services.gallery import Gallery
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.jobs import Job
from genstudio.services.locks import ProjectLock
from genstudio.services.preferences import sample_folder
from genstudio.services.projects import Project
from genstudio.services.session import TrainingSession
from genstudio.services.trash import move_to_trash

_LARGEST_SHEET_PX = 4096
_LARGEST_PICTURE_PX = 2048
# Width of the lines on a sheet of samples, as genstudio.engine.preview draws them.
_SHEET_GAP_PX = 2
_CORNER_PICTURES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """An architecture as the window needs to know it.

    Attributes:
        card: What it is.
        config: Its settings.
        sampling: What can be chosen when it makes new things; None if it makes none.
    """

    card: ModelCard
    config: type[Settings]
    sampling: type[Settings] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What there is to train on; ``devices`` begins with the fastest."""

    devices: tuple[str, ...]
    names: Mapping[str, str]


def load_catalogue() -> Job[CatalogueEntry | Machine]:
    """Import torch and the architectures; gives the machine first, then an entry for each.

    Those that cannot be used are told of by the error that it ends with, after all others.
    """

    def items() -> Iterator[CatalogueEntry | Machine]:
        device = import_module("genstudio.engine.device")
        found = tuple(device.available_accelerators())
        yield Machine(devices=found, names={key: device.plan_device(key).name for key in found})
        catalogue = import_module("genstudio.models.catalog")
        models, troubles = catalogue.usable_models()
        tasks = import_module("genstudio.models.tasks")
        for model in models:
            task = tasks.find_task(model, GENERATE)
            sampling = None if task is None else task.settings
            yield CatalogueEntry(card=model.card, config=model.Config, sampling=sampling)
        # What starting a run needs, so that the button answers at once.
        import_module("genstudio.services.training")
        # Looking for garbage among all that was imported would hold up the window and the training
        # for a sixth of a second each time.
        gc.freeze()
        if troubles:
            raise _told_together(troubles)

    return Job("catalogue", items)


def _told_together(errors: Sequence[GenStudioError]) -> GenStudioError:
    if len(errors) == 1:
        return errors[0]
    title = tr(
        "{num_errors} architectures of other packages cannot be used", num_errors=len(errors)
    )
    return type(errors[0])(title, " ".join(str(error) for error in errors))


def scan(
    folder: Path, column: str = "", within: Sequence[str] = ()
) -> Job[Progress | ScanReport | ScansFound]:
    """Look through a folder, or some inside it, of whatever it holds most of; see scan_material.

    Where these are scans, that is all that is said: they become pictures first.
    """

    def items() -> Iterator[Progress | ScanReport | ScansFound]:
        if not within and import_module("genstudio.data.scans").holds_scans(folder):
            yield ScansFound(folder=folder)
            return
        scanning = import_module("genstudio.data.modalities.scanning")
        yield from with_result(scanning.scan_material(folder, column=column, within=within))

    return Job("scan", items)


def said_anew(report: ScanReport) -> ScanReport | None:
    """The report in the language that is spoken now; None where files must be looked at for that.

    What is said of single files was said when they were looked at.
    """
    if report.material or report.unreadable or report.captions.faults:
        return None
    advise = import_module("genstudio.data.advice").advise
    advice = advise(report.pictures, (), report.passed_over, len(report.pictures), has_classes=True)
    return report.model_copy(update={"advice": advice})


def make_samples() -> tuple[Path, Job[Progress]]:
    """Draw the built-in pictures where they are missing; gives their folder as well."""
    folder = sample_folder()
    return folder, Job("samples", lambda: make_sample_folder(folder))


def start_training(
    *,
    project: Path,
    settings: TrainingSettings,
    excluded: tuple[str, ...],
    report: ScanReport,
    modality: str | None = None,
) -> TrainingSession:
    """Train a new model on the pictures of a report.

    Args:
        project: Its folder.
        settings: Of the run.
        excluded: Names of pictures that were taken out.
        report: What the folder holds.
        modality: Key of what it is learned as; by default the likeliest for the model.
    """

    def make_events(source: Any) -> Iterator[Event]:
        training = import_module("genstudio.services.training")
        request = training.NewRun(
            folder=report.folder,
            project=project,
            settings=settings,
            excluded=excluded,
            report=report,
            modality=modality,
        )
        yield from training.start_run(request, source)

    return TrainingSession(make_events)


def resume_training(
    run: Path, budget: Budget, *, branch_from: int | None = None
) -> TrainingSession:
    """Continue a run until ``budget``, counted from its beginning, is spent.

    Args:
        run: The run's folder.
        budget: When it is done.
        branch_from: Step of a checkpoint at which a new run begins instead; ``run`` stays as it is.
    """

    def make_events(source: Any) -> Iterator[Event]:
        training = import_module("genstudio.services.training")
        yield from training.resume_run(run, source, budget=budget, branch_from=branch_from)

    return TrainingSession(make_events)


def go_back(run: Path, step: int) -> Job[None]:
    """Make an older checkpoint of a run the newest again; what came after goes to the trash."""

    def items() -> Iterator[None]:
        runs = import_module("genstudio.services.runs")
        with ProjectLock(run.parent.parent):
            runs.Run(run).go_back_to(step)
        yield None

    return Job("go-back", items)


def star_checkpoint(run: Path, step: int, *, is_starred: bool) -> Job[None]:
    """Keep a checkpoint for ever, or no longer."""

    def items() -> Iterator[None]:
        runs = import_module("genstudio.services.runs")
        runs.Run(run).store.star(step, is_starred=is_starred)
        yield None

    return Job("star", items)


def remove_run(run: Path) -> Job[None]:
    """Move a run with all its checkpoints to the system's trash."""

    def items() -> Iterator[None]:
        with ProjectLock(run.parent.parent):
            move_to_trash(run)
        yield None

    return Job("remove-run", items)


def list_checkpoints(run: Path) -> Job[CheckpointInfo]:
    """The checkpoints of a run at a glance, ascending; also while it is being trained."""

    def items() -> Iterator[CheckpointInfo]:
        runs = import_module("genstudio.services.runs")
        yield from runs.Run(run).store.infos()

    return Job("checkpoints", items)


def list_runs(project: Project) -> Job[RunSummary]:
    """All runs of a project, oldest first."""

    def items() -> Iterator[RunSummary]:
        runs = import_module("genstudio.services.runs")
        damage: GenStudioError | None = None
        for folder in project.run_folders():
            try:
                yield runs.Run(folder).summary()
            except GenStudioError as error:
                damage = damage or error
        # Told after the others, which are as good as before.
        if damage is not None:
            raise damage

    return Job("runs", items)


def load_manifest(project: Project) -> Manifest | None:
    """The pictures that the project learned from last; None before the first run.

    Raises:
        ProjectError: The list is damaged.
    """
    folders = sorted(
        project.dataset_folder("").glob("*/manifest.toml"), key=lambda path: path.stat().st_mtime
    )
    return project.load_manifest(folders[-1].parent.name) if folders else None


def read_manifest(project: Project) -> Job[Manifest | None]:
    """The same, read in the background: a list of a million pictures takes seconds."""

    def items() -> Iterator[Manifest | None]:
        yield load_manifest(project)

    return Job("manifest", items)


@dataclass(frozen=True, slots=True)
class OpenedGallery:
    """A gallery that was brought in line with its files, and its pictures, newest first.

    Attributes:
        gallery: To be closed by whoever takes it.
        items: All of them.
    """

    gallery: Gallery
    items: Sequence[GalleryItem]


def open_gallery(project: Project) -> Job[int | OpenedGallery]:
    """Open a project's gallery; gives how many new pictures were read, then the gallery.

    What is wrong with its folder is told by the error that it ends with, after the gallery.
    """

    def items() -> Iterator[int | OpenedGallery]:
        trouble: GenStudioError | None = None
        with ExitStack() as on_failure:
            gallery = Gallery(project, syncs=False)
            on_failure.callback(gallery.close)
            try:
                yield from gallery.syncing()
            except GenStudioError as error:
                trouble = error
            yield OpenedGallery(gallery, gallery.items())
            on_failure.pop_all()
        if trouble is not None:
            raise trouble

    return Job("open-gallery", items)


def look_through_gallery(
    gallery: Gallery, query: str, minimum_rating: int
) -> Job[int | list[GalleryItem]]:
    """Bring a gallery in line with its files; at the end, gives the pictures that fit a search."""

    def items() -> Iterator[int | list[GalleryItem]]:
        yield from gallery.syncing()
        yield gallery.items(query, minimum_rating=minimum_rating)

    return Job("look-through-gallery", items)


def generate_pictures(
    project: Project, run: Path, *, count: int, sampling: Mapping[str, Any]
) -> Job[GalleryItem]:
    """Make new pictures on fresh seeds from a run's newest checkpoint, into the gallery."""

    def items() -> Iterator[GalleryItem]:
        generation = import_module("genstudio.services.generation")
        runs = import_module("genstudio.services.runs")
        seeds = [secrets.randbelow(2**31) for _ in range(count)]
        with Gallery(project) as gallery:
            for made in generation.generate(runs.Run(run), seeds, sampling=sampling):
                yield gallery.hang(made.artifact, made.recipe)

    return Job("generate", items)


def compare_runs(runs: Sequence[Path]) -> Job[Progress | AnyComparison]:
    """Judge runs and set them side by side; gives progress, then the comparison.

    Runs are only read, so that a training may go on meanwhile, also of one of them.
    """

    def items() -> Iterator[Progress | AnyComparison]:
        comparison = import_module("genstudio.services.comparison")
        yield from with_result(comparison.compare(runs))

    return Job("compare", items)


def save_comparison(comparison: AnyComparison, to: Path) -> Job[Path]:
    """Write the report of a comparison beside those that are in a folder; gives its page."""

    def items() -> Iterator[Path]:
        report = import_module("genstudio.services.comparison")
        yield report.save_comparison(comparison, to)

    return Job("save-report", items)


def thumbnail(path: Path, side: int) -> np.ndarray:
    """Read a picture for a grid: uint8 (height, width, 3 or 4), no side longer than ``side``."""
    return _drawn(path, side)


def picture(path: Path) -> np.ndarray:
    """Read a picture to be looked at closely: uint8 (height, width, 3 or 4).

    Raises:
        UnreadablePictureError: It cannot be shown; the message says why.
    """
    if not path.exists():
        raise UnreadablePictureError(
            tr("It is not there any more: it was moved or deleted outside of GenStudio.")
        )
    return _drawn(path, _LARGEST_PICTURE_PX)


def _drawn(path: Path, side: int) -> np.ndarray:
    """A picture, or what stands for a result of another kind."""
    kind = kind_of_input(path)
    if kind is None or kind.card.key == IMAGE:
        return decode_thumbnail(path, side=side, with_opacity=True)
    try:
        return kind.thumbnail(path, side)
    except GenStudioError as error:
        raise UnreadablePictureError(str(error)) from error


def sheet(path: Path) -> np.ndarray:
    """Read a sheet of samples whole: uint8 (height, width, 3).

    Raises:
        UnreadablePictureError: It cannot be shown; the message says why.
    """
    return decode_thumbnail(path, side=_LARGEST_SHEET_PX)


def sheet_corner(path: Path, side: int, *, picture_px: int) -> np.ndarray:
    """Read the first pictures of a sheet, which a thumbnail of the whole would make too small.

    Args:
        path: A sheet of samples.
        side: Longer side of the result.
        picture_px: Side of the pictures on the sheet.

    Returns:
        uint8 array of shape (height, width, 3).

    Raises:
        UnreadablePictureError: It cannot be shown; the message says why.
    """
    end = _CORNER_PICTURES * (picture_px + _SHEET_GAP_PX)
    corner = Image.fromarray(sheet(path)[_SHEET_GAP_PX:end, _SHEET_GAP_PX:end])
    return np.asarray(ImageOps.contain(corner, (side, side), Image.Resampling.LANCZOS))
