"""Which pictures of a gallery were found to be nearly copies of what was learned from."""

from functools import lru_cache
from pathlib import Path

from genstudio.services.copy_marks import FILE, read_marks
from genstudio.services.exporters.files import gallery_folder
from genstudio.services.gallery_items import GalleryItem


def is_marked_copy(item: GalleryItem) -> bool:
    """Whether "Did it copy?" found it out; what was never looked at is none."""
    project = gallery_folder(item).parent
    return item.name in _copies(project, _written_ns(project / FILE))


@lru_cache(maxsize=4)
def _copies(project: Path, written_ns: int) -> frozenset[str]:
    del written_ns  # Whoever looks again after it was written reads it anew.
    return frozenset(name for name, mark in read_marks(project).items() if mark.is_copy)


def _written_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
