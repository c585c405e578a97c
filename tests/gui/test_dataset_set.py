"""The set as a whole, crops, and what changes in a folder, as a person meets them."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPolygonF
from PySide6.QtWidgets import QDialog, QLabel, QListView
from studio_driver import StudioDriver

from genstudio.services import studio_dataset
from genstudio.ui.pages import dataset_report
from genstudio.ui.pages.dataset_set import SetView
from genstudio.ui.state import dataset as dataset_state
from genstudio.ui.widgets.crop_view import CropView
from genstudio.ui.widgets.empty_state import EmptyState
from genstudio.ui.widgets.picture_map import PictureMap


@pytest.fixture
def folder(pictures: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pictures, tmp_path / "flowers"))


@pytest.fixture
def opened(studio: StudioDriver, folder: Path) -> StudioDriver:
    studio.open_pictures(folder, 24)
    return studio


def test_a_region_of_the_map_is_taken_out_and_in_again(opened: StudioDriver) -> None:
    opened.click("dataset.whole")
    opened.wait(lambda: opened.window._states.figures.figures)
    places = opened.find("dataset.map", PictureMap)
    opened.wait(places.isVisible)
    everything = QPolygonF(QRectF(0, 0, places.width(), places.height()))
    left_half = QPolygonF(QRectF(0, 0, places.width() / 2, places.height()))
    places.select_within(left_half)
    chosen = opened.find("dataset.set", SetView)._chosen
    assert 0 < len(chosen) < 24

    opened.click("dataset.map_exclude")
    assert opened.window._dataset.excluded == frozenset(chosen)
    opened.window._actions["edit.undo"].trigger()
    assert not opened.window._dataset.excluded

    places.select_within(everything)
    assert len(opened.find("dataset.set", SetView)._chosen) == 24
    opened.click("dataset.map_show")
    assert opened.find("dataset.grid", QListView).isVisible()
    opened.wait(lambda: opened.rows("dataset.ranked") == 24)


def test_of_alike_pictures_all_but_one_are_left_out(studio: StudioDriver, folder: Path) -> None:
    first = sorted(folder.iterdir())[0]
    shutil.copy(first, folder / "copy.png")
    studio.open_pictures(folder, 25)
    studio.click("dataset.whole")
    studio.wait(lambda: studio.window._states.figures.figures)
    studio.wait(lambda: studio.rows("dataset.alike") == 2)
    view = studio.find("dataset.set", SetView)
    view._tabs.setCurrentIndex(1)
    studio.click("dataset.alike_exclude")
    assert len(studio.window._dataset.excluded) == 1


def test_squares_are_chosen_by_rule_and_by_hand_and_kept(
    opened: StudioDriver, folder: Path
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    opened.click("dataset.crop")
    dialog = opened.find("dialog.crops", QDialog)
    view = opened.find("crops.view", CropView)
    opened.wait(view.crops)
    opened.choose("crops.rule", "Tiles")
    opened.set_number("crops.tile", 32)
    opened.click("crops.all")
    opened.wait(lambda: not dialog._job and view.crops())  # type: ignore[attr-defined]

    opened.click("crops.add")
    assert len(view.crops()) == 2
    crop = view.crops()[1]
    opened.qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.crops()[1][0] == crop[0] + 1
    opened.click("crops.remove")
    opened.click("crops.add")
    corner = view._rect(view.crops()[1]).center().toPoint()
    opened.qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=corner)
    opened.qtbot.mouseMove(view, corner)
    opened.qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=corner)
    dialog.close()

    crops = opened.window._dataset.crops
    first = min(crops)
    assert len(crops) == 24
    assert len(crops[first]) == 2
    report = opened.window._dataset.captioned_report()
    assert report is not None
    assert report.crops == dict(crops)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    opened.window._actions["edit.undo"].trigger()
    assert len(opened.window._dataset.crops.get(first, ())) != 2


def test_a_dragged_square_stays_inside_its_picture(qtbot: object) -> None:
    import numpy as np

    view = CropView()
    view.resize(400, 300)
    view.show_crops(np.zeros((100, 200, 3), np.uint8), (200, 100), ((0, 0, 100),))
    start = view._rect(view.crops()[0]).center()
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    def send(kind: QEvent.Type, at: QPointF) -> None:
        left = Qt.MouseButton.LeftButton
        event = QMouseEvent(kind, at, at, left, left, Qt.KeyboardModifier.NoModifier)
        {
            QEvent.Type.MouseButtonPress: view.mousePressEvent,
            QEvent.Type.MouseMove: view.mouseMoveEvent,
            QEvent.Type.MouseButtonRelease: view.mouseReleaseEvent,
        }[kind](event)

    send(QEvent.Type.MouseButtonPress, start)
    send(QEvent.Type.MouseMove, start + QPointF(5000, -5000))
    send(QEvent.Type.MouseButtonRelease, start)
    assert view.crops() == ((100, 0, 100),)
    view.close()


def test_what_changes_in_the_folder_is_told_and_looked_at_again(
    opened: StudioDriver, folder: Path
) -> None:
    news = opened.find("dataset.news", QLabel)
    assert not news.isVisible()
    shutil.copy(sorted(folder.iterdir())[0], folder / "new.png")
    opened.window._states.figures.look()
    opened.wait(news.isVisible)
    assert "1 new (new.png)" in news.text()

    opened.click("dataset.again")
    opened.wait(lambda: opened.text("dataset.summary").startswith("25 found"))
    opened.wait(lambda: not news.isVisible())


def test_what_changed_since_the_last_run_is_told(open_project: object, project: Path) -> None:
    studio = open_project()  # type: ignore[operator]
    news = studio.find("dataset.news", QLabel)
    assert not studio.window._states.figures.since_last_run
    name = min(it.name for it in studio.window._dataset.report.pictures)
    studio.window._dataset.exclude([name])
    studio.wait(lambda: "Since the last run" in news.text())
    assert f"1 left out ({name})" in news.text()


def test_a_folder_that_goes_while_it_is_open_is_told_and_its_return_too(
    opened: StudioDriver, folder: Path
) -> None:
    news = opened.find("dataset.news", QLabel)
    folder.rename(folder.parent / "unplugged")
    opened.window._states.figures.look()
    opened.wait(news.isVisible)
    assert "not there any more" in news.text()
    opened.click("dataset.whole")
    opened.wait(opened.find("dataset.none_measured").isVisible)

    (folder.parent / "unplugged").rename(folder)
    opened.window._states.figures.look()
    opened.wait(lambda: not news.isVisible())
    opened.find("dataset.none_measured", EmptyState).button.click()
    opened.wait(opened.find("dataset.map").isVisible)


def test_of_damaged_files_alone_the_page_says_so_and_offers_nothing(
    opened: StudioDriver, tmp_path: Path
) -> None:
    opened.click("dataset.captions")
    opened.wait(lambda: opened.text("dataset.captions.name"))
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for number in range(8):
        (damaged / f"{number}.png").write_bytes(b"")
    opened.window.open_dataset(damaged)
    opened.wait(opened.find("dataset.useless").isVisible)
    assert opened.text("dataset.summary").startswith("0 found")
    assert not opened.find("dataset.next").isEnabled()
    for name in ("grid", "captions", "whole", "crop", "exclude", "hint"):
        assert not opened.find(f"dataset.{name}").isVisible(), name
    page = opened.find("page.dataset")

    def said() -> list[str]:
        return [it.text() for it in page.findChildren(QLabel) if it.isVisible()]

    opened.wait(lambda: "0.png, 1.png, 2.png, 3.png … and 4 more: It is empty." in said())
    assert not any(it.startswith("Begin with") for it in said())

    opened.open_pictures(tmp_path / "flowers", 24)
    assert opened.find("dataset.captions.list", QListView).isVisible()
    assert not opened.find("dataset.useless").isVisible()
    assert opened.find("dataset.next").isEnabled()


def test_what_takes_a_while_of_very_many_is_asked_once_for_each_change(
    opened: StudioDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for module, name in ((dataset_state, "facts_about"), (dataset_report, "by_remark")):
        real = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *it, real=real, name=name: asked.append(name) or real(*it)
        )
    state = opened.window._dataset
    assert state.report is not None
    names = [it.name for it in state.report.pictures]
    state.exclude(names[:2])
    opened.wait(lambda: not opened.window._states.materials._jobs)
    assert len(state.used()) == 22
    assert state.facts() is state.facts()
    # Pictures that carry a remark are looked for when a folder is opened only.
    assert asked == ["facts_about"]


def test_a_map_that_is_not_shown_is_not_painted(opened: StudioDriver) -> None:
    opened.click("dataset.whole")
    opened.wait(lambda: opened.window._states.figures.figures)
    places = opened.find("dataset.map", PictureMap)
    opened.wait(lambda: not places._is_stale)
    assert not opened.find("dataset.map_exclude").isEnabled()
    opened.click("dataset.whole")
    opened.wait(lambda: not places.isVisible())
    state = opened.window._dataset
    state.exclude([state.used()[0].name])
    opened.qtbot.wait(50)
    assert places._is_stale
    opened.click("dataset.whole")
    opened.wait(lambda: not places._is_stale)


def test_while_a_square_is_dragged_the_set_is_compared_once(
    open_project: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_project()  # type: ignore[operator]
    figures, state = studio.window._states.figures, studio.window._dataset
    studio.wait(lambda: not figures._comparing.isActive() and not figures._jobs)
    asked: list[int] = []
    compare = studio_dataset.compare_with_last
    monkeypatch.setattr(
        studio_dataset, "compare_with_last", lambda *it: asked.append(1) or compare(*it)
    )
    name = state.used()[0].name
    for left in range(20):
        state.write_crops({name: ((left, 0, 32),)})
    studio.wait(lambda: figures.since_last_run.cropped)
    assert len(asked) == 1


def test_what_was_wrong_with_a_folder_is_over_when_another_is_open(
    opened: StudioDriver, folder: Path, tmp_path: Path
) -> None:
    bar = opened.window._notice_bar
    opened.window.open_dataset(tmp_path / "nowhere")
    opened.wait(bar.current)
    for path in sorted(folder.iterdir())[:3]:
        path.unlink()
    opened.open_pictures(folder, 21)
    opened.wait(lambda: bar.current() is None)
