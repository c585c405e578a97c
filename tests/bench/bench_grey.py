"""What a step costs with pictures of one channel, beside the same pictures in RGB.

Usage: python tests/bench/bench_grey.py [SIZE] [ROUNDS]

Both take turns, a step each, and the processor time of a step is counted, so that neighbours
disturb little. The first round is left out.
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from genstudio.data.dataset import image_dataset
from genstudio.data.samples import paint_flower
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.job import TrainingJob
from genstudio.engine.state import TrainState
from genstudio.engine.stepper import Stepper

KEYS = ("self-supervised-gan", "residual-vae", "token-flow", "repair-autoencoder")


def stepper(key: str, images_NHWC: np.ndarray, place: Path) -> Stepper:
    values: dict[str, Any] = {
        "model_key": key,
        "size": images_NHWC.shape[1],
        "batch": 16,
        "seed": 0,
        "device": "cpu",
        "precision": "fp32",
        "budget": Budget(unit="steps", amount=1000),
        "colours": "grey" if images_NHWC.shape[-1] == 1 else "colour",
    }
    settings = TrainingSettings(**values)
    dataset = image_dataset(images_NHWC)
    job = TrainingJob(settings=settings, dataset=dataset, run=place, checkpoints=place)
    return Stepper(TrainState(job), job.settings)


def main() -> None:
    size, rounds = (int(it) for it in (*sys.argv[1:], "64", "16")[:2])
    torch.set_num_threads(1)
    flowers = np.stack([paint_flower(size, seed=0, index=index) for index in range(64)])
    grey = flowers.mean(-1, keepdims=True).astype(np.uint8)
    for key in KEYS:
        with tempfile.TemporaryDirectory() as place:
            both = [stepper(key, it, Path(place)) for it in (grey.repeat(3, -1), grey)]
            times: list[list[float]] = [[], []]
            for _ in range(rounds + 1):
                for own, taken in zip(both, times, strict=True):
                    began = time.process_time()
                    own.take_step()
                    taken.append(time.process_time() - began)
        colour, one = (median(it[1:]) for it in times)
        words = f"RGB {1000 * colour:6.0f} ms  grey {1000 * one:6.0f} ms  {one / colour:.2f}"
        print(f"{key:22} {words}", flush=True)


if __name__ == "__main__":
    main()
