"""What models that translate pictures share: the task, the phase of both players, the running."""

from collections.abc import Callable, Iterator, Sequence

from torch import Tensor, nn

from genstudio.domain import operations
from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.operations import InputSpec, TaskCard
from genstudio.domain.settings import Settings
from genstudio.models.blocks.whole_pictures import translated
from genstudio.models.protocol import OptimizerSpec, ParameterGroup, Phase, Request


class TranslationSettings(Settings):
    """How pictures are translated: there is nothing to choose."""


TRANSLATION = TaskCard(
    key=operations.TRANSLATE,
    title="Translate pictures",
    settings=TranslationSettings,
    inputs=(InputSpec(name="input", title="Pictures to translate"),),
)


def joint_phase(
    generator: Sequence[nn.Parameter], discriminator: nn.Module, learning_rate: float
) -> Phase:
    """One phase in which generator and discriminator are updated by the same backward pass.

    Args:
        generator: Parameters of the generator and of what is trained with it.
        discriminator: In a parameter group of its own, "discriminator".
        learning_rate: Of Adam, for both.
    """
    adam = OptimizerSpec(learning_rate=learning_rate, betas=(0.5, 0.99))
    judging = list(discriminator.parameters())
    return Phase(
        name="generator",
        parameters=[*generator, *judging],
        optimizer=adam,
        param_groups=[ParameterGroup(name="discriminator", parameters=judging, optimizer=adam)],
    )


def run_translation(
    task: str,
    request: Request,
    network: nn.ModuleDict,
    generate: Callable[[Tensor], Tensor],
    *,
    channels: int,
    stride: int,
) -> Iterator[Artifact]:
    """Translate the inputs of a request, one after the other.

    Args:
        task: Must be "translate".
        request: With pictures as "input": uint8, any height and width.
        network: Of the model; it is put into evaluation mode.
        generate: Images in [-1, 1] => images of the same height and width.
        channels: That ``generate`` takes.
        stride: What the sides that ``generate`` takes are multiples of.
    """
    assert task == operations.TRANSLATE
    for image_HWC in request.inputs["input"]:
        made_HWC = translated(network, generate, image_HWC, channels=channels, stride=stride)
        yield Artifact(kind=IMAGE, data=made_HWC)
