"""Pictures and a window for tests that drive the whole studio."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

sys.path.insert(0, str(Path(__file__).parent))

from studio_driver import StudioDriver  # beside this file, which is no package

from genstudio.app import build_window
from genstudio.data.samples import make_sample_folder

NUM_PICTURES = 24


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of flowers."""
    folder = tmp_path_factory.mktemp("flowers")
    for _ in make_sample_folder(folder, count=NUM_PICTURES, size=48):
        pass
    return folder


@pytest.fixture
def studio(qtbot: QtBot, tmp_path: Path) -> Iterator[StudioDriver]:
    """The window on a project that is not made yet, and a person in front of it."""
    window = build_window(tmp_path / "Meadow")
    qtbot.addWidget(window)
    window.show()
    yield StudioDriver(window, qtbot)
    window.close()
