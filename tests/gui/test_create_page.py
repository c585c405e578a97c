"""The Create page: operations done with saved runs, what they need, and where results go."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QPushButton
from saved_runs import Opener
from studio_driver import StudioDriver

from genstudio.ui.widgets.operation_cards import OperationCards
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid


def open_create(open_project: Opener) -> StudioDriver:
    studio = open_project()
    studio.go_to("create")
    studio.wait(lambda: cards(studio).current_key())
    return studio


def cards(studio: StudioDriver) -> OperationCards:
    return studio.find("create.operation", OperationCards)


def drop(studio: StudioDriver, name: str, *paths: Path) -> None:
    """Drop files on a widget, as a file manager does."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    studio.find(name).parentWidget().dropEvent(event)


def make(studio: StudioDriver, count: int) -> None:
    studio.click("create.start")
    studio.wait(lambda: not studio.window._states.create.is_busy)
    assert studio.rows("create.results") == count, studio.text("create.status")


def notice(studio: StudioDriver) -> str:
    shown = studio.window._notice_bar.current()
    return "" if shown is None else f"{shown.title}. {shown.message}"


def test_new_pictures_from_a_run_go_to_the_gallery_once(
    open_project: Opener, project: Path
) -> None:
    studio = open_create(open_project)
    studio.wait(lambda: studio.window._gallery.is_open)
    cards(studio).select("generate")
    before = studio.rows("gallery.grid")
    studio.set_number("create.count", 3)
    make(studio, 3)
    (folder,) = (project / "results").iterdir()
    assert folder.name.endswith("-generate")
    assert len(list(folder.glob("*.png"))) == 3
    assert studio.text("create.status") == "3 results made."

    results = studio.find("create.results", ThumbnailGrid)
    results.select(results.keys()[1])
    assert studio.find("create.send", QPushButton).text() == "Put 1 selected into the gallery"
    studio.click("create.send")
    studio.wait(lambda: studio.rows("gallery.grid") == before + 1)
    results.clearSelection()
    studio.click("create.send")
    studio.wait(lambda: len(studio.window._states.create.hung) == 3)
    assert studio.rows("gallery.grid") == before + 3
