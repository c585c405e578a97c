"""Exporter "molecules": lists and tables that chemists' programs read, with drawings."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from genstudio.artifacts.catalog import kind_of_file
from genstudio.data import chemistry
from genstudio.domain.artifacts import MOLECULE, Artifact
from genstudio.domain.errors import GenStudioError
from genstudio.domain.progress import Progress, Working
from genstudio.domain.settings import setting
from genstudio.services.exporters.files import (
    UnusableItemError,
    content_of,
    finished,
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
from genstudio.services.outputs import free_place

_DRAWING_PX = 400
_STEM = "molecules"
_MARK = "a trained model made these molecules"


class MoleculesOptions(ExportOptions):
    """What comes beside the lists."""

    drawings: bool = setting(
        True, title="Drawings — SVG", help="A drawing of each, which can be enlarged."
    )


class Molecules:
    """One .smi, one .csv and one .sdf of all molecules."""

    card: ClassVar[ExporterCard] = ExporterCard(
        key="molecules",
        title="As lists of molecules",
        summary="All molecules as .smi, .csv and .sdf, with drawings; pictures are left out.",
        icon="share",
    )
    Options: ClassVar[type[ExportOptions]] = MoleculesOptions

    def export(
        self, items: Sequence[GalleryItem], to: Path, title: str, options: ExportOptions
    ) -> Working[ExportDone]:
        """Write the lists; drawings go into a folder beside them."""
        assert isinstance(options, MoleculesOptions)
        left_out: list[LeftOut] = []
        found: list[tuple[str, Artifact, bytes]] = []
        for done, item in enumerate(items, start=1):
            try:
                content = content_of(item, options.metadata)
                found.append((Path(item.name).stem, _read(item), content))
            except UnusableItemError as error:
                left_out.append(LeftOut(item.name, error.title))
            yield Progress("Exporting", done, len(items))
        done_with = finished(to, items, left_out)
        comment = "" if options.metadata == "nothing" else f"# {title}: {_MARK}\n"
        lines = "".join(f"{artifact.data} {name}\n" for name, artifact, _ in found)
        write_once(free_place(to / f"{_STEM}.smi"), (comment + lines).encode())
        write_once(free_place(to / f"{_STEM}.csv"), _table(found))
        write_once(free_place(to / f"{_STEM}.sdf"), b"".join(content for *_, content in found))
        if options.drawings:
            for name, artifact, _ in found:
                drawing = chemistry.draw_svg(str(artifact.data), _DRAWING_PX)
                write_once(free_place(to / "drawings" / f"{name}.svg"), drawing.encode())
        return done_with


def _read(item: GalleryItem) -> Artifact:
    kind = kind_of_file(item.path)
    if kind is None or kind.card.key != MOLECULE:
        raise UnusableItemError("It is no molecule")
    try:
        return kind.read(item.path)
    except GenStudioError as error:
        raise UnusableItemError(error.title) from error


def _table(found: Sequence[tuple[str, Artifact, bytes]]) -> bytes:
    names = list(dict.fromkeys(name for _, artifact, _ in found for name in artifact.values))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "smiles", *names])
    for name, artifact, _ in found:
        writer.writerow([name, artifact.data, *(artifact.values.get(it, "") for it in names)])
    return text.getvalue().encode()


EXPORTER: Final[Exporter] = Molecules()
