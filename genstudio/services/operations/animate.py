"""Operation "animate": frames of small animations, walked through a model's latent space."""

import math
from collections.abc import Generator, Iterator
from typing import ClassVar, Final, Literal

from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.cards import INTERPOLATE
from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE, OperationCard
from genstudio.domain.places import Place
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import TrainableModel
from genstudio.models.tasks import task_of
from genstudio.services.exploring import Explorer
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run
from genstudio.services.walking import walk_places

KEY: Final = "animate"
_FEWEST_SEEDS = 2
# Partners of a seed: large primes apart, so that neighbours have others.
_PARTNERS = (1_000_003, 2_000_029, 3_000_017)


class AnimateSettings(Settings):
    """What a person chooses."""

    frames: int = setting(
        8, title="Frames of each animation", help="The last leads back to the first.", ge=2, le=120
    )
    way: Literal["around each", "from each to the next"] = setting(
        "around each",
        title="What moves",
        help="“Around each” lets every picture breathe a little, as a sprite that stands still "
        "does; “from each to the next” changes one into the other and back to the first.",
    )
    amount: float = setting(
        0.3,
        title="How much it moves",
        help="Around each: 0 keeps still, 1 goes far enough to become something else.",
        ge=0.0,
        le=1.0,
    )


class Animate:
    """Pictures in the order in which they are seen, each animation a loop."""

    card: ClassVar[OperationCard] = OperationCard(
        key=KEY,
        title="Frames of animations",
        summary="Lets pictures that a model invented move in a loop: frames for sprites. “As "
        "sprites for a game” in the gallery makes a sheet of them.",
        task=GENERATE,
        capability=INTERPOLATE,
        has_count=True,
        is_seeded=True,
        icon="clapperboard",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Those of the movement and of the model's task."""
        if model is None:
            return AnimateSettings
        return type("AnimateSettings", (AnimateSettings, task_of(model, GENERATE).settings), {})

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Draw frame after frame."""
        assert request.run is not None
        chosen = request.settings.model_dump()
        own = AnimateSettings(**{name: chosen.pop(name) for name in AnimateSettings.model_fields})
        explorer = Explorer(request.run, request.checkpoint)
        settings = explorer.settings(chosen)
        seeds = range(request.seed, request.seed + request.count)
        is_walk = own.way == "from each to the next"
        if is_walk and len(seeds) < _FEWEST_SEEDS:
            raise SettingsError(
                tr("There is no next picture to change into"),
                tr("One picture was asked for."),
                tr("Ask for two or more, or choose “around each”."),
            )
        walks = (
            [(seeds[0], _walk(seeds, own))] if is_walk else [(it, _loop(it, own)) for it in seeds]
        )
        total = len(walks) * own.frames * (request.count if is_walk else 1)
        done = 0
        for seed, places in walks:
            recipe = made_by_run(
                KEY,
                request,
                explorer.checkpoint,
                files=[],
                settings={"count": request.count if is_walk else 1},
                seed=seed,
            )
            for number, place in enumerate(places):
                picture = explorer.picture(place, settings)
                yield Made(
                    artifact=Artifact(kind=IMAGE, data=picture, seed=seed),
                    recipe=recipe.model_copy(update={"position": number}),
                    name=f"{seed}-{number:03}",
                )
                done += 1
                yield Progress(tr("Drawing frames"), done, total, picture)


def _walk(seeds: range, own: AnimateSettings) -> Iterator[Place]:
    """From each to the next, so many frames each, and back to the first."""
    return walk_places(list(seeds), own.frames * len(seeds), is_loop=True, easing="gentle")


def _loop(seed: int, own: AnimateSettings) -> Iterator[Place]:
    """A petal in the plane between a seed and three others, which begins and ends at the seed."""
    corners = (seed, *(seed + it for it in _PARTNERS))
    for number in range(own.frames):
        turn = number / own.frames
        radius = own.amount * math.sin(math.pi * turn)
        angle = turn * math.pi / 2
        yield Place(seeds=corners, across=radius * math.cos(angle), down=radius * math.sin(angle))


OPERATION: Final[Operation] = Animate()
