"""A translation of one layer, which tests install as if a package had brought it."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from torch import nn

from genstudio.domain.artifacts import Artifact
from genstudio.domain.cards import ModelCard
from genstudio.domain.operations import TRANSLATE, InputSpec, TaskCard
from genstudio.domain.settings import Settings
from genstudio.models.protocol import Batch, DataSpec, Losses, OptimizerSpec, Phase, Request


class TinyConfig(Settings):
    pass


class TinyTask(Settings):
    pass


class TinyTranslator:
    """Turns pictures into their negatives, whatever it learns."""

    card: ClassVar[ModelCard] = ModelCard(
        key="tiny-translator",
        title="Tiny translator",
        summary="Turns dark into light.",
        family="translation",
        modalities=("pairs",),
        cost="None",
        needs="Pairs",
        paper="None",
    )
    Config: ClassVar[type[Settings]] = TinyConfig
    tasks: ClassVar[Sequence[TaskCard]] = (
        TaskCard(
            key=TRANSLATE, title="Translate", settings=TinyTask, inputs=(InputSpec(name="input"),)
        ),
    )

    def __init__(self, config: Settings, data: DataSpec) -> None:
        self.config = config
        self.data = data
        self.network = nn.ModuleDict({"mix": nn.Conv2d(data.channels, data.channels, 1)})

    def phases(self) -> Sequence[Phase]:
        weights = list(self.network.parameters())
        return [Phase(name="mix", parameters=weights, optimizer=OptimizerSpec(learning_rate=0.01))]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        made = self.network["mix"](batch.fields["input"])
        total = (made - batch.fields["target"]).square().mean()
        return Losses(total, {"distance": total.detach()})

    def run(self, task: str, request: Request) -> Iterator[Any]:
        for image_HWC in request.inputs["input"]:
            yield Artifact(kind="image", data=255 - image_HWC)
