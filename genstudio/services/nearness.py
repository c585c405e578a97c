"""Pictures of a gallery by how near they are to one of them, as the eye sees it; no torch."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from genstudio.data.decode import UnreadablePictureError
from genstudio.data.picture_figures import features_of
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress
from genstudio.services import studio
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.jobs import Job

_SIDE = 64
_TELL_EVERY = 50
# What pictures look like, by file, time of its last change, and size: a millisecond each to find
# out, 300 bytes each to keep while the program runs.
_Stamp: TypeAlias = tuple[str, int, int]
_looked_at: Final[dict[_Stamp, np.ndarray]] = {}
_MOST_KEPT = 200_000


def by_nearness(items: Sequence[GalleryItem], to: str) -> Job[Progress | list[str]]:
    """Order pictures by how near they are to one of them.

    Args:
        items: What is to be ordered; what cannot be read comes last.
        to: Name of the one that the others are compared with.

    Returns:
        A job whose last item is the list of names.
    """

    def work() -> Iterator[Progress | list[str]]:
        known: dict[str, np.ndarray] = {}
        for done, item in enumerate(items, start=1):
            # One that cannot be read is shown so, and comes last.
            with suppress(UnreadablePictureError, OSError, ValueError):
                known[item.name] = _look_of(item.path)
            if done % _TELL_EVERY == 0 or done == len(items):
                yield Progress(tr("Comparing pictures"), done, len(items))
        wanted = known.get(to)
        names = [item.name for item in items]
        if wanted is not None:
            apart = np.abs(np.stack(list(known.values())).astype(np.float32) - wanted).mean(axis=1)
            far: dict[str, float] = dict(zip(known, apart.tolist(), strict=True))
            names.sort(key=lambda name: far.get(name, np.inf))
        yield names

    return Job("nearness", work)


def _look_of(path: Path) -> np.ndarray:
    """What a picture looks like, float16 of shape (features,)."""
    told = path.stat()
    stamp = (str(path), told.st_mtime_ns, told.st_size)
    found = _looked_at.get(stamp)
    if found is None:
        found = features_of(studio.thumbnail(path, _SIDE)).astype(np.float16)
        if len(_looked_at) >= _MOST_KEPT:
            _looked_at.clear()
        _looked_at[stamp] = found
    return found
