"""What the window asks for runs beside it, and needs no torch before it is asked for."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_studio import install_models, small_settings, steps

from genstudio.data.scan import scan_folder
from genstudio.domain import events
from genstudio.domain.datasets import ScanReport
from genstudio.domain.errors import UnknownModelError
from genstudio.domain.progress import drain
from genstudio.domain.runs import RunState, RunSummary
from genstudio.models.catalog import model_keys
from genstudio.services import studio, studio_exports
from genstudio.services.exporters.protocol import ExportDone
from genstudio.services.gallery import Gallery
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.projects import open_or_create, open_project
from genstudio.services.session import TrainingSession
from genstudio.services.studio import CatalogueEntry, Machine

LONG_S = 600.0


def finished(job: Job[Any]) -> list[Any]:
    """All items of a job that runs to its end."""
    job.start()
    told: list[Any] = []
    while not told or not isinstance(told[-1], JobEnded):
        told.append(job.items.get(timeout=LONG_S))
    assert job.join(LONG_S)
    assert told.pop() == JobEnded()
    return told


def ending(session: TrainingSession) -> Any:
    session.start()
    told: list[Any] = []
    while not told or not isinstance(told[-1], JobEnded):
        told.append(session.events.get(timeout=LONG_S))
    assert session.join(LONG_S)
    return told[-2]


def test_the_window_can_be_shown_before_torch_is_there() -> None:
    program = "import sys, genstudio.services.studio; print('torch' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip() == "False"


def test_the_catalogue_comes_with_the_machine_first() -> None:
    machine, *entries = finished(studio.load_catalogue())

    assert isinstance(machine, Machine)
    assert machine.devices[-1] == "cpu"
    assert set(machine.names) == set(machine.devices)
    assert all(isinstance(entry, CatalogueEntry) for entry in entries)
    assert [entry.card.key for entry in entries] == model_keys()


@pytest.mark.parametrize("broken", [["ghost"], ["ghost", "spirit"]])
def test_broken_architectures_are_told_of_after_all_others(
    monkeypatch: pytest.MonkeyPatch, toy: None, broken: list[str]
) -> None:
    locations = dict.fromkeys(broken, "a_package_that_is_not_there:Model")
    install_models(monkeypatch, **locations, toy="tiny_studio:ToyModel")
    job = studio.load_catalogue()
    job.start()
    assert job.join()
    items = [job.items.get_nowait() for _ in range(job.items.qsize())]

    keys = [item.card.key for item in items if isinstance(item, CatalogueEntry)]
    assert "toy" in keys
    assert not set(broken) & set(keys)
    assert isinstance(items[-1], JobEnded)
    assert isinstance(items[-1].error, UnknownModelError)
    assert all(f"“{key}”" in str(items[-1].error) for key in broken)


def test_a_folder_is_scanned_in_the_background(flowers: Path) -> None:
    *_, report = finished(studio.scan(flowers))

    assert isinstance(report, ScanReport)
    assert len(report.pictures) == 16


def test_runs_are_listed_with_how_they_stand(trained_run: Path) -> None:
    (summary,) = finished(studio.list_runs(open_project(trained_run.parents[1])))

    assert isinstance(summary, RunSummary)
    assert (summary.path, summary.state, summary.step) == (trained_run, RunState.FINISHED, 4)


def test_a_damaged_run_hides_no_other(trained_run: Path, tmp_path: Path) -> None:
    project = tmp_path / "Meadow"
    shutil.copytree(trained_run.parent.parent, project)
    (project / "runs" / "00000000-damaged").mkdir()
    (project / "runs" / "00000000-damaged" / "run.toml").write_text("no run")
    job = studio.list_runs(open_project(project))
    job.start()
    assert job.join(LONG_S)
    summary, last = job.items.get(), job.items.get()
    assert isinstance(summary, RunSummary)
    assert "damaged" in str(last.error)


def test_the_pictures_that_were_learned_from_last_are_known(
    trained_run: Path, tmp_path: Path, flowers: Path
) -> None:
    manifest = studio.load_manifest(open_project(trained_run.parents[1]))

    assert manifest is not None
    assert manifest.folder == flowers
    assert studio.load_manifest(open_or_create(tmp_path / "new")) is None


@pytest.mark.usefixtures("toy", "small_sheets")
def test_a_run_is_trained_gone_on_with_sampled_and_exported(tmp_path: Path, flowers: Path) -> None:
    report = drain(scan_folder(flowers))
    assert isinstance(report, ScanReport)
    project = tmp_path / "Meadow"

    first = ending(
        studio.start_training(
            project=project, settings=small_settings("toy"), excluded=("00.png",), report=report
        )
    )
    assert isinstance(first, events.Finished)
    second = ending(studio.resume_training(first.run, steps(5)))
    assert (second.run, second.step) == (first.run, 5)

    opened = open_project(project)
    made = finished(
        studio.generate_pictures(opened, first.run, count=3, sampling={"brightness": 0.5})
    )
    assert all(isinstance(item, GalleryItem) for item in made)
    assert len({item.recipe.seed for item in made}) == 3
    assert all(item.recipe.sampling == {"brightness": 0.5} for item in made)
    with Gallery(opened) as gallery:
        assert {item.name for item in made} <= {item.name for item in gallery.items()}

    *_, done = finished(
        studio_exports.export_pictures(made, to=tmp_path / "export", kind="folder", title="Meadow")
    )
    assert done == ExportDone(tmp_path / "export", 3)


def test_built_in_pictures_are_drawn_where_the_program_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio, "sample_folder", lambda: tmp_path / "flowers")
    real = studio.make_sample_folder
    monkeypatch.setattr(studio, "make_sample_folder", lambda folder: real(folder, count=2, size=32))
    folder, job = studio.make_samples()

    assert [item.done for item in finished(job)] == [1, 2]
    assert len(list(folder.glob("*.png"))) == 2
    assert studio.thumbnail(folder / "flower-0001.png", 16).shape == (16, 16, 3)
    assert studio.thumbnail(folder / "flower-0001.png", 16).dtype == np.uint8
