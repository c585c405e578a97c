"""How much a person has said about the results of a project, and what it is enough for."""

from typing import Final

from genstudio.services.choices import choices_of
from genstudio.services.gallery import Gallery
from genstudio.services.projects import Project

FEWEST_TO_TEACH: Final = 200


def num_opinions(project: Project) -> int:
    """Results with stars, and choices between two.

    Raises:
        ProjectError: The gallery cannot be read.
    """
    with Gallery(project, syncs=False) as gallery:
        return gallery.count(minimum_rating=1) + len(choices_of(project))
