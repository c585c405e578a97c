"""How fast photographs are decoded into the cache that training reads from.

Usage: .venv/bin/python tests/bench/bench_cache.py [COUNT] [SIZE]

JPEG of 1024 × 768, painted flowers with a little noise; one thread and one for each core.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.samples import paint_flower
from genstudio.data.scan import scan_folder, usable_manifest
from genstudio.domain.datasets import ScanReport
from genstudio.domain.progress import drain

QUALITY = 90
NOISE = 8.0


def make_photographs(folder: Path, count: int) -> None:
    """Write JPEGs about as large as a camera's of that size."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(count):
        picture = Image.fromarray(paint_flower(256, seed=0, index=number)).resize((1024, 768))
        noise = generator.normal(0, NOISE, (768, 1024, 3))
        noisy = (np.asarray(picture) + noise).clip(0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(folder / f"{number:05}.jpg", quality=QUALITY)


def main(count: int, size: int) -> None:
    """Print pictures a second, of the clock and of processor time."""
    with tempfile.TemporaryDirectory() as name:
        make_photographs(Path(name) / "photographs", count)
        report = drain(scan_folder(Path(name) / "photographs"))
        assert isinstance(report, ScanReport)
        manifest = usable_manifest(report)
        for workers in (1, os.cpu_count() or 1):
            began_s, work_s = time.perf_counter(), time.process_time()
            folder = Path(name) / f"cache-{workers}"
            cache = drain(build_cache(manifest, size=size, cache_dir=folder, workers=workers))
            assert isinstance(cache, PictureCache)
            took_s, work_s = time.perf_counter() - began_s, time.process_time() - work_s
            done = len(cache.images_NHWC)
            print(
                f"{workers} threads: {done / took_s:.0f} pictures/s, "
                f"{done / work_s:.0f} a second of a processor"
            )


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 1000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 256,
    )
