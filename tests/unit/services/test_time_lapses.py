"""A film of a run's previews."""

import shutil
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image
from tiny_studio import small_settings

from genstudio.artifacts.clip import KIND as CLIPS
from genstudio.data.films import opened_film
from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import ProjectError
from genstudio.domain.films import Codec
from genstudio.domain.progress import drain
from genstudio.services.projects import open_or_create
from genstudio.services.records import preview_path
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
