"""What a run that is taught by a person's choices follows, and what it goes on from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

LessonKind = Literal["taste", "texts"]
TASTE: Final = "taste"
TEXTS: Final = "texts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What choices say, frozen when a run is begun.

    Attributes:
        kind: Of what it was learned.
        tensors: As :mod:`genstudio.engine.teaching` reads them.
    """

    kind: LessonKind
    tensors: Mapping[str, Tensor]


class TeachingMemory(BaseModel):
    """What a taught run goes on from after an interruption; part of its checkpoints.

    Attributes:
        strength: What the strength that was chosen is multiplied with, after it had to be lowered.
        troubles: How often in a row too much was lost when that was measured.
        before: Figures of the model as it was before it was taught.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strength: float = Field(default=1.0, ge=0, le=1)
    troubles: int = Field(default=0, ge=0, le=1000)
    before: Annotated[
        dict[Annotated[str, Field(max_length=60)], Annotated[float, Field(allow_inf_nan=False)]],
        Field(max_length=32),
    ] = Field(default_factory=dict)
