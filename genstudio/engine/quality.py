"""How good a model is while it trains, measured now and then, so that the best can be kept."""

import time
from collections.abc import Callable

import numpy as np
import torch

from genstudio.data.order import DataOrder
from genstudio.domain.runs import QUALITY
from genstudio.engine.device import is_out_of_memory
from genstudio.metrics.swd import SlicedWasserstein
from genstudio.models.protocol import SampleRequest, TrainableModel

_MOST_PICTURES = 256
_SHARE_OF_TRAINING = 0.01
_FIRST_AFTER_S = 60.0
# Far from the seeds that people look at first: those are for the eye.
_FIRST_SEED = 2**32


class QualityMeter:
    """Compares what a model makes of always the same seeds with always the same real pictures.

    So two figures of one run differ by what was learned, not by chance; figures of runs on
    different pictures say nothing about each other. Takes a hundredth of the time of training.

    Args:
        images_NHWC: Decoded pictures, uint8.
        seed: The run's seed, which chooses among them.
        seconds: Time spent training so far.
    """

    def __init__(self, images_NHWC: np.ndarray, seed: int, seconds: float) -> None:
        self._images_NHWC = images_NHWC
        self._count = min(len(images_NHWC), _MOST_PICTURES)
        self._chosen = np.sort(DataOrder(len(images_NHWC), seed).indices(0, self._count))
        self._distance: SlicedWasserstein | None = None
        self._due_s = seconds + _FIRST_AFTER_S

    def is_due(self, seconds: float) -> bool:
        """Whether it is time again, at so many seconds of training."""
        return seconds >= self._due_s

    def measure(
        self, model: TrainableModel, seconds: float, is_hurried: Callable[[], bool]
    ) -> dict[str, float]:
        """Measure the averaged model.

        Args:
            model: What to measure.
            seconds: Time spent training so far.
            is_hurried: Asked between pictures; if so, the measuring is given up.

        Returns:
            Named figures; none if there was no time or not enough memory for them.
        """
        began_s = time.monotonic()
        try:
            figures = self._measured(model, is_hurried)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            figures = {}
        took_s = time.monotonic() - began_s
        self._due_s = seconds + max(_FIRST_AFTER_S, took_s / _SHARE_OF_TRAINING)
        return figures

    def _measured(self, model: TrainableModel, is_hurried: Callable[[], bool]) -> dict[str, float]:
        if self._distance is None:
            self._distance = SlicedWasserstein(_as_tensor(self._images_NHWC[self._chosen]))
        seeds = range(_FIRST_SEED, _FIRST_SEED + self._count)
        request = SampleRequest(seeds=seeds, settings=model.Sampling())
        made: list[np.ndarray] = []
        for artifact in model.sample(request):
            if is_hurried():
                return {}
            made.append(artifact.image_HWC)
        return {QUALITY: self._distance(_as_tensor(np.stack(made)))}


def _as_tensor(pictures_NHWC: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(pictures_NHWC).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
