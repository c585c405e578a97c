"""Logs are bounded, and what is shown of them to others is not private."""

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from genstudio.domain import events
from genstudio.domain.notices import Level, Notice
from genstudio.services import logs
from genstudio.services.notices import NoticeBoard

PRIVATE = "/mnt/Zoë Müller/nude study 3.png"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of logs, and loggers as they were."""
    monkeypatch.setattr(logs, "log_folder", lambda: tmp_path / "logs")
    yield tmp_path / "logs"
    for name in ("genstudio", "py.warnings"):
        logs.stop_logging(logging.getLogger(name))
    logging.captureWarnings(capture=False)


def failed() -> events.Failed:
    trace = (
        "Traceback (most recent call last):\n"
        f'  File "/home/zoë/.venv/lib/python3.11/site-packages/torch/nn.py", line 12, in forward\n'
        f'  File "/home/zoë/genstudio/engine/stepper.py", line 7, in take_step\n'
        f'    load("{PRIVATE}")\n'
        f"ValueError: {PRIVATE} is odd\n"
    )
    return events.Failed(run=None, step=3, title=f"{PRIVATE} is damaged", traceback=trace)


def test_what_happens_is_written_down(folder: Path) -> None:
    logs.start_logging("window")
    logs.log_event(events.Paused(step=3))
    logs.log_event(failed())
    NoticeBoard().post(Notice(level=Level.ERROR, title="It broke", message="So.", details="Why"))
    text = (folder / "window.log").read_text("utf-8")

    assert "INFO Started GenStudio" in text
    assert 'INFO Paused {"step":3}' in text
    assert "ERROR Failed" in text
    assert "ValueError" in text
    assert "It broke" in text
    assert "Why" in text


def test_steps_are_not_worth_a_line(folder: Path) -> None:
    logs.start_logging("commands")
    before = (folder / "commands.log").read_text("utf-8")
    logs.log_event(events.Preparing(what="Reading", done=1, total=2))
    logs.log_event(events.PreviewReady(step=1))

    assert (folder / "commands.log").read_text("utf-8") == before


def test_warnings_of_libraries_are_written_down(folder: Path) -> None:
    NoticeBoard().hook()
    logs.start_logging("window")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("the moon is full", stacklevel=1)

    assert "the moon is full" in (folder / "window.log").read_text("utf-8")


def test_logs_take_a_bounded_space(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST_BYTES", 2000)
    logs.start_logging("window")
    for step in range(500):
        logs.log_event(events.Paused(step=step))

    files = sorted(folder.iterdir())
    assert len(files) == 1 + logs.NUM_OLDER_FILES
    assert all(file.stat().st_size <= 2000 for file in files)
    assert '{"step":499}' in (folder / "window.log").read_text("utf-8")


def test_a_machine_that_cannot_keep_a_log_works_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(logs, "log_folder", lambda: tmp_path / "file")
    logs.start_logging("window")
    logs.log_event(events.Paused(step=3))

    assert logs.excerpt() == {}


def test_of_a_log_others_see_when_what_kind_and_where(folder: Path) -> None:
    logs.start_logging("window")
    logs.log_event(failed())
    logs.log_event(events.Message(step=1, level="info", title=PRIVATE, message=PRIVATE))
    NoticeBoard().post(Notice(level=Level.WARNING, title=PRIVATE, message=PRIVATE, details=PRIVATE))
    (lines,) = logs.excerpt().values()

    assert [line.partition(",")[2][4:] for line in lines if line.startswith("2")] == [
        "INFO Started", "ERROR Failed", "INFO Message", "WARNING Notice",
    ]  # fmt: skip
    assert '  File "site-packages/torch/nn.py", line 12, in forward' in lines
    assert '  File "genstudio/engine/stepper.py", line 7, in take_step' in lines
    assert "ValueError" in lines
    text = "\n".join(lines)
    assert not any(part in text for part in ("Zo", "zo", "nude", "home", "mnt"))


def test_only_the_last_lines_are_shown(folder: Path) -> None:
    logs.start_logging("window")
    for step in range(50):
        logs.log_event(events.Paused(step=step))

    assert len(logs.excerpt(10)["window.log"]) == 10
