"""Small checkpoints, and ways to change what they say."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genstudio.engine import checkpoint_files
from genstudio.engine.checkpoint import CheckpointState, CheckpointStore

TENSORS = {
    "weights": {"layer.weight": torch.arange(6.0).reshape(2, 3), "layer.bias": torch.ones(2)},
    "ema": {"layer.weight": torch.zeros(2, 3), "layer.bias": torch.zeros(2)},
    "optimizer": {"phase/0/step": torch.tensor(3.0)},
}
PREVIEW = np.full((4, 6, 3), 7, np.uint8)


def state(step: int = 5) -> CheckpointState:
    return CheckpointState(
        model_key="toy", step=step, images_seen=4 * step, seconds=1.5, losses={"KL — “x”": 0.25}
    )


def save(store: CheckpointStore, step: int = 5) -> Path:
    return store.save(state(step), TENSORS, PREVIEW)


def rewrite(path: Path, name: str, change: Callable[[Any], Any]) -> None:
    """Change a JSON file of a checkpoint, and its checksum with it where it has one."""
    (path / name).write_text(json.dumps(change(json.loads((path / name).read_text()))))
    if name != "checksums.json":
        checksums = json.loads((path / "checksums.json").read_text())
        checksums[name] = checkpoint_files._sha256(path / name)
        (path / "checksums.json").write_text(json.dumps(checksums))
