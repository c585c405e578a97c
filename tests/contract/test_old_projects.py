"""A project of the first format opens, goes on and makes what it made: nothing bends."""

from pathlib import Path
from typing import Any

import numpy as np
import old_project
import pytest
from tiny_studio import of_kind, steps

from genstudio.domain import events
from genstudio.engine.trainer import NoCommands
from genstudio.services.gallery import Gallery
from genstudio.services.generation import generate
from genstudio.services.projects import open_project
from genstudio.services.runs import Run
from genstudio.services.training import resume_run


@pytest.fixture
def old(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    return tmp_path / "Meadow", old_project.unpack(tmp_path)


def test_runs_and_gallery_are_there(old: tuple[Path, dict[str, Any]]) -> None:
    path, figures = old
    project = open_project(path)
    assert [run.name for run in project.run_folders()] == list(figures)
    for folder in project.run_folders():
        summary = Run(folder).summary()
        assert (summary.step, summary.settings.modality) == (3, "images")
        assert summary.previews
    with Gallery(project) as gallery:
        gallery.sync()
        items = gallery.items()
        assert len(items) == 4
        assert {item.recipe.operation for item in items} == {"generate"}


def test_the_same_weights_and_seeds_make_the_same_pixels(old: tuple[Path, dict[str, Any]]) -> None:
    path, figures = old
    for name, known in figures.items():
        for made, means in zip(generate(Run(path / "runs" / name), [0, 1]), known["pixels"],
                               strict=True):  # fmt: skip
            found = made.image_HWC.reshape(4, 8, 4, 8, 3).mean((1, 3))
            # Processors round otherwise.
            np.testing.assert_allclose(found, means, atol=0.5)


@pytest.mark.usefixtures("small_sheets")
def test_it_goes_on_with_the_same_losses(
    old: tuple[Path, dict[str, Any]],
) -> None:
    path, figures = old
    for name, known in figures.items():
        told = list(resume_run(path / "runs" / name, NoCommands(), budget=steps(5)))
        assert isinstance(told[-1], events.Finished), told[-1]
        losses = of_kind(events.StepDone, told)[-1].losses
        assert losses.keys() == known["losses"].keys()
        for loss, value in known["losses"].items():
            assert losses[loss] == pytest.approx(value, rel=1e-3), f"{name}: {loss}"
