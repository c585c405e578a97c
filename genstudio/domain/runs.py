"""How a run stands, and a run at a glance."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from genstudio.domain import metric_names
from genstudio.domain.events import Advice
from genstudio.domain.training import TrainingSettings

# The figures that can say which checkpoint is the best, so that the lowest wins. Runs from before
# the first was measured have the second, and those of texts the third.
QUALITY = metric_names.KID
QUALITY_BEFORE = metric_names.SWD
_QUALITIES = (QUALITY, QUALITY_BEFORE, metric_names.BITS_PER_BYTE)
# Those that a run is taught for, so that the highest wins of those within bounds.
_LESSONS = (metric_names.TASTE_GAIN, metric_names.CHOICES_FOLLOWED)


class RunState(StrEnum):
    """How a run stands, judging by its record."""

    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class CheckpointInfo(BaseModel):
    """A checkpoint at a glance; its files are there, but were not looked into.

    Attributes:
        path: Its folder.
        step: Steps taken.
        images_seen: Pictures seen.
        seconds: Time spent training.
        saved_at: When it was written, by the machine's clock; None if it was not noted.
        losses: Named losses when it was written.
        metrics: Quality figures of the model as it was; empty if none were taken.
        num_bytes: Space that it takes.
        is_starred: A person wants it kept for ever.
        is_best: As far as was measured, no other of its run is better.
    """

    model_config = ConfigDict(frozen=True)

    path: Path
    step: int
    images_seen: int
    seconds: float
    saved_at: datetime | None = None
    losses: dict[str, float] = Field(default_factory=dict)
    metrics: dict[str, float] = Field(default_factory=dict)
    num_bytes: int = 0
    is_starred: bool = False
    is_best: bool = False

    @property
    def preview(self) -> Path:
        """What the model drew when it was saved; the file may be missing."""
        return self.path / "preview.png"


def best_measured(checkpoints: Iterable[CheckpointInfo]) -> CheckpointInfo | None:
    """The one with the best quality of those that were measured; None if none was."""
    all_ = list(checkpoints)
    if any(metric_names.LESSON_WITHIN_BOUNDS in info.metrics for info in all_):
        # Where all went too far, what the teaching began with.
        kept = [info for info in all_ if _is_within_bounds(info)]
        return max(kept, key=_gain, default=all_[0])
    measured = [info for info in all_ if _is_measured(info)]
    # Checkpoints of before and after a change can only be compared by what all of them have.
    common = (name for name in _QUALITIES if all(name in info.metrics for info in measured))
    name = next(common, QUALITY_BEFORE)
    comparable = (info for info in measured if name in info.metrics)
    return min(comparable, key=lambda info: info.metrics[name], default=None)


def _gain(info: CheckpointInfo) -> float:
    return next((info.metrics[name] for name in _LESSONS if name in info.metrics), 0.0)


def _is_within_bounds(info: CheckpointInfo) -> bool:
    return info.metrics.get(metric_names.LESSON_WITHIN_BOUNDS) == 1


def _is_measured(info: CheckpointInfo) -> bool:
    return any(name in info.metrics for name in _QUALITIES)


def best_step(checkpoints: Sequence[CheckpointInfo]) -> int | None:
    """Step of the best checkpoint; None if nothing was measured.

    Not all are measured: as long as the last measurement was the best, the newest checkpoint is
    taken for the best.

    Args:
        checkpoints: All of a run, in order of their steps.
    """
    best = best_measured(checkpoints)
    if best is None:
        return None
    if any(metric_names.LESSON_WITHIN_BOUNDS in info.metrics for info in checkpoints):
        return best.step
    is_getting_better = not any(_is_measured(info) for info in checkpoints if info.step > best.step)
    return checkpoints[-1].step if is_getting_better else best.step


class RunSummary(BaseModel):
    """A run at a glance, with what its plot and its timeline show.

    Attributes:
        path: The run's folder.
        settings: As the run was begun.
        state: How it stands.
        step: Last step that is saved; 0 if there is no checkpoint.
        seconds: Time spent training up to that step.
        lost_steps: Steps taken after that, which an interruption cost.
        lost_seconds: Time spent on them.
        branched_from: Run and step that it grew out of, as ``RUN/STEP``; empty if none.
        losses: Step and named losses, in order.
        previews: Step and file of each preview, in order.
        checkpoints: In order.
        kinds: Name of each kind (class) that it tells apart => pictures of it; none if it was not
            taught any.
        words: Vocabulary of the captions that it learned from; none if there were none.
        marks: Step and word of what a plot marks, in order; see :mod:`genstudio.domain.marks`.
        said: The coach's newest word on how it goes; None if there was none.
    """

    model_config = ConfigDict(frozen=True)

    path: Path
    settings: TrainingSettings
    state: RunState
    step: int
    seconds: float
    lost_steps: int = 0
    lost_seconds: float = 0.0
    branched_from: str = ""
    losses: tuple[tuple[int, dict[str, float]], ...]
    previews: tuple[tuple[int, Path], ...]
    checkpoints: tuple[CheckpointInfo, ...] = ()
    kinds: dict[str, int] = Field(default_factory=dict)
    words: dict[str, int] = Field(default_factory=dict)
    marks: tuple[tuple[int, str], ...] = ()
    said: Advice | None = None

    @property
    def choices(self) -> dict[str, tuple[str, ...]]:
        """What its model's settings offer, by the word that they know it by."""
        return {"kinds": tuple(self.kinds), "words": tuple(self.words)}
