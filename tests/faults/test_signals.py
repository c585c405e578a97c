"""Ctrl-C, a shutdown, a closed terminal: saved, then gone; tests/bench tells how soon."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import window_that_trains
from tiny_studio import HANGS_S

from genstudio.domain.runs import RunState
from genstudio.services.projects import open_project
from genstudio.services.runs import Run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are sent")


def command(flowers: Path, project: Path, *options: str) -> list[str]:
    return [
        sys.executable, "-m", "genstudio", "train", str(flowers), "--project", str(project),
        "--model", "vae", "--size", "32", "--batch", "4", "--minutes", "60", "--seed", "7",
        "--set", "width=32", "--set", "latent_size=8", "--device", "cpu", *options,
    ]  # fmt: skip


def ending_of(training: "subprocess.Popen[str]", number: int) -> dict[str, object]:
    """Send a signal once some steps are taken; gives the last event."""
    assert training.stdout is not None
    for line in training.stdout:
        if '"StepDone"' in line and json.loads(line)["step"] >= 2:
            break
    training.send_signal(number)
    rest, _ = training.communicate(timeout=HANGS_S)
    return json.loads(rest.splitlines()[-1])


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_saves_and_stops(flowers: Path, tmp_path: Path, name: str) -> None:
    with subprocess.Popen(
        command(flowers, tmp_path / "Meadow", "--json"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as training:  # fmt: skip
        last = ending_of(training, getattr(signal, name))

    assert last["event"] == "Stopped", last
    assert training.returncode == 130
    run = Run(Path(str(last["run"])))
    assert run.checkpoint("last").state.step == last["step"]
    assert run.summary().lost_steps == 0


def test_a_terminal_that_is_closed_costs_nothing(flowers: Path, tmp_path: Path) -> None:
    """As a terminal does it: the signal comes, and nothing can be written any more."""
    project = tmp_path / "Meadow"
    ours, theirs = pty.openpty()
    training = subprocess.Popen(
        command(flowers, project), stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while b"pictures/s" not in said:
        said += os.read(ours, 4096)
    os.close(ours)
    training.send_signal(signal.SIGHUP)
    training.wait(HANGS_S)

    (folder,) = open_project(project).run_folders()
    assert Run(folder).checkpoint("last").state.step > 0
    assert Run(folder).summary().lost_steps == 0


def test_a_stop_is_heard_while_pictures_are_looked_through(tmp_path: Path, flowers: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    content = next(flowers.iterdir()).read_bytes()
    for number in range(20_000):
        (many / f"{number}.png").write_bytes(content)
    with subprocess.Popen(
        command(many, tmp_path / "Meadow", "--json"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as training:  # fmt: skip
        assert training.stdout is not None
        assert '"Preparing"' in training.stdout.readline()
        training.send_signal(signal.SIGINT)
        told, _ = training.communicate(timeout=HANGS_S)

    *others, last = [json.loads(line) for line in told.splitlines()]
    assert (last["event"], last["run"]) == ("Stopped", None)
    assert training.returncode == 130
    # It was heard while pictures were looked through, not after that.
    assert all(event["done"] < event["total"] for event in others)


# The window


@contextlib.contextmanager
def window_in_training(
    flowers: Path, project: Path, *options: str
) -> Iterator["subprocess.Popen[str]"]:
    script = Path(window_that_trains.__file__)
    paths = [str(script.parents[1]), os.environ.get("PYTHONPATH", "")]
    window = subprocess.Popen(
        [sys.executable, str(script), str(flowers), str(project), *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "QT_QPA_PLATFORM": "offscreen",
        },
    )  # fmt: skip
    assert window.stdout is not None
    try:
        assert window.stdout.readline() == "training\n", window.communicate(timeout=10)
        yield window
    finally:
        window.kill()
        window.communicate()


def assert_saved(project: Path) -> None:
    (folder,) = open_project(project).run_folders()
    run = Run(folder)
    assert run.checkpoint("last").state.step >= 2
    assert run.summary().lost_steps == 0
    assert run.summary().state is RunState.STOPPED


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_window_that_is_told_to_end_saves_first(flowers: Path, tmp_path: Path, name: str) -> None:
    with window_in_training(flowers, tmp_path / "Meadow") as window:
        window.send_signal(getattr(signal, name))
        _, errors = window.communicate(timeout=HANGS_S)

    assert window.returncode == 0, errors
    assert_saved(tmp_path / "Meadow")


def test_a_logout_waits_until_all_is_saved(flowers: Path, tmp_path: Path) -> None:
    with window_in_training(flowers, tmp_path / "Meadow", "logout") as window:
        assert window.stdout is not None
        assert window.stdout.readline() == "may log out\n"
        # The system waits for no more than the answer.
        window.kill()

    assert_saved(tmp_path / "Meadow")


def test_a_window_that_is_killed_is_in_nobodys_way(flowers: Path, tmp_path: Path) -> None:
    project = tmp_path / "Meadow"
    with window_in_training(flowers, project) as window:
        refused = subprocess.run(
            command(flowers, project), capture_output=True, text=True, timeout=HANGS_S, check=False
        )
        assert refused.returncode == 1
        assert "open in another GenStudio" in refused.stderr
        assert f"process {window.pid}" in refused.stderr
        window.kill()

    (folder,) = open_project(project).run_folders()
    assert Run(folder).summary().state is RunState.INTERRUPTED
    goes_on = subprocess.run(
        [sys.executable, "-m", "genstudio", "resume", str(folder), "--steps", "9", "--json"],
        capture_output=True, text=True, timeout=HANGS_S, check=False,
    )  # fmt: skip
    assert goes_on.returncode == 0, goes_on.stderr
    assert "was interrupted" in goes_on.stdout
