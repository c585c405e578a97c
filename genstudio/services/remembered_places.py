"""Places on this machine where weights lie, and the checksums that recipes know them by.

A recipe travels with what was made, so it names no folder of a person's disk: it holds the
checksum, and this machine remembers where it saw those weights last.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from genstudio.domain.errors import ProjectError
from genstudio.domain.files import is_file, read_file, write_text
from genstudio.domain.language import tr

_LARGEST_BYTES = 2**20
_MOST_KNOWN = 200
_BLOCK_BYTES = 2**22


class RememberedPlaces:
    """Places of one kind of weights, the one that was used last first.

    Args:
        file: Gives the file that they are kept in; asked each time.
    """

    def __init__(self, file: Callable[[], Path]) -> None:
        self._file = file

    def places_of(self, checksum: str) -> list[str]:
        """Places where weights of such a checksum were seen."""
        return [at for at, entry in self._known().items() if entry.get("sha256") == checksum]

    def last(self) -> str:
        """The place that was used last and is still there; empty if there is none."""
        return next((place for place in self._known() if Path(place).exists()), "")

    def checksum(self, path: Path, weights: Sequence[Path]) -> str:
        """SHA-256 of weights; of several files, that of their own checksums in order.

        Computed once, and again where a file became another one.

        Args:
            path: The place.
            weights: Files that lie there.

        Raises:
            ProjectError: A file cannot be read.
        """
        stamp = [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in weights]
        known = self._known()
        place = str(path.absolute())
        entry = known.get(place, {})
        if entry.get("stamp") == stamp and next(iter(known)) == place:
            return str(entry["sha256"])
        if entry.get("stamp") == stamp:
            found = str(entry["sha256"])
        else:
            own = [_of_file(file) for file in weights]
            found = own[0] if len(own) == 1 else hashlib.sha256("".join(own).encode()).hexdigest()
        others = {at: it for at, it in known.items() if at != place}
        kept = dict(list(others.items())[: _MOST_KNOWN - 1])
        content = {place: {"sha256": found, "stamp": stamp}, **kept}
        write_text(self._file(), json.dumps(content, indent=1))
        return found

    def _known(self) -> dict[str, dict[str, Any]]:
        """Place => checksum and stamp; nothing where that cannot be read: it is only comfort."""
        if not is_file(self._file()):
            return {}
        try:
            found: object = json.loads(read_file(self._file(), largest_bytes=_LARGEST_BYTES))
        except (OSError, ProjectError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        entries = cast("dict[str, Any]", found).items()
        return {place: cast("dict[str, Any]", it) for place, it in entries if isinstance(it, dict)}


def _of_file(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise ProjectError(
            tr("{name} cannot be read", name=path.name), str(error), tr("Is it still there?")
        ) from error
    return digest.hexdigest()
