"""Writing films leaves the program as it was."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from genstudio.domain.progress import drain
from genstudio.domain.recipes import Recipe
from genstudio.services.films import write_film

pytest.importorskip("av", reason="films need the extra “video”")

THREADS = Path("/proc/self/task")


@pytest.mark.skipif(not THREADS.is_dir(), reason="only Linux tells of threads")
def test_no_thread_gets_another_priority_from_an_encoder(tmp_path: Path) -> None:
    seen: list[int] = []

    def policies() -> list[int]:
        return [os.sched_getscheduler(int(it.name)) for it in THREADS.iterdir()]

    def frames() -> Iterator[np.ndarray]:
        for number in range(3):
            yield np.full((64, 64, 3), 50 * number, np.uint8)
            seen.extend(policies())

    own = os.sched_getscheduler(0)
    recipe = Recipe(software="GenStudio", created=datetime(2026, 1, 1, tzinfo=UTC))
    film = tmp_path / "film.mp4"
    drain(write_film(frames(), film, count=3, fps=10, recipe=recipe, codec="av1"))

    assert len(seen) > 3  # The encoder has threads of its own.
    assert set(seen) == {own}
    assert os.sched_getscheduler(0) == own
