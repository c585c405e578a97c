"""How soon a picture follows the slider, and what exploring costs a training beside it.

Usage: .venv/bin/python tests/bench/bench_explore.py [--sizes 64,256] [--moves 200] [--models KEY,…]
[--alone]

For each architecture that can be explored, with its default settings, after one step of training:
from the wish for a place until its picture is in the queue, one wish after the other. The longest
of twenty is the 95th percentile. Of a model that draws slowly it is the draft that a dragging hand
waits for; the picture itself is waited for after every tenth, as when the hand rests. Then the same
while a newer checkpoint, that was saved meanwhile, is got ready and taken over; not with --alone.
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
from genstudio.domain.training import Budget
from genstudio.engine.trainer import NoCommands
from genstudio.models.catalog import model_class, model_keys
from genstudio.services.explored import (
    DirectionsFound,
    Opened,
    PlaceShown,
)
from genstudio.services.exploring_session import ExploringSession
from genstudio.services.jobs import JobEnded
from genstudio.services.presets import resolve_settings
from genstudio.services.training import NewRun, resume_run, start_run

_RESTS_EVERY = 10


def main() -> None:
    """Measure and print a line for each architecture and size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="64,256")
    parser.add_argument("--moves", type=int, default=200)
    parser.add_argument("--models", default=",".join(model_keys()))
    parser.add_argument("--alone", action="store_true", help="take no newer checkpoint over")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "flowers"
        for _ in make_sample_folder(pictures, count=40, size=256):
            pass
        for key in options.models.split(","):
            if INTERPOLATE not in model_class(key).card.capabilities:
                continue
            for size in map(int, options.sizes.split(",")):
                run = trained(key, size, pictures, Path(folder) / f"{key}-{size}")
                print(f"{key:22} {size:4} px  {_measured(run, options.moves)}", flush=True)
                if options.alone:
                    continue
                print(f"{'':30} {_while_it_trains(run)}", flush=True)


def trained(key: str, size: int, pictures: Path, project: Path) -> Path:
    """A run of one step with an architecture's default settings."""
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
    rested_ms: list[float] = []
    for move in range(moves):
        share = move / moves
        place = Place(seeds=(1, 2, 3, 4), across=share, down=1 - share, moves={1: 4 * share - 2})
        asked_s = time.perf_counter()
        session.show_place(place)
        shown = _shown(session.items)
        waited_ms.append(1000 * (time.perf_counter() - asked_s))
        if shown.is_draft and move % _RESTS_EVERY == 0:
            while shown.is_draft or shown.place != place:
                shown = _shown(session.items)
            rested_ms.append(1000 * (time.perf_counter() - asked_s))
    session.close()
    session.join()
    at_rest = f"; drafts, pictures {_spread(rested_ms)}" if rested_ms else ""
    return f"{_spread(waited_ms)}{at_rest}; directions after {found_s:5.1f} s"


def _spread(waited_ms: list[float]) -> str:
    ranked = sorted(waited_ms)
    return (
        f"middle {statistics.median(ranked):6.1f} ms, 95 % within "
        f"{ranked[int(0.95 * len(ranked))]:6.1f} ms, longest {ranked[-1]:6.1f} ms"
    )


def _while_it_trains(run: Path) -> str:
    *_, ended = resume_run(run, NoCommands(), budget=Budget(unit="steps", amount=2))
    assert isinstance(ended, Finished)
    # As if it was saved while somebody explores the one before.
    newer, aside = run / "checkpoints" / "2", run / "2"
    newer.rename(aside)
    session = ExploringSession(run, "last", {}, follows=True)
    session.start()
    _until(session.items, DirectionsFound)
    aside.rename(newer)
    waited_ms: list[float] = []
    is_taken, began_s = False, time.perf_counter()
    while not is_taken:
        share = len(waited_ms) % 100 / 100
        place = Place(seeds=(1, 2, 3, 4), across=share, down=1 - share, moves={1: 4 * share - 2})
        asked_s = time.perf_counter()
        session.show_place(place)
        shown = None
        while not isinstance(shown, PlaceShown):
            shown = session.items.get()
            is_taken |= isinstance(shown, Opened)
        waited_ms.append(1000 * (time.perf_counter() - asked_s))
        time.sleep(0.03)  # A hand that drags asks no sooner.
    session.close()
    session.join()
    ranked = sorted(waited_ms)
    return (
        f"while it is followed: 95 % within {ranked[int(0.95 * len(ranked))]:6.1f} ms, longest "
        f"{ranked[-1]:6.1f} ms of {len(ranked)}; taken over after "
        f"{time.perf_counter() - began_s:5.1f} s"
    )


def _shown(items: "queue.SimpleQueue[Any]") -> PlaceShown:
    while not isinstance(item := items.get(), PlaceShown):
        if isinstance(item, JobEnded):
            sys.exit(str(item.error))
    return item


def _until(items: "queue.SimpleQueue[Any]", kind: type) -> None:
    while not isinstance(item := items.get(), kind):
        if isinstance(item, JobEnded):
            sys.exit(str(item.error))


if __name__ == "__main__":
    main()
