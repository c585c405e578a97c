"""Which device and precision a run uses, and what it says about them."""

import hashlib
import os
import random
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import nn

from genstudio.domain.errors import DeviceError
from genstudio.domain.language import tr, trn
from genstudio.domain.training import Precision

FabricPrecision = Literal["32-true", "bf16-mixed", "16-mixed"]
_FABRIC: dict[str, FabricPrecision] = {
    "fp32": "32-true",
    "bf16": "bf16-mixed",
    "fp16": "16-mixed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePlan:
    """Where and how a run computes.

    Attributes:
        accelerator: "cpu", "cuda" or "mps".
        precision: "fp32", "bf16" or "fp16".
    """

    accelerator: str
    precision: str

    @property
    def name(self) -> str:
        """For people, such as "CPU, 2 threads", as it is now."""
        return _name(self.accelerator)

    @property
    def works_beside(self) -> bool:
        """Whether the processor hands a step over and has time for something else meanwhile."""
        return self.accelerator == "cuda"

    @property
    def fabric_precision(self) -> FabricPrecision:
        """Lightning Fabric's name for the precision."""
        return _FABRIC[self.precision]


def available_accelerators() -> list[str]:
    """Accelerators that work here, fastest first; always ends with "cpu"."""
    found: list[str] = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def plan_device(
    device: str = "auto", precision: Precision = "auto", num_devices: int = 1
) -> DevicePlan:
    """Settle on a device and a precision.

    Args:
        device: "auto", or an accelerator.
        precision: "auto" for the fastest that the hardware computes in.
        num_devices: Devices of that kind wanted on this machine.

    Raises:
        DeviceError: The device, so many of them, or the precision is not to be had here.
    """
    available = available_accelerators()
    accelerator = available[0] if device == "auto" else device
    if accelerator not in available:
        raise DeviceError(
            tr("The device “{device}” is not available", device=device),
            "",
            tr("Available here: auto, {available}.", available=", ".join(available)),
        )
    if num_devices > (most := most_devices(accelerator)):
        raise DeviceError(
            tr("There are not {num_devices} such devices here", num_devices=num_devices),
            tr("This machine has {most} for “{accelerator}”.", most=most, accelerator=accelerator),
            tr("Choose {most}, or fewer.", most=most) if most > 1 else tr("Choose 1."),
        )
    chosen = fastest_precision(accelerator) if precision == "auto" else precision
    if chosen == "fp16" and accelerator == "cpu":
        raise DeviceError(
            tr("fp16 does not work on the processor"),
            tr("Processors compute in fp32 or bf16."),
            tr("Choose auto, bf16 or fp32."),
        )
    return DevicePlan(accelerator=accelerator, precision=chosen)


def most_devices(accelerator: str) -> int:
    """How many devices of a kind can share a run here; of a processor, its cores."""
    if accelerator == "cuda":
        return max(1, torch.cuda.device_count())
    return (os.cpu_count() or 1) if accelerator == "cpu" else 1


def fastest_precision(accelerator: str) -> Literal["fp32", "bf16", "fp16"]:
    """The fastest precision that the hardware itself computes in."""
    if accelerator == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    if accelerator == "cpu" and _cpu_computes_bf16():
        return "bf16"
    return "fp32"


def _cpu_computes_bf16() -> bool:
    # Without AMX or AVX512-bf16, bf16 is emulated and slower than fp32.
    questions = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(_processor_has(question) for question in questions)


def _processor_has(question: str) -> bool:
    # There is no public way to ask.
    return getattr(torch.cpu, question)()


def _name(accelerator: str) -> str:
    if accelerator == "cuda":
        return torch.cuda.get_device_name()
    if accelerator == "mps":
        return tr("Apple GPU")
    threads = torch.get_num_threads()
    return trn("CPU, {number} thread", "CPU, {number} threads", threads)


def prefer_fast_kernels(accelerator: str) -> None:
    """Let a graphics card compute fp32 in TF32, and try which kernels are fastest for a shape."""
    if accelerator == "cuda":
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True


def place(network: nn.Module, device: torch.device) -> None:
    """Move a network to a device, in the memory layout that convolutions are fastest in."""
    network.to(device=device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def seed_everything(seed: int) -> None:
    """Seed the global generators of torch, on all devices, and of numpy and Python."""
    torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]
    np.random.seed(seed % 2**32)  # the generator that third-party models may use
    random.seed(seed)


def derived_seed(*parts: object) -> int:
    """A 63-bit seed; hashed, since neighbouring seeds give related streams."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
