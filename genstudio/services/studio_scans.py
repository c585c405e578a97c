"""What the window asks of scans: a preview, and a job that makes pictures of them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from genstudio.domain.progress import Progress, with_result
from genstudio.domain.settings import parse_settings
from genstudio.services import scans
from genstudio.services.jobs import Job


def import_scans(
    paths: Sequence[Path], to: Path, options: Mapping[str, Any]
) -> Job[Progress | scans.Imported]:
    """Make grey pictures of scans in a new folder; what came of it comes last."""

    def items() -> Iterator[Progress | scans.Imported]:
        yield from with_result(
            scans.import_scans(paths, to, parse_settings(scans.ScanOptions, options))
        )

    return Job("scans", items)


def preview(folder: Path, options: Mapping[str, Any], at: float = 0.5) -> scans.Look:
    """A slice of the first scan; 0 is the first one, 1 the last.

    Raises:
        GenStudioError: There is none, or an option is out of bounds.
    """
    return scans.preview([folder], parse_settings(scans.ScanOptions, options), at)
