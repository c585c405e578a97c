"""Runs as the preset for a quick look has them, for what measures speed."""

from pathlib import Path

import numpy as np

from genstudio.domain.training import Budget
from genstudio.engine.job import TrainingJob
from genstudio.services.presets import resolve_settings

NUM_IMAGES = 1000


def noise_NHWC(size: int) -> np.ndarray:
    """Pictures that nobody needs to look at: uint8."""
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (NUM_IMAGES, size, size, 3), dtype=np.uint8)


def endless_job(model_key: str, images_NHWC: np.ndarray, folder: Path) -> TrainingJob:
    """A run of preset quick that ends when nobody takes its steps any more."""
    settings = resolve_settings(
        preset="quick",
        model_key=model_key,
        training={"size": images_NHWC.shape[1], "budget": Budget(unit="steps", amount=1e9)},
    )
    return TrainingJob(
        settings=settings,
        images_NHWC=images_NHWC,
        run=folder,
        checkpoints=folder / "checkpoints",
    )
