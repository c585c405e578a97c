"""The state of a run: all that is trained and counted, saved and taken back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import torch
from torch import Tensor

from genstudio.domain.errors import RunawayError
from genstudio.domain.language import tr
from genstudio.domain.settings import parse_settings
from genstudio.engine.batches import Batches
from genstudio.engine.checkpoint import Checkpoint, CheckpointState, Snapshot
from genstudio.engine.coach import CoachMemory
from genstudio.engine.compute import Compute
from genstudio.engine.device import derived_seed, place, seed_everything
from genstudio.engine.job import TrainingJob
from genstudio.engine.lessons import TeachingMemory
from genstudio.engine.meters import LossMeter, Stopwatch
from genstudio.engine.model_pair import ModelPair
from genstudio.engine.optimizers import Optimizers
from genstudio.engine.teaching import Teacher, teacher_of
from genstudio.engine.threads import profile_step, useful_threads
from genstudio.models.catalog import model_class
from genstudio.models.protocol import Batch, Losses, TrainableModel


@dataclass(slots=True)
class Counters:
    """How far a run has come.

    Attributes:
        step: Steps taken.
        images_seen: Images seen.
        seconds: Time spent training.
    """

    step: int = 0
    images_seen: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """Quality figures of the averaged model.

    Attributes:
        step: When it was measured.
        figures: Named as in :mod:`genstudio.domain.metric_names`.
        num_made: Results that were judged.
    """

    step: int
    figures: Mapping[str, float]
    num_made: int


@dataclass(slots=True)
class Observed:
    """What extensions have seen of a run; it is saved with the run.

    Attributes:
        losses: As told last.
        measurement: The last one; None before the first.
        preview_HWC: As drawn last, uint8; None before the first.
        coach: What the coach goes on from.
    """

    losses: dict[str, float] = field(default_factory=dict[str, float])
    measurement: Measurement | None = None
    preview_HWC: np.ndarray | None = None
    coach: CoachMemory = field(default_factory=CoachMemory)

    def figures_at(self, step: int) -> dict[str, float]:
        """Quality figures of a step; empty if it was not measured."""
        measurement = self.measurement
        if measurement is None or measurement.step != step:
            return {}
        return dict(measurement.figures)


@dataclass(slots=True)
class Milestones:
    """Steps at which something was done with the run as it is now; None for not since it changed.

    Attributes:
        finalized: When the averaged model was finalized last.
        saved: When a snapshot was taken that is or will be on the disk.
        safe: The newest step that is on the disk; -1 for none that was saved by this process.
    """

    finalized: int | None = None
    saved: int | None = None
    safe: int = -1


class TrainState:
    """What a run has learned and how far it has come; each step and each rollback changes it.

    All processes that train a run together have one, and what changes it here is passed on to
    them, so that their states stay equal.

    Args:
        job: The run; if it says so, the state is that of a checkpoint.

    Attributes:
        compute: What computes the run.
        batches: What steps learn from.
        counters: How far it has come.
        parts: Parts that this process takes its share of a step in; doubled where memory does
            not suffice.
        models: The model and its average.
        optimizers: Of the model's phases.
        meter: Losses since they were told last.
        clock: Counts time as training time.
        observed: What extensions have seen.
        milestones: What was done at which step.
        teacher: What a person's choices add to the losses; None where they add nothing.
        teaching: What it goes on from.

    Raises:
        GenStudioError: The model, its settings, the device or the checkpoint do not fit.
    """

    def __init__(self, job: TrainingJob) -> None:
        self._job = job
        settings = job.settings
        self.compute = Compute(settings, job.process_group, self._useful_threads)
        self.batches = Batches(
            job.dataset,
            job.process_group,
            self.compute.fabric.device,
            batch=settings.batch,
            seed=settings.seed,
            mirrors=settings.mirror,
        )
        self.counters = Counters()
        self.parts = settings.accumulate
        self._seed_weights()
        self.models = ModelPair(self._build, settings.ema_half_life_kimg)
        phases = self.model.phases()
        self.teaching = TeachingMemory()
        self.teacher: Teacher | None = None
        if job.lesson is not None:
            self.teacher = teacher_of(job.lesson, self.model, job.dataset, settings.seed)
        self.compute.threads.adapt(at_once=True)
        network = self.model.network
        for name, module in network.items():
            network[name] = self.compute.fabric.setup_module(module)
        self.optimizers = Optimizers(phases, self.compute.fabric)
        self.meter = LossMeter()
        self.clock = Stopwatch()
        self.observed = Observed()
        self.milestones = Milestones()
        if (checkpoint := job.resume_from) is not None:
            self.restore(checkpoint)
            self.observed.coach = checkpoint.state.coach
            # With an older fit perhaps, but saved it is.
            self.milestones.finalized = self.milestones.saved = self.step

    @property
    def step(self) -> int:
        """Steps taken."""
        return self.counters.step

    @property
    def seconds(self) -> float:
        """Time spent training."""
        return self.counters.seconds

    @property
    def model(self) -> TrainableModel:
        """The model in training."""
        return self.models.model

    @property
    def averaged(self) -> TrainableModel:
        """The model with averaged weights, which pictures are made from."""
        return self.models.averaged

    def _build(self) -> TrainableModel:
        settings = self._job.settings
        chosen = model_class(settings.model_key)
        model = chosen(parse_settings(chosen.Config, settings.model), self._job.data)
        place(model.network, self.compute.fabric.device)
        return model

    def _seed_weights(self) -> None:
        seed_everything(derived_seed(self._job.settings.seed, "weights"))

    def _useful_threads(self) -> int:
        """Threads that a step has work for, found on a model that is thrown away."""
        batch = self.batches.after(self.counters.images_seen)
        with self.compute.fabric.autocast():  # pyright: ignore[reportUnknownMemberType]
            size = self.compute.memory.attempt(
                lambda: profile_step(self._build(), batch, self.parts)
            )
        return useful_threads(size or 0)

    # --- changing -----------------------------------------------------------------------

    def advance(self) -> None:
        """Count a step that was taken, and let the average follow it."""
        batch = self.batches.count_after(self.counters.images_seen)
        self.counters.step += 1
        self.counters.images_seen += batch
        self.models.follow(images_seen=self.counters.images_seen, batch=batch)
        self.counters.seconds += self.clock.lap_s()
        self.compute.threads.adapt()

    def change(self, changes: Mapping[str, object]) -> None:
        """Let settings of the model be others from the next step on.

        Raises:
            SettingsError: One of them may not change while a run goes on, or is out of bounds.
        """
        before = dict(self.models.changes)
        self.models.change(changes)
        self.compute.process_group.broadcast({"do": "change", "changes": dict(changes)})
        if self.models.changes != before:
            self.milestones.saved = None

    def set_learning_rate_scale(self, scale: float) -> None:
        """Multiply the learning rates that the model asked for."""
        self.compute.process_group.broadcast({"do": "scale", "to": scale})
        self.optimizers.set_scale(scale)
        self.milestones.saved = None

    def set_teaching(self, memory: TeachingMemory) -> None:
        """Note what the untaught model was like, and how strongly it is taught from now on."""
        self.compute.process_group.broadcast({"do": "teach", "memory": memory.model_dump()})
        self.teaching = memory
        self.milestones.saved = None

    def taught(self, losses: Losses, phase: str, batch: Batch) -> Losses:
        """The losses of a phase with what choices add to them."""
        if self.teacher is None or self.teacher.phase != phase:
            return losses
        return self.teacher.add_to(losses, self.model, batch, self.teaching.strength)

    def reset(self) -> None:
        """Become what the run was before its first step."""
        self.compute.process_group.broadcast({"do": "reset"})
        self._seed_weights()
        self.models.reset()
        self.optimizers.reset()
        self.counters = Counters()
        self._begin_again()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Become exactly what a checkpoint was made from.

        Raises:
            CheckpointError: It belongs to another model, or is damaged.
        """
        saved = checkpoint.state
        checkpoint.refuse_unless_of(self.model.card)
        self.compute.process_group.broadcast({"do": "restore", "step": saved.step})
        card = self.model.card
        weights, averaged = (checkpoint.weights(name, card) for name in ("weights", "ema"))
        optimizer = checkpoint.tensors("optimizer", card.renamed_tensors)
        self.models.load(weights, averaged, saved.changes)
        self.optimizers.restore(optimizer)
        self.optimizers.set_scale(saved.learning_rate_scale)
        self.compute.restore_loss_scale(dict(saved.loss_scale))
        self.counters = Counters(saved.step, saved.images_seen, saved.seconds)
        # The checkpoint that a teaching began with knows nothing of it.
        self.teaching = saved.teaching or self.teaching
        self.parts = max(self.parts, saved.parts)
        self._begin_again()

    def _begin_again(self) -> None:
        self.meter = LossMeter()
        self.clock.lap_s()
        self.observed.measurement = None
        self.milestones.finalized = self.milestones.saved = None

    # --- saving -------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Copy all that a checkpoint of this moment holds.

        Raises:
            RunawayError: Some of what was learned is no longer a number.
        """
        card, counters, observed = self.model.card, self.counters, self.observed
        return Snapshot(
            state=CheckpointState(
                model_key=card.key,
                model_revision=card.revision,
                step=counters.step,
                images_seen=counters.images_seen,
                seconds=counters.seconds,
                saved_at=datetime.now(UTC),
                losses=observed.losses,
                metrics=observed.figures_at(counters.step),
                learning_rate_scale=self.optimizers.scale,
                parts=self.parts,
                loss_scale=self.compute.loss_scale(),
                changes=self.models.changes,
                coach=observed.coach,
                teaching=None if self.teacher is None else self.teaching,
            ),
            tensors=self.tensors(),
            preview_HWC=observed.preview_HWC,
        )

    def tensors(self) -> dict[str, dict[str, Tensor]]:
        """Copy everything that was learned to CPU memory: file name => its tensors.

        Raises:
            RunawayError: Some of it is no longer a number.
        """
        groups = {**self.models.state_dicts(), "optimizer": self.optimizers.tensors()}
        # Rearranging them needs threads, and none of those may be the saver's: beside such,
        # torch's threads no longer spin, and a step takes nearly twice as long.
        as_files_have_it = torch.contiguous_format
        copies = {
            name: {
                key: value.detach().to("cpu", copy=True, memory_format=as_files_have_it)
                for key, value in group.items()
            }
            for name, group in groups.items()
        }
        for name, group in copies.items():
            if not all(bool(value.sum().isfinite()) for value in group.values()):
                raise RunawayError(
                    tr("The numbers ran away"),
                    tr(
                        "Some of the {name} stopped being numbers before step {step}.",
                        name=name,
                        step=self.step,
                    ),
                )
        return copies
