"""A film to paint: its timeline, frames taken out, painted ones put on it, moved and taken off."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QListWidget, QTabBar, QWidget
from pytestqt.qtbot import QtBot
from saved_runs import Opener
from studio_driver import StudioDriver
from tiny_studio import save_film

from genstudio.artifacts.clip import KIND
from genstudio.data.films import frames_at, look_at_film
from genstudio.ui.pages.create_inputs import InputFiles
from genstudio.ui.widgets.film_strip import FilmStrip
from genstudio.ui.widgets.operation_cards import OperationCards
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

FRAMES = 20


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return save_film(tmp_path / "Walk.mp4", FRAMES, fps=10)


@pytest.fixture
def studio(open_project: Opener, clip: Path) -> StudioDriver:
    """The Create page with the clip on a timeline."""
    studio = open_project()
    studio.go_to("create")
    cards = studio.find("create.operation", OperationCards)
    studio.wait(cards.current_key)
    entries = studio.window._states.create.entries
    (key,) = [key for key, it in entries.items() if it.card.view == "key-frames"]
    cards.select(key)
    drop(input_of(studio, "create.inputs"), 5, clip)
    studio.wait(lambda: strip(studio).maximum() == FRAMES - 1)
    return studio


def strip(studio: StudioDriver) -> FilmStrip:
    return studio.find("keyframes.strip", FilmStrip)


def input_of(studio: StudioDriver, name: str) -> InputFiles:
    given = studio.find(name, ThumbnailGrid).parentWidget()
    assert isinstance(given, InputFiles)
    return given


def painted_input(studio: StudioDriver) -> list[str]:
    return [path.name for path in input_of(studio, "create.inputs.key_frames").files()]


def drop(widget: QWidget, x: float, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    widget.dropEvent(
        QDropEvent(
            QPointF(x, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def painted(clip: Path, number: int, name: str) -> Path:
    (frame,) = frames_at(clip, [number])
    path = clip.parent / name
    Image.fromarray(np.ascontiguousarray(255 - frame[..., ::-1])).save(path)
    return path


def shown(studio: StudioDriver) -> list[str]:
    rows = studio.find("keyframes.painted", QListWidget)
    return [rows.item(row).text() for row in range(rows.count())]


def notices(studio: StudioDriver) -> str:
    queue = studio.window._notice_bar._queue
    return " ".join(f"{notice.title}. {notice.message}" for notice in queue)


def test_the_frame_under_the_scrubber_is_shown_large(
    studio: StudioDriver, clip: Path, qtbot: QtBot
) -> None:
    view = studio.find("keyframes.frame", PictureView)
    scrubber = strip(studio)

    def shows(number: int) -> bool:
        if view._image.isNull():
            return False  # Nothing is shown yet.
        (frame,) = frames_at(clip, [number])
        image = view._image.convertToFormat(view._image.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
        pixels = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
        return pixels.shape == frame.shape and np.array_equal(pixels, frame)

    studio.wait(lambda: shows(0))
    scrubber.setFocus()
    for key, number in ((Qt.Key.Key_Right, 1), (Qt.Key.Key_PageUp, 11), (Qt.Key.Key_End, 19)):
        qtbot.keyClick(scrubber, key)
        assert scrubber.value() == number
        studio.wait(lambda number=number: shows(number))
    place = QPoint(round(scrubber.x_of(7)), 20)
    qtbot.mousePress(scrubber, Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseMove(scrubber, QPoint(round(scrubber.x_of(4)), 20))
    qtbot.mouseRelease(scrubber, Qt.MouseButton.LeftButton)
    assert scrubber.value() == 4
    studio.wait(lambda: shows(4))
    assert scrubber.accessibleDescription() == "Frame 4 of 19, at 0.40 s"
    assert "Frame 4 of 19 · 0.40 s" in studio.text("keyframes.caption")


def test_a_frame_is_saved_painted_and_found_by_its_name(
    studio: StudioDriver, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "to paint on"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(out))
    strip(studio).setValue(12)
    studio.click("keyframes.save")
    studio.wait(lambda: "is saved" in notices(studio))
    saved = out / "Walk-f000012.png"
    (frame,) = frames_at(clip, [12])
    assert np.array_equal(np.asarray(Image.open(saved)), frame)

    # Painted, it is looked for where it was saved.
    begun: list[str] = []
    monkeypatch.setattr(
        QFileDialog,
        "getOpenFileNames",
        lambda *given: (begun.append(given[2]), ([], ""))[1],
    )
    studio.click("keyframes.put")
    assert begun == [str(out)]

    # Dropped at the beginning, and yet of the frame that its name says.
    drop(strip(studio), 3, saved)
    studio.wait(lambda: shown(studio))
    assert shown(studio) == ["Frame 12 · 1.20 s · Walk-f000012.png"]


def test_painted_frames_are_dropped_moved_and_taken_out(
    studio: StudioDriver, clip: Path, qtbot: QtBot
) -> None:
    scrubber = strip(studio)
    drop(scrubber, scrubber.x_of(5), painted(clip, 5, "one.png"))
    studio.wait(lambda: len(shown(studio)) == 1)
    drop(scrubber, scrubber.x_of(15), painted(clip, 15, "two.png"))
    studio.wait(lambda: len(shown(studio)) == 2)
    assert shown(studio) == ["Frame 5 · 0.50 s · one.png", "Frame 15 · 1.50 s · two.png"]
    assert painted_input(studio) == ["one.png", "two.png"]

    # By mouse: the picture under its frame is dragged along.
    middle = scrubber._painted_rect(15).center().toPoint()
    qtbot.mousePress(scrubber, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(scrubber, QPoint(round(scrubber.x_of(10)), middle.y()))
    qtbot.mouseRelease(scrubber, Qt.MouseButton.LeftButton)
    assert shown(studio)[1] == "Frame 10 · 1.00 s · two.png"
    # By keys.
    scrubber.setFocus()
    qtbot.keyClick(scrubber, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert scrubber.value() == 5
    assert scrubber.accessibleDescription().endswith("painted: one.png")
    qtbot.keyClick(scrubber, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert shown(studio)[0] == "Frame 6 · 0.60 s · one.png"
    # By buttons.
    studio.find("keyframes.painted", QListWidget).setCurrentRow(1)
    assert scrubber.value() == 10
    scrubber.setValue(18)
    studio.click("keyframes.move")
    assert shown(studio)[1] == "Frame 18 · 1.80 s · two.png"

    scrubber.setValue(6)
    qtbot.keyClick(scrubber, Qt.Key.Key_Delete)
    assert shown(studio) == ["Frame 18 · 1.80 s · two.png"]
    assert painted_input(studio) == ["two.png"]
    assert (clip.parent / "one.png").is_file()
    # What is taken out of the form is off the timeline, too.
    input_of(studio, "create.inputs.key_frames").clear()
    assert shown(studio) == []


def test_what_cannot_be_painted_frames_is_told(studio: StudioDriver, clip: Path) -> None:
    scrubber = strip(studio)
    wide = clip.parent / "wide.png"
    Image.new("RGB", (200, 100)).save(wide)
    drop(scrubber, 50, wide)
    studio.wait(lambda: "wide.png has another shape than the film" in notices(studio))
    studio.wait(lambda: not painted_input(studio))

    drop(scrubber, 50, painted(clip, 3, "Other-f000300.png"))
    studio.wait(lambda: "Walk.mp4 has no frame 300" in notices(studio))
    studio.wait(lambda: not painted_input(studio))

    drop(scrubber, 50, clip)
    assert "Only pictures" in notices(studio)
    drop(scrubber, 50, *[painted(clip, 3 * it, f"Walk-f{3 * it:06}.png") for it in range(6)])
    assert "At most 5" in notices(studio)
    assert painted_input(studio) == []


def test_a_second_painting_of_a_frame_takes_its_place(studio: StudioDriver, clip: Path) -> None:
    scrubber = strip(studio)
    for name in ("one.png", "two.png"):
        drop(scrubber, scrubber.x_of(8), painted(clip, 8, name))
        studio.wait(lambda name=name: [it[-7:] for it in shown(studio)] == [name])
    assert painted_input(studio) == ["two.png"]
    assert "two.png takes the place of one.png" in notices(studio)


def test_the_film_is_painted_from_the_frames_on_the_timeline(
    studio: StudioDriver, clip: Path
) -> None:
    scrubber = strip(studio)
    for number, name in ((14, "one.png"), (2, "two.png")):
        drop(scrubber, scrubber.x_of(number), painted(clip, number, name))
    studio.wait(lambda: len(shown(studio)) == 2)
    form = studio.window._pages.create._controls._form
    assert form is not None
    form.set_values({"steps": 10, "largest_side": 64})
    assert not form._rows["key_frames_at"].isVisible()
    tabs = studio.find("create.tabs", QTabBar)
    assert tabs.currentIndex() == 0
    studio.click("create.start")
    assert tabs.currentIndex() == 1
    studio.wait(lambda: not studio.window._states.create.is_busy)
    (key,) = studio.find("create.results", ThumbnailGrid).keys()
    recipe = KIND.read_recipe(Path(key))
    assert recipe is not None
    assert recipe.sampling["key_frames_at"] == "14, 2"
    assert look_at_film(Path(key)).num_frames == FRAMES


def test_another_operation_has_no_timeline(studio: StudioDriver) -> None:
    tabs = studio.find("create.tabs", QTabBar)
    assert tabs.isVisible()
    studio.find("create.operation", OperationCards).select("clip-frames")
    assert not tabs.isVisible()
    assert not studio.find("keyframes.view").isVisible()
    assert studio.window._states.key_frames.clip is None
