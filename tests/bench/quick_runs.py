"""Runs without an end, for what measures speed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from genstudio.data.dataset import image_dataset
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.job import TrainingJob
from genstudio.models.catalog import model_class
from genstudio.services.presets import resolve_settings

NUM_IMAGES = 1000


def noise_NHWC(size: int) -> np.ndarray:
    """Pictures that nobody needs to look at: uint8."""
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (NUM_IMAGES, size, size, 3), dtype=np.uint8)


def endless_settings(
    model_key: str,
    size: int,
    *,
    preset: str = "quick",
    training: Mapping[str, Any] | None = None,
    model: Mapping[str, Any] | None = None,
) -> TrainingSettings:
    """Settings of a run that ends only when it is told to, and whose steps are all alike.

    A warm-up, in which less is to be done, is left out.
    """
    has_warm_up = "warmup_kimg" in model_class(model_key).Config.model_fields
    return resolve_settings(
        preset=preset,
        model_key=model_key,
        training={"size": size, "budget": Budget(unit="steps", amount=1e9), **(training or {})},
        model=({"warmup_kimg": 0.0} if has_warm_up else {}) | dict(model or {}),
    )


def endless_job(model_key: str, images_NHWC: np.ndarray, folder: Path) -> TrainingJob:
    """A run of preset quick that ends when nobody takes its steps any more."""
    return TrainingJob(
        settings=endless_settings(model_key, images_NHWC.shape[1]),
        dataset=image_dataset(images_NHWC),
        run=folder,
        checkpoints=folder / "checkpoints",
    )
