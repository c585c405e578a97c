"""Molecules as lists and tables that chemists' programs read, with drawings."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from genstudio.artifacts.catalog import kind_of_file
from genstudio.artifacts.protocol import Metadata
from genstudio.data import chemistry
from genstudio.domain.artifacts import MOLECULE
from genstudio.domain.errors import GenStudioError
from genstudio.services.gallery_items import GalleryItem

_DRAWING_PX = 400
_MARK: Final = "trainedAlgorithmicMedia: a trained model made these molecules"


@dataclass(frozen=True, slots=True)
class ListedMolecule:
    """A molecule of the gallery.

    Attributes:
        name: Stem of its file.
        smiles: What it is.
        values: What is known of it.
        content: Its file, as it is exported.
    """

    name: str
    smiles: str
    values: Mapping[str, float | str]
    content: bytes


def listed(item: GalleryItem, content: bytes) -> ListedMolecule | None:
    """A result as it stands in lists; None of what is no molecule, and so is read by no program."""
    kind = kind_of_file(item.path)
    if kind is None or kind.card.key != MOLECULE:
        return None
    try:
        artifact = kind.read(item.path)
    except GenStudioError:
        return None  # The file itself goes along all the same.
    smiles = str(artifact.data)
    if not chemistry.is_valid(smiles):
        return None
    return ListedMolecule(Path(item.name).stem, smiles, artifact.values, content)


def lists_of(found: Iterable[ListedMolecule], metadata: Metadata) -> Iterator[tuple[str, bytes]]:
    """Names and contents of files: .smi, .csv, .sdf with all, and a drawing (SVG) of each."""
    molecules = list(found)
    if not molecules:
        return
    comment = "" if metadata == "nothing" else f"# {_MARK}\n"
    lines = "".join(f"{it.smiles} {it.name}\n" for it in molecules)
    yield "molecules.smi", (comment + lines).encode()
    yield "molecules.csv", _table(molecules)
    yield "molecules.sdf", b"".join(it.content for it in molecules)
    for it in molecules:
        yield f"drawings/{it.name}.svg", chemistry.draw_svg(it.smiles, _DRAWING_PX).encode()


def _table(molecules: list[ListedMolecule]) -> bytes:
    found = dict.fromkeys(name for it in molecules for name in it.values)
    names = [name for name in found if name != "smiles"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "smiles", *names])
    for it in molecules:
        writer.writerow([it.name, it.smiles, *(it.values.get(name, "") for name in names)])
    return text.getvalue().encode()
