"""One run's state: takes training steps, hands out and takes back all that it has learned."""

import time
from collections.abc import Mapping
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from genstudio.domain.errors import CheckpointError, RunawayError, SettingsError
from genstudio.domain.settings import parse_settings
from genstudio.engine.batches import Batches
from genstudio.engine.buffers import BufferSnapshot
from genstudio.engine.changes import with_changes
from genstudio.engine.checkpoint import Checkpoint, SettingValue
from genstudio.engine.device import (
    DevicePlan,
    derived_seed,
    place,
    plan_device,
    prefer_fast_kernels,
    seed_everything,
)
from genstudio.engine.ema import ExponentialMovingAverage
from genstudio.engine.job import TrainingJob
from genstudio.engine.memory import MemoryGuard, keep_freed_memory
from genstudio.engine.meters import LossMeter
from genstudio.engine.phases import (
    freeze_except,
    make_optimizer,
    optimizer_tensors,
    own_gradients_allowed,
    restore_optimizers,
    scale_learning_rates,
)
from genstudio.engine.repeats import CardsRecorder, Repeats
from genstudio.engine.threads import Threads, profile_step, useful_threads
from genstudio.models.catalog import model_class
from genstudio.models.protocol import Batch, Concludes, Phase, TrainableModel

# More pictures would tell little more.
_CONCLUDES_FROM = 4096


class Stepper:
    """Model, average, optimizers and counters of a run.

    Attributes:
        step: Steps taken.
        images_seen: Pictures seen.
        seconds: Time spent training.
        batches: What steps look at.
        crew: The processes that take each step together.
        parts: Parts that this process takes its share of a step in; doubled where memory does
            not suffice.
        learning_rate_scale: What the learning rates of the model are multiplied with.
        changes: Settings of the model that became others while the run went on.
        clock_s: When the last step ended.
        memory: Does what may need more memory than there is.
        threads: Those of the processor that a step takes.
    """

    def __init__(self, job: TrainingJob) -> None:
        self.settings = settings = job.settings
        self.crew = crew = job.crew
        self.plan: DevicePlan = plan_device(settings.device, settings.precision, crew.local_size)
        self.fabric = Fabric(
            accelerator=self.plan.accelerator,
            devices=[crew.local_rank] if self.plan.accelerator == "cuda" else 1,
            precision=self.plan.fabric_precision,
        )
        prefer_fast_kernels(self.plan.accelerator)
        # Cores are looked at while the models are built.
        self.threads = Threads(self._useful_threads, steered=self.plan.accelerator == "cpu")
        self._kept_memory = keep_freed_memory(self.plan.accelerator)
        self.memory = MemoryGuard(self.plan.accelerator)
        self._data = job.data
        self.batches = Batches(job, self.fabric.device)
        self.step = 0
        self.images_seen = 0
        self.seconds = 0.0
        self.parts = settings.accumulate
        self.learning_rate_scale = 1.0
        seed_everything(derived_seed(settings.seed, "weights"))
        self.model, self.averaged = self._build(), self._build()
        self._first_config = self.model.config
        self.changes: dict[str, SettingValue] = {}
        self.ema = ExponentialMovingAverage(
            self.model.network, self.averaged.network, settings.ema_half_life_kimg
        )
        self.ema.copy()
        self._copy: TrainableModel | None = None
        self.phases: list[Phase] = list(self.model.phases())
        self.optimizers = {phase.name: make_optimizer(phase) for phase in self.phases}
        self._buffers = BufferSnapshot(self.model.network.buffers())
        self.threads.adapt(at_once=True)
        self._hand_to_fabric()
        recorder = CardsRecorder() if self.plan.accelerator == "cuda" else None
        self._repeats = Repeats(self.model, recorder)
        self.meter = LossMeter()
        self.clock_s = time.monotonic()
        if job.resume_from is not None:
            self.restore(job.resume_from)

    @property
    def device_name(self) -> str:
        """For people, such as "2 × CPU, 1 thread"."""
        several = f"{self.crew.size} × " if self.crew.size > 1 else ""
        return several + self.plan.name

    def _build(self) -> TrainableModel:
        chosen = model_class(self.settings.model_key)
        config = parse_settings(chosen.Config, self.settings.model)
        model = chosen(config, self._data)
        place(model.network, self.fabric.device)
        return model

    def _useful_threads(self) -> int:
        """Threads that a step has work for, found on a model that is thrown away."""
        with self.fabric.autocast():  # pyright: ignore[reportUnknownMemberType]
            size = self.memory.attempt(
                lambda: profile_step(
                    self._build(), self.batches.after(self.images_seen), self.parts
                )
            )
        return useful_threads(size or 0)

    def _hand_to_fabric(self) -> None:
        for name, module in self.model.network.items():
            self.model.network[name] = self.fabric.setup_module(module)
        self._fabric_optimizers = {
            # One optimizer goes in, one wrapped like it comes out.
            name: cast("torch.optim.Optimizer", self.fabric.setup_optimizers(optimizer))
            for name, optimizer in self.optimizers.items()
        }

    # --- stepping -----------------------------------------------------------------------

    def take_step(self) -> None:
        """Run every phase that is due, on the next pictures."""
        self.crew.tell({"do": "step"})
        batch = self.batches.after(self.images_seen)
        for phase in self.phases:
            if self.step % phase.every == 0:
                self._run_phase(phase, batch)
        self.step += 1
        self.images_seen += self.settings.batch
        self.ema.update(images_seen=self.images_seen, batch=self.settings.batch)
        now_s = time.monotonic()
        self.seconds += now_s - self.clock_s
        self.clock_s = now_s
        self.threads.adapt()

    def forget_pause(self) -> None:
        """Do not count a pause as training time."""
        self.clock_s = time.monotonic()

    def change(self, changes: Mapping[str, object]) -> None:
        """Let settings of the model be others from the next step on.

        Raises:
            SettingsError: One of them may not change while a run goes on, or is out of bounds.
        """
        config = with_changes(self.model.config, changes)
        self.crew.tell({"do": "change", "changes": dict(changes)})
        self.model.config = self.averaged.config = config
        self._repeats.forget()
        self.changes |= {name: getattr(config, name) for name in changes}

    def _run_phase(self, phase: Phase, batch: Batch) -> None:
        """Take one phase's part of a step; where memory does not suffice, in smaller parts."""
        optimizer = self._fabric_optimizers[phase.name]
        freeze_except(phase.parameters, self.model.network)
        count = len(batch)
        self._buffers.take()
        while True:
            told = self.memory.attempt(
                lambda: self._gather_gradients(phase, batch), is_last=self.parts >= count
            )
            if not self.crew.any(told is None):
                break
            # Recordings keep memory for themselves, so they go first.
            if not self.crew.any(self._repeats.give_up()):
                self.parts = min(2 * self.parts, count)
            optimizer.zero_grad()
            self._buffers.restore()
        for values in told or ():
            self.meter.add(values)
        self.crew.add_up([p.grad for p in phase.parameters if p.grad is not None])
        self.crew.average(self._buffers.written())
        if self.settings.gradient_clip > 0:
            self.fabric.clip_gradients(
                self.model.network,
                optimizer,
                max_norm=self.settings.gradient_clip,
                error_if_nonfinite=False,
            )
        optimizer.step()
        optimizer.zero_grad()

    def _gather_gradients(self, phase: Phase, batch: Batch) -> list[Mapping[str, Tensor]]:
        """Add up the gradients of all parts; gives what each part tells of its losses."""
        told: list[Mapping[str, Tensor]] = []
        parts = min(self.parts, len(batch))
        for number, part in enumerate(batch.split(parts), start=self.crew.rank * parts):
            # Each part has random numbers of its own, the same ones whichever process takes it.
            seed = derived_seed(self.settings.seed, self.step, phase.name, number)
            if parts == 1:
                told.append(self._repeats.do(phase, part, self.step, seed, self._add_gradients))
            else:
                seed_everything(seed)
                told.append(self._add_gradients(phase, part, self.step))
        return told

    def _add_gradients(self, phase: Phase, part: Batch, step: int) -> Mapping[str, Tensor]:
        with own_gradients_allowed():
            losses = self.model.losses(phase.name, part, step)
        share = len(part) / part.step_size
        # Gradients by pictures, which a model may have taken for itself, are not asked for again.
        self.fabric.backward(losses.total * share, inputs=list(phase.parameters))
        return losses.values

    @property
    def concludes(self) -> bool:
        """Whether the model has something to work out besides its weights."""
        return isinstance(self.averaged, Concludes)

    def conclude(self) -> None:
        """Let the averaged model work out what it needs besides its weights to make pictures."""
        if not isinstance(self.averaged, Concludes):
            return
        self.averaged.conclude(self.batches.spread(_CONCLUDES_FROM))
        self.ema.give_back_buffers()

    def copy_of_average(self) -> TrainableModel:
        """The averaged model as it is now, which later steps leave alone; always the same copy."""
        if self._copy is None:
            self._copy = self._build()
        self._copy.config = self.averaged.config
        _overwrite(self._copy.network, self.averaged.network.state_dict())
        return self._copy

    # --- handing out and taking back ----------------------------------------------------

    def tensors(self) -> dict[str, dict[str, Tensor]]:
        """Copy everything that was learned to CPU memory: file name => its tensors.

        Raises:
            RunawayError: Some of it is no longer a number.
        """
        groups = {
            "weights": self.model.network.state_dict(),
            "ema": self.averaged.network.state_dict(),
            "optimizer": optimizer_tensors(self.optimizers),
        }
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
                    "The numbers ran away",
                    f"Some of the {name} stopped being numbers before step {self.step}.",
                )
        return copies

    def loss_scale(self) -> dict[str, int | float]:
        """State of the loss scale of fp16; empty in other precisions."""
        return self.fabric.strategy.precision.state_dict()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Become exactly what a checkpoint was made from.

        Raises:
            CheckpointError: It belongs to another model, or is damaged.
        """
        state = checkpoint.state
        checkpoint.refuse_unless_of(self.model.card)
        self.crew.tell({"do": "restore", "step": state.step})
        _overwrite(self.model.network, checkpoint.tensors("weights"))
        _overwrite(self.averaged.network, checkpoint.tensors("ema"))
        restore_optimizers(self.optimizers, checkpoint.tensors("optimizer"))
        if state.loss_scale:
            self.fabric.strategy.precision.load_state_dict(dict(state.loss_scale))
        self.step = state.step
        self.images_seen = state.images_seen
        self.seconds = state.seconds
        self.parts = max(self.parts, state.parts)
        self.set_learning_rate_scale(state.learning_rate_scale)
        self._restore_changes(state.changes)
        self.meter = LossMeter()
        self.forget_pause()

    def _restore_changes(self, changes: Mapping[str, SettingValue]) -> None:
        self.model.config = self.averaged.config = self._first_config
        self.changes = {}
        try:
            self.change(changes)
        except SettingsError as error:
            raise CheckpointError(
                "The checkpoint does not fit this model", f"{error.title}. {error.message}"
            ) from error

    def begin_anew(self) -> None:
        """Become what the run was before its first step."""
        self.crew.tell({"do": "begin anew"})
        seed_everything(derived_seed(self.settings.seed, "weights"))
        _overwrite(self.model.network, self._build().network.state_dict())
        self.ema.copy()
        for optimizer in self.optimizers.values():
            optimizer.state.clear()
        self.step = self.images_seen = 0
        self.seconds = 0.0
        self.meter = LossMeter()
        self.forget_pause()

    def set_learning_rate_scale(self, scale: float) -> None:
        """Multiply the learning rates that the model asked for."""
        self.crew.tell({"do": "scale", "to": scale})
        self.learning_rate_scale = scale
        scale_learning_rates(self.optimizers, self.phases, scale)


@torch.no_grad()
def _overwrite(network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Copy weights into a network, whose own memory and its layout stay.

    Raises:
        CheckpointError: Names, shapes or kinds of numbers differ.
    """
    own = network.state_dict()
    fits = own.keys() == tensors.keys() and all(
        own[name].shape == value.shape and own[name].dtype == value.dtype
        for name, value in tensors.items()
    )
    if not fits:
        raise CheckpointError(
            "The checkpoint does not fit this model",
            "Its weights have other names, shapes or kinds of numbers.",
        )
    for name, value in tensors.items():
        own[name].copy_(value)
