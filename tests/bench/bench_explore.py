"""How soon a picture follows the slider, and what exploring costs a training beside it.

Usage: .venv/bin/python tests/bench/bench_explore.py [--sizes 64,256] [--moves 200]

For each architecture that can be explored, with its default settings, after one step of training:
from the wish for a place until its picture is in the queue, one wish after the other. The longest
of twenty is the 95th percentile. Then as many pictures of seeds as one core makes in a second.
"""

import argparse
import queue
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from genstudio.data.samples import make_sample_folder
from genstudio.domain.cards import INTERPOLATE
from genstudio.domain.events import Finished
from genstudio.domain.places import Place
from genstudio.engine.trainer import NoCommands
from genstudio.models.catalog import model_class, model_keys
from genstudio.services.exploring_session import DirectionsFound, ExploringSession, PlaceShown
from genstudio.services.jobs import JobEnded
from genstudio.services.presets import resolve_settings
from genstudio.services.training import NewRun, start_run


def main() -> None:
    """Measure and print a line for each architecture and size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="64,256")
    parser.add_argument("--moves", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "flowers"
        for _ in make_sample_folder(pictures, count=40, size=256):
            pass
        for key in model_keys():
            if INTERPOLATE not in model_class(key).card.capabilities:
                continue
            for size in map(int, options.sizes.split(",")):
                run = _trained(key, size, pictures, Path(folder) / f"{key}-{size}")
                print(f"{key:22} {size:4} px  {_measured(run, options.moves)}", flush=True)


def _trained(key: str, size: int, pictures: Path, project: Path) -> Path:
    budget = {"unit": "steps", "amount": 1}
    settings = resolve_settings(
        preset="quick", model_key=key, training={"size": size, "budget": budget}, model={}
    )
    *_, ended = start_run(NewRun(folder=pictures, project=project, settings=settings), NoCommands())
    if not isinstance(ended, Finished):
        sys.exit(str(ended))
    return ended.run


def _measured(run: Path, moves: int) -> str:
    session = ExploringSession(run, "last", {})
    session.start()
    began_s = time.perf_counter()
    _until(session.items, DirectionsFound)
    found_s = time.perf_counter() - began_s
    waited_ms: list[float] = []
    for move in range(moves):
        share = move / moves
        place = Place(seeds=(1, 2, 3, 4), across=share, down=1 - share, moves={1: 4 * share - 2})
        asked_s = time.perf_counter()
        session.show_place(place)
        _until(session.items, PlaceShown)
        waited_ms.append(1000 * (time.perf_counter() - asked_s))
    session.close()
    session.join()
    ranked = sorted(waited_ms)
    return (
        f"middle {statistics.median(ranked):6.1f} ms, 95 % within {ranked[int(0.95 * moves)]:6.1f} "
        f"ms, longest {ranked[-1]:6.1f} ms; directions after {found_s:5.1f} s"
    )


def _until(items: "queue.SimpleQueue[Any]", kind: type) -> None:
    while not isinstance(item := items.get(), kind):
        if isinstance(item, JobEnded):
            sys.exit(str(item.error))


if __name__ == "__main__":
    main()
