"""What only a graphics card can show: that nothing waits for it, and that repeated steps are right."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_studio import flowers_NHWC, small_settings

from genstudio.engine.stepper import Stepper, TrainingJob
from genstudio.models.catalog import model_keys

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no graphics card (CUDA)"),
    pytest.mark.parametrize("key", model_keys()),
]

SMALL = {
    "residual-vae": {"width": 32, "latent_size": 8, "warmup_kimg": 0.02},
    "self-supervised-gan": {"width": 32, "latent_size": 8},
    "token-flow": {"width": 32, "flow_width": 128, "depth": 1, "looks": 1},
}


def stepper(folder: Path, key: str, *, precision: str, **changes: Any) -> Stepper:
    settings = small_settings(
        key, model=SMALL[key], device="cuda", precision=precision, batch=8, **changes
    )
    images = flowers_NHWC(32)
    job = TrainingJob(settings=settings, images_NHWC=images, run=folder, checkpoints=folder)
    return Stepper(job)


def weights(stepper: Stepper) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in stepper.model.network.state_dict().items()}


def take(stepper: Stepper, count: int) -> None:
    for _ in range(count):
        stepper.take_step()


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_repeated_steps_learn_what_usual_ones_do(tmp_path: Path, key: str, precision: str) -> None:
    usual, repeated = (stepper(tmp_path, key, precision=precision) for _ in range(2))
    usual._repeats.give_up()
    take(usual, 40)
    take(repeated, 40)
    # Neighbouring recordings have run by now: where the order in which numbers are added is not
    # the same each time, the last bits are not, either. A step that is off is off by far more.
    assert repeated._repeats.count >= 2
    assert usual._repeats.count == 0

    before = weights(usual)
    take(usual, 1)
    one_step = {name: (weights(usual)[name] - before[name]).float().norm() for name in before}
    apart = weights(repeated)
    moved = sum(float(it) for it in one_step.values())
    off = sum(float((apart[name] - before[name]).float().norm()) for name in before)
    again = stepper(tmp_path, key, precision=precision)
    again._repeats.give_up()
    take(again, 40)
    by_chance = sum(float((weights(again)[name] - before[name]).float().norm()) for name in before)
    print(f"{key} {precision}: off {off:.4g}, by chance {by_chance:.4g}, a step moves {moved:.4g}")
    assert off <= 3 * by_chance + 0.05 * moved
    told, usually = repeated.meter.read(40), again.meter.read(40)
    assert told == pytest.approx(usually, rel=0.05, abs=0.02)


def test_no_step_waits_for_the_card(tmp_path: Path, key: str) -> None:
    watched = stepper(tmp_path, key, precision="bf16", gradient_clip=1.0)
    watched._repeats.give_up()
    take(watched, 4)
    torch.cuda.set_sync_debug_mode("error")
    try:
        # Sixteen, among which a critic is calmed.
        take(watched, 16)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_a_changed_setting_holds_from_the_next_step_on(tmp_path: Path, key: str) -> None:
    if key != "self-supervised-gan":
        pytest.skip("what it may change is not read in every step")
    changed = stepper(tmp_path, key, precision="bf16")
    take(changed, 12)
    assert changed._repeats.count
    changed.change({"gamma": 0.0})
    assert not changed._repeats.count
    changed.meter.read(12)
    take(changed, 20)
    assert "R1 + R2" not in changed.meter.read(32)


def test_it_goes_on_where_memory_does_not_suffice(tmp_path: Path, key: str) -> None:
    short = stepper(tmp_path, key, precision="bf16")
    take(short, 20)
    assert short._repeats.count
    real = short._add_gradients
    fails = [True]

    def once_too_much(*arguments: Any) -> Any:
        if fails.pop() if fails else False:
            raise torch.OutOfMemoryError("CUDA out of memory. (said by a test)")
        return real(*arguments)

    short._repeats.forget()
    short._add_gradients = once_too_much  # type: ignore[method-assign]
    take(short, 4)
    assert short.parts == 2
    assert all(bool(np.isfinite(value)) for value in short.meter.read(24).values())
