"""The films of walks beside plain PyAV: the same frames, encoder and options, in turns in one run.

What is measured is the way from ready frames to a file: colours, times, the recipe, and that a cut
never leaves half a film. The aim is 0.9 of plain PyAV's speed.

    python tests/bench/bench_walk.py [--frames 150] [--rounds 5]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import get_args

import av
import numpy as np

from genstudio.domain.films import Codec
from genstudio.domain.progress import drain
from genstudio.domain.recipes import Recipe
from genstudio.services.films import ENCODERS, encoder_for, write_film

SIDE_PX = 512
FPS = 30


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    frames = list(moving(chosen.frames))
    print("film | ours, frames/s | plain PyAV, frames/s | ratio (median of the rounds; from, to)")
    for suffix in ENCODERS:
        for codec in get_args(Codec):
            ours: list[float] = []
            plain: list[float] = []
            for number in range(chosen.rounds + 1):
                # In turns, so that whatever else the machine does hits both.
                both = [(ours, film), (plain, plainly)]
                for times, work in both if number % 2 else reversed(both):
                    seconds = timed(work, frames, suffix, codec)
                    if number:  # The first round only warms up.
                        times.append(seconds)
            ratios = sorted(two / one for one, two in zip(ours, plain, strict=True))
            speeds = [len(frames) / statistics.median(times) for times in (ours, plain)]
            print(
                f"{suffix} {codec} | {speeds[0]:.1f} | {speeds[1]:.1f} | "
                f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}, {ratios[-1]:.2f})",
                flush=True,
            )


def moving(count: int) -> Iterator[np.ndarray]:
    """Soft shapes that wander, with a little grain: as hard to encode as a walk."""
    generator = np.random.default_rng(0)
    down, across = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX
    grain = generator.normal(0, 6, (SIDE_PX, SIDE_PX, 3))
    for number in range(count):
        turn = 2 * np.pi * number / 90
        waves = [np.sin(9 * down + turn + at) * np.cos(7 * across - turn * at) for at in range(3)]
        yield (127 + 90 * np.stack(waves, axis=2) + grain).clip(0, 255).astype(np.uint8)


def timed(work: object, frames: list[np.ndarray], suffix: str, codec: Codec) -> float:
    """Seconds from the first frame to the whole file."""
    assert callable(work)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"film{suffix}"
        begin = time.perf_counter()
        work(frames, path, codec)
        return time.perf_counter() - begin


def film(frames: list[np.ndarray], path: Path, codec: Codec) -> None:
    """As walks are filmed."""
    recipe = Recipe(software="bench", created=datetime.now(UTC), operation="walk")
    work = write_film(iter(frames), path, count=len(frames), fps=FPS, recipe=recipe, codec=codec)
    drain(work)


def plainly(frames: list[np.ndarray], path: Path, codec: Codec) -> None:
    """As PyAV's own examples do it, without a thought for colours."""
    encoder, options = encoder_for(path.suffix, codec)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(encoder, rate=Fraction(FPS), options=options)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame_HWC in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame_HWC, format="rgb24")))
        container.mux(stream.encode())


if __name__ == "__main__":
    main()
