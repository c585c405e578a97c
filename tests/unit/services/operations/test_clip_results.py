"""Painted films as MP4, as WebM and as single pictures: each says how it was made."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_studio import save_film

from genstudio.artifacts.catalog import kind_of_file
from genstudio.artifacts.clip import KIND
from genstudio.artifacts.image import read_recipe
from genstudio.data.films import frames_at, opened_film
from genstudio.domain.operations import Report
from genstudio.domain.progress import Progress, drain
from genstudio.services.gallery import Gallery
from genstudio.services.operations.perform import perform
from genstudio.services.operations.save import ResultFolder
from genstudio.services.projects import open_or_create
from genstudio.services.remaking import remake

FRAMES = 5


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, list[Path]]:
    clip = save_film(tmp_path / "Walk.mp4", FRAMES, fps=10)
    (frame,) = frames_at(clip, [2])
    painted = tmp_path / "Walk-f000002.png"
    Image.fromarray(255 - frame).save(painted)
    return {"input": [clip], "key_frames": [painted]}


def painted_as(saved_as: str, inputs: dict[str, list[Path]], to: Path) -> Sequence[Path]:
    folder, files = ResultFolder(to), []
    settings = {"steps": 10, "largest_side": 64, "saved_as": saved_as}
    for step in perform("restyle-video", inputs=inputs, seed=3, settings=settings):
        if not isinstance(step, Progress):
            files.append(folder.save(step))
        elif isinstance(step.item, Report):
            folder.write(step.item)
    return files


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_film_has_its_recipe_and_is_made_again(
    suffix: str, inputs: dict[str, list[Path]], tmp_path: Path
) -> None:
    (made,) = painted_as(suffix[1:], inputs, tmp_path / "out")
    assert made.name == f"Walk-restyle-video{suffix}"
    assert kind_of_file(made) is KIND
    recipe = KIND.read_recipe(made)
    assert recipe is not None
    assert recipe.sampling["saved_as"] == suffix[1:]
    with opened_film(inputs["input"][0]) as one, opened_film(made) as other:
        assert [it.seconds for it in other.frames(64)] == [it.seconds for it in one.frames(64)]
    assert drain(remake(made, inputs=[tmp_path])).is_same

    with Gallery(open_or_create(tmp_path / "Meadow")) as gallery:
        item = gallery.hang(KIND.read(made), recipe)
        assert item.path.suffix == suffix
        assert KIND.read_recipe(item.path) == recipe
        assert KIND.is_same(KIND.read(item.path), KIND.read(made))

    bare, marked = tmp_path / f"bare{suffix}", tmp_path / f"marked{suffix}"
    bare.write_bytes(KIND.with_metadata(made.read_bytes(), "nothing"))
    marked.write_bytes(KIND.with_metadata(made.read_bytes(), "mark"))
    for less, is_marked in ((bare, False), (marked, True)):
        assert KIND.read_recipe(less) is None
        assert KIND.is_same(KIND.read(less), KIND.read(made))
        assert (b"trainedAlgorithmicMedia" in less.read_bytes()) == is_marked


def test_av1_is_an_mp4_that_is_made_again(inputs: dict[str, list[Path]], tmp_path: Path) -> None:
    (made,) = painted_as("av1", inputs, tmp_path / "out")
    assert made.name == "Walk-restyle-video.mp4"
    with opened_film(inputs["input"][0]) as one, opened_film(made) as other:
        assert "av1" in other.stream.codec_context.codec.canonical_name
        assert [it.seconds for it in other.frames(64)] == [it.seconds for it in one.frames(64)]
    assert drain(remake(made, inputs=[tmp_path])).is_same


def test_single_pictures_say_when_they_are_shown(
    inputs: dict[str, list[Path]], tmp_path: Path
) -> None:
    files = painted_as("png", inputs, tmp_path / "out")
    names = [f"Walk-f{number:06}-restyle-video.png" for number in range(FRAMES)]
    assert [path.name for path in files] == names
    lines = (tmp_path / "out" / "times.csv").read_text().splitlines()
    assert lines == ["file,seconds"] + [f"{name},{0.1 * no:.6f}" for no, name in enumerate(names)]
    recipes = [read_recipe(path) for path in files]
    assert [it.position for it in recipes if it is not None] == list(range(FRAMES))
    again = drain(remake(files[3], inputs=[tmp_path]))
    assert again.is_same
    assert np.array_equal(again.artifact.data, np.asarray(Image.open(files[3])))
