"""What is done before a run begins: its pictures are looked through and decoded.

Both take long for very many. Whoever trains is told how far it is, and can stop it.
"""

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from genstudio.data.modalities.catalog import MODALITIES
from genstudio.data.modalities.protocol import FileModality, JoinsMaterials
from genstudio.data.modalities.scanning import scan_material
from genstudio.domain import events
from genstudio.domain.datasets import Manifest, ScanReport
from genstudio.domain.progress import Working
from genstudio.domain.training import TrainingSettings
from genstudio.engine.meters import RateLimit
from genstudio.engine.trainer import CommandSource
from genstudio.models.catalog import model_class
from genstudio.services.decoding import Decoded, decoded_to_learn

_TOLD_PER_S = 10

T = TypeVar("T")
# Tells how it goes while it runs, and has a result at its end.
Preparation = Generator[events.Event, None, T]


class StopWantedError(Exception):
    """A person does not want to wait until the pictures are ready."""


def scan(
    folder: Path,
    source: CommandSource,
    settings: TrainingSettings,
    *,
    modality: str | None = None,
    column: str = "",
    within: Sequence[str] = (),
) -> Preparation[ScanReport]:
    """Look through a folder.

    Args:
        folder: The folder.
        source: A person's commands.
        settings: Of the run, whose model may learn from one material only.
        modality: Key of what the folder is learned as; by default the likeliest for the model.
        column: Of tables, where a person chose one.
        within: Folders inside the folder that alone are looked into; by default all.

    Raises:
        StopWantedError: A person wants a stop.
        DatasetError: The folder cannot be used.
    """
    wanted, joins = modality or _own_material(settings), _joins(settings)
    scanning = scan_material(folder, wanted, column, within, joins=joins)
    return (yield from _told(scanning, source))


def decode(
    manifest: Manifest, settings: TrainingSettings, dataset: Path, source: CommandSource
) -> Preparation[Decoded]:
    """Decode what a run learns from, as far as that was not done before.

    Args:
        manifest: The files.
        settings: Of the run.
        dataset: Folder of the decoded ones.
        source: A person's commands.

    Raises:
        StopWantedError: A person wants a stop.
        GenStudioError: As :func:`~genstudio.services.decoding.decoded_to_learn`.
    """
    return (yield from _told(decoded_to_learn(manifest, settings, dataset), source))


def _told(work: Working[T], source: CommandSource) -> Preparation[T]:
    """Do the work to its end or until a person wants a stop; tell of it, not too often."""
    limit = RateLimit(_TOLD_PER_S)
    with closing(work):
        while True:
            try:
                step = next(work)
            except StopIteration as end:
                return end.value
            if source.is_stop_wanted:
                raise StopWantedError
            if limit.allows(time.monotonic()) or step.done == step.total:
                yield events.Preparing(what=step.what, done=step.done, total=step.total)


def _own_material(settings: TrainingSettings) -> str | None:
    """The material with files of its own that a model learns from; None if also from pictures."""
    first, *others = model_class(settings.model_key).card.modalities
    return first if not others and isinstance(MODALITIES.get(first), FileModality) else None


def _joins(settings: TrainingSettings) -> bool:
    """Whether a model learns from materials that belong together; others find each by itself."""
    learned = model_class(settings.model_key).card.modalities
    return any(isinstance(MODALITIES.get(key), JoinsMaterials) for key in learned)
