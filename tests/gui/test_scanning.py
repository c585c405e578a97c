"""A folder that takes long to look through: its pictures show while they are found."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from studio_driver import StudioDriver

from genstudio.app import build_window
from genstudio.data.scan import scan_folder
from genstudio.domain.datasets import Manifest, ScanReport
from genstudio.domain.notices import Notice
from genstudio.domain.progress import Progress, with_result
from genstudio.services import studio as studio_module
from genstudio.services.jobs import Job
from genstudio.services.projects import open_or_create
from genstudio.ui.pages import dataset as dataset_module
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

Scanned = Progress | ScanReport


class SlowFolder:
    """Looks through folders; in the one that is slow, it waits before the tenth picture."""

    def __init__(self, slow: Path) -> None:
        self.slow = slow
        self.may_go_on = threading.Event()

    def __call__(self, folder: Path, column: str = "", within: Sequence[str] = ()) -> Job[Scanned]:
        del column, within

        def items() -> Iterator[Scanned]:
            for number, item in enumerate(with_result(scan_folder(folder))):
                if folder == self.slow and number == 10:
                    assert self.may_go_on.wait(60)
                yield item

        return Job("scan", items)


@pytest.fixture
def slow(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowFolder]:
    folder = SlowFolder(pictures)
    monkeypatch.setattr(studio_module, "scan", folder)
    monkeypatch.setattr(dataset_module, "_ARRIVALS_MS", 1)
    yield folder
    folder.may_go_on.set()


@pytest.fixture
def studio(qtbot: QtBot, tmp_path: Path, slow: SlowFolder) -> Iterator[StudioDriver]:
    window = build_window(tmp_path / "Meadow")
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    yield StudioDriver(window, qtbot)
    slow.may_go_on.set()
    window.close()


def shown(studio: StudioDriver) -> list[str]:
    return studio.find("dataset.grid", ThumbnailGrid).keys()


def test_pictures_show_as_they_are_found_and_can_be_chosen_when_all_are(
    studio: StudioDriver, slow: SlowFolder
) -> None:
    studio.window.open_dataset(slow.slow)
    studio.wait(lambda: len(shown(studio)) == 10)
    grid = studio.find("dataset.grid", ThumbnailGrid)
    assert grid.isVisible()
    assert studio.text("dataset.path") == str(slow.slow)
    assert studio.text("dataset.summary") == "Looking at 10 of 24"
    # Nothing is left out of a set that is not known yet.
    grid.select(shown(studio)[3])
    grid.toggled_key.emit(shown(studio)[3])
    assert not studio.find("dataset.exclude").isEnabled()
    assert not studio.window._dataset.excluded
    assert "as soon as all" in studio.text("dataset.hint")

    slow.may_go_on.set()
    studio.wait(lambda: studio.text("dataset.summary") == "24 found · 24 will be used")
    assert len(shown(studio)) == 24
    # What was chosen meanwhile still is.
    assert grid.selected_keys() == [shown(studio)[3]]
    assert studio.find("dataset.exclude").isEnabled()
    assert "Double-click" in studio.text("dataset.hint")


def test_what_is_in_view_stays_there_when_all_are_found(
    studio: StudioDriver, slow: SlowFolder
) -> None:
    grid = studio.find("dataset.grid", ThumbnailGrid)
    grid.setFixedSize(300, 150)
    studio.window.open_dataset(slow.slow)
    studio.wait(lambda: len(shown(studio)) == 10 and grid.verticalScrollBar().maximum() > 0)
    grid.verticalScrollBar().setValue(60)

    slow.may_go_on.set()
    studio.wait(lambda: not studio.window._dataset.is_scanning)
    assert grid.verticalScrollBar().value() == 60


def test_the_folder_before_is_back_when_the_search_is_cancelled(
    studio: StudioDriver, slow: SlowFolder, tmp_path: Path, pictures: Path
) -> None:
    before = tmp_path / "before"
    before.mkdir()
    for picture in sorted(pictures.iterdir())[:3]:
        (before / picture.name).write_bytes(picture.read_bytes())
    studio.window.open_dataset(before)
    studio.wait(lambda: studio.text("dataset.summary").startswith("3 found"))
    studio.window.open_dataset(slow.slow)
    studio.wait(lambda: len(shown(studio)) == 10)

    studio.window._dataset.cancel()
    slow.may_go_on.set()
    assert len(shown(studio)) == 3
    assert studio.text("dataset.path") == str(before)
    assert studio.text("dataset.summary") == "3 found · 3 will be used"


def test_looking_again_at_the_same_folder_leaves_its_pictures_where_they_are(
    studio: StudioDriver, slow: SlowFolder
) -> None:
    slow.may_go_on.set()
    studio.window.open_dataset(slow.slow)
    studio.wait(lambda: not studio.window._dataset.is_scanning)
    slow.may_go_on.clear()
    studio.window.open_dataset(slow.slow)
    studio.wait(lambda: studio.text("dataset.summary") == "Looking at 10 of 24")

    assert len(shown(studio)) == 24


def test_a_drive_that_died_is_told_when_its_project_is_opened(
    studio: StudioDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The system says neither yes nor no of such a name.
    manifest = Manifest(folder=tmp_path / ("drive" * 99), pictures=())
    monkeypatch.setattr(studio_module, "read_manifest", lambda _: Job("read", lambda: [manifest]))
    told: list[Notice] = []
    studio.window._dataset.failed.connect(told.append)
    studio.window._dataset.reopen(open_or_create(tmp_path / "Meadow"))
    studio.wait(lambda: told)
    assert "not where they were" in told[0].title
