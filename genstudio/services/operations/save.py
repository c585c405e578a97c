"""Results of operations as files."""

import re
from collections.abc import Generator, Iterable
from pathlib import Path

from genstudio.artifacts.catalog import ARTIFACTS, suffix_of
from genstudio.artifacts.image import save_bare
from genstudio.artifacts.protocol import ArtifactKind
from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.errors import GenStudioError
from genstudio.domain.files import write_bytes
from genstudio.domain.operations import Report
from genstudio.domain.progress import Progress
from genstudio.domain.recipes import Recipe
from genstudio.services.operations.protocol import Made
from genstudio.services.outputs import free_place, has_content, has_pixels, save_artifact
from genstudio.services.writing_meanwhile import written_meanwhile


class ResultFolder:
    """Writes what an operation makes into a folder, never over a file that is not its own.

    Args:
        folder: Made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[Path, str] = {}
        self._reports: dict[str, Path] = {}

    def kept(
        self, steps: Iterable[Made | Progress]
    ) -> Generator[Progress | tuple[Made, Path], None, None]:
        """Write results and reports while the next are made.

        Yields:
            Progress once its report is written, and results with where they went.

        Raises:
            GenStudioError: Of the steps, or because the disk is full or cannot be written to.
        """
        kept = written_meanwhile(
            steps,
            lambda it: save_made(it, self._folder) if isinstance(it, Made) else None,
            place=lambda it: _without_number(it.name) if isinstance(it, Made) else id(it),
            is_passing=_lies_in_a_file,
        )
        for step, path in kept:
            if isinstance(step, Progress):
                # All results before it are written, and it may name them.
                if isinstance(step.item, Report):
                    self.write(step.item)
                yield step
            else:
                assert path is not None
                self._note(step, path)
                yield step, path

    def save(self, made: Made) -> Path:
        """Write a result, and its parts each into a folder of its own; gives where it went.

        Raises:
            ProjectError: The disk is full or the folder cannot be written to.
        """
        path = save_made(made, self._folder)
        self._note(made, path)
        return path

    def _note(self, made: Made, path: Path) -> None:
        self._names[made.source or Path(made.name)] = path.relative_to(self._folder).as_posix()

    def write(self, report: Report) -> None:
        """Write a report, in place of the one before.

        Raises:
            ProjectError: The disk is full or the folder cannot be written to.
        """
        for name, content in report.files(self._names).items():
            place = self._reports.get(name)
            if place is None:
                wanted = self._folder / name
                place = free_place(wanted, lambda it, own=content: has_content(it, own))
                self._reports[name] = place
            write_bytes(place, content)


def _lies_in_a_file(step: Made | Progress) -> bool:
    """Whether a result is a file that is there only until the next step: films are."""
    return isinstance(step, Made) and isinstance(step.artifact.data, Path)


def _without_number(name: str) -> str:
    """What names share that may become each other where a file is in the way: a and a-2."""
    return re.sub(r"(-\d+)+$", "", name)


def save_made(made: Made, folder: Path) -> Path:
    """Write a result into a folder, never over another file; gives where it went.

    Its parts go under the same name into folders inside it that are called as they are.

    Raises:
        ProjectError: The disk is full or the folder cannot be written to.
    """
    path = save_artifact(made.artifact, folder / made.name, made.recipe)
    for name, part in made.artifact.parts.items():
        _save_part(part, folder / name / path.name, made.recipe)
    return path


def _save_part(part: Artifact, wanted: Path, recipe: Recipe) -> None:
    """Write a part, which says that it was made, but not how: the recipe is that of the whole."""
    if part.kind != IMAGE:
        kind = ARTIFACTS.get(part.kind)
        wanted = wanted.with_suffix(suffix_of(part))
        place = free_place(wanted, lambda found: _holds(kind, found, part))
        kind.write(part, place, recipe)
        write_bytes(place, kind.with_metadata(place.read_bytes(), "mark"))
        return
    place = free_place(wanted, lambda found: has_pixels(found, part.data))
    save_bare(part.data, place)


def _holds(kind: ArtifactKind, path: Path, part: Artifact) -> bool:
    try:
        return kind.is_same(kind.read(path), part)
    except GenStudioError:
        return False  # Somebody else's.
