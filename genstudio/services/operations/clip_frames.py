"""Operation "clip-frames": frames of a clip as pictures, to paint on or to learn from."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from genstudio.data.films import chosen_frames, moments_of
from genstudio.domain.artifacts import CLIP, IMAGE, Artifact
from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.operations import CLIP_FRAMES, InputSpec, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import TrainableModel
from genstudio.services.operations.clip_results import refuse_flat
from genstudio.services.operations.key_frames import frame_name
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_from_files, says_synthetic

_MOST = 100_000


class ClipFramesSettings(Settings):
    """What a person chooses."""

    frames: str = setting(
        "",
        title="Which frames",
        help="Their numbers, counted from 0, such as 0, 60, 120; empty takes as many as are "
        "wanted, evenly spread.",
    )
    largest_side: int = setting(
        3840,
        title="Longest side",
        help="Larger frames are made smaller.",
        ge=64,
        le=8192,
        unit="px",
    )


class ClipFrames:
    """Some frames of a clip; their names say which ones they are."""

    card: ClassVar[OperationCard] = OperationCard(
        key=CLIP_FRAMES,
        title="Frames of a clip",
        summary="Takes frames out of a clip as pictures: to paint on, for “Paint a film”, or to "
        "learn from.",
        inputs=(InputSpec(name="input", kind=CLIP, title="Clip", maximum=1),),
        has_count=True,
        icon="images",
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """The same always."""
        del model
        return ClipFramesSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Read them one by one."""
        settings = request.settings
        assert isinstance(settings, ClipFramesSettings)
        (clip,) = request.inputs["input"]
        refuse_flat(clip, settings.largest_side)
        numbers = _numbers(clip, settings.frames, request.count)
        recipe = made_from_files(
            self.card.key, request, {"input": [clip]}, synthetic=says_synthetic(clip)
        )
        for done, frame in enumerate(chosen_frames(clip, numbers, settings.largest_side), start=1):
            found = {**recipe.sampling, "frames": str(frame.number)}
            yield Made(
                artifact=Artifact(kind=IMAGE, data=frame.image_HWC),
                recipe=recipe.model_copy(update={"sampling": found}),
                name=frame_name(clip, frame.number),
            )
            yield Progress(tr("Taking frames"), done, len(numbers))


def _numbers(clip: Path, wanted: str, count: int) -> list[int]:
    """Numbers of the wanted frames, ascending, each once."""
    if not wanted.strip():
        last = max(0, len(moments_of(clip)) - 1)
        return sorted({int(number) for number in np.linspace(0, last, min(count, _MOST))})
    parts = re.split(r"[\s,;]+", wanted.strip())
    if not all(part.isdecimal() for part in parts):
        raise SettingsError(
            tr("“{wanted}” names no frames", wanted=wanted),
            "",
            tr("Write numbers such as 0, 60, 120."),
        )
    return sorted({int(part) for part in parts})


OPERATION: Final[Operation] = ClipFrames()
