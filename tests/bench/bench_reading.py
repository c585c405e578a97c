"""How long it takes to read what a run of weeks has written down, when the studio starts.

Usage: bench_reading.py [THOUSANDS OF STEPS]: as many as are kept, one for each second.
"""

import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

from genstudio.domain import events
from genstudio.services.records import Record


def write(path: Path, num_steps: int) -> None:
    """A record with a checkpoint for each minute."""
    losses = {"discriminator": 0.693, "redrawing": 1.322, "R1 + R2": 0.02, "generator": 0.701}
    with path.open("w") as lines:
        for number in range(1, num_steps + 1):
            event: events.Event = events.StepDone(
                step=10 * number, images_seen=160 * number, losses=losses, images_per_s=100.0,
                seconds=float(number), progress=number / num_steps, eta_s=1.0, memory_gib=0.5,
            )  # fmt: skip
            lines.write(event.model_dump_json() + "\n")
            if number % 60 == 0:
                event = events.CheckpointSaved(step=10 * number, path=path, took_s=0.5)
                lines.write(event.model_dump_json() + "\n")


def main(num_steps: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        write(path, num_steps)
        record = Record(path)
        print(f"{num_steps:,} steps, {path.stat().st_size / 2**20:.0f} MiB")
        seconds: dict[str, float] = {}
        for name, read in (("everything", record.read), ("thinned", record.read_thinned)):
            began_s = time.process_time()
            count = sum(isinstance(event, events.StepDone) for event in read())
            seconds[name] = time.process_time() - began_s
            print(f"{name}: {count:,} steps in {seconds[name]:.2f} s")
        print(f"thinned / everything: {seconds['thinned'] / seconds['everything']:.3f}")
        tracemalloc.start()
        kept = [event for event in record.read_thinned() if isinstance(event, events.StepDone)]
        print(f"{len(kept):,} steps take {tracemalloc.get_traced_memory()[0] / 2**20:.0f} MiB")


if __name__ == "__main__":
    main(1000 * int(sys.argv[1] if len(sys.argv) > 1 else 100))
