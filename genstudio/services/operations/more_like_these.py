"""Operation "more-like-these": new pictures towards what a person rated well."""

from collections.abc import Generator
from typing import ClassVar, Final

from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.cards import INTERPOLATE
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE, MORE_LIKE_THESE, OperationCard, Report
from genstudio.domain.places import moves_text
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import TrainableModel
from genstudio.models.tasks import task_of
from genstudio.services.exploring import Explorer
from genstudio.services.operations.explore import place_of
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run
from genstudio.services.steering import Steered, Steering
from genstudio.services.tastes import learn_project_taste


class TasteSettings(Settings):
    """What a person chooses, and where a result lies, for its recipe."""

    exploration: float = setting(
        0.2,
        title="How many to surprise — exploration",
        help="This share is made without your taste, so that you may find what you did not know "
        "you like.",
        ge=0.0,
        le=1.0,
    )
    seeds: str = setting(
        "",
        title="Exactly this seed",
        help="Fills itself in, in recipes: makes this one picture again.",
        advanced=True,
    )
    moves: str = setting(
        "",
        title="Moved along directions",
        help="Fills itself in, in recipes; see Explore.",
        advanced=True,
    )


class MoreLikeThese:
    """Guided pictures, and some that are not."""

    card: ClassVar[OperationCard] = OperationCard(
        key=MORE_LIKE_THESE,
        title="More to your taste",
        summary="Learns from the stars that you gave in the gallery, and from choices between two, "
        "what you like, and makes more of that. From 20 ratings on.",
        task=GENERATE,
        capability=INTERPOLATE,
        has_count=True,
        is_seeded=True,
        icon="thumbs-up",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Those of the steering and of the model's task."""
        if model is None:
            return TasteSettings
        return type("TasteSettings", (TasteSettings, task_of(model, GENERATE).settings), {})

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Learn, then make one after the other: the first before the way is found."""
        assert request.run is not None
        run = request.run
        chosen = request.settings.model_dump()
        own = TasteSettings(**{name: chosen.pop(name) for name in TasteSettings.model_fields})
        explorer = Explorer(run, request.checkpoint)
        settings = explorer.settings(chosen)
        if own.seeds:
            place = place_of(own.seeds, 0, 0, own.moves)
            if place.moves:
                yield from _only_progress(explorer)
            image = explorer.picture(place, settings)
            yield _made(request, explorer, Steered(image, place, is_guided=True))
            yield Progress(tr("Making"), 1, 1)
            return
        learned = learn_project_taste(run.project(), run.settings.size)
        steering = Steering(explorer, settings, learned)
        guided = 0
        for number in range(request.count):
            seed = request.seed + number
            is_surprise = int((number + 1) * own.exploration) > int(number * own.exploration)
            if learned.taste is None or is_surprise:
                steered = steering.surprise(seed)
            else:
                if guided == 1:
                    for progress in steering.find_slope():
                        yield Progress(progress.what, number, request.count)
                steered = steering.picture(seed)
                guided += 1
            yield _made(request, explorer, steered)
            if number + 1 < request.count:
                yield Progress(tr("Making"), number + 1, request.count, steered.image_HWC)
        report = Report(files=lambda _: {}, words=learned.words)
        yield Progress(tr("Making"), request.count, request.count, report)


def _only_progress(explorer: Explorer) -> Generator[Progress, None, None]:
    yield from explorer.find_directions()


def _made(request: OperationRequest, explorer: Explorer, steered: Steered) -> Made:
    (seed,) = steered.place.seeds
    where = {"seeds": str(seed), "moves": moves_text(steered.place.moves)}
    return Made(
        artifact=Artifact(kind=IMAGE, data=steered.image_HWC, seed=seed),
        recipe=made_by_run(
            MORE_LIKE_THESE, request, explorer.checkpoint, files=[], settings=where, seed=seed
        ),
        name=str(seed) if steered.is_guided else f"{seed}-surprise",
    )


OPERATION: Final[Operation] = MoreLikeThese()
