"""Pictures, a window and a saved run for tests that drive the whole studio."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from saved_runs import STEPS, Opener  # beside this file, which is no package
from studio_driver import LONGEST_MS, StudioDriver

from genstudio.app import build_window
from genstudio.data.samples import make_sample_folder
from genstudio.domain import commands
from genstudio.domain.progress import drain
from genstudio.domain.training import Budget
from genstudio.engine.trainer import NoCommands
from genstudio.services import runs as runs_module
from genstudio.services import studio as studio_module
from genstudio.services.first_pictures import hang_first_pictures
from genstudio.services.presets import resolve_settings
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, resume_run, start_run
from genstudio.ui.main_window import MainWindow

NUM_PICTURES = 24


class PatientBot(QtBot):
    """Waits for what it waits for, however busy the machine is."""

    def waitUntil(self, callback: Callable[[], Any], *, timeout: int = LONGEST_MS) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = LONGEST_MS, **options: Any) -> Any:
        return super().waitSignal(signal, timeout=timeout, **options)

    def waitActive(self, widget: Any, *, timeout: int = LONGEST_MS) -> Any:
        return super().waitActive(widget, timeout=timeout)

    def waitExposed(self, widget: Any, *, timeout: int = LONGEST_MS) -> Any:
        return super().waitExposed(widget, timeout=timeout)


@pytest.fixture
def qtbot(qapp: object, request: pytest.FixtureRequest) -> QtBot:
    """A bot that is more patient than its author's."""
    return PatientBot(request)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of flowers."""
    folder = tmp_path_factory.mktemp("flowers")
    for _ in make_sample_folder(folder, count=NUM_PICTURES, size=48):
        pass
    return folder


def _show_window(project: Path, qtbot: QtBot) -> StudioDriver:
    def end_training(window: MainWindow) -> None:
        # One that failed may have left a training behind, perhaps paused; and whoever was told
        # that it stopped has not yet been told that its thread ended.
        if window._training.is_running:
            window._training.send(commands.Stop())
        qtbot.waitUntil(lambda: not window._training.is_running)

    window = build_window(project)
    # After a test the bot deletes the window before fixtures go on, and what hears the end with it.
    qtbot.addWidget(window, before_close_func=end_training)
    window.show()
    return StudioDriver(window, qtbot)


@pytest.fixture
def studio(qtbot: QtBot, tmp_path: Path) -> Iterator[StudioDriver]:
    """The window on a project that is not made yet, and a person in front of it."""
    driver = _show_window(tmp_path / "Meadow", qtbot)
    yield driver
    driver.window.close()


@pytest.fixture(scope="session")
def saved(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one finished run that was saved at steps 2, 4 and 6; not to be changed."""
    project = tmp_path_factory.mktemp("saved") / "Meadow"
    settings = resolve_settings(
        preset="quick",
        model_key="residual-vae",
        training={
            "size": 32,
            "batch": 4,
            "seed": 1,
            "preview_every_s": 0.01,
            "budget": {"unit": "steps", "amount": STEPS[0]},
        },
    )
    for _ in start_run(NewRun(folder=pictures, project=project, settings=settings), NoCommands()):
        pass
    (run,) = (project / "runs").iterdir()
    for steps in STEPS[1:]:
        for _ in resume_run(run, NoCommands(), budget=Budget(unit="steps", amount=steps)):
            pass
    assert Run(run).store.steps() == STEPS
    drain(hang_first_pictures(run))
    return project


@pytest.fixture
def project(saved: Path, tmp_path: Path) -> Path:
    """A copy of that project that a test may change."""
    return Path(shutil.copytree(saved, tmp_path / "Meadow"))


@pytest.fixture
def open_project(qtbot: QtBot, project: Path) -> Iterator[Opener]:
    """Opens the window on the project, once it is as the test wants it."""
    opened: list[StudioDriver] = []

    def open_window() -> StudioDriver:
        driver = _show_window(project, qtbot)
        opened.append(driver)
        training = driver.window._training
        driver.wait(lambda: training.entries and training.shown)
        # So many stand there already while the last ones are looked at.
        dataset = driver.window._dataset
        driver.wait(lambda: dataset.report is not None and not dataset.is_scanning)
        driver.wait(lambda: "24" in driver.text("dataset.summary"))
        driver.wait(lambda: driver.window._gallery.is_open)
        driver.go_to("train")
        return driver

    yield open_window
    opened.clear()


@pytest.fixture
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trash of the test's own."""
    folder = tmp_path / "trash"
    folder.mkdir()

    def move(path: Path) -> None:
        shutil.move(path, folder / f"{path.parent.name}-{path.name}")

    monkeypatch.setattr(runs_module, "move_to_trash", move)
    monkeypatch.setattr(studio_module, "move_to_trash", move)
    return folder
