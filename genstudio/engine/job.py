"""All that a run needs before its first step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from genstudio.domain.training import TrainingSettings
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.crew import Crew
from genstudio.models.protocol import DataSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJob:
    """All that a run needs.

    Attributes:
        settings: Frozen settings of the run.
        images_NHWC: Decoded pictures, uint8; may be a memory map.
        held_out: Indices of those that are not learned from.
        kinds: Name of each kind that is told apart => pictures of it; empty if they are not.
        kinds_N: Number of each picture's kind, int64; None where there are no kinds.
        run: The run's folder, named in events only.
        checkpoints: Folder that checkpoints are written to.
        resume_from: The checkpoint to continue from; None starts anew.
        crew: The processes that train it together.
    """

    settings: TrainingSettings
    images_NHWC: np.ndarray
    run: Path
    checkpoints: Path
    resume_from: Checkpoint | None = None
    held_out: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    kinds: Mapping[str, int] = field(default_factory=dict[str, int])
    kinds_N: np.ndarray | None = None
    crew: Crew = field(default_factory=Crew)

    @property
    def learned_from(self) -> np.ndarray:
        """Indices of the pictures that are learned from: int64, ascending."""
        return np.setdiff1d(np.arange(len(self.images_NHWC)), self.held_out)

    @property
    def data(self) -> DataSpec:
        """What the pictures are like, as a model needs to know it."""
        return DataSpec(
            size=self.settings.size, channels=self.images_NHWC.shape[-1], kinds=self.kinds
        )
