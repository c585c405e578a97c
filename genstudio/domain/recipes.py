"""The recipe of a generated picture: all that is needed to make the same pixels again."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Recipe(BaseModel):
    """Travels inside every generated picture.

    Attributes:
        software: Program and version that made it.
        model_key: Architecture.
        run: Name of the run's folder inside its project.
        project: Name of the project.
        step: Checkpoint's step.
        weights_sha256: Hash of the weights, so that another copy is recognised.
        seed: Seed of this picture.
        size: Side in pixels.
        sampling: The architecture's sampling settings.
        created: When it was made.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    software: str = Field(max_length=200)
    model_key: str = Field(max_length=200)
    run: str = Field(max_length=200)
    project: str = Field(max_length=200)
    step: int = Field(ge=0)
    weights_sha256: str = Field(max_length=64)
    seed: int = Field(ge=0, lt=2**63)
    size: int = Field(ge=1, le=16384)
    sampling: dict[str, Any] = Field(default_factory=dict)
    created: datetime
