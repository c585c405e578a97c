"""Operation "explore": the picture at a place between seeds, moved along directions."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import ClassVar, Final

from pydantic import ValidationError

from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.cards import INTERPOLATE
from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.operations import EXPLORE, GENERATE, InputSpec, OperationCard
from genstudio.domain.places import (
    Place,
    parse_moves,
    parse_seeds,
    parse_styles,
)
from genstudio.domain.progress import Progress, Working
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import TrainableModel
from genstudio.models.tasks import task_of
from genstudio.services.exploring import Explorer
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run

PICTURES: Final = "pictures"


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
        help="Number of a direction and how many sigmas to go, such as 1:1.5, 4:-0.5; of one zone "
        "alone with its name before it: colour 2:1.5.",
    )
    styles: str = setting(
        "",
        title="Zones of other seeds",
        help="Form, texture or colour that is taken of a seed, such as texture:17, colour:3; only "
        "of models that draw them by layers of their own.",
    )
    corners: str = setting(
        "",
        title="Corners of your pictures",
        help="Where pictures that you give lie, in the place of seeds: 1 for the first corner and "
        "so on. Empty for the first ones.",
    )


PLACE_FIELDS: Final = frozenset(ExploreSettings.model_fields)


def place_of(
    seeds: str, across: float, down: float, moves: str, styles: str = "", corners: str = "",
    *, pictures: Sequence[str] = (),
) -> Place:  # fmt: skip
    """Read a place from how it is typed.

    Args:
        seeds: See :class:`ExploreSettings`.
        across: See there.
        down: See there.
        moves: See there.
        styles: See there.
        corners: See there.
        pictures: Content hashes of a person's pictures, in order.

    Raises:
        SettingsError: It is none; the message says why.
    """
    numbers = parse_seeds(seeds)
    own, zone_moves = parse_moves(moves)
    places = [it - 1 for it in parse_seeds(corners)] if corners else list(range(len(pictures)))
    if len(set(places)) != len(pictures) or len(places) != len(pictures):
        raise SettingsError(
            tr("Pictures and corners do not fit"),
            tr(
                "{pictures} pictures are given, and {corners} corners are named for them.",
                pictures=len(pictures),
                corners=len(set(places)),
            ),
            tr("Give a picture for each corner that is named."),
        )
    try:
        return Place(
            seeds=numbers,
            across=across if len(numbers) > 1 else 0,
            down=down if len(numbers) > 2 else 0,
            moves=own,
            zone_moves=zone_moves,
            styles=parse_styles(styles),
            pictures=dict(zip(places, pictures, strict=True)),
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
        inputs=(InputSpec(name=PICTURES, title="Pictures of yours", minimum=0, maximum=4),),
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
        typed = {name: chosen.pop(name) for name in ExploreSettings.model_fields}
        files = list(request.inputs.get(PICTURES, ()))
        # What cannot be is told before anything is searched for.
        place_of(**typed, pictures=[str(path) for path in files])
        explorer = Explorer(request.run, request.checkpoint)
        settings = explorer.settings(chosen)
        found = yield from _found(explorer, files)
        place = place_of(**typed, pictures=found)
        if place.farthest_direction:
            yield from _only_progress(explorer)
        image_HWC = explorer.picture(place, settings)
        yield Made(
            artifact=Artifact(kind=IMAGE, data=image_HWC),
            recipe=made_by_run(self.card.key, request, explorer.checkpoint, files=files),
            name="-".join(_name_of(place, corner, files) for corner in range(len(place.seeds))),
        )
        yield Progress(tr("Exploring"), 1, 1)


def _found(explorer: Explorer, files: Sequence[Path]) -> Working[list[str]]:
    found: list[str] = []
    for path in files:
        content_hash = yield from explorer.find_picture(path)
        found.append(content_hash)
    return found


def _name_of(place: Place, corner: int, files: Sequence[Path]) -> str:
    if corner not in place.pictures:
        return str(place.seeds[corner])
    return files[list(place.pictures).index(corner)].stem[:40]


def _only_progress(explorer: Explorer) -> Generator[Progress, None, None]:
    yield from explorer.find_directions()


OPERATION: Final[Operation] = Explore()
