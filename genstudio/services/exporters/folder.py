"""Exporter "folder": the files themselves."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working
from genstudio.services.exporters.files import (
    UnusableItemError,
    finished,
    place_for,
    write_once,
)
from genstudio.services.exporters.molecule_lists import ListedMolecule, listed, lists_of
from genstudio.services.exporters.protocol import (
    ExportDone,
    Exporter,
    ExporterCard,
    ExportOptions,
    LeftOut,
)
from genstudio.services.exporters.signing import Finisher
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.outputs import free_place, has_content


class Folder:
    """Copies of the files in a folder."""

    card: ClassVar[ExporterCard] = ExporterCard(
        key="folder",
        title="As a folder of files",
        summary="Copies every file into a folder; of molecules also lists and drawings.",
        icon="folder-open",
    )
    Options: ClassVar[type[ExportOptions]] = ExportOptions

    def export(
        self, items: Sequence[GalleryItem], to: Path, title: str, options: ExportOptions
    ) -> Working[ExportDone]:
        """Copy the files."""
        del title
        finisher = Finisher(options)
        left_out: list[LeftOut] = []
        molecules: list[ListedMolecule] = []
        for done, item in enumerate(items, start=1):
            try:
                content = finisher.content_of(item)
            except UnusableItemError as error:
                left_out.append(LeftOut(item.name, error.title))
            else:
                place = place_for(to, item, content, is_there=finisher.is_there)
                write_once(place, content)
                if (molecule := listed(item, content)) is not None:
                    molecules.append(molecule)
            yield Progress(tr("Exporting"), done, len(items))
        done_with = finished(to, items, left_out, finisher.unsigned)
        for name, content in lists_of(molecules, options.metadata):
            place = free_place(to / name, lambda it, own=content: has_content(it, own))
            write_once(place, content)
        return done_with


EXPORTER: Final[Exporter] = Folder()
