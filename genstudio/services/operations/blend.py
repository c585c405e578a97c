"""Operation "blend": what lies between pictures of a person's own."""

from collections.abc import Generator
from typing import ClassVar, Final

from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.cards import ENCODE
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE, InputSpec, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings
from genstudio.models.protocol import TrainableModel
from genstudio.services.blending import blend
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run

_FEWEST = 2


class BlendSettings(Settings):
    """Nothing to choose."""


class Blend:
    """A row of pictures from each one to the next."""

    card: ClassVar[OperationCard] = OperationCard(
        key="blend",
        title="Blend pictures",
        summary="Draws what lies between your pictures; of one alone, what the model sees in it.",
        inputs=(InputSpec(name="input", title="Pictures to blend", minimum=1, maximum=64),),
        task=GENERATE,
        capability=ENCODE,
        has_count=True,
        icon="blend",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Nothing."""
        del model
        return BlendSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Draw them; ``count`` is from one to the next, both included."""
        assert request.run is not None
        files = request.inputs["input"]
        count = max(_FEWEST, request.count)
        checkpoint = request.run.checkpoint(request.checkpoint)
        total = 1 + (len(files) - 1) * (count - 1)
        recipe = made_by_run(
            self.card.key, request, checkpoint, files=files, settings={"count": count}
        )
        drawn = blend(request.run, files, count=count, checkpoint=str(checkpoint.state.step))
        for number, image_HWC in enumerate(drawn):
            yield Made(
                artifact=Artifact(kind=IMAGE, data=image_HWC),
                recipe=recipe.model_copy(update={"position": number}),
                name=f"{number:04}",
                source=files[0] if len(files) == 1 else None,
            )
            yield Progress(tr("Blending"), number + 1, total)


OPERATION: Final[Operation] = Blend()
