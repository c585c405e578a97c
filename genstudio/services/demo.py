"""The demonstration: built-in pictures, a small model, a gallery, within minutes on any machine."""

import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from genstudio.data.samples import make_sample_folder
from genstudio.domain import events
from genstudio.domain.language import tr
from genstudio.engine.meters import RateLimit
from genstudio.engine.trainer import CommandSource, with_one_ending
from genstudio.services.preferences import sample_folder
from genstudio.services.presets import resolve_settings
from genstudio.services.training import NewRun, start_run

_MODEL = "residual-vae"
_SIZE = 32


def demonstration_folder() -> Path:
    """A new folder for a demonstration's project."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return platformdirs.user_documents_path() / "GenStudio" / f"demonstration-{stamp}"


def demonstration(project: Path, minutes: float, source: CommandSource) -> Iterator[events.Event]:
    """Draw the built-in pictures where they are missing and train a small model on them.

    Yields:
        Events, of which the last and only the last is terminal.
    """
    return with_one_ending(_demonstration(project, minutes, source), None)


def _demonstration(project: Path, minutes: float, source: CommandSource) -> Iterator[events.Event]:
    pictures = sample_folder()
    limit = RateLimit(10)
    for item in make_sample_folder(pictures):
        if limit.allows(time.monotonic()) or item.done == item.total:
            yield events.Preparing(what=tr("Drawing flowers"), done=item.done, total=item.total)
    budget = {"unit": "minutes", "amount": minutes}
    settings = resolve_settings(
        preset="quick",
        model_key=_MODEL,
        training={"size": _SIZE, "budget": budget},
        # In a minute a critic has nothing to say yet, and takes two thirds of the time.
        model={"adversarial_weight": 0.0},
    )
    yield from start_run(NewRun(folder=pictures, project=project, settings=settings), source)
