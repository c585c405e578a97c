"""The recipe of an artifact: all that is needed to make the same one again."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from genstudio.domain.values import Count, Moment

# Files that a recipe can name: of a film of a gallery there may be many.
MOST_INPUTS: Final = 500


class RecipeInput(BaseModel):
    """A file that something was made from; the file itself does not travel along.

    Attributes:
        name: The file's name, without its folder.
        content_hash: BLAKE2b-128 of its bytes, hexadecimal.
        role: Name of the operation's input that it was given for; empty for the first.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(max_length=300)
    content_hash: str = Field(max_length=64)
    role: str = Field(default="", max_length=60)


class Recipe(BaseModel):
    """Travels inside everything that is made. Before operations were noted, all was "generate".

    What is made without a trained model names none: its model, run and weights are empty.

    Attributes:
        software: Program and version that made it.
        model_key: Architecture.
        run: Name of the run's folder inside its project.
        project: Name of the project.
        step: Checkpoint's step.
        weights_sha256: Hash of the weights, so that another copy is recognised.
        seed: Seed of this artifact; None where none was needed.
        size: Side in pixels that the model learned; 0 where there was none.
        sampling: Settings of the operation and of the model's task.
        operation: What was done.
        inputs: What it was made from, in order.
        position: Which of several results of the same inputs it is.
        synthetic: Whether what is seen was made; a frame of a person's own film was not.
        created: When it was made.
        batch: Pictures that the network drew at once; with another number the last bits may be
            others. Alone, where nothing is said.
        device: Kind of device that it was made on: "cpu", where pixels are the same again on
            machines of one kind, or a graphics card, "cuda" or "mps", where none are promised.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    software: str = Field(max_length=200)
    model_key: str = Field(default="", max_length=200)
    run: str = Field(default="", max_length=200)
    project: str = Field(default="", max_length=200)
    step: Count = 0
    weights_sha256: str = Field(default="", max_length=64)
    seed: Count | None = None
    size: int = Field(default=0, ge=0, le=16384)
    sampling: dict[str, Any] = Field(default_factory=dict)
    created: Moment
    operation: str = Field(default="generate", max_length=60)
    inputs: tuple[RecipeInput, ...] = Field(default=(), max_length=MOST_INPUTS)
    position: Count = 0
    synthetic: bool = True
    batch: int = Field(default=1, ge=1, le=64)
    device: str = Field(default="cpu", pattern="^[a-z]{1,16}$")
