"""What the window asks of copies; torch is imported by the job."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import trn
from genstudio.domain.progress import Progress, with_result
from genstudio.services.copy_marks import CopyMark, add_marks
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.jobs import Job
from genstudio.services.projects import Project

if TYPE_CHECKING:
    from genstudio.services.copy_checks import CopyCheck


@dataclass(frozen=True, slots=True)
class FoundCopies:
    """What was found of some pictures of the gallery.

    Attributes:
        checks: One for each picture that a run made.
        words: All of it in a sentence or two.
        marks: What is known of all pictures of the project, by name.
    """

    checks: "tuple[CopyCheck, ...]"
    words: str
    marks: dict[str, CopyMark]


def check_copies(project: Project, items: Sequence[GalleryItem]) -> Job[Progress | FoundCopies]:
    """Compare pictures with what their runs learned from, and keep what was found."""

    def work() -> Iterator[Progress | FoundCopies]:
        copy_checks = import_module("genstudio.services.copy_checks")
        # A single one is told why it cannot be compared; of many, those are passed over.
        made = [it for it in items if _is_of_a_run(it)] if len(items) > 1 else list(items)
        made = made or list(items)
        checks: list[CopyCheck] = []
        for step in with_result(copy_checks.check_copies([it.path for it in made])):
            if isinstance(step, Progress):
                yield step
            else:
                checks = step
        found = {it.name: check.mark for it, check in zip(made, checks, strict=True)}
        words = copy_checks.words_about(checks)
        if passed_over := len(items) - len(made):
            words += " " + trn(
                "{number} other was made by no run.",
                "{number} others were made by no run.",
                passed_over,
            )
        yield FoundCopies(tuple(checks), words, add_marks(project.path, found))

    return Job("copies", work)


def _is_of_a_run(item: GalleryItem) -> bool:
    try:
        return bool(item.recipe.run) and item.path.suffix == ".png"
    except GenStudioError:
        return False
