"""What was made says so; what a person took over from a file of their own does not."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_studio import save_film

from genstudio.domain.progress import Progress
from genstudio.services.operations.perform import perform
from genstudio.services.operations.save import save_made

MARK = b"trainedAlgorithmicMedia"


def made(key: str, given: Path, to: Path, **settings: object) -> Path:
    (path,) = [
        save_made(step, to)
        for step in perform(key, inputs={"input": [given]}, settings=settings)
        if not isinstance(step, Progress)
    ]
    return path


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_a_photograph_that_was_made_larger_is_still_one(photo: Path, tmp_path: Path) -> None:
    assert MARK not in made("upscale", photo, tmp_path / "out").read_bytes()


def test_what_was_made_stays_marked_when_it_is_made_larger(photo: Path, tmp_path: Path) -> None:
    texture = made("texture", photo, tmp_path / "out", width=32, height=32)
    assert MARK in texture.read_bytes()
    assert MARK in made("upscale", texture, tmp_path / "out").read_bytes()


def test_a_frame_of_a_film_is_marked_if_the_film_is(photo: Path, tmp_path: Path) -> None:
    film = save_film(tmp_path / "film.mp4", 3)
    frame = made("clip-frames", film, tmp_path / "out")
    assert MARK not in frame.read_bytes()
    inputs = {"input": [film], "key_frames": [frame]}
    settings = {"steps": 10, "largest_side": 64}
    for step in perform("restyle-video", inputs=inputs, settings=settings):
        if not isinstance(step, Progress):
            painted = save_made(step, tmp_path / "out")
            assert MARK in painted.read_bytes()
            assert MARK in made("clip-frames", painted, tmp_path / "frames").read_bytes()
