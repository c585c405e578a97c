"""Texts that say how they were made: plain text files, with the recipe in lines at the end."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from pydantic import ValidationError

from genstudio.artifacts.image import LARGEST_RECIPE_BYTES, SOURCE_TYPE
from genstudio.artifacts.protocol import ArtifactCard, ArtifactKind, Metadata
from genstudio.data.plain_texts import (
    FOOTER,
    FOOTER_LINE,
    UnreadableTextError,
    num_words,
    read_text,
    text_in,
)
from genstudio.data.text_pictures import draw_text
from genstudio.domain.artifacts import TEXT, Artifact
from genstudio.domain.errors import DatasetError, ProjectError
from genstudio.domain.files import explained, read_file, replacing
from genstudio.domain.language import quoted, tr, trn
from genstudio.domain.recipes import Recipe

_MARK, _RECIPE, _VALUES = "DigitalSourceType: ", "Recipe: ", "Values: "
_END = "--------"
_LARGEST_BYTES = 16 * 2**20
_LONGEST_VALUE = 300
_LARGEST_DRAWING_PX = 2048


class Texts:
    """Kind "text": text files in UTF-8. An artifact's data is the text."""

    card: ClassVar[ArtifactCard] = ArtifactCard(
        key=TEXT,
        title="Text",
        noun=("text", "texts"),
        suffix=".txt",
        media_type="text/plain",
        also_taken=(".md",),
    )

    def write(self, artifact: Artifact, path: Path, recipe: Recipe) -> None:
        """Write the text, and its recipe behind it."""
        lines = [FOOTER_LINE]
        if recipe.synthetic:
            lines.append(f"{_MARK}{SOURCE_TYPE}")
        lines += [f"{_VALUES}{name} = {_shown(value)}" for name, value in artifact.values.items()]
        lines += [f"{_RECIPE}{recipe.model_dump_json()}", _END]
        content = f"{str(artifact.data).rstrip()}\n\n\n" + "\n".join(lines) + "\n"
        with explained(path), replacing(path) as temporary:
            temporary.write_text(content, encoding="utf-8", newline="\n")

    def read(self, path: Path) -> Artifact:
        """Read the text and what was noted of it."""
        text, told = _parts(path)
        recipe = _recipe_in(told, path)
        values: dict[str, float | str] = {}
        for line in told:
            name, equals, value = line.removeprefix(_VALUES).partition(" = ")
            if line.startswith(_VALUES) and equals:
                values[name] = _number(value)
        seed = None if recipe is None else recipe.seed
        return Artifact(kind=TEXT, data=text, seed=seed, values=values)

    def read_recipe(self, path: Path) -> Recipe | None:
        """Read how it was made."""
        return _recipe_in(_parts(path)[1], path)

    def with_metadata(self, content: bytes, metadata: Metadata) -> bytes:
        """The same text, with less behind it."""
        try:
            whole = text_in(content)
        except UnreadableTextError as error:
            raise _unreadable(tr("The text"), str(error)) from error
        found = FOOTER.search(whole)
        if found is None or not whole.rstrip().endswith(f"\n{_END}"):
            raise _unreadable(tr("The text"), tr("Its end is missing."))
        if metadata == "everything":
            return content
        text = whole[: found.start()]
        if metadata == "mark":
            text += f"\n\n\n{FOOTER_LINE}\n{_MARK}{SOURCE_TYPE}\n{_END}"
        return f"{text}\n".encode()

    def thumbnail(self, path: Path, side: int) -> np.ndarray:
        """Draw its beginning as a page."""
        return draw_text(_parts(path)[0], min(side, _LARGEST_DRAWING_PX))

    def draw(self, artifact: Artifact, side: int) -> np.ndarray:
        """The same."""
        return draw_text(str(artifact.data), side)

    def is_same(self, one: Artifact, other: Artifact) -> bool:
        """Compare the texts; spaces at the end do not count."""
        return str(one.data).rstrip() == str(other.data).rstrip()

    def words(self, artifact: Artifact) -> str:
        """How long it is, and how much of it stands in what was learned."""
        count = num_words(str(artifact.data))
        return trn(
            "{number:,} word{copied_words}",
            "{number:,} words{copied_words}",
            count,
            copied_words=copied_words(artifact.values),
        )


def copied_words(values: Mapping[str, float | str]) -> str:
    """What was measured of copies, as the end of a sentence; empty if nothing was."""
    if "longest copy" not in values:
        return ""
    usual = tr(", {values:g} are usual", values=values["usual"]) if "usual" in values else ""
    words = tr(
        " · longest run of words that stands in your texts: {values:g}{usual}",
        values=values["longest copy"],
        usual=usual,
    )
    return words + (f" ({quoted(str(values['copied']))})" if values.get("copied") else "")


def _shown(value: float | str) -> str:
    if isinstance(value, str):
        return " ".join(value.split())[:_LONGEST_VALUE]
    return f"{value:.6g}"


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _parts(path: Path) -> tuple[str, list[str]]:
    """The text of a file, and the lines behind it."""
    try:
        text = read_text(path)
        whole = text_in(read_file(path, largest_bytes=_LARGEST_BYTES))
    except UnreadableTextError as error:
        raise _unreadable(path.name, str(error)) from error
    except OSError as error:
        raise _unreadable(path.name, f"{error.strerror or error}.") from error
    found = FOOTER.search(whole)
    return text, [] if found is None else found[0].strip().splitlines()[1:]


def _recipe_in(told: list[str], path: Path) -> Recipe | None:
    text = next((line.removeprefix(_RECIPE) for line in told if line.startswith(_RECIPE)), None)
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


def _unreadable(name: str, reason: str) -> DatasetError:
    return DatasetError(
        tr("{name} cannot be read as a text", name=name),
        reason,
        tr("Choose a text file (.txt, .md) in UTF-8."),
    )


KIND: Final[ArtifactKind] = Texts()
