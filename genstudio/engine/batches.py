"""What each step looks at: which pictures, mirrored or not, on the device."""

import numpy as np
import torch
from torch import Tensor

from genstudio.data.order import DataOrder
from genstudio.engine.device import derived_seed
from genstudio.engine.job import TrainingJob
from genstudio.models.protocol import Batch


class Batches:
    """Hands out this process's share of each step; it follows from seed and counters alone.

    Args:
        job: The run.
        device: Where the model is trained.
    """

    def __init__(self, job: TrainingJob, device: torch.device) -> None:
        self._settings = job.settings
        self._crew = job.crew
        self._device = device
        self._images_NHWC = job.images_NHWC
        self._kinds_N = job.kinds_N
        self._learned_from = job.learned_from
        self._order = DataOrder(len(self._learned_from), job.settings.seed)

    def after(self, images_seen: int) -> Batch:
        """What the step looks at that comes after so many pictures were seen."""
        order = self._order.indices(images_seen, self._settings.batch)
        share = np.array_split(np.arange(len(order)), self._crew.size)[self._crew.rank]
        chosen = self._learned_from[order[share]]
        pixels_NHWC = torch.as_tensor(self._images_NHWC[chosen])
        if self._settings.mirror:
            generator = torch.Generator().manual_seed(
                derived_seed(self._settings.seed, images_seen, "mirror")
            )
            mirrored = torch.rand(len(order), generator=generator)[share] < 0.5
            # As bytes, and before a graphics card would have to wait for which ones they are.
            pixels_NHWC[mirrored] = pixels_NHWC[mirrored].flip(2)
        kinds_N = None
        if self._kinds_N is not None:
            kinds_N = self._handed_over(torch.as_tensor(self._kinds_N[chosen]))
        return Batch(
            images_NCHW=_in_range(self._handed_over(pixels_NHWC)),
            images_seen=images_seen,
            step_size=self._settings.batch,
            kinds_N=kinds_N,
        )

    def spread(self, count: int) -> tuple[Tensor, Tensor | None]:
        """At most so many of the pictures that are learned from, spread over all; on the CPU.

        Returns:
            Pictures as in a batch, and their kinds; None where there are no kinds.
        """
        count = min(len(self._learned_from), count)
        spread = np.linspace(0, len(self._learned_from) - 1, count).astype(np.int64)
        chosen = self._learned_from[spread]
        kinds_N = None if self._kinds_N is None else torch.as_tensor(self._kinds_N[chosen])
        return _in_range(torch.as_tensor(self._images_NHWC[chosen])), kinds_N

    def _handed_over(self, values: Tensor) -> Tensor:
        """Bring data to the device, without waiting for a graphics card to have it."""
        if self._device.type == "cuda":
            values = values.pin_memory()
        return values.to(self._device, non_blocking=True)


def _in_range(pixels_NHWC: Tensor) -> Tensor:
    """Bytes => floats in [-1, 1], (N, C, H, W) in the channels-last layout that NHWC already is."""
    return pixels_NHWC.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
