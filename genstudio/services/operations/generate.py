"""Operation "generate": new things from seeds."""

from collections.abc import Generator
from typing import ClassVar, Final

from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings
from genstudio.models.protocol import TrainableModel
from genstudio.models.tasks import task_of
from genstudio.services.generation import generate
from genstudio.services.operations.protocol import Made, Operation, OperationRequest


class Generate:
    """One artifact for each seed."""

    card: ClassVar[OperationCard] = OperationCard(
        key=GENERATE,
        title="Make new ones",
        summary="Invents pictures, or sounds, like those that a model learned from.",
        any_output=True,
        task=GENERATE,
        has_count=True,
        is_seeded=True,
        icon="sparkles",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Those of the model's task."""
        assert model is not None
        return task_of(model, GENERATE).settings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Make them."""
        assert request.run is not None
        made = generate(
            request.run,
            range(request.seed, request.seed + request.count),
            checkpoint=request.checkpoint,
            sampling=request.settings.model_dump(),
            batch=request.batch,
            device=request.device,
        )
        for done, result in enumerate(made, start=1):
            yield Made(artifact=result.artifact, recipe=result.recipe, name=str(result.recipe.seed))
            yield Progress(tr("Making new ones"), done, request.count)


OPERATION: Final[Operation] = Generate()
