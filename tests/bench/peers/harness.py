"""What every peer's driver shares: pictures in memory, a clock, samples, and a record of it all.

Needs torch, numpy and Pillow only, for it runs in the peers' own environment. A driver hands
:func:`main` a function that makes its peer, and is then started as a program:

    python DRIVER.py --images train.npy --out FOLDER --minutes 10 --seed 0
"""

import argparse
import contextlib
import json
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

_TOLD_EVERY_S = 5.0
_SHEET_SIDE = 10
_SAMPLES_AT_A_TIME = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a peer is made for.

    Attributes:
        size: Side of the pictures in pixels.
        num_images: Pictures to learn from.
        device: Where to compute.
        in_bf16: Whether to compute in bf16 by autocast, and with the channels last in memory.
    """

    size: int
    num_images: int
    device: torch.device
    in_bf16: bool

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """In what precision the networks compute."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.in_bf16)

    def place(self, *networks: nn.Module) -> None:
        """Move networks to where they compute, in the layout that suits the precision."""
        for network in networks:
            network.to(self.device)
            if self.in_bf16:
                network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


class Peer(Protocol):
    """A way to train and to sample.

    Attributes:
        batch: Pictures in a batch.
        drops_last: Whether the incomplete batch at the end of an epoch is left out.
        low: What black is, -1 or 0; white is 1.
        settings: What was chosen, for the record.
        sampling: How pictures are made, in words for the record.
    """

    batch: ClassVar[int]
    drops_last: ClassVar[bool]
    low: ClassVar[float]
    settings: Mapping[str, Any]
    sampling: str

    def networks(self) -> Mapping[str, nn.Module]:
        """The networks that learn, by name."""
        ...

    def train_step(self, batches: Iterator[Tensor]) -> Mapping[str, Tensor]:
        """Learn from the next batch, or batches; gives the losses."""
        ...

    def sample(self, count: int) -> Tensor:
        """Make so many pictures, NCHW in [low, 1]."""
        ...


class Batches:
    """Batches of pictures in a new random order in each epoch, without end.

    Attributes:
        images_seen: How many have been handed out.
    """

    def __init__(self, images_NCHW: Tensor, batch: int, *, drops_last: bool) -> None:
        self.images_seen = 0
        self._images_NCHW = images_NCHW
        self._batch = batch
        self._drops_last = drops_last and len(images_NCHW) >= batch
        self._left: list[Tensor] = []

    def __iter__(self) -> Iterator[Tensor]:
        return self

    def __next__(self) -> Tensor:
        if not self._left:
            order = torch.randperm(len(self._images_NCHW), device=self._images_NCHW.device)
            self._left = list(order.split(self._batch))
            if self._drops_last and len(self._left[-1]) < self._batch:
                self._left.pop()
            self._left.reverse()
        images_NCHW = self._images_NCHW[self._left.pop()]
        self.images_seen += len(images_NCHW)
        return images_NCHW


def main(make: Callable[[Job], Peer]) -> None:
    """Train a peer for some minutes, counted from its first step, and write what came of it."""
    options = _options()
    torch.set_num_threads(options.threads)
    random.seed(options.seed)
    np.random.seed(options.seed % 2**32)  # what third parties draw from
    torch.manual_seed(options.seed)
    images_NHWC = np.load(options.images)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    job = Job(
        size=images_NHWC.shape[1],
        num_images=len(images_NHWC),
        device=device,
        in_bf16=options.bf16 == "on" or (options.bf16 == "auto" and computes_bf16(device)),
    )
    peer = make(job)
    batches = Batches(_tensor(images_NHWC, peer.low, job), peer.batch, drops_last=peer.drops_last)
    training = _train(peer, batches, 60 * options.minutes, device)
    # Weights that ran away make no pictures; the record says so by what the losses are.
    samples_NHWC = _samples(peer, options.samples, job)
    options.out.mkdir(parents=True, exist_ok=True)
    np.save(options.out / "samples.npy", samples_NHWC)
    Image.fromarray(sheet(samples_NHWC)).save(options.out / "sheet.png")
    record = {
        "entrant": Path(options.out).name,
        "size": job.size,
        "num_images": job.num_images,
        "seed": options.seed,
        **training,
        "parameters": {
            name: sum(weights.numel() for weights in network.parameters())
            for name, network in peer.networks().items()
        },
        "device": _device_name(device),
        "threads": torch.get_num_threads(),
        "precision": "bf16" if job.in_bf16 else "fp32",
        "torch": torch.__version__,
        "settings": dict(peer.settings),
        "sampling": peer.sampling,
    }
    (options.out / "result.json").write_text(json.dumps(record, indent=1))


def computes_bf16(device: torch.device) -> bool:
    """Whether the hardware itself computes in bf16, rather than emulating it slowly."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # There is no public way to ask.
    questions = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, question)() for question in questions)


def sheet(images_NHWC: np.ndarray, side: int = _SHEET_SIDE) -> np.ndarray:
    """The first ``side`` × ``side`` pictures in rows, HWC."""
    chosen = images_NHWC[: side * side]
    missing = side * side - len(chosen)
    padded = np.concatenate([chosen, np.zeros((missing, *chosen.shape[1:]), np.uint8)])
    height, width, channels = padded.shape[1:]
    rows = padded.reshape(side, side, height, width, channels)
    return rows.transpose(0, 2, 1, 3, 4).reshape(side * height, side * width, channels)


def _train(peer: Peer, batches: Batches, seconds: float, device: torch.device) -> dict[str, object]:
    history: list[dict[str, float]] = []
    steps, told_s = 0, 0.0
    begun_s = time.perf_counter()
    while True:
        losses = peer.train_step(batches)
        steps += 1
        if device.type == "cuda":
            torch.cuda.synchronize()
        took_s = time.perf_counter() - begun_s
        if took_s >= told_s or took_s >= seconds:
            told_s = took_s + _TOLD_EVERY_S
            told = {name: float(value) for name, value in losses.items()}
            history.append({"seconds": took_s, "images_seen": batches.images_seen, **told})
            print(json.dumps(history[-1]), flush=True)
        if took_s >= seconds:
            break
    return {
        "seconds": took_s,
        "steps": steps,
        "images_seen": batches.images_seen,
        "images_per_s": batches.images_seen / took_s,
        "is_finite": all(math.isfinite(value) for value in history[-1].values()),
        "losses": history,
    }


def _tensor(images_NHWC: np.ndarray, low: float, job: Job) -> Tensor:
    """All pictures as the networks take them, in memory: preparing them costs no peer time."""
    images = torch.from_numpy(images_NHWC).permute(0, 3, 1, 2).float().div_(255)
    images = images.mul_(1 - low).add_(low).to(job.device)
    layout = torch.channels_last if job.in_bf16 else torch.contiguous_format
    return images.contiguous(memory_format=layout)


@torch.no_grad()
def _samples(peer: Peer, count: int, job: Job) -> np.ndarray:
    # Several batches of one size: what a peer makes may depend on the pictures made with it.
    made: list[Tensor] = []
    for _ in range(-(-count // _SAMPLES_AT_A_TIME)):
        with job.autocast():
            made.append(peer.sample(_SAMPLES_AT_A_TIME).float().cpu())
    images = torch.cat(made)[:count].sub(peer.low).div(1 - peer.low)
    pixels = images.nan_to_num(0).clamp(0, 1).mul(255).round().to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).contiguous().numpy()


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name()
    return f"CPU, {torch.get_num_threads()} threads"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=Path, required=True, help=".npy, uint8 NHWC")
    parser.add_argument("--out", type=Path, required=True, help="folder of what came of it")
    parser.add_argument("--minutes", type=float, required=True, help="from the first step on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--samples", type=int, default=1000, help="pictures to make at the end")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument(
        "--bf16", choices=["auto", "on", "off"], default="auto",
        help="bf16 by autocast, channels last; auto: where the hardware computes in it",
    )  # fmt: skip
    return parser.parse_args()
