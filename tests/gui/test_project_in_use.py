"""A project that another program works in is refused; one that cannot be written to is shown."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from studio_driver import StudioDriver

from genstudio.app import build_window
from genstudio.domain.errors import ProjectError
from genstudio.services.locks import ProjectLock
from genstudio.services.projects import open_or_create
from genstudio.ui.widgets.notice_bar import NoticeBar

HOLDER = """
import sys
from pathlib import Path
from genstudio.services.locks import ProjectLock
with ProjectLock(Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return open_or_create(tmp_path / "Meadow").path


@pytest.fixture
def held(project: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process works in the project."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(project)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
        yield process
        process.kill()


def opened(qtbot: QtBot, project: Path) -> StudioDriver:
    window = build_window(project)
    qtbot.addWidget(window)
    window.show()
    return StudioDriver(window, qtbot)


def notice(studio: StudioDriver) -> str:
    current = studio.find("notices", NoticeBar).current()
    return f"{current.title} {current.message}" if current else ""


def test_a_project_that_is_open_elsewhere_is_refused_and_can_be_opened_later(
    qtbot: QtBot, project: Path, held: "subprocess.Popen[str]"
) -> None:
    studio = opened(qtbot, project)

    assert "open in another GenStudio" in notice(studio)
    assert f"process {held.pid}" in notice(studio)
    assert studio.window.windowTitle() == "GenStudio"
    held.communicate("")
    assert studio.window._project.choose(project)
    assert "Meadow" in studio.window.windowTitle()
    studio.window.close()


def test_what_was_open_stays_open_when_another_is_refused(
    qtbot: QtBot, tmp_path: Path, project: Path, held: "subprocess.Popen[str]"
) -> None:
    other = open_or_create(tmp_path / "Forest").path
    studio = opened(qtbot, other)
    assert not studio.window._project.choose(project)

    assert "Forest" in studio.window.windowTitle()
    studio.window.close()


def test_a_closed_window_and_a_changed_project_leave_no_lock(
    qtbot: QtBot, tmp_path: Path, project: Path
) -> None:
    studio = opened(qtbot, project)
    assert (project / ".owner.json").is_file()

    other = open_or_create(tmp_path / "Forest").path
    assert studio.window._project.choose(other)
    assert not (project / ".owner.json").exists()
    assert (other / ".owner.json").is_file()

    studio.window.close()
    assert not (other / ".owner.json").exists()


def test_a_project_that_cannot_be_written_to_is_opened_to_be_looked_at(
    qtbot: QtBot, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_: ProjectLock) -> None:
        raise ProjectError("The folder cannot be written to", "", "Change its permissions.")

    monkeypatch.setattr(ProjectLock, "take", locked)
    studio = opened(qtbot, project)

    assert "can only be looked at" in notice(studio)
    assert "Change its permissions." in notice(studio)
    assert "Meadow" in studio.window.windowTitle()
    studio.window.close()
