"""Operation "explore": the picture at a place between seeds, moved along directions."""

from collections.abc import Generator
from typing import ClassVar, Final

from pydantic import ValidationError

from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.cards import INTERPOLATE
from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.operations import EXPLORE, GENERATE, OperationCard
from genstudio.domain.places import Place, parse_moves, parse_seeds
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import TrainableModel
from genstudio.models.tasks import task_of
from genstudio.services.exploring import Explorer
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run


class ExploreSettings(Settings):
    """A place, as it can be typed and kept in a recipe."""

    seeds: str = setting(
        "0",
        title="Seeds",
        help="One seed; two to go between; or four, the corners of a plane: top left, top right, "
        "bottom left, bottom right.",
    )
    across: float = setting(
        0.5, title="How far to the right", help="0 is left, 1 is right.", ge=0, le=1
    )
    down: float = setting(0.5, title="How far down", help="0 is top, 1 is bottom.", ge=0, le=1)
    moves: str = setting(
        "",
        title="Moves along directions",
        help="Number of a direction and how many sigmas to go, such as 1:1.5, 4:-0.5.",
    )


PLACE_FIELDS: Final = frozenset(ExploreSettings.model_fields)


def place_of(seeds: str, across: float, down: float, moves: str) -> Place:
    """Read a place from how it is typed.

    Raises:
        SettingsError: It is none; the message says why.
    """
    numbers = parse_seeds(seeds)
    try:
        return Place(
            seeds=numbers,
            across=across if len(numbers) > 1 else 0,
            down=down if len(numbers) > 2 else 0,
            moves=parse_moves(moves),
        )
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise SettingsError(
            tr("This is no place between seeds"),
            f"{reason[:1].upper()}{reason[1:]}.",
            tr("Give one, two or four seeds, and moves of up to 10 sigmas."),
        ) from error


class Explore:
    """One picture."""

    card: ClassVar[OperationCard] = OperationCard(
        key=EXPLORE,
        title="Explore",
        summary="Wander between pictures and along what changes them, with sliders.",
        task=GENERATE,
        capability=INTERPOLATE,
        icon="compass",
        view=EXPLORE,
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Those of the place and of the model's task."""
        if model is None:
            return ExploreSettings
        return type("ExploreSettings", (ExploreSettings, task_of(model, GENERATE).settings), {})

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Draw it."""
        assert request.run is not None
        chosen = request.settings.model_dump()
        place = place_of(*(chosen.pop(name) for name in ("seeds", "across", "down", "moves")))
        explorer = Explorer(request.run, request.checkpoint)
        settings = explorer.settings(chosen)
        if place.moves:
            yield from _only_progress(explorer)
        image_HWC = explorer.picture(place, settings)
        yield Made(
            artifact=Artifact(kind=IMAGE, data=image_HWC),
            recipe=made_by_run(self.card.key, request, explorer.checkpoint, files=[]),
            name="-".join(str(seed) for seed in place.seeds),
        )
        yield Progress("Exploring", 1, 1)


def _only_progress(explorer: Explorer) -> Generator[Progress, None, None]:
    yield from explorer.find_directions()


OPERATION: Final[Operation] = Explore()
