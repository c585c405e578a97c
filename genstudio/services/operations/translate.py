"""Operation "translate": pictures of a person's own become pictures of another kind."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import ClassVar, Final, Literal

import numpy as np
from PIL import Image

from genstudio.data.tiles import in_tiles
from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.language import tr
from genstudio.domain.operations import TRANSLATE, InputSpec, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import Request, TrainableModel
from genstudio.models.tasks import task_of
from genstudio.services.generation import load_model
from genstudio.services.operations.each import each
from genstudio.services.operations.pictures import read_picture
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run

# A tile is so many times as large as the squares that the model learned from.
_TILE = 4
_CHOICES_OF_OPERATION = frozenset({"detail", "largest_side"})


class TranslateSettings(Settings):
    """How pictures are brought to a model that learned from squares of one size."""

    detail: Literal["as it learned", "full size"] = setting(
        "as it learned",
        title="Size of the result — scale",
        help="“As it learned” brings each picture to the size that the model knows: it "
        "recognises most there. “Full size” works on the picture as large as it is, in tiles "
        "whose edges are blended; what is large in it may look strange to the model.",
    )
    largest_side: int = setting(
        2048,
        title="Longest side at full size",
        help="Larger pictures are made smaller before they are translated.",
        ge=64,
        le=8192,
        unit="px",
        advanced=True,
    )


class Translate:
    """One picture for each input."""

    card: ClassVar[OperationCard] = OperationCard(
        key=TRANSLATE,
        title="Translate pictures",
        summary="Turns your pictures into what a model learned to make of such: lines into "
        "paintings, photographs into another hand.",
        inputs=(InputSpec(name="input", title="Pictures to translate", maximum=None),),
        task=TRANSLATE,
        icon="wand-sparkles",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """Those of the operation and of the model's task."""
        if model is None:
            return TranslateSettings
        task = task_of(model, TRANSLATE)
        return type("TranslateSettings", (TranslateSettings, task.settings), {})

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Translate one after the other."""
        run = request.run
        assert run is not None
        files = request.inputs["input"]
        checkpoint = run.checkpoint(request.checkpoint)
        model = load_model(run, checkpoint)
        chosen = request.settings.model_dump()
        task_settings = task_of(model, TRANSLATE).settings(
            **{key: value for key, value in chosen.items() if key not in _CHOICES_OF_OPERATION}
        )

        def translate(image_HWC: np.ndarray) -> np.ndarray:
            (artifact,) = model.run(
                TRANSLATE, Request(settings=task_settings, inputs={"input": [image_HWC]})
            )
            return artifact.data

        def make(done: int, path: Path) -> Generator[Made | Progress, None, None]:
            image_HWC = _translated(path, run.settings.size, chosen, translate)
            yield Made(
                artifact=Artifact(kind=IMAGE, data=image_HWC),
                recipe=made_by_run(self.card.key, request, checkpoint, files=[path]),
                name=path.stem,
                source=path,
            )
            yield Progress(tr("Translating"), done, len(files))

        yield from each(files, make, tr("Translating"))


def _translated(
    path: Path,
    size: int,
    chosen: dict[str, object],
    translate: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    is_full = chosen["detail"] == "full size"
    largest = chosen["largest_side"]
    assert isinstance(largest, int)
    image_HWC = read_picture(
        path, for_what=tr("translated"), largest_side=largest if is_full else None
    )
    if not is_full:
        return translate(_with_shorter_side(image_HWC, size))
    return in_tiles(image_HWC, translate, tile=_TILE * size, overlap=size)


def _with_shorter_side(image_HWC: np.ndarray, size: int) -> np.ndarray:
    height, width = image_HWC.shape[:2]
    scale = size / min(height, width)
    wanted = max(size, round(width * scale)), max(size, round(height * scale))
    # A strip stays a picture: no side beyond what fits into memory.
    wanted = min(wanted[0], 32 * size), min(wanted[1], 32 * size)
    resized = Image.fromarray(image_HWC).resize(wanted, Image.Resampling.LANCZOS)
    return np.asarray(resized)


OPERATION: Final[Operation] = Translate()
