"""Which of two pictures of a gallery is liked more: asked, and kept."""

import random
from collections.abc import Sequence

from genstudio.domain.errors import GenStudioError
from genstudio.services import choices
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.notices import notice_about
from genstudio.ui.state.gallery import GalleryState


class GalleryChoices:
    """Choices between the pictures that a gallery shows.

    Args:
        state: The gallery; what goes wrong is told by it.
    """

    def __init__(self, state: GalleryState) -> None:
        self._state = state

    @property
    def count(self) -> int:
        """How many were made in the project."""
        project = self._state.project
        return 0 if project is None else len(choices.choices_of(project))

    def next_pair(self) -> tuple[GalleryItem, GalleryItem] | None:
        """Two pictures of those on show; None where there are not two."""
        shown: Sequence[GalleryItem] = list(self._state.items.values())
        return choices.two_to_compare(shown, random.SystemRandom())

    def choose(self, better: str, worse: str) -> bool:
        """Keep which of two pictures is liked more; False if that failed, which is told."""
        assert self._state.project is not None, "no project, no pictures"
        try:
            choices.choose(self._state.project, better, worse)
        except GenStudioError as error:
            self._state.noticed.emit(notice_about(error))
            return False
        return True
