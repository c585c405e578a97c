"""Exporter "folder": the files themselves."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from genstudio.domain.progress import Progress, Working
from genstudio.services.exporters.files import (
    UnusableItemError,
    content_of,
    finished,
    place_for,
    write_once,
)
from genstudio.services.exporters.protocol import (
    ExportDone,
    Exporter,
    ExporterCard,
    ExportOptions,
    LeftOut,
)
from genstudio.services.gallery_items import GalleryItem


class Folder:
    """Copies of the files in a folder."""

    card: ClassVar[ExporterCard] = ExporterCard(
        key="folder",
        title="As a folder of pictures",
        summary="Copies every picture into a folder.",
        icon="folder-open",
    )
    Options: ClassVar[type[ExportOptions]] = ExportOptions

    def export(
        self, items: Sequence[GalleryItem], to: Path, title: str, options: ExportOptions
    ) -> Working[ExportDone]:
        """Copy the files."""
        del title
        left_out: list[LeftOut] = []
        for done, item in enumerate(items, start=1):
            try:
                content = content_of(item, options.metadata)
            except UnusableItemError as error:
                left_out.append(LeftOut(item.name, error.title))
            else:
                write_once(place_for(to, item, content), content)
            yield Progress("Exporting", done, len(items))
        return finished(to, items, left_out)


EXPORTER: Final[Exporter] = Folder()
