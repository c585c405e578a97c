"""What was found of copies, kept in the project; no torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from genstudio.domain.files import is_file, read_file, write_bytes
from genstudio.domain.language import tr

FILE: Final = "copies.json"
_LARGEST_BYTES = 2**26
_MOST = 200_000


class CopyMark(BaseModel):
    """How near one picture comes to what was learned from.

    Attributes:
        nearest: Name of the nearest training picture.
        distance: To it, root mean square in units of the whole range of brightness.
        alarm: Nearer than this, it counts as a copy.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    nearest: str = Field(max_length=1000)
    distance: float = Field(ge=0)
    alarm: float = Field(ge=0)

    @property
    def is_copy(self) -> bool:
        """Whether it is nearly the same as that."""
        return self.distance < self.alarm

    def words(self) -> str:
        """What was found, in a sentence."""
        if self.is_copy:
            return tr("It is nearly the same as {nearest}, which was learned from.",
                      nearest=self.nearest)  # fmt: skip
        return tr(
            "It is no copy: the nearest picture that was learned from is {nearest}, at "
            "{distance:.3f}; a copy lies below {alarm:.3f}.",
            nearest=self.nearest,
            distance=self.distance,
            alarm=self.alarm,
        )


_MARKS = TypeAdapter(dict[Annotated[str, Field(max_length=1000)], CopyMark])


def read_marks(project: Path) -> dict[str, CopyMark]:
    """By name in the gallery; none where they cannot be read: they can be found again."""
    path = project / FILE
    if not is_file(path):
        return {}
    try:
        return _MARKS.validate_json(read_file(path, largest_bytes=_LARGEST_BYTES))
    except (OSError, ValidationError):
        return {}


def add_marks(project: Path, found: Mapping[str, CopyMark]) -> dict[str, CopyMark]:
    """Keep what was found beside what is known; gives all.

    Raises:
        ProjectError: The disk is full or the project cannot be written to.
    """
    marks = {**read_marks(project), **found}
    kept = dict(list(marks.items())[-_MOST:])
    write_bytes(project / FILE, _MARKS.dump_json(kept))
    return kept
