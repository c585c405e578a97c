"""The order in which pictures are learned from: shuffled anew each time round, never stored."""

import hashlib

import numpy as np


class DataOrder:
    """Every picture once in each epoch, in an order that seed and epoch alone decide.

    Knowing how many pictures were seen is enough to go on, so that a resumed run sees
    what the uninterrupted one would have seen.

    Args:
        num_images: Pictures in the set.
        seed: The run's seed.
    """

    def __init__(self, num_images: int, seed: int) -> None:
        assert num_images > 0
        self._num_images = num_images
        self._seed = seed
        self._epoch = -1
        self._permutation = np.empty(0, dtype=np.int64)

    def indices(self, position: int, count: int) -> np.ndarray:
        """The next ``count`` pictures after ``position`` were seen: int64 of shape (count,)."""
        parts: list[np.ndarray] = []
        while count > 0:
            epoch, offset = divmod(position, self._num_images)
            part = self._of_epoch(epoch)[offset : offset + count]
            parts.append(part)
            position += len(part)
            count -= len(part)
        return np.concatenate(parts)

    def _of_epoch(self, epoch: int) -> np.ndarray:
        if epoch != self._epoch:
            self._permutation = _shuffling(self._seed, epoch).permutation(self._num_images)
            self._epoch = epoch
        return self._permutation


class BucketOrder:
    """Batches whose pictures all come from one bucket; every picture once in each epoch.

    What is left over of a bucket is a smaller batch. Here too, knowing how many pictures were
    seen is enough to go on.

    Args:
        bucket_N: Bucket of each picture.
        seed: The run's seed.
        batch: Pictures in a batch, at most.
    """

    def __init__(self, bucket_N: np.ndarray, seed: int, batch: int) -> None:
        assert len(bucket_N) > 0
        self._members = [np.flatnonzero(bucket_N == bucket) for bucket in np.unique(bucket_N)]
        self._num_images = len(bucket_N)
        self._seed = seed
        self._batch = batch
        self._epoch = -1
        self._batches: list[np.ndarray] = []
        self._starts = np.empty(0, np.int64)

    def indices(self, position: int) -> np.ndarray:
        """The batch that comes after ``position`` pictures were seen: int64, 1 to ``batch``."""
        epoch, offset = divmod(position, self._num_images)
        if epoch != self._epoch:
            self._shuffle(epoch)
        number = int(np.searchsorted(self._starts, offset, side="right")) - 1
        return self._batches[number][offset - self._starts[number] :]

    def _shuffle(self, epoch: int) -> None:
        generator = _shuffling(self._seed, epoch)
        batches: list[np.ndarray] = []
        for members in self._members:
            shuffled = generator.permutation(members)
            batches += [
                shuffled[at : at + self._batch] for at in range(0, len(shuffled), self._batch)
            ]
        self._batches = [batches[number] for number in generator.permutation(len(batches))]
        self._starts = np.cumsum([0, *map(len, self._batches[:-1])])
        self._epoch = epoch


def _shuffling(seed: int, epoch: int) -> np.random.Generator:
    digest = hashlib.blake2b(f"{seed}/{epoch}".encode(), digest_size=8).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))
