"""What every test gets: a home of its own, and a check that it leaves nothing running."""

import gc
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_THREAD_GRACE_S = 2.0
_HOME_KEY = pytest.StashKey[Path]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow as well")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the platform and move the person's folders away before anything reads them."""
    # Two sets of torch threads on two cores slow each other down to nothing.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Tests read what is said, whatever the machine's language.
    os.environ["GENSTUDIO_LANGUAGE"] = "en"
    os.environ.setdefault(
        "QT_QPA_PLATFORM", "xcb" if "GENSTUDIO_TEST_XVFB" in os.environ else "offscreen"
    )
    home = Path(tempfile.mkdtemp(prefix="genstudio-test-home-"))
    config.stash[_HOME_KEY] = home
    for variable, folder in {
        "HOME": ".",
        "USERPROFILE": ".",
        "APPDATA": "appdata",
        "LOCALAPPDATA": "localappdata",
        "XDG_CONFIG_HOME": "config",
        "XDG_DATA_HOME": "data",
        "XDG_CACHE_HOME": "cache",
        "XDG_STATE_HOME": "state",
        "XDG_RUNTIME_DIR": "runtime",
    }.items():
        path = home / folder
        path.mkdir(mode=0o700, exist_ok=True)
        os.environ[variable] = str(path)


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[_HOME_KEY], ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    skips = []
    if not config.getoption("--slow"):
        skips.append(("slow", pytest.mark.skip(reason="slow: run with --slow")))
    if not (os.environ.get("DISPLAY") and os.environ["QT_QPA_PLATFORM"] == "xcb"):
        reason = "needs a window system: run by packaging/dev.py test under Xvfb"
        skips.append(("xvfb", pytest.mark.skip(reason=reason)))
    for item in items:
        for name, mark in skips:
            if name in item.keywords:
                item.add_marker(mark)


@pytest.fixture(autouse=True)
def leaves_nothing_behind() -> Iterator[None]:
    """Fail a test that leaves a thread running or a window alive."""
    threads_before = set(threading.enumerate())
    windows_before = {id(window) for window in _windows()}
    yield
    threads = _threads_left(threads_before)
    assert not threads, f"left running: {threads}"
    windows = [window for window in _windows() if id(window) not in windows_before]
    if windows:
        # A window held only by a reference cycle is not a leak; let the collector decide.
        del windows
        gc.collect()
        windows = [window for window in _windows() if id(window) not in windows_before]
    assert not windows, f"left alive: {windows}"


def _threads_left(before: set[threading.Thread]) -> list[str]:
    deadline = time.monotonic() + _THREAD_GRACE_S
    while True:
        left = [
            thread.name
            for thread in threading.enumerate()
            if thread not in before and (not thread.daemon or thread.name.startswith("genstudio"))
        ]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.01)


def _windows() -> list[object]:
    """Top-level widgets that nothing owns; without importing Qt for tests that do not use it."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return []
    from PySide6.QtCore import QCoreApplication, QEvent

    # pytest-qt deletes "later", which would be after this check.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    # The label of a tooltip belongs to Qt, which keeps it for the next one.
    return [
        widget
        for widget in widgets.QApplication.topLevelWidgets()
        if widget.parent() is None and widget.metaObject().className() != "QTipLabel"
    ]
