"""What the window asks of operations: each as a job that runs beside it.

Importing this module does not import torch; the jobs do, in their own threads.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from genstudio.artifacts.catalog import ARTIFACTS, kind_of_file, kind_of_input
from genstudio.data.decode import decode_thumbnail
from genstudio.data.formats import may_be_picture
from genstudio.data.listing import list_pictures, natural_key
from genstudio.domain.artifacts import IMAGE, TEXT
from genstudio.domain.errors import DatasetError, GenStudioError
from genstudio.domain.files import is_file, replacing
from genstudio.domain.language import inside, tr
from genstudio.domain.operations import MORE_LIKE_THESE, OperationCard
from genstudio.domain.progress import Progress, Working
from genstudio.domain.settings import Settings
from genstudio.services import score_tables
from genstudio.services.gallery import Gallery
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.jobs import Job
from genstudio.services.outputs import free_place
from genstudio.services.packs import is_missing
from genstudio.services.projects import Project, slug
from genstudio.services.score_tables import ScoreTable

_RESULTS = "results"
_PASTED = "pasted"
_MOST_LISTED = 2000
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationEntry:
    """An operation of the catalogue, as the Create page shows it.

    Attributes:
        card: What it is.
        settings: What can be chosen, by the key of the model; "" where none is needed.
        missing_pack: Key of a pack that is not installed, without which it cannot read what goes
            in; empty for none.
    """

    card: OperationCard
    settings: Mapping[str, type[Settings]]
    missing_pack: str = ""


def load_operations() -> Job[OperationEntry]:
    """Import the catalogue of operations, with what they let one choose for each architecture."""

    def items() -> Iterator[OperationEntry]:
        catalog = import_module("genstudio.services.operations.catalog")
        perform = import_module("genstudio.services.operations.perform")
        models = import_module("genstudio.models.catalog")
        usable = models.usable_models()[0]
        for operation in catalog.OPERATIONS.usable():
            card = operation.card
            fitting = [model for model in usable if perform.can_be_done_with(card, model)]
            offered = {model.card.key: operation.settings(model) for model in fitting}
            yield OperationEntry(
                card=card,
                settings=offered if card.needs_run else {"": operation.settings(None)},
                missing_pack=_missing_pack(card),
            )

    return Job("operations", items)


def _missing_pack(card: OperationCard) -> str:
    needed = {spec.kind for spec in card.inputs if spec.minimum}
    wanted = [it.card.pack for it in ARTIFACTS.usable() if it.card.key in needed]
    return next((pack for pack in wanted if is_missing(pack)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationResult:
    """A result of an operation, on the disk.

    Attributes:
        path: Its file, with the recipe inside.
        kind: Key of its artifact kind.
        source: The input that it was made from; None if from none or several.
        values: Numbers that belong to it.
    """

    path: Path
    kind: str
    source: Path | None = None
    values: Mapping[str, float | str] = field(default_factory=dict[str, float | str])


def part_of(result: Path, name: str) -> Path:
    """Where a part of a result, such as its heat map, is written to."""
    return result.parent / name / result.name


def read_scores(folder: Path) -> Job[ScoreTable]:
    """Read the table that a search for what does not belong left beside its results."""

    def items() -> Iterator[ScoreTable]:
        yield score_tables.read_scores(folder)

    return Job("scores", items)


def perform_operation(
    key: str,
    *,
    out: Path,
    run: Path | None,
    inputs: Mapping[str, Sequence[Path]],
    count: int,
    seed: int,
    settings: Mapping[str, Any],
    watch: bool = False,
) -> Job[OperationResult | Progress]:
    """Have an operation done; results and reports are written to ``out`` as they come.

    Runs are only read, so that a training may go on meanwhile, also of this run.
    """

    def items() -> Iterator[OperationResult | Progress]:
        perform = import_module("genstudio.services.operations.perform")
        save = import_module("genstudio.services.operations.save")
        steps = perform.perform(
            key, run=run, inputs=inputs, count=count, seed=seed, settings=settings, watch=watch
        )
        for step in save.ResultFolder(out).kept(steps):
            if isinstance(step, Progress):
                yield step
                continue
            made, path = step
            yield OperationResult(
                path=path,
                kind=made.artifact.kind,
                source=made.source,
                values=made.artifact.values,
            )

    return Job("operation", items)


def perform_and_hang(
    project: Project,
    key: str,
    *,
    run: Path,
    settings: Mapping[str, Any],
    inputs: Mapping[str, Sequence[Path]],
    checkpoint: str,
) -> Job[GalleryItem]:
    """Have an operation done, and put what comes of it into the gallery."""

    def items() -> Iterator[GalleryItem]:
        perform = import_module("genstudio.services.operations.perform")
        with Gallery(project) as gallery:
            for step in perform.perform(
                key, run=run, settings=settings, inputs=inputs, checkpoint=checkpoint
            ):
                if not isinstance(step, Progress):
                    yield gallery.hang(step.artifact, step.recipe)

    return Job("keep", items)


def more_to_taste(
    project: Project, *, run: Path, count: int, settings: Mapping[str, Any]
) -> Job[GalleryItem | Progress]:
    """Make pictures towards what was rated well, into the gallery; the last progress says how."""

    def items() -> Iterator[GalleryItem | Progress]:
        perform = import_module("genstudio.services.operations.perform")
        seed = secrets.randbelow(2**31)
        with Gallery(project) as gallery:
            for step in perform.perform(
                MORE_LIKE_THESE, run=run, count=count, seed=seed, settings=settings
            ):
                if isinstance(step, Progress):
                    yield step
                else:
                    yield gallery.hang(step.artifact, step.recipe)

    return Job("more-to-taste", items)


def hang_results(project: Project, paths: Sequence[Path]) -> Job[GalleryItem]:
    """Put results of operations into the gallery."""

    def items() -> Iterator[GalleryItem]:
        with Gallery(project) as gallery:
            for path in paths:
                kind = kind_of_file(path)
                recipe = None if kind is None else kind.read_recipe(path)
                if kind is not None and recipe is not None:
                    yield gallery.hang(kind.read(path), recipe)

    return Job("hang", items)


def hang_first_pictures(run: Path) -> Job[Progress]:
    """Make the first pictures of a finished run; each comes with its item of the gallery."""

    def items() -> Iterator[Progress]:
        yield from import_module("genstudio.services.first_pictures").hang_first_pictures(run)

    return Job("first-pictures", items)


def results_folder(project: Project, operation: str) -> Path:
    """A new folder for what an operation makes now; it is made with the first result."""
    stamp = datetime.now(UTC).astimezone().strftime("%Y%m%d-%H%M%S")
    return free_place(project.path / _RESULTS / f"{stamp}-{slug(operation)}")


@dataclass(frozen=True, slots=True)
class RemadePicture:
    """Whether a picture came out the same; if it did not, ``path`` holds what came out."""

    is_same: bool
    path: Path


def remake(path: Path, project: Project) -> Job[Progress | RemadePicture]:
    """Make a picture of a project again; what comes out otherwise is written to its results."""

    def work() -> Iterator[Progress | RemadePicture]:
        remaking = import_module("genstudio.services.remaking")
        outputs = import_module("genstudio.services.outputs")
        work: Working[Any] = remaking.remake(path, projects=[project.path])
        done = yield from work
        out = results_folder(project, "remade") / path.name
        place = path if done.is_same else outputs.save_artifact(done.artifact, out, done.recipe)
        yield RemadePicture(done.is_same, place)

    return Job("remake", work)


def list_results(project: Project) -> Job[OperationResult]:
    """What operations made before and a person may not have seen since, the newest first."""

    def items() -> Iterator[OperationResult]:
        yield from islice(_earlier_results(project.path / _RESULTS), _MOST_LISTED)

    return Job("results", items)


def _earlier_results(folder: Path) -> Iterator[OperationResult]:
    # A link may lead out of the project, which nothing is read from.
    if not folder.is_dir() or folder.is_symlink():
        return
    inside = [it for it in folder.iterdir() if it.is_dir() and not it.is_symlink()]
    for made in sorted(inside, key=lambda it: it.name, reverse=True):
        if made.name == _PASTED:
            continue
        for path in sorted(made.iterdir(), key=lambda it: natural_key(it.name)):
            kind = None if path.is_symlink() or path.name.startswith(".") else kind_of_file(path)
            if kind is not None and is_file(path) and not _is_note(path, kind.card.key):
                yield OperationResult(path=path, kind=kind.card.key)


def _is_note(path: Path, kind: str) -> bool:
    """Whether a text file is none that was made, but says something of what was."""
    if kind != TEXT:
        return False
    try:
        return ARTIFACTS.get(kind).read_recipe(path) is None
    except GenStudioError:
        return True


def gather_inputs(paths: Sequence[Path], kind: str) -> Job[Path]:
    """Find the files of a kind among files and folders; only names are looked at.

    What does not fit is told by the error that it ends with, after all that does.
    """

    def items() -> Iterator[Path]:
        strangers: list[Path] = []
        for path in paths:
            if path.is_dir():
                found = _fitting(path, kind)
                yield from found
                if not found:
                    strangers.append(path)
            elif fits(path, kind):
                yield path
            else:
                strangers.append(path)
        if strangers:
            raise _unfitting(strangers, kind)

    return Job("inputs", items)


def fits(path: Path, kind: str) -> bool:
    """Whether a file's name is one of that kind."""
    if kind == IMAGE:
        return may_be_picture(path.name)
    card = ARTIFACTS.get(kind).card
    return path.name.lower().endswith((*card.suffixes, *card.also_taken))


def _fitting(folder: Path, kind: str) -> list[Path]:
    if kind == IMAGE:
        return [folder / name for name in list_pictures(folder.absolute()).names]
    found = (path for path in folder.rglob("*") if fits(path, kind) and is_file(path))
    return sorted(found, key=lambda path: natural_key(str(path)))


def _unfitting(paths: Sequence[Path], kind: str) -> DatasetError:
    names = ", ".join(path.name for path in paths[:_MOST_NAMED])
    if len(paths) > _MOST_NAMED:
        names += tr(" and {num_paths:,} more", num_paths=len(paths) - _MOST_NAMED)
    what = inside(ARTIFACTS.get(kind).card.title)
    return DatasetError(
        tr("{names} cannot be used here", names=names),
        tr("What is needed is a file of this kind: {what}.", what=what),
        tr("Choose other files, or a folder that holds some."),
    )


def keep_pasted(project: Project, image_HWC: np.ndarray) -> Job[Path]:
    """Save a picture from the clipboard among the results; gives its file.

    Args:
        project: That it is kept in.
        image_HWC: uint8 of shape (height, width, 4).
    """

    def items() -> Iterator[Path]:
        stamp = datetime.now(UTC).astimezone().strftime("%Y%m%d-%H%M%S")
        place = free_place(project.path / _RESULTS / _PASTED / f"{stamp}.png")
        with replacing(place) as temporary:
            Image.fromarray(image_HWC).save(temporary, "PNG")
        yield place

    return Job("paste", items)


def thumbnail(path: Path, side: int) -> np.ndarray:
    """Draw a file of any kind for a grid: uint8 (height, width, 3 or 4)."""
    kind = kind_of_input(path)
    if kind is None or kind.card.key == IMAGE:
        return decode_thumbnail(path, side=side, with_opacity=True)
    return kind.thumbnail(path, side)


def words_about(path: Path) -> str:
    """Describe a result that is kept in a file, in a line.

    Raises:
        DatasetError: It cannot be read.
    """
    kind = kind_of_file(path)
    return "" if kind is None else kind.words(kind.read(path))
