"""Frames of a clip as pictures."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from genstudio.domain.errors import DatasetError
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made

av: Any = pytest.importorskip("av", reason="films need the extra “video”")


def write(path: Path, times_ms: list[int], width: int = 32) -> Path:
    """A film that, as Matroska does, says how long it is, and not how many frames it has."""
    grey = np.zeros((32, width, 3), np.uint8)
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mpeg4", rate=25)
        stream.height, stream.width, stream.pix_fmt = 32, width, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for time_ms in times_ms:
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return path


def test_frames_are_spread_over_those_that_are_there(tmp_path: Path) -> None:
    clip = write(tmp_path / "a.mkv", [0, 40, 80, 120, 160, 3000])

    made = perform("clip-frames", inputs={"input": [clip]}, count=3)

    assert [it.name for it in made if isinstance(it, Made)] == [
        "a-f000000",
        "a-f000002",
        "a-f000005",
    ]


@pytest.mark.parametrize("operation", ["clip-frames", "restyle-video"])
def test_a_flat_film_of_which_nothing_is_left_is_refused(operation: str, tmp_path: Path) -> None:
    clip = write(tmp_path / "a.mkv", [0, 40], width=1024)
    inputs = {"input": [clip]}
    if operation == "restyle-video":
        inputs["key_frames"] = [tmp_path / "a-f000000.png"]
        Image.new("RGB", (1024, 32)).save(inputs["key_frames"][0])

    with pytest.raises(DatasetError, match="1,024 × 32 pixels") as caught:
        list(perform(operation, inputs=inputs, settings={"largest_side": 64}))
    assert "64 × 2" in caught.value.message
