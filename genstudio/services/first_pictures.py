"""What a finished run has to show: its first pictures, made when its training is over."""

import gc
from collections.abc import Iterator
from pathlib import Path

from genstudio.domain.artifacts import Artifact
from genstudio.domain.cards import CROSS
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.operations import GENERATE, GENERATE_PAIRS
from genstudio.domain.progress import Progress, Working
from genstudio.domain.recipes import Recipe
from genstudio.models.catalog import model_class
from genstudio.models.tasks import find_task
from genstudio.services.gallery import Gallery
from genstudio.services.generation import generate
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.runs import Run

COUNT = 24
_WHAT = tr_noop("Making the first results")


def hang_first_pictures(path: Path) -> Working[int]:
    """Make pictures on the seeds that a run's previews began with, and hang them in the gallery.

    It is work of its own after a run's last event, so that the run is finished and saved whatever
    becomes of it: what hangs when it is cancelled, or when the program closes, stays, and the rest
    can be made from the same seeds at any time.

    Args:
        path: Folder of the run.

    Returns:
        How many hang there; none where a model makes nothing from seeds alone.

    Raises:
        GenStudioError: The run cannot be opened, or the gallery cannot be written to.
    """
    run = Run(path)
    if find_task(model_class(run.settings.model_key), GENERATE) is None:
        return 0
    # Parts of a run refer to each other: until it is collected, its model stays in memory.
    gc.collect()
    yield Progress(what=tr(_WHAT), done=0, total=COUNT)
    with Gallery(run.project()) as gallery:
        for done, (artifact, recipe) in enumerate(_made(run), start=1):
            item = gallery.hang(artifact, recipe)
            yield Progress(what=tr(_WHAT), done=done, total=COUNT, item=item)
    return COUNT


def _made(run: Run) -> Iterator[tuple[Artifact, Recipe]]:
    """So many pictures; of a model of pairs, half of them are what belongs to the others."""
    if CROSS in model_class(run.settings.model_key).card.capabilities:
        pairs = perform(GENERATE_PAIRS, run=run.path, count=COUNT // 2, checkpoint="last")
        yield from ((it.artifact, it.recipe) for it in pairs if isinstance(it, Made))
        return
    for made in generate(run, range(COUNT), checkpoint="last"):
        yield made.artifact, made.recipe
