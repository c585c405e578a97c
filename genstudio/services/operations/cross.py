"""Operations on materials that a model learned together: from one to the other, or both anew."""

from collections.abc import Generator
from pathlib import Path
from typing import ClassVar, Final

import torch
from torch import Tensor

from genstudio.data.formats import may_be_picture
from genstudio.data.modalities.catalog import MODALITIES
from genstudio.data.modalities.protocol import FileModality
from genstudio.domain.artifacts import IMAGE, SOUND, apart
from genstudio.domain.cards import CROSS
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE, GENERATE_PAIRS, InputSpec, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings
from genstudio.engine.batches import in_range
from genstudio.models.protocol import Crosses, Request, TrainableModel
from genstudio.models.tasks import task_of
from genstudio.services.copy_meters import copy_meter, measured
from genstudio.services.generation import load_model
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run
from genstudio.services.runs import Run

_MOST_FILES = 64


class CrossFiles:
    """So many results of another kind for each file, each from a seed of its own."""

    card: ClassVar[OperationCard]

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Those of the model's first task."""
        assert model is not None
        return task_of(model, GENERATE).settings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Make them, file by file."""
        run, files = request.run, request.inputs["input"]
        assert run is not None
        checkpoint = run.checkpoint(request.checkpoint)
        model = load_model(run, checkpoint)
        assert isinstance(model, Crosses), "its card says so"
        meter = copy_meter(run)
        seeds = range(request.seed, request.seed + request.count)
        for at, path in enumerate(files):
            fields = _example(run, path, self.card.inputs[0].kind)
            made = model.cross(fields, self.card.output, seeds, request.settings)
            for number, (seed, artifact) in enumerate(zip(seeds, made, strict=True), start=1):
                yield Made(
                    artifact=measured(artifact, meter),
                    recipe=made_by_run(self.card.key, request, checkpoint, files=[path], seed=seed),
                    name=f"{path.stem}-{seed}",
                    source=path,
                )
                yield Progress("Making", at * request.count + number, len(files) * request.count)


class MakePairs:
    """A picture and what belongs to it for each seed, as results of their own."""

    card: ClassVar[OperationCard] = OperationCard(
        key=GENERATE_PAIRS,
        title="Make pairs",
        summary="Invents pictures together with their sounds, each two for one another.",
        others=(SOUND,),
        task=GENERATE,
        capability=CROSS,
        has_count=True,
        is_seeded=True,
        icon="sparkles",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Those of the model's first task."""
        assert model is not None
        return task_of(model, GENERATE).settings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Make one after the other, first the picture."""
        run = request.run
        assert run is not None
        checkpoint = run.checkpoint(request.checkpoint)
        model = load_model(run, checkpoint)
        meter = copy_meter(run)
        seeds = range(request.seed, request.seed + request.count)
        made = model.run(GENERATE, Request(settings=request.settings, seeds=seeds))
        for done, (seed, artifact) in enumerate(zip(seeds, made, strict=True), start=1):
            recipe = made_by_run(self.card.key, request, checkpoint, files=[], seed=seed)
            for position, one in enumerate(apart(artifact)):
                yield Made(
                    artifact=measured(one, meter),
                    recipe=recipe.model_copy(update={"position": position}),
                    name=str(seed),
                )
            yield Progress(tr("Making pairs"), done, request.count)


class PictureToSound(CrossFiles):
    """Sounds for pictures."""

    card: ClassVar[OperationCard] = OperationCard(
        key="picture-to-sound",
        title="A sound for a picture",
        summary="Makes sounds that belong to your pictures, as a model learned from pairs; as many "
        "different ones as you like.",
        output=SOUND,
        inputs=(InputSpec(name="input", title="Pictures", maximum=_MOST_FILES),),
        task=GENERATE,
        capability=CROSS,
        has_count=True,
        is_seeded=True,
        icon="image",
    )


class SoundToPicture(CrossFiles):
    """Pictures for sounds."""

    card: ClassVar[OperationCard] = OperationCard(
        key="sound-to-picture",
        title="A picture for a sound",
        summary="Draws pictures that belong to your sounds, as a model learned from pairs; as many "
        "different ones as you like.",
        output=IMAGE,
        inputs=(InputSpec(name="input", kind=SOUND, title="Sounds", maximum=_MOST_FILES),),
        task=GENERATE,
        capability=CROSS,
        has_count=True,
        is_seeded=True,
        icon="wand-sparkles",
    )


def _example(run: Run, path: Path, kind: str) -> dict[str, Tensor]:
    """A file as a model of the run takes it.

    Raises:
        DatasetError: It cannot be read, or is of another kind.
    """
    modality = MODALITIES.get(run.settings.modality)
    assert isinstance(modality, FileModality), "materials that belong together have files"
    if (kind == IMAGE) != may_be_picture(path.name):
        raise DatasetError(
            tr("{name} is no {kind}", name=path.name, kind=kind),
            tr("By its name it is of another kind."),
            tr("Choose the operation that takes such files."),
        )
    row = {
        name: torch.as_tensor(values)[None]
        for name, values in modality.read_one(path, run.settings.layout).items()
    }
    return {name: in_range(it) if it.dtype == torch.uint8 else it for name, it in row.items()}


PICTURE_TO_SOUND: Final[Operation] = PictureToSound()
SOUND_TO_PICTURE: Final[Operation] = SoundToPicture()
PAIRS: Final[Operation] = MakePairs()
