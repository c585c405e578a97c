"""A film of a run's previews."""

import shutil
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image
from tiny_studio import small_settings

from genstudio.artifacts.animation import KIND as ANIMATIONS
from genstudio.artifacts.clip import KIND as CLIPS
from genstudio.data.films import opened_film
from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import ProjectError
from genstudio.domain.films import Codec
from genstudio.domain.progress import drain
from genstudio.services import time_lapses
from genstudio.services.films import write_film
from genstudio.services.projects import open_or_create
from genstudio.services.records import preview_path
from genstudio.services.remaking import remake
from genstudio.services.runs import Run, create_run
from genstudio.services.time_lapses import film_run

SIZE = (41, 30)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run on disk with five previews, the last but one of another size, and a broken one."""
    project = open_or_create(tmp_path / "Meadow")
    manifest = Manifest(folder=tmp_path, pictures=(("a.png", "00" * 16),), decoding=5)
    dataset = project.save_manifest(manifest)
    settings = small_settings()
    run = create_run(project, dataset, settings, manifest=manifest, held_out=(), kinds={})
    (run.path / "previews").mkdir(parents=True, exist_ok=True)
    for number in range(5):
        size = SIZE if number != 3 else (20, 20)
        picture = Image.new("RGB", size, (50 * number, 0, 0))
        picture.save(preview_path(run.path, 10 * number))
    preview_path(run.path, 70).write_bytes(b"broken")
    return run


@pytest.mark.parametrize("codec", get_args(Codec))
def test_each_preview_is_shown_as_long_and_the_last_one_longer(
    run: Run, tmp_path: Path, codec: Codec
) -> None:
    pytest.importorskip("av", reason="films need the extra “video”")
    path = drain(film_run(run, tmp_path / "film.mp4", seconds=2, codec=codec))

    with opened_film(path) as film:
        frames = [int(np.median(frame.image_HWC[..., 0])) for frame in film.frames()]
    assert len(frames) == 60 + 45
    wanted = [0] * 15 + [50] * 15 + [100] * 15 + [200] * (15 + 45)
    assert frames == pytest.approx(wanted, abs=6)
    recipe = CLIPS.read_recipe(path)
    assert recipe is not None
    assert (recipe.operation, recipe.step) == ("time-lapse", 40)


def test_one_preview_is_no_film(run: Run, tmp_path: Path) -> None:
    shutil.rmtree(run.path / "previews")
    (run.path / "previews").mkdir()
    with pytest.raises(ProjectError, match="nothing to film"):
        drain(film_run(run, tmp_path / "film.webp"))


@pytest.mark.parametrize("name", ["film.mp4", "film.webm", "film.webp"])
def test_a_time_lapse_is_made_again_though_the_run_went_on(
    run: Run, tmp_path: Path, name: str
) -> None:
    if not name.endswith(".webp"):
        pytest.importorskip("av", reason="films need the extra “video”")
    place = tmp_path / "elsewhere" / name
    path = drain(film_run(run, place, seconds=0.3))
    Image.new("RGB", SIZE, (250, 0, 0)).save(preview_path(run.path, 60))

    done = drain(remake(path, projects=[run.path.parent.parent]))

    assert done.is_same
    assert done.run == run.path
    assert Path(done.artifact.data) != path


def test_single_frames_of_a_time_lapse_are_made_again(run: Run, tmp_path: Path) -> None:
    folder = drain(film_run(run, tmp_path / "frames", seconds=0.3))
    for picture in sorted(folder.iterdir())[::20]:
        done = drain(remake(picture, projects=[run.path.parent.parent]))
        assert done.is_same
        np.testing.assert_array_equal(done.artifact.data, np.asarray(Image.open(picture)))


def test_what_became_of_the_previews_is_said(run: Run, tmp_path: Path) -> None:
    path = drain(film_run(run, tmp_path / "film.webp", seconds=0.3))
    project = run.path.parent.parent
    with pytest.raises(ProjectError, match="The run that made it is not here"):
        drain(remake(path))
    kept = preview_path(run.path, 10).read_bytes()
    preview_path(run.path, 10).unlink()
    with pytest.raises(ProjectError, match="no longer there") as told:
        drain(remake(path, projects=[project]))
    assert "Missing of the 4 that were filmed: 1, first that of step 10." in told.value.message
    Image.new("RGB", SIZE, (1, 2, 3)).save(preview_path(run.path, 10))
    with pytest.raises(ProjectError, match="other previews now"):
        drain(remake(path, projects=[project]))
    preview_path(run.path, 10).write_bytes(b"broken")
    with pytest.raises(ProjectError, match="other previews now"):
        drain(remake(path, projects=[project]))
    preview_path(run.path, 10).write_bytes(kept)
    assert drain(remake(path, projects=[project])).is_same


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"previews": None}, "does not say of which previews"),
        ({"previews": []}, "does not say of which previews"),
        ({"previews": "all"}, "is damaged"),
        ({"previews": [0, 10, 20, 40, 10**12]}, "no longer there"),
        ({"previews": [40, 20, 10, 0]}, "other previews now"),
        ({"digest": "00" * 16}, "other previews now"),
        ({"fps": 10**6}, "is damaged"),
        ({"seconds": -1}, "is damaged"),
        ({"seconds": 3600, "fps": 120}, "is damaged"),
        ({"codec": "none"}, "is damaged"),
    ],
)
def test_a_recipe_that_was_changed_is_refused_in_words(
    run: Run, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    path = drain(film_run(run, tmp_path / "film.webp", seconds=0.3))
    recipe = ANIMATIONS.read_recipe(path)
    assert recipe is not None
    changed = recipe.model_copy(update={"sampling": {**recipe.sampling, **change}})
    frames = iter([np.zeros((16, 16, 3), np.uint8)] * 2)
    other = drain(write_film(frames, tmp_path / "other.webp", count=2, fps=30, recipe=changed))
    with pytest.raises(ProjectError) as told:
        drain(remake(other, projects=[run.path.parent.parent]))
    assert words in f"{told.value} {told.value.message}"


def test_another_film_with_this_recipe_is_not_the_same(run: Run, tmp_path: Path) -> None:
    path = drain(film_run(run, tmp_path / "film.webp", seconds=0.3))
    recipe = ANIMATIONS.read_recipe(path)
    assert recipe is not None
    frames = iter([np.zeros((16, 16, 3), np.uint8)] * 2)
    other = drain(write_film(frames, tmp_path / "other.webp", count=2, fps=30, recipe=recipe))
    assert not drain(remake(other, projects=[run.path.parent.parent])).is_same


def test_more_previews_than_a_film_can_note_are_filmed_all_the_same(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_lapses, "LARGEST_RECIPE_BYTES", 300)
    path = drain(film_run(run, tmp_path / "film.webp", seconds=0.3))
    with pytest.raises(ProjectError, match="cannot be made again"):
        drain(remake(path, projects=[run.path.parent.parent]))
