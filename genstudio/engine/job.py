"""All that a run needs before its first step."""

from dataclasses import dataclass, field
from pathlib import Path

from genstudio.data.dataset import Dataset
from genstudio.domain.fields import DataSpec
from genstudio.domain.training import TrainingSettings
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.lessons import Lesson
from genstudio.engine.process_group import ProcessGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJob:
    """All that a run needs.

    Attributes:
        settings: Frozen settings of the run.
        dataset: What it learns from.
        run: The run's folder, named in events only.
        checkpoints: Folder that checkpoints are written to.
        resume_from: The checkpoint to continue from; None starts anew.
        process_group: The processes that train it together.
        lesson: What a person's choices say, where it is taught by them.
    """

    settings: TrainingSettings
    dataset: Dataset
    run: Path
    checkpoints: Path
    resume_from: Checkpoint | None = None
    process_group: ProcessGroup = field(default_factory=ProcessGroup)
    lesson: Lesson | None = None

    @property
    def data(self) -> DataSpec:
        """What the examples are like, as a model needs to know it."""
        return self.dataset.spec
