"""Checkpoints written by a thread of their own, from a snapshot, while training goes on."""

import os
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from genstudio.domain.errors import DiskFullError
from genstudio.engine.checkpoint import CheckpointStore, Snapshot

_NICENESS = 10


class Saver:
    """Writes one checkpoint at a time to a store, and clears old ones away."""

    def __init__(self, store: CheckpointStore) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, "genstudio-saver", initializer=_be_modest)
        self._pending: Future[Path] | None = None

    @property
    def is_pending(self) -> bool:
        """Whether a checkpoint has been handed over and its result was not collected."""
        return self._pending is not None

    @property
    def is_done(self) -> bool:
        """Whether the result of a checkpoint can be collected without waiting."""
        return self._pending is not None and self._pending.done()

    def begin(self, snapshot: Snapshot) -> None:
        """Hand a checkpoint over; the one before must have been collected."""
        assert self._pending is None
        self._pending = self._thread.submit(self._save, snapshot)

    def collect(self) -> Path:
        """Wait until the checkpoint is on the disk; gives its folder.

        Raises:
            ProjectError: The disk is full or the folder cannot be written to.
            CheckpointError: What was read back differs from what was written.
        """
        assert self._pending is not None
        pending, self._pending = self._pending, None
        return pending.result()

    def close(self) -> None:
        """Let what is being written get to its end."""
        self._thread.shutdown()

    def _save(self, snapshot: Snapshot) -> Path:
        try:
            path = self._write(snapshot)
        except DiskFullError:
            # Older checkpoints give way to the newest, as far as they may.
            self._store.clear_away()
            path = self._write(snapshot)
        self._store.clear_away()
        return path

    def _write(self, snapshot: Snapshot) -> Path:
        return self._store.save(snapshot.state, snapshot.tensors, snapshot.preview_HWC)


def _be_modest() -> None:
    if sys.platform == "linux":
        # There it counts for the calling thread alone: training and the window come first.
        os.nice(_NICENESS)
