"""Animated WebP: films that need no codec, with the recipe among what they say of themselves.

No operation makes them and no gallery holds them: a walk is written as one where a person asks for
it, or where nothing else can be written.
"""

import html
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from PIL import Image, ImageSequence
from pydantic import ValidationError

from genstudio.artifacts.image import LARGEST_RECIPE_BYTES, xmp_packet
from genstudio.artifacts.protocol import ArtifactCard, ReadKind
from genstudio.data.decode import PARSER_ERRORS
from genstudio.domain.artifacts import CLIP, Artifact
from genstudio.domain.errors import DatasetError, ProjectError
from genstudio.domain.files import is_file
from genstudio.domain.language import tr
from genstudio.domain.recipes import Recipe

SUFFIX: Final = ".webp"

_RECIPE = re.compile(r"<genstudio:recipe>(.*?)</genstudio:recipe>", re.DOTALL)
_ADDED = """
  <rdf:Description rdf:about="" xmlns:genstudio="urn:genstudio">
   <genstudio:recipe>{recipe}</genstudio:recipe>
  </rdf:Description>"""
_UNREADABLE = (*PARSER_ERRORS, Image.DecompressionBombError, MemoryError, Warning)


def said_of_animation(recipe: Recipe) -> bytes:
    """The XMP packet of an animation: how it was made, and that a model made it."""
    added = _ADDED.format(recipe=html.escape(recipe.model_dump_json(), quote=False))
    return xmp_packet(recipe.software, added).encode()


class Animations:
    """Animated WebP as a clip; an artifact's data is the path of the file."""

    card: ClassVar[ArtifactCard] = ArtifactCard(
        key=CLIP, title="Clip", noun=("clip", "clips"), suffix=SUFFIX, media_type="image/webp"
    )

    def read(self, path: Path) -> Artifact:
        """Find out that it can be read; the frames stay in the file."""
        recipe = self.read_recipe(path)
        return Artifact(kind=CLIP, data=path, seed=None if recipe is None else recipe.seed)

    def read_recipe(self, path: Path) -> Recipe | None:
        """Read how it was made."""
        if not is_file(path):
            raise unreadable_clip(path)
        try:
            with Image.open(path, formats=("WEBP",)) as film:
                packet = film.info.get("xmp", b"")
        except _UNREADABLE as error:
            raise unreadable_clip(path) from error
        # No parser of XML, which a stranger's file could keep busy.
        found = _RECIPE.search(packet.decode("utf-8", "replace"))
        if found is None:
            return None
        text = html.unescape(found[1])
        try:
            if len(text.encode()) > LARGEST_RECIPE_BYTES:
                raise damaged_clip(path)
            return Recipe.model_validate_json(text)
        except ValidationError as error:
            raise damaged_clip(path) from error

    def is_same(self, one: Artifact, other: Artifact) -> bool:
        """Compare what is seen, frame by frame, and for how long."""
        paths = (Path(one.data), Path(other.data))
        try:
            with (
                Image.open(paths[0], formats=("WEBP",)) as first,
                Image.open(paths[1], formats=("WEBP",)) as second,
            ):
                both = zip_longest(_frames(first), _frames(second))
                return all(
                    a is not None
                    and b is not None
                    and a.info.get("duration") == b.info.get("duration")
                    and np.array_equal(np.asarray(a), np.asarray(b))
                    for a, b in both
                )
        except _UNREADABLE as error:
            raise unreadable_clip(paths[0]) from error


def _frames(film: Image.Image) -> Iterator[Image.Image]:
    return iter(ImageSequence.Iterator(film))


def unreadable_clip(path: Path) -> DatasetError:
    """Of a film that is none, or damaged."""
    return DatasetError(
        tr("{name} cannot be read as a clip", name=path.name),
        tr("The file is missing, damaged, or of another kind."),
        tr("Choose a clip that GenStudio made."),
    )


def damaged_clip(path: Path) -> ProjectError:
    """Of a film whose recipe is none."""
    return ProjectError(
        tr("The recipe in {name} is damaged", name=path.name),
        tr("Its entries cannot be read."),
        tr("Use the original clip, as GenStudio saved it."),
    )


KIND: Final[ReadKind] = Animations()
