"""On every page, in the smallest window and in a usual one, all words and controls have room."""

from contextlib import suppress

import pytest
from layout_faults import layout_faults
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget
from pytestqt.exceptions import TimeoutError as WaitedInVainError
from pytestqt.qtbot import QtBot
from saved_runs import Opener
from studio_driver import StudioDriver

from genstudio.ui.studio_pages import PAGES

_PATIENCE_MS = 30_000
SIZES = [(1024, 680), (1280, 800)]


def faults(studio: StudioDriver, size: tuple[int, int]) -> list[str]:
    studio.window.resize(*size)
    found: list[str] = []
    for page in PAGES:
        studio.go_to(page.key)
        # Layouts are made when the events at hand are through, and words come from threads.
        with suppress(WaitedInVainError):
            studio.qtbot.waitUntil(lambda: not layout_faults(studio.window), timeout=_PATIENCE_MS)
        found += [f"{page.key}: {it}" for it in layout_faults(studio.window)]
    return found


@pytest.mark.parametrize("size", SIZES)
def test_an_empty_studio(studio: StudioDriver, size: tuple[int, int]) -> None:
    assert faults(studio, size) == []


@pytest.mark.parametrize("size", SIZES)
def test_a_project_with_a_run_and_pictures(open_project: Opener, size: tuple[int, int]) -> None:
    studio = open_project()
    studio.wait(lambda: studio.window._training.runs)
    assert faults(studio, size) == []


def test_what_is_wrong_is_found(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.setFixedSize(200, 100)
    row = QHBoxLayout(window)
    button = QPushButton("Far too many words for so small a button")
    button.setObjectName("small")
    button.setFixedWidth(60)
    row.addWidget(button)
    label = QLabel("beneath", window)
    label.setObjectName("beneath")
    label.setGeometry(0, 0, 200, 100)
    out = QPushButton("out", window)
    out.setObjectName("out")
    out.move(190, 90)
    window.show()
    qtbot.waitExposed(window)
    found = " ".join(layout_faults(window))
    assert "small: “Far too many" in found
    assert "out: lies outside" in found
    assert "small and beneath overlap" in found
