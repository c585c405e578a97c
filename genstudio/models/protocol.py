"""The one interface that every architecture implements, and what the engine asks of some of them.

What can be done with a trained model besides its tasks is in :mod:`genstudio.models.capabilities`.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from genstudio.domain.artifacts import Artifact
from genstudio.domain.cards import ModelCard
from genstudio.domain.fields import DataSpec
from genstudio.domain.operations import TaskCard
from genstudio.domain.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One part of a training step.

    Attributes:
        fields: Name => one row for each example, on the training device: pictures float in
            [-1, 1], (N, channels, height, width); labels int64, (N,). Pictures are the squares
            that the model was built for, or of a shape of their own (``LearnsShapes``).
        images_seen: Examples seen since the beginning of the run.
        step_size: Examples of the whole step, of which these are a part; these alone by default.
        seen_on_device: ``seen``, where the engine keeps that for many steps.
    """

    fields: Mapping[str, Tensor]
    images_seen: int
    step_size: int = 0
    seen_on_device: Tensor | None = None

    @classmethod
    def of_images(
        cls,
        images_NCHW: Tensor,
        images_seen: int,
        *,
        labels_N: Tensor | None = None,
        step_size: int = 0,
    ) -> "Batch":
        """A batch of images and, where there are classes, their labels."""
        fields = {"images": images_NCHW} | ({} if labels_N is None else {"labels": labels_N})
        return cls(fields=fields, images_seen=images_seen, step_size=step_size)

    @property
    def images_NCHW(self) -> Tensor:
        """Real pictures of modality "images"."""
        return self.fields["images"]

    @property
    def labels_N(self) -> Tensor | None:
        """Class labels, int64 of shape (N,); None where there are no classes."""
        return self.fields.get("labels")

    @property
    def device(self) -> torch.device:
        """Where the fields are."""
        return next(iter(self.fields.values())).device

    @property
    def seen(self) -> Tensor:
        """``images_seen`` for what grows with it, float32 of shape ().

        A plain number would be the same for ever in a step that a CUDA graph replays.
        """
        if self.seen_on_device is not None:
            return self.seen_on_device
        return torch.full((), float(self.images_seen), device=self.device)

    def __len__(self) -> int:
        """Examples in this part."""
        return len(next(iter(self.fields.values())))

    def __post_init__(self) -> None:
        """Take the part for the whole where nothing else is said."""
        if not self.step_size:
            object.__setattr__(self, "step_size", len(self))

    def split(self, parts: int) -> Iterator["Batch"]:
        """Hand out the batch in so many parts of about one size."""
        split = {name: values.tensor_split(parts) for name, values in self.fields.items()}
        for number in range(parts):
            fields = {name: values[number] for name, values in split.items()}
            yield replace(self, fields=fields)

    def static_copy(self) -> "Batch":
        """A copy in memory of its own, which :meth:`copy_into` fills again and again."""
        fields = {name: values.clone() for name, values in self.fields.items()}
        return replace(self, fields=fields, seen_on_device=self.seen)

    def copy_into(self, static: "Batch") -> None:
        """Overwrite what a :meth:`static_copy` of a batch of these shapes holds."""
        for name, values in self.fields.items():
            static.fields[name].copy_(values)
        static.seen.fill_(self.images_seen)


@dataclass(frozen=True, slots=True)
class Losses:
    """What a phase minimises, and what its plot shows.

    Attributes:
        total: Scalar with a graph behind it.
        values: Named scalars without a graph, in the units they are plotted in.
    """

    total: Tensor
    values: Mapping[str, Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerSpec:
    """Adam's hyper-parameters (Kingma & Ba 2015, arXiv:1412.6980)."""

    learning_rate: float
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterGroup:
    """Parameters with the same optimizer settings.

    Attributes:
        name: In checkpoints.
        parameters: What the optimizer steps.
        optimizer: Its settings.
    """

    name: str
    parameters: Sequence[nn.Parameter]
    optimizer: OptimizerSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One optimizer's part of a training step.

    Attributes:
        name: Passed to ``losses``; also that of its parameters in checkpoints.
        parameters: What this phase updates; everything else is frozen.
        optimizer: Its settings.
        every: The phase takes part in every so many steps.
        param_groups: Parameters with optimizer settings and a name of their own, such as a
            discriminator that is updated in the same backward pass.
    """

    name: str
    parameters: Sequence[nn.Parameter]
    optimizer: OptimizerSpec
    every: int = 1
    param_groups: Sequence[ParameterGroup] = ()

    def all_param_groups(self) -> Sequence[ParameterGroup]:
        """All of its parameters: first those with the phase's own optimizer settings."""
        grouped = {id(parameter) for group in self.param_groups for parameter in group.parameters}
        rest = [parameter for parameter in self.parameters if id(parameter) not in grouped]
        own = ParameterGroup(name=self.name, parameters=rest, optimizer=self.optimizer)
        return [own, *self.param_groups]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is wanted of a model for one task.

    Attributes:
        settings: An instance of the task's ``Settings`` class.
        seeds: One for each artifact, in order; none where the task is not seeded.
        inputs: Name of an input => one value for each artifact: pictures as uint8 of shape
            (height, width, 3 or 4). Of a seeded task, what its conditions name; may be missing.
        batch: Latents that the network is given at once, always so many, so that a seed gives the
            same pixels in any company; with another number the last bits may be others. 1 draws
            each alone; only models that draw together (``DrawsTogether``) are asked for more.
    """

    settings: Settings
    seeds: Sequence[int] = ()
    inputs: Mapping[str, Sequence[np.ndarray]] = field(
        default_factory=dict[str, Sequence[np.ndarray]]
    )
    batch: int = 1


class TrainableModel(Protocol):
    """An architecture. The engine owns optimizers, precision, EMA and checkpoints.

    ``network`` holds every module with weights under a name of its own; the
    model calls them through it, since the engine may wrap them. ``config`` is what it was
    built with; where a setting is declared as ``live``, the engine puts another one in its
    place between two steps, so ``losses`` reads such a setting anew each time.
    """

    card: ClassVar[ModelCard]
    Config: ClassVar[type[Settings]]
    tasks: ClassVar[Sequence[TaskCard]]
    config: Settings
    network: nn.ModuleDict

    def __init__(self, config: Settings, data: DataSpec) -> None:
        """Build the networks, with random weights from torch's global generator."""
        ...

    def phases(self) -> Sequence[Phase]:
        """Say what each step consists of, in order."""
        ...

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """Compute what a phase minimises.

        Randomness comes from torch's global generator only, which the engine
        seeds from the run's seed and the step.
        """
        ...

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do one of its tasks: one artifact after the other, in bounded memory.

        The same seed, inputs and settings give the same artifact, whatever the company. Must not
        touch torch's global generator.

        Args:
            task: Key of one of ``tasks``.
            request: What is wanted.
        """
        ...


@runtime_checkable
class LearnsShapes(Protocol):
    """Learns from pictures in their own shapes, where it is asked to.

    The pictures of one batch then have one shape, and the batch has the field "origins".
    """

    @classmethod
    def shape_step(cls, config: Settings) -> int:
        """What both sides of its pictures are multiples of, in pixels; 0 where it learns squares.

        Raises:
            GenStudioError: What that depends on is not there.
        """
        ...


@runtime_checkable
class Finalizes(Protocol):
    """Computes something from its trained weights, such as a fitted prior of its latents."""

    def finalize(self, fields: Mapping[str, Tensor]) -> None:
        """Compute buffers of ``network`` from examples, and change nothing else.

        The engine asks this of the averaged weights before it saves them; training goes on as
        if it had not. The same pictures and weights always give the same buffers. Must not touch
        torch's global generator.

        Args:
            fields: Examples that it learns from, never augmented, as ``Batch`` has them but on
                the CPU; two or more.
        """
        ...


@runtime_checkable
class HasDiagnostics(Protocol):
    """Reports diagnostics of its networks that its pictures do not show."""

    def diagnostics(self, learned_NCHW: Tensor, held_out_NCHW: Tensor) -> Mapping[str, float]:
        """Figures, named as in :mod:`genstudio.domain.metric_names`; unknown ones are left out.

        Must not touch torch's global generator, and leaves no gradients.

        Args:
            learned_NCHW: Pictures that it learns from, as ``Batch`` has them but on any device
                and never augmented: float in [-1, 1], two or more.
            held_out_NCHW: Pictures of the same kind that it does not learn from; may be none.
        """
        ...


@runtime_checkable
class CudaGraphable(Protocol):
    """Has phases that can be captured as a CUDA graph and replayed."""

    def graph_key(self, phase: str, batch: Batch, step: int) -> Hashable:
        """A key of the operations that ``losses`` would launch: equal keys, equal operations.

        As long as ``config`` and the number of pictures are the same, ``losses`` then begins the
        same operations in the same order, differing in nothing but what the tensors hold that it
        is given and those of ``network``. It draws random numbers on the device of the pictures
        and never waits for what is computed there.

        Returns:
            The key; None where Python numbers differ from step to step.
        """
        ...
