"""A kill while pictures are decoded costs that time only, and no space for ever."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.scan import scan_folder, usable_manifest
from genstudio.data.squares import decode_picture
from genstudio.domain.datasets import ScanReport
from genstudio.domain.progress import drain

DIE_WHILE_DECODING = """
import os, signal, sys
from pathlib import Path
from genstudio.data.cache import build_cache
from genstudio.domain.datasets import Manifest

manifest = Manifest.model_validate_json(sys.argv[1])
for progress in build_cache(manifest, size=32, cache_dir=Path(sys.argv[2]), workers=1):
    if progress.done == 3:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_kill_while_decoding_is_made_good_the_next_time(flowers: Path, tmp_path: Path) -> None:
    report = drain(scan_folder(flowers))
    assert isinstance(report, ScanReport)
    manifest = usable_manifest(report)
    killed = subprocess.run(
        [sys.executable, "-c", DIE_WHILE_DECODING, manifest.model_dump_json(), str(tmp_path)],
        env=dict(os.environ), check=False,
    )  # fmt: skip
    assert killed.returncode == -9
    assert len(list(tmp_path.glob(".partial-*/pixels.npy"))) == 1

    found = drain(build_cache(manifest, size=32, cache_dir=tmp_path))

    assert isinstance(found, PictureCache)
    assert [path.name for path in tmp_path.iterdir()] == [found.key]
    for (name, _), picture in zip(manifest.pictures, found.images_NHWC, strict=True):
        np.testing.assert_array_equal(picture, decode_picture(flowers / name, size=32))
