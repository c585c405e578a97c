"""Operation "continue-music": what may follow the first phrase of a piece."""

from collections.abc import Generator
from typing import ClassVar, Final

from genstudio.data.modalities.catalog import MODALITIES
from genstudio.data.modalities.protocol import FileModality
from genstudio.data.phrases import INSTRUMENTS
from genstudio.domain.artifacts import NOTES
from genstudio.domain.language import tr
from genstudio.domain.operations import CONTINUE_MUSIC, InputSpec, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings
from genstudio.models.protocol import Request, TrainableModel
from genstudio.models.tasks import task_of
from genstudio.services.copy_meters import copy_meter, measured
from genstudio.services.generation import load_model
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run

_MOST_FILES = 64


class ContinueMusic:
    """So many continuations of each piece's first phrase, which comes before them."""

    card: ClassVar[OperationCard] = OperationCard(
        key=CONTINUE_MUSIC,
        title="Continue a phrase",
        summary="Plays the first phrase of your piece and goes on from it.",
        output=NOTES,
        inputs=(
            InputSpec(name="input", kind=NOTES, title="Pieces to continue", maximum=_MOST_FILES),
        ),
        task=CONTINUE_MUSIC,
        has_count=True,
        is_seeded=True,
        icon="play",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Those of the model's task."""
        assert model is not None
        return task_of(model, CONTINUE_MUSIC).settings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Continue one after the other."""
        run, files = request.run, request.inputs["input"]
        assert run is not None
        modality = MODALITIES.get(run.settings.modality)
        assert isinstance(modality, FileModality), "its model has the task"
        phrases = [modality.read_one(path, run.settings.layout) for path in files]
        checkpoint = run.checkpoint(request.checkpoint)
        model = load_model(run, checkpoint)
        meter = copy_meter(run)
        chosen = request.settings.model_dump()
        total = len(files) * request.count
        for at, (path, phrase) in enumerate(zip(files, phrases, strict=True)):
            # Unless a person wants another one, what played goes on.
            own = list(INSTRUMENTS)[int(phrase["instruments"])]
            instrument = own if chosen["instrument"] == "any" else chosen["instrument"]
            settings = type(request.settings)(**{**chosen, "instrument": instrument})
            for number in range(request.count):
                seed = request.seed + number
                wanted = Request(
                    seeds=[seed], settings=settings, inputs={"notes": [phrase["notes"]]}
                )
                (artifact,) = model.run(CONTINUE_MUSIC, wanted)
                yield Made(
                    artifact=measured(artifact, meter),
                    recipe=made_by_run(self.card.key, request, checkpoint, files=[path], seed=seed),
                    name=f"{path.stem}-{seed}",
                    source=path,
                )
                yield Progress(tr("Continuing"), at * request.count + number + 1, total)


OPERATION: Final[Operation] = ContinueMusic()
