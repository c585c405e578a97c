"""Exporter "zip": the files in one archive."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from genstudio.domain.files import explained, replacing
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working
from genstudio.services.exporters.copies import is_marked_copy
from genstudio.services.exporters.files import UnusableItemError, finished
from genstudio.services.exporters.protocol import (
    ExportDone,
    Exporter,
    ExporterCard,
    ExportOptions,
    LeftOut,
)
from genstudio.services.exporters.signing import Finisher
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.projects import slug

_LIST = "gallery.json"
# The earliest that the format knows: archives of the same results are the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Archive:
    """One ZIP file."""

    card: ClassVar[ExporterCard] = ExporterCard(
        key="zip",
        title="As one ZIP file",
        summary="All pictures in one file that can be sent, with a list of ratings and tags.",
        icon="package",
        suffixes=(".zip",),
    )
    Options: ClassVar[type[ExportOptions]] = ExportOptions

    def export(
        self, items: Sequence[GalleryItem], to: Path, title: str, options: ExportOptions
    ) -> Working[ExportDone]:
        """Write the archive; what is in it lies in a folder of the title's name."""
        finisher = Finisher(options)
        left_out: list[LeftOut] = []
        listed: list[dict[str, object]] = []
        folder = slug(title)
        with (
            explained(to),
            replacing(to) as temporary,
            # Pictures are compressed already.
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive,
        ):
            for done, item in enumerate(items, start=1):
                try:
                    content = finisher.content_of(item)
                except UnusableItemError as error:
                    left_out.append(LeftOut(item.name, error.title))
                else:
                    archive.writestr(zipfile.ZipInfo(f"{folder}/{item.name}", _EPOCH), content)
                    told: dict[str, object] = {
                        "file": item.name,
                        "rating": item.rating,
                        "tags": list(item.tags),
                    }
                    listed.append({**told, "copy": True} if is_marked_copy(item) else told)
                yield Progress(tr("Exporting"), done, len(items))
            finished(to, items, left_out)
            if options.metadata == "everything":
                text = json.dumps(listed, ensure_ascii=False, indent=1)
                archive.writestr(zipfile.ZipInfo(f"{folder}/{_LIST}", _EPOCH), text)
        return finished(to, items, left_out, finisher.unsigned)


EXPORTER: Final[Exporter] = Archive()
