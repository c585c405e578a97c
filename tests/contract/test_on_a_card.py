"""What only a graphics card can show: nothing waits for it, and repeated steps are right."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_studio import flowers_NHWC, small_settings, stepper_for
from torch import Tensor

from genstudio.data.dataset import image_dataset
from genstudio.engine.device import seed_everything
from genstudio.engine.job import TrainingJob
from genstudio.engine.phases import freeze_except
from genstudio.engine.preview import Sketch, preview_sheet
from genstudio.engine.stepper import Stepper
from genstudio.models.catalog import model_keys
from genstudio.models.protocol import Phase

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no graphics card (CUDA)"),
    pytest.mark.parametrize("key", model_keys()),
]

SMALL = {
    "residual-vae": {"width": 32, "latent_size": 8, "warmup_kimg": 0.02},
    "self-supervised-gan": {"width": 32, "latent_size": 8},
    "token-flow": {"width": 32, "flow_width": 128, "depth": 1, "noise_samples": 1},
}


KINDS = {"rose": 16, "tulip": 16}


def stepper(folder: Path, key: str, *, precision: str = "bf16", **changes: Any) -> Stepper:
    settings = small_settings(
        key, model=SMALL[key], device="cuda", precision=precision, batch=8, **changes
    )
    return stepper_for(
        TrainingJob(
            settings=settings,
            dataset=image_dataset(
                flowers_NHWC(32),
                classes=KINDS,
                labels_N=np.repeat(np.arange(len(KINDS)), 16),
            ),
            run=folder,
            checkpoints=folder,
        )
    )


def take(stepper: Stepper, count: int) -> None:
    for _ in range(count):
        stepper.take_step()


def found(stepper: Stepper, phase: Phase, *, is_repeated: bool) -> tuple[Tensor, dict[str, float]]:
    """Gradients of a phase's next turn and what is told of its losses; nothing is learned."""
    buffers = [(buffer, buffer.clone()) for buffer in stepper.state.model.network.buffers()]
    freeze_except(phase.parameters, stepper.state.model.network)
    batch = stepper.state.batches.after(stepper.state.counters.images_seen)
    if is_repeated:
        told = stepper.graphs.run(phase, batch, stepper.state.step, 7, stepper.add_gradients)
    else:
        seed_everything(7)
        told = stepper.add_gradients(phase, batch, stepper.state.step)
    gradients = [parameter.grad for parameter in phase.parameters]
    flat = torch.cat([it.detach().flatten().float() for it in gradients if it is not None]).clone()
    for parameter in phase.parameters:
        parameter.grad = None
    for buffer, before in buffers:
        buffer.copy_(before)
    return flat, {name: float(value) for name, value in told.items()}


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_repeated_steps_find_the_gradients_that_usual_ones_do(
    tmp_path: Path, key: str, precision: str
) -> None:
    trained = stepper(tmp_path, key, precision=precision)
    most_recordings = 0
    # Ordinary steps, steps that adapt the augmentation, and steps with a gradient penalty.
    for count in (62, 1, 1):
        take(trained, count)
        for phase in trained.state.optimizers.phases:
            usual, usually_told = found(trained, phase, is_repeated=False)
            repeated, told = found(trained, phase, is_repeated=True)
            off = float((repeated - usual).norm() / usual.norm())
            # The order of sums, and so rounding, may be another one.
            assert off < 0.03, f"{phase.name}, step {trained.state.step}"
            assert told == pytest.approx(usually_told, rel=0.01, abs=0.002)
        most_recordings = max(most_recordings, trained.graphs.count)
    assert most_recordings >= 2


def test_no_step_waits_for_the_card(tmp_path: Path, key: str) -> None:
    watched = stepper(tmp_path, key, gradient_clip=1.0)
    watched.graphs.disable()
    take(watched, 4)
    torch.cuda.set_sync_debug_mode("error")
    try:
        # Sixteen, among which a discriminator is regularised.
        take(watched, 16)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_a_preview_drawn_beside_steps_shows_the_weights_that_it_began_with(
    tmp_path: Path, key: str
) -> None:
    trained = stepper(tmp_path, key)
    take(trained, 20)
    at_once = preview_sheet(trained.state.averaged, image_dataset(flowers_NHWC(32)))
    sketch = Sketch(
        trained.state.models.copy_of_average(), image_dataset(flowers_NHWC(32)), torch.cuda.Stream()
    )
    while (beside := sketch.draw_one()) is None:
        trained.take_step()
    assert np.array_equal(beside, at_once)


def test_a_changed_setting_holds_from_the_next_step_on(tmp_path: Path, key: str) -> None:
    if key != "self-supervised-gan":
        pytest.skip("what it may change is not read in every step")
    changed = stepper(tmp_path, key)
    take(changed, 12)
    assert changed.graphs.count
    changed.state.change({"gamma": 0.0})
    changed.state.meter.read(12)
    take(changed, 20)
    assert "R1 + R2" not in changed.state.meter.read(32)


def test_it_goes_on_where_memory_does_not_suffice(
    tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = stepper(tmp_path, key)
    take(short, 20)
    assert short.graphs.count
    real = short.add_gradients
    shortages = [True]

    def once_too_much(*arguments: Any) -> Any:
        if shortages:
            shortages.clear()
            raise torch.OutOfMemoryError("CUDA out of memory. (said by a test)")
        return real(*arguments)

    short.graphs.clear()
    monkeypatch.setattr(short, "add_gradients", once_too_much)
    take(short, 4)
    assert short.state.parts == 2
    assert all(bool(np.isfinite(value)) for value in short.state.meter.read(24).values())
