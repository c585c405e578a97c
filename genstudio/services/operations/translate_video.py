"""Operation "translate-video": each frame of a clip by a model that translates pictures."""

from collections.abc import Callable, Generator
from typing import ClassVar, Final, Literal

import numpy as np

from genstudio.data.films import frames_at, moments_of
from genstudio.domain.artifacts import CLIP, IMAGE
from genstudio.domain.language import tr
from genstudio.domain.operations import TRANSLATE, InputSpec, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import Request, TrainableModel
from genstudio.models.sampling import over_white
from genstudio.models.style.key_frames import KeyFrame, KeyFramePainter
from genstudio.models.tasks import task_of
from genstudio.services.generation import load_model
from genstudio.services.operations.clip_results import (
    ClipSettings,
    filmed,
    refuse_flat,
    steadying_setting,
)
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_by_run

_FRAMES = 8


class TranslateVideoSettings(ClipSettings):
    """What a person chooses."""

    steady: Literal["steady", "frame by frame"] = setting(
        "steady",
        title="Steadiness",
        help="“Steady” has a small network learn from a few translated frames and paint all with "
        "it, so that little flickers; “frame by frame” is just what the model makes of each.",
    )
    steadying: float = steadying_setting(only_with=("steady", "steady"))
    steps: int = setting(
        600,
        title="How long it learns to be steady — steps",
        help="Longer keeps more of what the model makes of single frames.",
        ge=10,
        le=20_000,
        advanced=True,
        logarithmic=True,
    )


class TranslateVideo:
    """A clip through a trained translation, steadied by a network that is fitted to the clip."""

    card: ClassVar[OperationCard] = OperationCard(
        key="translate-video",
        title="Translate a film",
        summary="Turns each frame of a clip into what a model learned to make of pictures, "
        "steadily; its sound stays.",
        inputs=(InputSpec(name="input", kind=CLIP, title="Clip", maximum=1),),
        output=CLIP,
        others=(IMAGE,),
        task=TRANSLATE,
        is_seeded=True,
        icon="film",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """The same always."""
        del model
        return TranslateVideoSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Translate some frames and learn from them, or all."""
        settings = request.settings
        assert isinstance(settings, TranslateVideoSettings)
        assert request.run is not None
        (clip,) = request.inputs["input"]
        refuse_flat(clip, settings.largest_side)
        checkpoint = request.run.checkpoint(request.checkpoint)
        model = load_model(request.run, checkpoint)
        task = task_of(model, TRANSLATE)
        is_steady = settings.steady == "steady"
        chosen = task.settings.model_validate({} if is_steady else task.in_bulk)

        def paint(frame_HWC: np.ndarray) -> np.ndarray:
            wanted = Request(settings=chosen, inputs={"input": [frame_HWC]})
            (artifact,) = model.run(TRANSLATE, wanted)
            return over_white(artifact.data)

        if is_steady:
            painter = yield from _learned(request, paint, settings)
            paint = painter.paint
        recipe = made_by_run(self.card.key, request, checkpoint, files=[clip], seed=request.seed)
        yield from filmed(
            clip,
            paint,
            recipe,
            settings,
            what=tr("Translating"),
            steadying=settings.steadying if is_steady else 0.0,
        )


def _learned(
    request: OperationRequest,
    paint: Callable[[np.ndarray], np.ndarray],
    settings: TranslateVideoSettings,
) -> Generator[Progress, None, KeyFramePainter]:
    """A deep video prior: what is the same in all translated frames is learned first.

    Source: Lei et al. 2020 (arXiv:2010.11838); here it learns from some of the frames.
    """
    (clip,) = request.inputs["input"]
    count = max(1, len(moments_of(clip)))
    numbers = sorted({int(it) for it in np.linspace(0, count - 1, _FRAMES)})
    # What earlier versions made stays as it was: they did not trust the last frame to be there.
    numbers = [min(number, max(0, count - 2)) for number in numbers]
    frames = frames_at(clip, numbers, settings.largest_side)
    pairs = [KeyFrame(frame, paint(frame)) for frame in frames]
    painter = KeyFramePainter(pairs, seed=request.seed)
    for step in painter.learn(settings.steps):
        yield Progress(tr("Learning to be steady"), step, settings.steps)
    return painter


OPERATION: Final[Operation] = TranslateVideo()
