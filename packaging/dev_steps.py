"""The steps of checking and testing: what each runs, how long it took, what came of it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dev_environment import ROOT, python, script

# pytest's own status for "no test was selected".
_NO_TESTS = 5
_WORKERS_PER_CORE = 2
# The end of a long log is what people see first: it names what failed.
_LAST_FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
_MOST_NAMED = 20
# Tests take twenty to forty minutes. What hangs is ended by us, and it is told what failed so far.
_TEST_DEADLINE_S = 53 * 60.0
_SUMMARY_S = 60.0


@dataclass(frozen=True)
class Step:
    """One command with a name for people."""

    title: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    may_be_empty: bool = False
    deadline_s: float | None = None


@dataclass(frozen=True)
class Result:
    """What came of a step: passed, FAILED or skipped; of tests also which failed."""

    title: str
    outcome: str
    seconds: float
    failed_tests: tuple[str, ...] = ()


def checks() -> list[Step]:
    """Formatting, lint, layers and types."""
    return [
        Step("format", [str(script("ruff")), "format", "--check", "."]),
        Step("lint", [str(script("ruff")), "check", "."]),
        Step("layers", [str(script("lint-imports"))]),
        Step("types", [str(script("pyright"))], {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}),
    ]


def tests(extra: list[str], *, quick: bool) -> Step:
    """All tests that need no display, or with ``quick`` those of single modules.

    Several workers for each core: many tests wait for programs that they have started, and beside
    other work more of them get a larger share of the cores.
    """
    names = ("unit",) if quick else ("unit", "contract", "gui", "faults")
    folders = [f"tests/{name}" for name in names]
    workers = str(_WORKERS_PER_CORE * (os.cpu_count() or 1))
    command = [str(python()), "-m", "pytest", "-n", workers, "-m", "not xvfb", *folders, *extra]
    # One thread for each worker: two sets of torch threads on two cores slow each other down.
    surroundings = {"QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"}
    return Step(
        "tests",
        command,
        surroundings,
        may_be_empty=bool(extra),
        deadline_s=None if extra else _TEST_DEADLINE_S,
    )


def run_window_tests(extra: list[str]) -> Result:
    """Run the tests that need a real window system on a screen of their own."""
    title = "window tests (Xvfb)"
    if not (shutil.which("Xvfb") and shutil.which("openbox")):
        print(f"\n==> {title}\nSkipped: Xvfb and openbox are not installed here.")
        return Result(title, "skipped", 0.0)
    with _screen() as display:
        surroundings = {
            "DISPLAY": display,
            "QT_QPA_PLATFORM": "xcb",
            "GENSTUDIO_TEST_XVFB": "1",
            "OMP_NUM_THREADS": "1",
        }
        command = [str(python()), "-m", "pytest", "-m", "xvfb", "tests", *extra]
        return run(Step(title, command, surroundings, may_be_empty=True))


def run(step: Step) -> Result:
    """Run one step to its end, showing what it prints."""
    print(f"\n==> {step.title}: {' '.join(step.command)}".replace(f"{ROOT}{os.sep}", ""))
    began = time.monotonic()
    _LAST_FAILED.unlink(missing_ok=True)
    status = _status(step)
    outcome = "passed" if status == 0 else "FAILED"
    if status == _NO_TESTS and step.may_be_empty:
        outcome = "skipped"
    failed = _failed_tests() if outcome == "FAILED" else ()
    return Result(step.title, outcome, time.monotonic() - began, failed)


def _status(step: Step) -> int:
    with subprocess.Popen(
        step.command, cwd=ROOT, env={**os.environ, **step.environment}
    ) as process:
        try:
            return process.wait(step.deadline_s)
        except subprocess.TimeoutExpired:
            print(f"\n{step.title}: not done after {step.deadline_s:.0f} s; ended.", flush=True)
        # As Ctrl-C does: pytest tells what failed so far.
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_SUMMARY_S)
        except subprocess.TimeoutExpired:
            process.kill()
        return process.wait() or 1


def report(results: list[Result]) -> int:
    """Print a summary; 0 when nothing failed."""
    width = max(len(result.title) for result in results)
    print("\nSummary")
    for result in results:
        print(f"  {result.title:<{width}}  {result.outcome:<7}  {result.seconds:6.1f} s")
    names = [name for result in results for name in result.failed_tests]
    for name in names[:_MOST_NAMED]:
        print(f"  failed: {name}")
    if len(names) > _MOST_NAMED:
        print(f"  and {len(names) - _MOST_NAMED} more")
    failed = [result.title for result in results if result.outcome == "FAILED"]
    print(f"FAILED: {', '.join(failed)}" if failed else "All passed.", flush=True)
    return 1 if failed else 0


def _failed_tests() -> tuple[str, ...]:
    """Those that pytest notes for its own --last-failed; none where nothing was tested."""
    if not _LAST_FAILED.exists():
        return ()
    return tuple(json.loads(_LAST_FAILED.read_text(encoding="utf-8")))


@contextlib.contextmanager
def _screen() -> Iterator[str]:
    """A virtual screen with a small window manager; gives its DISPLAY."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()  # Empty when Xvfb died instead of starting.
    if not number:
        server.wait()
        sys.exit("Xvfb did not start.")
    display = f":{number}"
    manager = subprocess.Popen(
        ["openbox"],
        env={**os.environ, "DISPLAY": display},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield display
    finally:
        for process in (manager, server):
            process.terminate()
            process.wait()
