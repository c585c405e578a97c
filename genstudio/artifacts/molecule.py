"""Molecules that say how they were made: SDF files, with the recipe among their properties."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from pydantic import ValidationError

from genstudio.artifacts.image import LARGEST_RECIPE_BYTES, SOURCE_TYPE
from genstudio.artifacts.protocol import ArtifactCard, ArtifactKind, Metadata
from genstudio.data import chemistry
from genstudio.data.molecule_files import LISTS, first_molecule
from genstudio.domain.artifacts import MOLECULE, Artifact
from genstudio.domain.errors import DatasetError, ProjectError
from genstudio.domain.files import explained, is_file, read_file, replacing
from genstudio.domain.language import tr
from genstudio.domain.recipes import Recipe

_RECIPE, _MARK, _SMILES = "genstudio", "DigitalSourceType", "SMILES"
_LARGEST_DRAWING_PX = 1024
# Among the values of an artifact.
_VALUE = "smiles"
_LARGEST_BYTES = 8 * 2**20
# Some programs cut longer lines.
_LONGEST_LINE = 180
_PROPERTY = re.compile(r"^> {1,2}<([^<>\n]+)>[^\n]*\n((?:[^\n]+\n)*)\n?", re.MULTILINE)
_END, _END_OF_ATOMS = "$$$$\n", "M  END"
_OPEN_ENDS = frozenset({_RECIPE, _MARK, _SMILES})


class Molecules:
    """Kind "molecule": SDF files of one record. An artifact's data is a SMILES.

    What is no molecule, as a model that has hardly learned writes it, is kept as a record without
    atoms, with the text among its properties.
    """

    card: ClassVar[ArtifactCard] = ArtifactCard(
        key=MOLECULE,
        title="Molecule",
        noun=("molecule", "molecules"),
        suffix=".sdf",
        media_type="chemical/x-mdl-sdfile",
        also_taken=LISTS,
        pack="molecules",
    )

    def write(self, artifact: Artifact, path: Path, recipe: Recipe) -> None:
        """Write an SDF with its recipe."""
        told = {_SMILES: str(artifact.data)}
        told |= {name: _number(value) for name, value in artifact.values.items() if name != _VALUE}
        told[_RECIPE] = _one_line_json(recipe, path)
        if recipe.synthetic:
            told[_MARK] = SOURCE_TYPE
        smiles = chemistry.canonical(str(artifact.data))
        content = chemistry.mol_block(smiles) + _properties(told) + _END
        with explained(path), replacing(path) as temporary:
            temporary.write_text(content, encoding="utf-8", newline="\n")

    def read(self, path: Path) -> Artifact:
        """Read the SMILES and what is known of it; of a person's own file, the first molecule."""
        told = _told(path) if path.name.lower().endswith(self.card.suffix) else {}
        recipe = _recipe_in(told, path)
        smiles = told[_SMILES] if _SMILES in told and recipe is not None else first_molecule(path)
        values: dict[str, float | str] = {_VALUE: smiles}
        values |= {name: _value(text) for name, text in told.items() if name not in _OPEN_ENDS}
        seed = None if recipe is None else recipe.seed
        return Artifact(kind=MOLECULE, data=smiles, seed=seed, values=values)

    def read_recipe(self, path: Path) -> Recipe | None:
        """Read how it was made."""
        return _recipe_in(_told(path), path)

    def with_metadata(self, content: bytes, metadata: Metadata) -> bytes:
        """The same molecule and its numbers, with less of how it came about."""
        if metadata == "everything":
            return content
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _unreadable(Path("The molecule"), tr("It is damaged.")) from error
        if not text.rstrip().endswith(_END.rstrip()):
            raise _unreadable(Path("The molecule"), tr("Its end is missing."))
        gone = {_RECIPE} if metadata == "mark" else {_RECIPE, _MARK}
        kept = _PROPERTY.sub(lambda found: "" if found[1] in gone else found[0], text)
        return kept.encode()

    def thumbnail(self, path: Path, side: int) -> np.ndarray:
        """Draw it."""
        return chemistry.draw(str(self.read(path).data), min(side, _LARGEST_DRAWING_PX))

    def draw(self, artifact: Artifact, side: int) -> np.ndarray:
        """The same."""
        return chemistry.draw(str(artifact.data), side)

    def is_same(self, one: Artifact, other: Artifact) -> bool:
        """Compare SMILES."""
        return bool(one.data == other.data)

    def words(self, artifact: Artifact) -> str:
        """Its SMILES, and what is known of it."""
        values, smiles = artifact.values, str(artifact.data)
        # What was measured when it was made needs no chemistry now.
        if "qed" not in values:
            if not chemistry.is_valid(smiles):
                return tr("{smiles} (no molecule)", smiles=smiles)
            values = {**values, **chemistry.properties(smiles)}
        return f"{smiles} · {said_of(values)}"


def said_of(values: Mapping[str, float | str]) -> str:
    """What is known of a molecule, in a line."""
    parts = [
        form.format(values[name])
        for name, form in (
            ("qed", tr("QED {}")),
            ("logp", tr("logP {}")),
            ("weight", tr("{} g/mol")),
            ("sa", tr("hard to make {} of 10")),
            ("novelty", "{}"),
        )
        if name in values
    ]
    if "nearest" in values and "similarity" in values:
        parts.append(
            tr(
                "most like {values} ({values2})",
                values=values["nearest"],
                values2=values["similarity"],
            )
        )
    return ", ".join(parts)


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _value(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _properties(told: Mapping[str, str]) -> str:
    return "".join(f">  <{name}>\n{_in_lines(text)}\n\n" for name, text in told.items())


def _in_lines(text: str) -> str:
    text = text.replace("\n", " ") or " "
    return "\n".join(
        text[start : start + _LONGEST_LINE] for start in range(0, len(text), _LONGEST_LINE)
    )


def _one_line_json(recipe: Recipe, path: Path) -> str:
    """A recipe in plain characters without spaces, which can be cut into lines anywhere."""
    content = json.dumps(recipe.model_dump(mode="json"), separators=(",", ":"))
    text = content.replace(" ", "\\u0020")
    if len(text) > LARGEST_RECIPE_BYTES:
        raise ProjectError(
            tr("The recipe of {name} is too long", name=path.name),
            tr(
                "Recipes have up to {largest_recipe_bytes} KiB.",
                largest_recipe_bytes=LARGEST_RECIPE_BYTES // 1024,
            ),
            tr("Give it fewer inputs."),
        )
    return text


def _told(path: Path) -> dict[str, str]:
    """Properties of the first record of an SDF.

    Raises:
        DatasetError: It cannot be read.
    """
    if not is_file(path):
        raise _unreadable(path, tr("There is no such file."))
    try:
        content = read_file(path, largest_bytes=_LARGEST_BYTES)
    except OSError as error:
        raise _unreadable(path, f"{error.strerror or error}.") from error
    text = content.decode("utf-8", "replace").replace("\r\n", "\n").partition(_END)[0]
    if _END_OF_ATOMS not in text:
        raise _unreadable(path, tr("It is no SDF file."))
    return {found[1]: found[2].replace("\n", "") for found in _PROPERTY.finditer(text)}


def _recipe_in(told: Mapping[str, str], path: Path) -> Recipe | None:
    text = told.get(_RECIPE)
    if text is None:
        return None
    try:
        # What is too long is cut, and is no JSON any more.
        return Recipe.model_validate_json(text[:LARGEST_RECIPE_BYTES])
    except ValidationError as error:
        raise ProjectError(
            tr("The recipe in {name} is damaged", name=path.name),
            tr("Its entries cannot be read."),
            tr("Use the original file, as GenStudio saved it."),
        ) from error


def _unreadable(path: Path, reason: str) -> DatasetError:
    return DatasetError(
        tr("{name} cannot be read as a molecule", name=path.name),
        reason,
        tr("Choose a molecule that GenStudio made."),
    )


KIND: Final[ArtifactKind] = Molecules()
