"""A second start asks the window that is there; a project that nobody shows is opened."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from genstudio.services import fronting
from genstudio.services.projects import open_or_create

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
def held(project: Path) -> Iterator[None]:
    """Another process works in the project."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(project)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
        yield
        process.kill()


def test_a_project_that_nobody_works_in_is_simply_opened(project: Path) -> None:
    assert not fronting.ask_to_show(project)
    assert not fronting.take_request(project)


def test_a_folder_that_is_no_project_is_simply_opened(tmp_path: Path) -> None:
    assert not fronting.ask_to_show(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("held")
def test_a_window_that_has_it_open_is_asked_and_answers(project: Path) -> None:
    answered = threading.Event()

    def window() -> None:
        while not fronting.take_request(project):
            if answered.wait(0.01):
                return

    answering = threading.Thread(target=window)
    answering.start()
    try:
        assert fronting.ask_to_show(project, longest_wait_s=1000)
    finally:
        answered.set()
        answering.join()


@pytest.mark.usefixtures("held")
def test_a_program_without_a_window_does_not_answer_and_the_question_goes(project: Path) -> None:
    assert not fronting.ask_to_show(project, longest_wait_s=0.1)
    assert not fronting.take_request(project)


@pytest.mark.usefixtures("held")
def test_a_link_to_the_project_is_the_project(project: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(project)
    assert fronting._request(link) == fronting._request(project)


@pytest.mark.usefixtures("held")
def test_a_home_that_cannot_be_written_to_asks_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert not fronting.ask_to_show(project, longest_wait_s=0.1)
