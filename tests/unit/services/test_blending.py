"""Pictures between a person's own ones."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_studio import small_settings, steps

from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.training import TrainingSettings
from genstudio.engine.trainer import NoCommands
from genstudio.services.blending import blend
from genstudio.services.projects import open_or_create
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory, flowers: Path) -> dict[str, Run]:
    """A run of each family, trained for some steps."""
    runs: dict[str, Run] = {}
    for key in ("residual-vae", "self-supervised-gan"):
        settings: TrainingSettings = small_settings(
            key, model={"width": 32, "latent_size": 8}, budget=steps(8)
        )
        project = tmp_path_factory.mktemp(key) / "project"
        list(start_run(NewRun(folder=flowers, project=project, settings=settings), NoCommands()))
        (folder,) = open_or_create(project).run_folders()
        runs[key] = Run(folder)
    return runs


def test_ends_are_the_pictures_redrawn_and_steps_lead_from_one_to_the_other(
    projects: dict[str, Run], flowers: Path
) -> None:
    run, ends = projects["residual-vae"], sorted(flowers.iterdir())[:2]

    drawn = list(blend(run, ends, count=5))

    assert [image.shape for image in drawn] == [(32, 32, 3)] * 5
    for end, image in zip(ends, (drawn[0], drawn[-1]), strict=True):
        np.testing.assert_array_equal(image, next(blend(run, [end], count=5)))
    far = [np.abs(image.astype(float) - drawn[0]).mean() for image in drawn]
    assert far == sorted(far)
    assert far[-1] > 0


def test_of_three_pictures_the_middle_one_is_drawn_once(
    projects: dict[str, Run], flowers: Path
) -> None:
    three = sorted(flowers.iterdir())[:3]

    assert len(list(blend(projects["residual-vae"], three, count=4))) == 7


def test_an_architecture_that_only_draws_says_so(projects: dict[str, Run], flowers: Path) -> None:
    with pytest.raises(SettingsError, match="cannot describe pictures"):
        next(blend(projects["self-supervised-gan"], [next(flowers.iterdir())], count=2))


def test_a_file_that_is_no_picture_is_named(projects: dict[str, Run], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no picture")

    with pytest.raises(DatasetError, match=r"a\.png"):
        next(blend(projects["residual-vae"], [tmp_path / "a.png"], count=2))


def test_pictures_of_any_size_are_taken(projects: dict[str, Run], tmp_path: Path) -> None:
    Image.new("RGB", (300, 77), (200, 30, 30)).save(tmp_path / "a.png")

    assert next(blend(projects["residual-vae"], [tmp_path / "a.png"], count=2)).shape == (32, 32, 3)
