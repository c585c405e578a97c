"""The interface of an artifact kind: how such a thing is a file."""

from pathlib import Path
from typing import ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from pydantic import BaseModel, ConfigDict

from genstudio.data.sounds import Sound
from genstudio.domain.artifacts import Artifact
from genstudio.domain.language import Spoken
from genstudio.domain.recipes import Recipe

# What of the knowledge about an artifact goes along with it: its recipe and all else, only that a
# trained model made it, or neither.
Metadata: TypeAlias = Literal["everything", "mark", "nothing"]


class ArtifactCard(Spoken, BaseModel):
    """A kind of result.

    Attributes:
        key: Name used in recipes and commands; never changes once released.
        title: Name shown to people.
        noun: What one and several are called inside a sentence.
        suffix: Of its files, with the dot; no other kind has it.
        other_suffixes: Further ones that its files may have, which no other kind has either: such a
            kind is :class:`Varied`.
        media_type: For the web.
        also_taken: Further suffixes of a person's own files that operations take as this kind.
        pack: Key of the pack without which such files cannot be read; empty if none is needed.
    """

    spoken: ClassVar[frozenset[str]] = frozenset({"title", "noun"})

    model_config = ConfigDict(frozen=True)

    key: str
    title: str
    noun: tuple[str, str] = ("result", "results")
    suffix: str
    other_suffixes: tuple[str, ...] = ()
    media_type: str
    also_taken: tuple[str, ...] = ()
    pack: str = ""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """All that its files may have."""
        return (self.suffix, *self.other_suffixes)


class ReadKind(Protocol):
    """A kind of file that says how it was made, and can be compared; has no state."""

    card: ClassVar[ArtifactCard]

    def read(self, path: Path) -> Artifact:
        """Read what was written.

        Raises:
            DatasetError: It cannot be read.
        """
        ...

    def read_recipe(self, path: Path) -> Recipe | None:
        """Read how it was made, without the rest; None if it carries no recipe.

        Raises:
            DatasetError: The file is missing or of another kind.
            ProjectError: Its recipe is damaged.
        """
        ...

    def is_same(self, one: Artifact, other: Artifact) -> bool:
        """Whether both show or sound the same, to the last value; seeds and recipes may differ."""
        ...


class ArtifactKind(ReadKind, Protocol):
    """A kind of result; has no state."""

    def write(self, artifact: Artifact, path: Path, recipe: Recipe) -> None:
        """Write it with its recipe inside; replaces what is there.

        Raises:
            ProjectError: The disk is full or the folder cannot be written to.
        """
        ...

    def with_metadata(self, content: bytes, metadata: Metadata) -> bytes:
        """The same file with less of what is known about it; what is shown or heard is the same.

        Raises:
            DatasetError: It is damaged.
        """
        ...

    def thumbnail(self, path: Path, side: int) -> np.ndarray:
        """Draw it for a grid: uint8 (height, width, 3 or 4), no side longer than ``side``.

        Raises:
            DatasetError: It cannot be drawn.
        """
        ...

    def words(self, artifact: Artifact) -> str:
        """Describe it in a line."""
        ...


@runtime_checkable
class Drawn(Protocol):
    """A kind whose results are no pictures, and are drawn where several are shown at once."""

    def draw(self, artifact: Artifact, side: int) -> np.ndarray:
        """Draw it for a sheet: uint8 (side, side, 3)."""
        ...


@runtime_checkable
class Varied(Protocol):
    """A kind whose files are of more than one format."""

    def suffix_of(self, artifact: Artifact) -> str:
        """Of the file that this becomes, which is one of the card's."""
        ...


@runtime_checkable
class Heard(Protocol):
    """A kind whose results can be heard."""

    def as_sound(self, artifact: Artifact) -> Sound:
        """What is heard of it, no louder than full scale."""
        ...
