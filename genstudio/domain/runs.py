"""How a run stands, and a run at a glance."""

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from genstudio.domain.training import TrainingSettings


class RunState(StrEnum):
    """How a run stands, judging by its record."""

    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    OPEN = "open"


class RunSummary(BaseModel):
    """A run at a glance, with what its plot and its timeline show.

    Attributes:
        path: The run's folder.
        settings: As the run was begun.
        state: How it stands.
        step: Last step that is saved; 0 if there is no checkpoint.
        seconds: Time spent training up to that step.
        losses: Step and named losses, in order.
        previews: Step and file of each preview, in order.
    """

    model_config = ConfigDict(frozen=True)

    path: Path
    settings: TrainingSettings
    state: RunState
    step: int
    seconds: float
    losses: tuple[tuple[int, dict[str, float]], ...]
    previews: tuple[tuple[int, Path], ...]
