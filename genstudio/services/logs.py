"""What the program did, written to files that are bounded; and a part of it that is not private."""

import logging
import platform
import re
from collections import deque
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import platformdirs

import genstudio
from genstudio.domain import events

LARGEST_BYTES = 2**20
NUM_OLDER_FILES = 3
_LOG = logging.getLogger("genstudio")
_FORMAT = "%(asctime)s %(levelname)s %(message)s"
# Not worth a line each: the run's own record has them.
_QUIET = (events.Preparing, events.StepDone, events.PreviewReady)
# Of a log, these parts alone are shown to others: when, what kind of thing, and where in code.
_CODE = r"(?P<code>genstudio|site-packages|python3\.\d+)"
_SAFE = (
    re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [A-Z][A-Za-z]+"),
    re.compile(rf'File "[^"]*[/\\]{_CODE}(?P<rest>[/\\][^"]*", line \d+, in \w+)'),
    re.compile(r"^(?:[a-z_]+\.)*[A-Z]\w*(?:Error|Exception|Warning|Interrupt)\b"),
)


def log_folder() -> Path:
    """Where the logs are."""
    return platformdirs.user_log_path("genstudio", appauthor=False)


def start_logging(name: str) -> None:
    """Write what happens from now on to ``NAME.log``; older lines move to ``NAME.log.1`` and on.

    A machine that cannot keep a log can still train.

    Args:
        name: "window" or "commands": a file for each, since both may run at once.
    """
    _LOG.setLevel(logging.INFO)
    try:
        log_folder().mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            log_folder() / f"{name}.log",
            maxBytes=LARGEST_BYTES,
            backupCount=NUM_OLDER_FILES,
            encoding="utf-8",
            errors="replace",
        )
    except OSError:
        return
    handler.setFormatter(logging.Formatter(_FORMAT))
    for logger in (_LOG, logging.getLogger("py.warnings")):
        stop_logging(logger)
        logger.addHandler(handler)
    _LOG.info("Started GenStudio %s on %s", genstudio.__version__, platform.platform())


def stop_logging(logger: logging.Logger = _LOG) -> None:
    """Let go of a log that was begun before."""
    for handler in list(logger.handlers):
        if isinstance(handler, RotatingFileHandler):
            logger.removeHandler(handler)
            handler.close()


def log_event(event: events.Event) -> None:
    """Write down what a training told, if it is more than a step."""
    if isinstance(event, events.Failed):
        _LOG.error("Failed %s\n%s", event.title, event.traceback)
    elif not isinstance(event, _QUIET):
        _LOG.info("%s %s", event.event, event.model_dump_json(exclude={"event"}))


def excerpt(num_lines: int = 300) -> dict[str, list[str]]:
    """The last lines of each log, without anything that could be private.

    Only the time and kind of what happened, places in the program's code, and kinds of errors are
    kept; messages are not, for they may name pictures, folders and people.

    Returns:
        File name => lines.
    """
    files = sorted(log_folder().glob("*.log"))
    return {file.name: list(deque(_safe_lines(file), num_lines)) for file in files}


def _safe_lines(file: Path) -> Iterator[str]:
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            yield from (safe for line in lines if (safe := _safe_part(line)))
    except OSError as error:
        yield f"{type(error).__name__}"


def _safe_part(line: str) -> str:
    for pattern in _SAFE:
        if found := pattern.search(line):
            parts = found.groupdict()
            return f'  File "{parts["code"]}{parts["rest"]}' if parts else found[0]
    return ""
