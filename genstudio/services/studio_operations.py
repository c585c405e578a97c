"""What the window asks of operations: each as a job that runs beside it.

Importing this module does not import torch; the jobs do, in their own threads.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from genstudio.artifacts.catalog import kind_of_file
from genstudio.domain.operations import OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings
from genstudio.services.gallery import Gallery
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.jobs import Job
from genstudio.services.projects import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationEntry:
    """An operation of the catalogue, as the Create page shows it.

    Attributes:
        card: What it is.
        settings: What can be chosen, by the key of the model; "" where none is needed.
    """

    card: OperationCard
    settings: Mapping[str, type[Settings]]


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
                card=card, settings=offered if card.needs_run else {"": operation.settings(None)}
            )

    return Job("operations", items)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationResult:
    """A result of an operation, on the disk until the project is closed or it is hung.

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


def perform_operation(
    key: str,
    *,
    out: Path,
    run: Path | None,
    inputs: Mapping[str, Sequence[Path]],
    count: int,
    seed: int,
    settings: Mapping[str, Any],
) -> Job[OperationResult | Progress]:
    """Have an operation done; results are written to ``out`` as they come.

    Runs are only read, so that a training may go on meanwhile, also of this run.
    """

    def items() -> Iterator[OperationResult | Progress]:
        perform = import_module("genstudio.services.operations.perform")
        save = import_module("genstudio.services.operations.save")
        for step in perform.perform(
            key, run=run, inputs=inputs, count=count, seed=seed, settings=settings
        ):
            if isinstance(step, Progress):
                yield step
                continue
            path = save.save_made(step, out)
            yield OperationResult(
                path=path,
                kind=step.artifact.kind,
                source=step.source,
                values=step.artifact.values,
            )

    return Job("operation", items)


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
