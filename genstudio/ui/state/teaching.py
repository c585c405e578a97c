"""Whether the choices of a gallery are enough to teach a model by."""

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr
from genstudio.services.choices import choices_of
from genstudio.services.opinions import FEWEST_TO_TEACH
from genstudio.ui.run_words import counted
from genstudio.ui.state.gallery import GalleryState


class GalleryTeaching:
    """Knows what a gallery has been told.

    Args:
        state: The gallery.
    """

    def __init__(self, state: GalleryState) -> None:
        self._state = state

    @property
    def count(self) -> int:
        """Stars and choices of the project."""
        project = self._state.project
        if project is None or not self._state.is_open:
            return 0
        try:
            return self._state.num_rated() + len(choices_of(project))
        except GenStudioError:
            return 0  # What is wrong with the gallery is told where it is shown.

    def readiness(self, *, is_training: bool) -> tuple[bool, str]:
        """Whether a model can be taught now, and what it would be taught by, or what is missing.

        Args:
            is_training: Whether a training is under way.
        """
        if not self._state.is_open:
            return False, tr("There is no project yet.")
        count = self.count
        if count < FEWEST_TO_TEACH:
            return False, tr(
                "{count:,} of {fewest} choices or stars",
                fewest=FEWEST_TO_TEACH,
                count=count,
            )
        if is_training:
            return False, tr("A training is under way: stop it first.")
        return True, tr(
            "{counted} and stars to teach it by; takes five minutes.",
            counted=counted(count, "choice"),
        )
