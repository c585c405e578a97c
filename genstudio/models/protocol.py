"""The one interface that every architecture implements, and its small companions."""

from collections.abc import Generator, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from genstudio.domain.artifacts import Artifact
from genstudio.domain.byte_pairs import Tokeniser
from genstudio.domain.cards import ModelCard
from genstudio.domain.fields import DataSpec
from genstudio.domain.operations import TaskCard
from genstudio.domain.settings import Settings
from genstudio.models.low_rank import Lora


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
class DrawsTogether(Protocol):
    """Draws many pictures from seeds faster than one by one.

    Attributes:
        drawn_at_once: The ``batch`` of a request that is fastest.
    """

    drawn_at_once: ClassVar[int]


@runtime_checkable
class Interpolates(Protocol):
    """Capability INTERPOLATE: pictures between pictures."""

    def latents(self, seeds: Sequence[int], settings: Settings) -> Tensor:
        """Latents of shape (number of seeds, latent size)."""
        ...

    def decode(self, latents: Tensor, settings: Settings) -> np.ndarray:
        """Latents => uint8 pictures of shape (N, height, width, channels)."""
        ...


@runtime_checkable
class Drafts(Protocol):
    """Draws in many steps, and about the same in a few: what is shown while a hand moves."""

    def draft(self, latents: Tensor, settings: Settings) -> np.ndarray | None:
        """About what ``decode`` gives, in about a tenth of the time; None where that is no less."""
        ...

    def decode_in_parts(
        self, latents: Tensor, settings: Settings
    ) -> Generator[None, None, np.ndarray]:
        """What ``decode`` gives, to the bit, with pauses at which it can be given up."""
        ...


@runtime_checkable
class HasDrawingNetwork(Protocol):
    """Draws in one pass of one network, which other programs can run."""

    def drawing_network(self) -> nn.Module:
        """Latents (N, Z) as ``latents`` gives them => pictures (N, C, S, S), about in [-1, 1]."""
        ...


@runtime_checkable
class Zoned(Protocol):
    """Capability ZONES: form, texture and colour are drawn by layers of their own."""

    def decode_zones(self, zone_latents: Tensor, settings: Settings) -> np.ndarray:
        """Latents of each zone, as ``domain.places.ZONES`` orders them => pictures as ``decode``.

        Where they are the same, the picture is that of ``decode``, up to the last bits.

        Args:
            zone_latents: Of shape (N, zones, latent size).
            settings: As ``decode`` takes them.
        """
        ...


@runtime_checkable
class Inverts(Protocol):
    """Capability INVERT: a picture's latent can be found by following gradients back to it."""

    def latents(self, seeds: Sequence[int], settings: Settings) -> Tensor:
        """Latents of shape (number of seeds, latent size)."""
        ...

    def draw_latents(self, zone_latents: Tensor) -> Tensor:
        """Draw with gradients by the latents, and by nothing else.

        Args:
            zone_latents: Of shape (N, 1, latent size), or one for each zone where there are such.

        Returns:
            Pictures in [-1, 1], (N, C, S, S).
        """
        ...


@runtime_checkable
class Reconstructs(Protocol):
    """Capability RECONSTRUCT: a picture goes in, what the model understood of it comes out."""

    def reconstruct(self, images_NCHW: Tensor) -> Tensor:
        """Pictures in [-1, 1] => pictures in [-1, 1], same shape."""
        ...


@runtime_checkable
class Encodes(Protocol):
    """Capability ENCODE: latents of pictures that a person brings."""

    def encode(self, images_NCHW: Tensor) -> Tensor:
        """Pictures in [-1, 1] => latents as ``decode`` takes them; what lies between two draws."""
        ...

    def decode(self, latents: Tensor, settings: Settings) -> np.ndarray:
        """Latents => uint8 pictures of shape (N, height, width, channels)."""
        ...


@runtime_checkable
class Varies(Protocol):
    """Pictures are changed by moving their latents; what latents do not describe of them stays."""

    def encode(self, images_NCHW: Tensor) -> Tensor:
        """Pictures in [-1, 1] => latents (N, Z)."""
        ...

    def vary(self, images_NCHW: Tensor, labels_N: Tensor, moves_NZ: Tensor) -> Tensor:
        """Change pictures.

        Args:
            images_NCHW: In [-1, 1].
            labels_N: The class of each, int64.
            moves_NZ: What is added to the latent of each, as ``encode`` gives them.

        Returns:
            In [-1, 1], of the same shape.
        """
        ...


@runtime_checkable
class Blends(Protocol):
    """Capability BLEND: latents of examples that are no pictures, and what they stand for.

    Attributes:
        num_labels: Numbers at the end of a latent that say of what kind it is.
    """

    num_labels: int

    def describe(self, fields: Mapping[str, Tensor]) -> Tensor:
        """Examples, as ``Batch.fields`` has them => latents (N, Z)."""
        ...

    def remake(self, latents: Tensor, settings: Settings) -> Iterator[Artifact]:
        """Latents (N, Z) => one artifact for each; the same latent gives the same one.

        Args:
            latents: As ``describe`` gives them, or what lies between such.
            settings: Of the model's first task.
        """
        ...


@runtime_checkable
class Crosses(Protocol):
    """Capability CROSS: what belongs to an example, in another material."""

    def cross(
        self, fields: Mapping[str, Tensor], kind: str, seeds: Sequence[int], settings: Settings
    ) -> Iterator[Artifact]:
        """One artifact for each seed; the same seed and example give the same one.

        Args:
            fields: One example of one material, as ``Batch.fields`` has it.
            kind: Key of the kind of artifact that is wanted, of another material.
            seeds: Of what the example does not decide.
            settings: Of the model's first task.

        Raises:
            SettingsError: It learned no material of that kind.
        """
        ...


@runtime_checkable
class Writes(Protocol):
    """Capability WRITE: writes texts, and says how likely one is."""

    tokeniser: Tokeniser

    def nats(self, fields: Mapping[str, Tensor]) -> Tensor:
        """Negative log-likelihood of the tokens of examples (N, T); 0 where they are padding."""
        ...

    def nats_of_text(self, text: str, *, after: str = "") -> float:
        """Negative log-likelihood of a text that stands behind another one, in nats."""
        ...

    def next_words(self, before: str, seed: int, count: int, temperature: float) -> list[str]:
        """Words that may come next, each drawn by itself; some may be the same."""
        ...


@runtime_checkable
class Bounds(Protocol):
    """Says how surprised it is at most by examples; used where it is set beside others.

    Not a capability that a card declares: whatever has it is measured by it.
    """

    def bounds(self, fields: Mapping[str, Tensor]) -> Tensor:
        """Upper bounds of the negative log-likelihood of examples, in nats (N,), on the processor.

        Of a sound for each level of its spectrogram, of a phrase for each token, of a molecule as
        a whole. Nothing is hidden, moved or spelled otherwise as while learning, and noise comes
        from a generator of its own: the same examples give the same numbers.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """How unlike everything that a model has seen a picture is.

    Attributes:
        map_HW: float32 of the picture's height and width; higher is stranger. Comparable between
            pictures, in no unit.
        score: Of the whole picture; higher is stranger.
        evidence: Name => what the score was made of, for people.
    """

    map_HW: np.ndarray
    score: float
    evidence: Mapping[str, float] = field(default_factory=dict[str, float])


@runtime_checkable
class Scores(Protocol):
    """Capability SCORE: says what does not belong."""

    def score(self, image_HWC: np.ndarray) -> Scored:
        """Compare a picture with all that was learned.

        Must not touch torch's global generator.

        Args:
            image_HWC: uint8; its shorter side as long as that of the squares that were learned.
        """
        ...


@runtime_checkable
class HasLora(Protocol):
    """Capability HAS_LORA: changes frozen weights that a person has."""

    def lora(self, name: str) -> Lora:
        """What was learned, to be saved or drawn with.

        Args:
            name: For people.
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
