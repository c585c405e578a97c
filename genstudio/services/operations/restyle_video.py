"""Operation "restyle-video": a clip becomes what an artist painted a few of its frames to be."""

from collections.abc import Generator
from typing import ClassVar, Final

from genstudio.domain.artifacts import CLIP, IMAGE
from genstudio.domain.language import tr
from genstudio.domain.operations import KEY_FRAMES, RESTYLE_VIDEO, InputSpec, OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import TrainableModel
from genstudio.models.style.key_frames import KeyFramePainter
from genstudio.services.operations.clip_results import ClipSettings, filmed, refuse_flat
from genstudio.services.operations.key_frames import frame_numbers, key_frames, unpainted_frames
from genstudio.services.operations.protocol import Made, Operation, OperationRequest
from genstudio.services.operations.recipes import made_from_files

_PREVIEW_EVERY = 50
_MOST_KEY_FRAMES = 5


class RestyleVideoSettings(ClipSettings):
    """What a person chooses."""

    steps: int = setting(
        600,
        title="How long it learns — steps",
        help="Longer comes closer to the paint; very long learns by heart, and washes out in "
        "frames that look different.",
        ge=10,
        le=20_000,
        logarithmic=True,
    )
    early_stopping: bool = setting(
        True,
        title="Stop before it washes out — early stopping",
        help="Looks at some frames that you did not paint, and ends where more learning makes them "
        "less like paint than it makes the painted ones closer.",
        before=False,
    )
    key_frames_at: str = setting(
        "",
        title="Which frames were painted",
        help="Their numbers, counted from 0, in the order of the pictures. Empty finds them by "
        "their names, or by what is on them.",
    )


class RestyleVideo:
    """A small network learns from the painted frames and paints all others."""

    card: ClassVar[OperationCard] = OperationCard(
        key=RESTYLE_VIDEO,
        title="Paint a film",
        summary="Paint over one to five frames of a clip; all its other frames are painted alike, "
        "and its sound stays. Needs no trained model.",
        inputs=(
            InputSpec(name="input", kind=CLIP, title="Clip", maximum=1),
            InputSpec(name="key_frames", title="Painted frames of it", maximum=_MOST_KEY_FRAMES),
        ),
        output=CLIP,
        others=(IMAGE,),
        is_seeded=True,
        icon="clapperboard",
        view=KEY_FRAMES,
    )

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """The same always."""
        del model
        return RestyleVideoSettings

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Learn, then paint."""
        settings = request.settings
        assert isinstance(settings, RestyleVideoSettings)
        (clip,), painted = request.inputs["input"], request.inputs["key_frames"]
        yield Progress(tr("Looking at the film"), 0, 1)
        refuse_flat(clip, settings.largest_side)
        numbers = frame_numbers(clip, painted, settings.key_frames_at)
        pairs = key_frames(clip, painted, numbers, settings.largest_side)
        unpainted = (
            unpainted_frames(clip, numbers, settings.largest_side)
            if settings.early_stopping
            else []
        )
        painter = KeyFramePainter(pairs, seed=request.seed, unpainted=unpainted)
        for step in painter.learn(settings.steps):
            is_shown = step % _PREVIEW_EVERY == 0
            seen = painter.paint(pairs[0].seen_HWC) if is_shown else None
            yield Progress(tr("Learning from the painted frames"), step, settings.steps, seen)
        used = {"input": [clip], "key_frames": painted}
        recipe = made_from_files(self.card.key, request, used, seed=request.seed)
        found = {"key_frames_at": ", ".join(map(str, numbers))}
        recipe = recipe.model_copy(update={"sampling": {**recipe.sampling, **found}})
        yield from filmed(
            clip,
            painter.paint,
            recipe,
            settings,
            what=tr("Painting"),
            steadying=settings.steadying,
        )


OPERATION: Final[Operation] = RestyleVideo()
