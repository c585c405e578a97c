"""Events as a run tells them, and a record of them."""

from pathlib import Path

from genstudio.domain import events
from genstudio.services.records import Recorder


def started(run: Path, step: int = 0) -> events.RunStarted:
    return events.RunStarted(
        run=run, model="any", device="CPU", precision="fp32", threads=1, num_images=2,
        num_parameters=1, step=step,
    )  # fmt: skip


def step_done(step: int, loss: float = 0.5) -> events.StepDone:
    return events.StepDone(
        step=step, images_seen=4 * step, losses={"loss": loss}, images_per_s=1, seconds=step,
        progress=0.1, eta_s=None, memory_gib=1,
    )  # fmt: skip


def stopped(run: Path, step: int) -> events.Stopped:
    return events.Stopped(run=run, step=step, images_seen=1, seconds=1, checkpoint=None)


def record(run: Path, *told: events.Event) -> None:
    recorder = Recorder(run)
    for event in told:
        recorder.record(event)
