"""One run's state: takes a training step, tells how it went, saves and restores itself."""

import hashlib
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from genstudio.data.order import DataOrder
from genstudio.data.vision import transforms
from genstudio.domain import events
from genstudio.domain.errors import CheckpointError, TrainingError
from genstudio.domain.settings import parse_settings
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.checkpoint import Checkpoint, CheckpointState, CheckpointStore
from genstudio.engine.device import (
    DevicePlan,
    memory_in_use_gib,
    place,
    plan_device,
    seed_everything,
)
from genstudio.engine.ema import ExponentialMovingAverage
from genstudio.engine.meters import LossMeter, RateLimit, Speedometer
from genstudio.engine.phases import (
    hold_still_all_but,
    make_optimizer,
    optimizer_tensors,
    own_gradients_allowed,
    restore_optimizers,
)
from genstudio.engine.preview import preview_sheet
from genstudio.models.catalog import model_class
from genstudio.models.protocol import Batch, DataSpec, Phase, TrainableModel

_EVENTS_PER_S = 20
_KEEP_NEWEST = 3
# Previews come more rarely as a run grows older: a night's worth stays some hundreds.
_PREVIEW_SHARE_OF_AGE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJob:
    """All that a run needs.

    Attributes:
        settings: Frozen settings of the run.
        images_NHWC: Decoded pictures, uint8; may be a memory map.
        run: The run's folder, named in events only.
        checkpoints: Folder that checkpoints are written to.
        resume_from: Step of the checkpoint to continue from; None starts anew.
    """

    settings: TrainingSettings
    images_NHWC: np.ndarray
    run: Path
    checkpoints: Path
    resume_from: int | None = None


def _step_seed(seed: int, step: int) -> int:
    """A 63-bit seed for one step; hashed, since neighbouring seeds give related streams."""
    digest = hashlib.blake2b(f"{seed}/{step}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


class Stepper:
    """State of one run: model, average, optimizers, counters; takes steps and tells of them."""

    def __init__(self, job: TrainingJob) -> None:
        settings = job.settings
        self.job = job
        self.settings = settings
        self.budget = settings.budget
        self.plan: DevicePlan = plan_device(settings.device, settings.precision)
        self.fabric = Fabric(
            accelerator=self.plan.accelerator, devices=1, precision=self.plan.fabric_precision
        )
        self.order = DataOrder(len(job.images_NHWC), settings.seed)
        self.store = CheckpointStore(job.checkpoints)
        self.store.remove_partial()
        self.step = 0
        self.images_seen = 0
        self.seconds = 0.0
        seed_everything(_step_seed(settings.seed, -1))
        self.model, self.averaged = self._build(), self._build()
        self.ema = ExponentialMovingAverage(
            self.model.network, self.averaged.network, settings.ema_half_life_kimg
        )
        self.ema.copy()
        self.phases: list[Phase] = list(self.model.phases())
        self.optimizers = {phase.name: make_optimizer(phase) for phase in self.phases}
        if job.resume_from is not None:
            self._restore(self.store.load(job.resume_from))
        self._hand_to_fabric()
        self.meter = LossMeter()
        self.speed = Speedometer()
        self.losses: dict[str, float] = {}
        self._step_events = RateLimit(_EVENTS_PER_S)
        self._told_step = -1
        self._last_preview: np.ndarray | None = None
        self._preview_due_s = self.seconds + settings.preview_every_s
        self._save_due_s = self.seconds + settings.save_every_s
        self._saved_step = job.resume_from
        self._clock_s = time.monotonic()

    # --- building -----------------------------------------------------------------------

    def _build(self) -> TrainableModel:
        chosen = model_class(self.settings.model_key)
        config = parse_settings(chosen.Config, self.settings.model)
        channels = self.job.images_NHWC.shape[-1]
        model = chosen(config, DataSpec(size=self.settings.size, channels=channels))
        place(model.network, self.fabric.device)
        return model

    def _hand_to_fabric(self) -> None:
        for name, module in self.model.network.items():
            self.model.network[name] = self.fabric.setup_module(module)
        self.fabric_optimizers = {
            # One optimizer goes in, one wrapped like it comes out.
            name: cast("torch.optim.Optimizer", self.fabric.setup_optimizers(optimizer))
            for name, optimizer in self.optimizers.items()
        }

    def _restore(self, checkpoint: Checkpoint) -> None:
        state = checkpoint.state
        if state.model_key != self.model.card.key:
            raise CheckpointError(
                "The checkpoint does not fit this model", f"It belongs to {state.model_key}."
            )
        try:
            self.model.network.load_state_dict(checkpoint.tensors("weights"))
            self.averaged.network.load_state_dict(checkpoint.tensors("ema"))
        except RuntimeError as error:
            raise CheckpointError("The checkpoint does not fit this model", str(error)) from error
        restore_optimizers(self.optimizers, checkpoint.tensors("optimizer"))
        self.step = state.step
        self.images_seen = state.images_seen
        self.seconds = state.seconds

    # --- stepping -----------------------------------------------------------------------

    def take_step(self) -> None:
        """Run every phase that is due, on the next pictures."""
        seed_everything(_step_seed(self.settings.seed, self.step))
        parts = self.next_parts()
        for phase in self.phases:
            if self.step % phase.every == 0:
                self._run_phase(phase, parts)
        self.step += 1
        self.images_seen += self.settings.batch
        self.ema.update(images_seen=self.images_seen, batch=self.settings.batch)
        now_s = time.monotonic()
        self.seconds += now_s - self._clock_s
        self._clock_s = now_s

    def next_parts(self) -> list[Batch]:
        """Load the pictures of the next step, in as many parts as the settings say."""
        chosen = self.order.indices(self.images_seen, self.settings.batch)
        parts = np.array_split(chosen, min(self.settings.accumulate, self.settings.batch))
        return [self._load(part) for part in parts]

    def _load(self, indices: np.ndarray) -> Batch:
        # NHWC bytes seen as NCHW are already channels-last.
        pixels = torch.as_tensor(self.job.images_NHWC[indices]).to(self.fabric.device)
        images = pixels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
        if self.settings.mirror:
            mirrored = torch.rand(len(indices)) < 0.5
            images[mirrored] = transforms.horizontal_flip(images[mirrored])
        return Batch(images_NCHW=images, images_seen=self.images_seen)

    def _run_phase(self, phase: Phase, parts: list[Batch]) -> None:
        optimizer = self.fabric_optimizers[phase.name]
        hold_still_all_but(phase.parameters, self.model.network)
        for part in parts:
            with own_gradients_allowed():
                losses = self.model.losses(phase.name, part, self.step)
            share = len(part.images_NCHW) / self.settings.batch
            self.fabric.backward(losses.total * share)
            self.meter.add(losses.values)
        if self.settings.gradient_clip > 0:
            self.fabric.clip_gradients(
                self.model.network,
                optimizer,
                max_norm=self.settings.gradient_clip,
                error_if_nonfinite=False,
            )
        optimizer.step()
        optimizer.zero_grad()

    def forget_pause(self) -> None:
        """Do not count a pause as training time."""
        self._clock_s = time.monotonic()

    def change(self, name: str, value: object) -> Iterator[events.Event]:
        """Apply a :class:`~genstudio.domain.commands.Change`; tell a person if it cannot be."""
        if name == "budget" and isinstance(value, Budget):
            self.budget = value
            return
        yield events.CoachSaid(
            step=self.step,
            level="warning",
            title=f"“{name}” cannot be changed while a run goes on",
            message="The run goes on as it was. Only its budget can be changed.",
        )

    # --- telling ------------------------------------------------------------------------

    def progress(self) -> float:
        """Share of the budget that is spent."""
        return self.budget.progress(
            step=self.step, images_seen=self.images_seen, seconds=self.seconds
        )

    def report(self) -> Iterator[events.Event]:
        """Tell what is due after a step: figures, a preview, a checkpoint."""
        if self._step_events.allows(self._clock_s):
            yield self._step_done()
        if self.seconds >= self._preview_due_s:
            yield self.preview()
        if self.seconds >= self._save_due_s:
            yield from self.save()

    def last_words(self) -> Iterator[events.Event]:
        """Tell how the run ends: final figures and a final preview."""
        if self._told_step != self.step:
            yield self._step_done()
        yield self.preview()

    def started(self) -> events.RunStarted:
        """Describe the run before its first step."""
        return events.RunStarted(
            run=self.job.run,
            model=self.model.card.key,
            device=self.plan.name,
            precision=self.plan.precision,
            threads=torch.get_num_threads(),
            num_images=len(self.job.images_NHWC),
            num_parameters=sum(p.numel() for p in self.averaged.network.parameters()),
            step=self.step,
        )

    def _step_done(self) -> events.StepDone:
        self._told_step = self.step
        self.losses.update(self.meter.read(self.step))
        self.speed.add(self.seconds, self.images_seen, self.progress())
        return events.StepDone(
            step=self.step,
            images_seen=self.images_seen,
            losses=dict(self.losses),
            images_per_s=self.speed.images_per_s(),
            seconds=self.seconds,
            progress=self.progress(),
            eta_s=self.speed.eta_s(),
            memory_gib=memory_in_use_gib(self.plan.accelerator),
        )

    def preview(self) -> events.PreviewReady:
        """Draw the fixed seeds with the averaged weights."""
        self._last_preview = preview_sheet(self.averaged, self.settings.size)
        age_share = self.seconds * _PREVIEW_SHARE_OF_AGE
        self._preview_due_s = self.seconds + max(self.settings.preview_every_s, age_share)
        return events.PreviewReady(step=self.step, image=self._last_preview)

    def save(self) -> Generator[events.Event, None, Path]:
        """Save a checkpoint unless this very step is saved; gives its folder."""
        self._save_due_s = self.seconds + self.settings.save_every_s
        if self._saved_step == self.step:
            return self.store.folder / str(self.step)
        begun_s = time.monotonic()
        tensors = {
            "weights": self.model.network.state_dict(),
            "ema": self.averaged.network.state_dict(),
            "optimizer": optimizer_tensors(self.optimizers),
        }
        self._refuse_broken(tensors["weights"])
        state = CheckpointState(
            model_key=self.model.card.key,
            step=self.step,
            images_seen=self.images_seen,
            seconds=self.seconds,
            losses=self.losses,
        )
        path = self.store.save(state, tensors, self._last_preview)
        self.store.prune(_KEEP_NEWEST)
        self._saved_step = self.step
        yield events.CheckpointSaved(step=self.step, path=path, took_s=time.monotonic() - begun_s)
        return path

    def _refuse_broken(self, weights: dict[str, Tensor]) -> None:
        sums = torch.stack([value.float().sum() for value in weights.values()])
        if not bool(sums.isfinite().all()):
            raise TrainingError(
                "The numbers ran away",
                f"Some weights stopped being numbers before step {self.step}, "
                "so this state was not saved. Earlier checkpoints are intact.",
                "Continue from the last one with a lower learning rate.",
            )

    def finished(self, checkpoint: Path) -> events.Finished:
        """The budget is spent."""
        return events.Finished(
            run=self.job.run,
            step=self.step,
            images_seen=self.images_seen,
            seconds=self.seconds,
            checkpoint=checkpoint,
        )

    def stopped(self, checkpoint: Path) -> events.Stopped:
        """A person stopped the run."""
        return events.Stopped(
            run=self.job.run,
            step=self.step,
            images_seen=self.images_seen,
            seconds=self.seconds,
            checkpoint=checkpoint,
        )
