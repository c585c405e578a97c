"""What each step learns from: which examples, mirrored or not, on the device."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from genstudio.data.dataset import Dataset
from genstudio.data.order import BucketOrder, DataOrder
from genstudio.domain.fields import EXAMPLES, IMAGE, ORIGINS, SOUND
from genstudio.engine.device import derived_seed
from genstudio.engine.process_group import ProcessGroup
from genstudio.models.protocol import Batch

# Of 16-bit sound, which is what is kept of it.
_FULL_SCALE = 2**15


class Batches:
    """Hands out this process's share of each step; it follows from seed and counters alone.

    Args:
        dataset: What the run learns from.
        process_group: The processes that take each step together.
        device: Where the model is trained.
        batch: Examples in a step; where pictures have shapes of their own, at most.
        seed: The run's seed, which the order follows from.
        mirrors: Whether images are also learned from mirrored.
    """

    def __init__(
        self,
        dataset: Dataset,
        process_group: ProcessGroup,
        device: torch.device,
        *,
        batch: int,
        seed: int,
        mirrors: bool,
    ) -> None:
        self._dataset = dataset
        self._process_group = process_group
        self._device = device
        self._batch = batch
        self._mirrors = mirrors
        self._groups = {name: _Group(dataset, name, seed, batch) for name in dataset.groups}

    def after(self, images_seen: int) -> Batch:
        """What the step learns from that comes after so many examples were seen."""
        fields: dict[str, Tensor] = {}
        processes = self._process_group.size
        # Of a small rest, every process has one all the same.
        count = max(self.count_after(images_seen), min(processes, self._batch))
        share = np.array_split(np.arange(count), processes)[self._process_group.rank]
        origins: dict[str, Tensor] = {}
        for group in self._groups.values():
            chosen = np.resize(group.chosen(images_seen), count)[share]
            mirrored = None
            if self._mirrors:
                mirrored = group.mirrored(images_seen, count)[share]
            for name, own in self._dataset.of_group(group.name).items():
                values = torch.as_tensor(own.take_shaped(chosen))
                if own.shapes is not None:
                    rows = torch.as_tensor(own.shapes.origins_N[chosen])
                    origins[ORIGINS] = self._handed_over(rows)
                if own.spec.type != IMAGE:
                    fields[name] = as_learned(self._handed_over(values), own.spec.type)
                    continue
                if mirrored is not None:
                    # As bytes, and before a graphics card would have to wait for which ones.
                    values[mirrored] = values[mirrored].flip(2)
                fields[name] = in_range(self._handed_over(values))
        # In the order in which the dataset names them, whatever their groups.
        fields = {name: fields[name] for name in self._dataset.fields}
        return Batch(fields=fields | origins, images_seen=images_seen, step_size=count)

    def count_after(self, images_seen: int) -> int:
        """How many examples are seen with the step that comes after so many."""
        return min(group.count_after(images_seen) for group in self._groups.values())

    def spread(self, count: int) -> Mapping[str, Tensor]:
        """At most so many of the examples that are learned from, spread over all; on the CPU.

        Returns:
            Fields as in a batch; each group has as many as there are, but no more than ``count``.
        """
        fields: dict[str, Tensor] = {}
        for name, own in self._dataset.fields.items():
            values = torch.as_tensor(own.take(self._groups[own.spec.group].spread(count)))
            is_image = own.spec.type == IMAGE
            fields[name] = in_range(values) if is_image else as_learned(values, own.spec.type)
        return fields

    def _handed_over(self, values: Tensor) -> Tensor:
        """Bring data to the device, without waiting for a graphics card to have it."""
        if self._device.type == "cuda":
            values = values.pin_memory()
        return values.to(self._device, non_blocking=True)


class _Group:
    """Examples that share an order, and are mirrored alike."""

    def __init__(self, dataset: Dataset, name: str, seed: int, batch: int) -> None:
        self.name = name
        # The first group keeps the seeds that it has always had.
        self._seed = seed if name == EXAMPLES else derived_seed(seed, name)
        self._learned_from = dataset.learned_from(name)
        self._batch = batch
        self._order = DataOrder(len(self._learned_from), self._seed)
        self._buckets: BucketOrder | None = None
        for own in dataset.of_group(name).values():
            if own.shapes is not None:
                assert len(dataset.groups) == 1, "a smaller step is one of all fields"
                buckets_N = own.shapes.bucket_N[self._learned_from]
                # Of a single one, every step can be whole.
                if len(np.unique(buckets_N)) > 1:
                    self._buckets = BucketOrder(buckets_N, self._seed, batch)

    def chosen(self, images_seen: int) -> np.ndarray:
        if self._buckets is not None:
            return self._learned_from[self._buckets.indices(images_seen)]
        return self._learned_from[self._order.indices(images_seen, self._batch)]

    def count_after(self, images_seen: int) -> int:
        return self._batch if self._buckets is None else len(self._buckets.indices(images_seen))

    def mirrored(self, images_seen: int, count: int) -> np.ndarray:
        generator = torch.Generator().manual_seed(derived_seed(self._seed, images_seen, "mirror"))
        return (torch.rand(count, generator=generator) < 0.5).numpy()

    def spread(self, count: int) -> np.ndarray:
        count = min(len(self._learned_from), count)
        places = np.linspace(0, len(self._learned_from) - 1, count).astype(np.int64)
        return self._learned_from[places]


def as_learned(values: Tensor, type_: str) -> Tensor:
    """What is kept in fewer bytes than it is learned in."""
    return values.float().div_(_FULL_SCALE) if type_ == SOUND else values


def in_range(pixels_NHWC: Tensor) -> Tensor:
    """Bytes => floats in [-1, 1], (N, C, H, W) in the channels-last layout that NHWC already is."""
    return pixels_NHWC.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
