"""The recipe of a generated picture: all that is needed to make the same pixels again."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from genstudio.domain.values import Count, Moment


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
    step: Count
    weights_sha256: str = Field(max_length=64)
    seed: Count
    size: int = Field(ge=1, le=16384)
    sampling: dict[str, Any] = Field(default_factory=dict)
    created: Moment
