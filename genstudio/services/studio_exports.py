"""What the window asks for to take pictures out of the gallery."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from genstudio.domain.progress import Progress, with_result
from genstudio.services.export import export_gallery
from genstudio.services.exporters.catalog import EXPORTERS
from genstudio.services.exporters.protocol import ExportDone, Exporter
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.jobs import Job


def exporters() -> list[Exporter]:
    """The ways of exporting that can be used."""
    return list(EXPORTERS.usable())


def export_pictures(
    items: list[GalleryItem],
    *,
    to: Path,
    kind: str,
    title: str,
    options: Mapping[str, Any] | None = None,
) -> Job[Progress | ExportDone]:
    """Export pictures of the gallery."""

    def work() -> Iterator[Progress | ExportDone]:
        yield from with_result(
            export_gallery(items, to=to, kind=kind, title=title, options=options)
        )

    return Job("export", work)
