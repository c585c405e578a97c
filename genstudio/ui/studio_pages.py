"""The pages of the window, declared as data: a line each, in the order of the rail."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final, TypeVar

from PySide6.QtWidgets import QWidget

from genstudio.domain.language import Spoken
from genstudio.ui.pages.compare import ComparePage
from genstudio.ui.pages.create import CreatePage
from genstudio.ui.pages.dataset import DatasetPage
from genstudio.ui.pages.gallery import GalleryPage
from genstudio.ui.pages.train import TrainPage
from genstudio.ui.recipe_words import RecipeWords
from genstudio.ui.state.studio import StudioStates

P = TypeVar("P", bound=QWidget)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSpec(Spoken):
    """One page.

    Attributes:
        key: Name in code: ``page.KEY``, ``rail.KEY``, ``view.KEY``.
        title: What the rail says.
        icon: Name of its icon.
        make: Makes it.
    """

    spoken: ClassVar[frozenset[str]] = frozenset({"title"})

    key: str
    title: str
    icon: str
    make: Callable[[StudioStates], QWidget]


PAGES: Final = (
    PageSpec(
        key="dataset",
        title="Dataset",
        icon="images",
        make=lambda it: DatasetPage(it.dataset, it.materials, it.captions, it.figures),
    ),
    PageSpec(
        key="train",
        title="Train",
        icon="sparkles",
        make=lambda it: TrainPage(it.training, it.first_pictures),
    ),
    PageSpec(
        key="create",
        title="Create",
        icon="palette",
        make=lambda it: CreatePage(it.create, it.exploring, it.key_frames, it.training),
    ),
    PageSpec(
        key="gallery",
        title="Gallery",
        icon="layout-grid",
        make=lambda it: GalleryPage(
            it.gallery,
            it.training,
            RecipeWords(lambda: it.training.entries, lambda: it.create.entries),
        ),
    ),
    PageSpec(
        key="compare",
        title="Compare",
        icon="scale",
        make=lambda it: ComparePage(it.comparison, it.training),
    ),
)


class StudioPages:
    """The pages, made; each goes by its type where something is asked of it."""

    def __init__(self, states: StudioStates) -> None:
        self.by_key = {spec.key: spec.make(states) for spec in PAGES}
        self.dataset = _of(self.by_key["dataset"], DatasetPage)
        self.train = _of(self.by_key["train"], TrainPage)
        self.create = _of(self.by_key["create"], CreatePage)
        self.gallery = _of(self.by_key["gallery"], GalleryPage)
        self.compare = _of(self.by_key["compare"], ComparePage)
        self.train.film_wanted.connect(states.create.film_run)
        # Results go by the titles of what made them, once these are known.
        states.create.loaded.connect(self.gallery.show_words)

    def shutdown(self) -> None:
        """Let go of threads before the window closes."""
        for page in (self.dataset, self.train, self.create, self.gallery, self.compare):
            page.shutdown()


def _of(page: QWidget, kind: type[P]) -> P:
    assert isinstance(page, kind)
    return page
