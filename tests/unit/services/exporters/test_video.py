"""The gallery as a film: its length is exact, and it says where it comes from."""

from pathlib import Path

import numpy as np
import pytest
from hung_pictures import hung

from genstudio.artifacts.clip import KIND as CLIPS
from genstudio.data.films import pyav
from genstudio.domain.progress import drain
from genstudio.services.export import export_gallery

pytest.importorskip("av")


def film(tmp_path: Path, name: str = "film.mp4", **options: object) -> list[np.ndarray]:
    items = hung(tmp_path / "Meadow" / "gallery", 3)
    done = drain(
        export_gallery(
            items,
            to=tmp_path / name,
            kind="video",
            title="Meadow",
            options={"side": 128, **options},
        )
    )
    assert done.count == 3
    with pyav().open(str(done.path)) as opened:
        return [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]


@pytest.mark.parametrize("codec", ["usual", "av1"])
def test_each_is_seen_as_long_as_was_said(tmp_path: Path, codec: str) -> None:
    frames = film(tmp_path, seconds=0.5, change="cut", codec=codec)
    assert len(frames) == 45
    shades = [int(frame[256, 256].mean()) for frame in frames]
    assert np.allclose([shades[at] for at in (7, 22, 37)], [0, 10, 20], atol=4)
    recipe = CLIPS.read_recipe(tmp_path / "film.mp4")
    assert recipe is not None
    assert recipe.operation == "film-of-gallery"


def test_soft_changes_lead_back_to_the_first(tmp_path: Path) -> None:
    frames = film(tmp_path, seconds=1.0, change="fade")
    assert len(frames) == 90
    shades = [float(frame[256, 256].mean()) for frame in frames]
    assert shades[0] < shades[22] < shades[29] + 1
    assert shades[-1] < shades[70]


def test_bare_films_say_nothing(tmp_path: Path) -> None:
    film(tmp_path, metadata="nothing", seconds=0.2)
    recipe = CLIPS.read_recipe(tmp_path / "film.mp4")
    assert recipe is None or not recipe.sampling
