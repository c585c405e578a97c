"""The interface of an operation."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from genstudio.domain.artifacts import Artifact
from genstudio.domain.operations import OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.recipes import Recipe
from genstudio.domain.settings import Settings
from genstudio.models.protocol import TrainableModel
from genstudio.services.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRequest:
    """What is wanted of an operation.

    Attributes:
        settings: An instance of the class that :meth:`Operation.settings` gives.
        run: The run whose model is used; None for operations that need none.
        checkpoint: A step, "best" or "last".
        inputs: Name of an input => files; only read.
        count: How many are wanted, where a person can say so.
        seed: Of the first artifact.
        watch: Go on with what is put into the folders of the inputs later, until it is cancelled.
        batch: How many pictures from seeds are drawn at once, as a recipe says; None for as many as
            are fastest.
        device: Of pictures from seeds: "cpu", another accelerator, or "auto".
    """

    settings: Settings
    run: Run | None = None
    checkpoint: str = "best"
    inputs: Mapping[str, Sequence[Path]] = field(default_factory=dict[str, Sequence[Path]])
    count: int = 1
    seed: int = 0
    watch: bool = False
    batch: int | None = None
    device: str = "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One result.

    Attributes:
        artifact: What was made.
        recipe: How to make it again.
        name: Stem of its file.
        source: The input that it was made from; None if it was made from none or from several.
    """

    artifact: Artifact
    recipe: Recipe
    name: str
    source: Path | None = None


class Operation(Protocol):
    """Something that a person can have done; has no state."""

    card: ClassVar[OperationCard]

    def settings(self, model: type[TrainableModel] | None) -> type[Settings]:
        """What can be chosen, with a model of that class."""
        ...

    def run(self, request: OperationRequest) -> Generator[Made | Progress, None, None]:
        """Do it: one result after the other, in bounded memory.

        The same settings, inputs, seed and weights give the same results.

        Raises:
            GenStudioError: An input cannot be used, or the model cannot do it.
        """
        ...
