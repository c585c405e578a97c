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
            digest = hashlib.blake2b(f"{self._seed}/{epoch}".encode(), digest_size=8).digest()
            generator = np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))
            self._permutation = generator.permutation(self._num_images)
            self._epoch = epoch
        return self._permutation
