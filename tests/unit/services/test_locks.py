"""One program at a time works in a project, and a dead one is in nobody's way."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from genstudio.domain.errors import ProjectError
from genstudio.services.locks import ProjectInUseError, ProjectLock

HOLDER = """
import sys
from pathlib import Path
from genstudio.services.locks import ProjectLock
with ProjectLock(Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.read()
"""
Other = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Other]:
    """Starts another process that takes the lock."""
    started: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(tmp_path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_another_process_is_refused_and_told_who_is_there(tmp_path: Path, other: Other) -> None:
    holder = other()

    with pytest.raises(ProjectInUseError, match="open in another GenStudio") as caught:
        ProjectLock(tmp_path).take()
    assert f"process {holder.pid}" in caught.value.message
    assert caught.value.hint


def test_when_the_other_process_lets_go_it_is_free(tmp_path: Path, other: Other) -> None:
    other().communicate("")

    with ProjectLock(tmp_path):
        pass


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes are killed")
def test_a_killed_process_is_in_nobodys_way_even_if_another_got_its_number(
    tmp_path: Path, other: Other
) -> None:
    holder = other()
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    # What it left says that a process works here; one of this number does.
    owner = tmp_path / ".owner.json"
    owner.write_text(owner.read_text().replace(str(holder.pid), str(os.getppid())))

    with ProjectLock(tmp_path):
        pass


def test_one_process_may_take_it_several_times(tmp_path: Path, other: Other) -> None:
    window, training = ProjectLock(tmp_path), ProjectLock(tmp_path)
    window.take()
    training.take()
    training.release()
    refused = subprocess.run(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "ProjectInUseError" in refused.stderr

    window.release()
    other()


def test_who_was_there_is_only_for_the_message(tmp_path: Path, other: Other) -> None:
    other()
    (tmp_path / ".owner.json").write_text("[" * 100_000)

    with pytest.raises(ProjectInUseError) as caught:
        ProjectLock(tmp_path).take()
    assert "another process" in caught.value.message


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ProjectError):
        ProjectLock(tmp_path / "file").take()
