"""Where and how a run computes, and what is said about it."""

import pytest
import torch
from torch import nn

from genstudio.domain.errors import DeviceError
from genstudio.engine import device
from genstudio.engine.device import (
    available_accelerators,
    place,
    plan_device,
    seed_everything,
)


@pytest.fixture
def only_a_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(device, "_cpu_computes_bf16", lambda: False)


@pytest.fixture
def graphics_card(monkeypatch: pytest.MonkeyPatch, only_a_processor: None) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Old Card")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: False)


@pytest.mark.usefixtures("only_a_processor")
def test_a_processor_computes_in_fp32_unless_it_has_something_faster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert available_accelerators() == ["cpu"]
    plan = plan_device()
    assert (plan.accelerator, plan.precision, plan.fabric_precision) == ("cpu", "fp32", "32-true")

    monkeypatch.setattr(device, "_cpu_computes_bf16", lambda: True)
    assert plan_device().precision == "bf16"
    assert plan_device().fabric_precision == "bf16-mixed"
    # What a person asks for counts.
    assert plan_device("cpu", "fp32").precision == "fp32"


@pytest.mark.usefixtures("graphics_card")
def test_a_graphics_card_goes_first_in_what_it_has_in_hardware(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert available_accelerators() == ["cuda", "cpu"]
    plan = plan_device()
    assert (plan.accelerator, plan.name, plan.precision) == ("cuda", "Old Card", "fp16")
    assert plan.fabric_precision == "16-mixed"

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    assert plan_device().precision == "bf16"
    assert plan_device("cpu").accelerator == "cpu"


def test_an_apple_gpu_is_called_so(monkeypatch: pytest.MonkeyPatch, only_a_processor: None) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)

    plan = plan_device()
    assert (plan.accelerator, plan.name, plan.precision) == ("mps", "Apple GPU", "fp32")


@pytest.mark.usefixtures("only_a_processor")
@pytest.mark.parametrize("name", ["cuda", "mps", "tpu", "", "CPU"])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(DeviceError) as caught:
        plan_device(name)
    assert f"“{name}”" in caught.value.title
    assert caught.value.hint == "Available here: auto, cpu."


def test_half_precision_on_a_processor_is_refused_with_what_works() -> None:
    with pytest.raises(DeviceError, match="fp16 does not work") as caught:
        plan_device("cpu", "fp16")
    assert "bf16" in caught.value.hint


@pytest.mark.parametrize(("threads", "name"), [(1, "CPU, 1 thread"), (8, "CPU, 8 threads")])
def test_the_processor_is_named_with_its_threads(
    monkeypatch: pytest.MonkeyPatch, threads: int, name: str
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)

    assert plan_device("cpu").name == name


def test_a_network_is_placed_in_the_layout_of_fast_convolutions() -> None:
    layer = nn.Conv2d(8, 8, 3)
    place(layer, torch.device("cpu"))

    assert layer.weight.is_contiguous(memory_format=torch.channels_last)


def test_seeding_repeats_the_random_numbers() -> None:
    seed_everything(2**63 - 1)
    first = torch.rand(3)
    seed_everything(2**63 - 1)

    assert torch.equal(torch.rand(3), first)
