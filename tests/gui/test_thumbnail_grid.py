"""The grid: what is loaded, what is painted, what keys and pictures do."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QItemSelection, QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from genstudio.ui.theme import DARK, LIGHT, apply_theme
from genstudio.ui.widgets import thumbnail_loader
from genstudio.ui.widgets.grid_items import GridItem
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

RED = (255, 0, 0)
PICTURES = Path("/pictures")


def keys(count: int, prefix: str = "") -> list[str]:
    return [f"{prefix}{n}" for n in range(count)]


class Descriptions(dict[str, GridItem]):
    """How pictures are shown: by default as they are; remembers which were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_for: set[str] = set()

    def __call__(self, key: str) -> GridItem:
        self.asked_for.add(key)
        return self.get(key) or GridItem(PICTURES / key)


class Loader:
    """Red pictures; remembers what was asked for, and in which threads."""

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.sides: set[int] = set()
        self.threads: set[int] = set()
        self.delay_s = 0.0
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, path: Path, side_px: int) -> np.ndarray:
        self.may_go_on.wait(5)
        time.sleep(self.delay_s)
        self.paths.append(path)
        self.sides.add(side_px)
        self.threads.add(threading.get_ident())
        if "broken" in path.name:
            raise OSError("not a picture")
        return np.full((side_px, side_px, 3), RED, np.uint8)


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def descriptions() -> Descriptions:
    return Descriptions()


@pytest.fixture
def grid(
    qtbot: QtBot, qapp: QApplication, loader: Loader, descriptions: Descriptions
) -> ThumbnailGrid:
    apply_theme(qapp, "dark")
    grid = ThumbnailGrid(loader, descriptions)
    qtbot.addWidget(grid, before_close_func=lambda _: loader.may_go_on.set())
    grid.resize(600, 400)
    grid.show()
    qtbot.waitExposed(grid)
    return grid


def middle(grid: ThumbnailGrid, row: int) -> QPoint:
    return grid.visualRect(grid.model().index(row, 0)).center()


def color_at(grid: ThumbnailGrid, point: QPoint) -> QColor:
    return grid.viewport().grab().toImage().pixelColor(point)


def is_red(grid: ThumbnailGrid, row: int) -> Callable[[], bool]:
    return lambda: color_at(grid, middle(grid, row)).getRgb()[:3] == RED


def test_pictures_appear_and_were_loaded_in_another_thread(
    qtbot: QtBot, grid: ThumbnailGrid, loader: Loader
) -> None:
    grid.set_keys(keys(3))
    assert not is_red(grid, 0)(), "a neutral square stands in until the picture is there"
    qtbot.waitUntil(is_red(grid, 2))
    assert threading.get_ident() not in loader.threads
    assert loader.sides == {round(112 * grid.devicePixelRatioF())}


def test_only_pictures_near_the_view_are_described_and_loaded(
    qtbot: QtBot, grid: ThumbnailGrid, loader: Loader, descriptions: Descriptions
) -> None:
    grid.set_keys(keys(100_000))
    grid.executeDelayedItemsLayout()
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum() // 2)
    shown = grid.indexAt(QPoint(60, 60)).row()
    assert 49_000 < shown < 51_000
    qtbot.waitUntil(is_red(grid, shown))
    grid.shutdown()
    assert len(loader.paths) < 100
    assert len(descriptions.asked_for) < 200


def test_pictures_in_view_are_loaded_before_their_neighbours(
    qtbot: QtBot, grid: ThumbnailGrid, loader: Loader
) -> None:
    grid.set_keys(keys(1000))
    qtbot.waitUntil(lambda: len(loader.paths) >= 12)
    first_row_of_next_screen = grid.indexAt(QPoint(60, 399)).row() + 4
    assert [path.stem for path in loader.paths[:12]] == [str(n) for n in range(12)]
    assert first_row_of_next_screen > 12


def test_a_slow_picture_never_holds_up_the_window(
    qtbot: QtBot, grid: ThumbnailGrid, loader: Loader
) -> None:
    loader.may_go_on.clear()
    grid.set_keys(keys(50))
    qtbot.wait(100)
    grid.select("7")
    assert grid.current_key() == "7"
    assert not loader.paths
    loader.may_go_on.set()
    qtbot.waitUntil(is_red(grid, 0))


def test_pictures_used_last_are_remembered_and_no_more_than_fit(
    qtbot: QtBot, grid: ThumbnailGrid, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnail_loader, "_REMEMBERED_PIXELS", 60 * 112**2)
    grid.set_keys(keys(400))
    grid.executeDelayedItemsLayout()
    for value in range(0, 3000, 300):
        grid.verticalScrollBar().setValue(value)
        qtbot.wait(60)
    shown = grid.indexAt(QPoint(60, 60)).row()
    qtbot.waitUntil(is_red(grid, shown))
    assert len(grid._loader._thumbnails) <= 60
    loaded = len(loader.paths)
    grid.verticalScrollBar().setValue(value - 100)
    qtbot.wait(60)
    again = set(loader.paths[:loaded]) & set(loader.paths[loaded:])
    assert not again, "those just seen are still there"


def test_an_unreadable_picture_is_marked_and_the_others_still_load(
    qtbot: QtBot, grid: ThumbnailGrid
) -> None:
    grid.set_keys(["broken", *keys(2)])
    pending = grid.viewport().grab(grid.visualRect(grid.model().index(0, 0))).toImage()
    qtbot.waitUntil(is_red(grid, 2))
    broken = grid.viewport().grab(grid.visualRect(grid.model().index(0, 0))).toImage()
    assert broken != pending
    assert not is_red(grid, 0)()


def test_pictures_keep_their_shape(qtbot: QtBot, qapp: QApplication) -> None:
    wide = ThumbnailGrid(
        lambda _, side: np.full((side // 4, side, 3), RED, np.uint8), Descriptions()
    )
    qtbot.addWidget(wide)
    wide.resize(400, 300)
    wide.set_keys(keys(1))
    wide.show()
    qtbot.waitUntil(is_red(wide, 0))
    assert color_at(wide, middle(wide, 0) + QPoint(50, 0)).getRgb()[:3] == RED
    assert color_at(wide, middle(wide, 0) + QPoint(0, 30)).getRgb()[:3] != RED


def test_rows_are_spread_over_the_width(qtbot: QtBot, grid: ThumbnailGrid) -> None:
    grid.set_keys(keys(20))
    for width in (380, 600, 633):
        grid.resize(width, 400)
        qtbot.wait(10)
        tops = [grid.visualRect(grid.model().index(row, 0)).top() for row in range(20)]
        columns = tops.count(tops[0])
        last = grid.visualRect(grid.model().index(columns - 1, 0))
        assert columns == width // 128 or columns == (width - 14) // 128
        assert width - last.right() < 40, "no empty column at the right"


def test_larger_thumbnails_are_loaded_anew_and_the_old_ones_serve_meanwhile(
    qtbot: QtBot, grid: ThumbnailGrid, loader: Loader
) -> None:
    grid.set_keys(keys(4))
    qtbot.waitUntil(is_red(grid, 3))
    loader.may_go_on.clear()
    grid.set_side(200)
    qtbot.wait(80)
    assert is_red(grid, 0)()
    loader.may_go_on.set()
    qtbot.waitUntil(lambda: round(200 * grid.devicePixelRatioF()) in loader.sides)


def test_arrows_walk_on_from_the_end_of_a_row_and_reach_a_short_last_row(
    qtbot: QtBot, grid: ThumbnailGrid
) -> None:
    grid.set_keys(keys(10))
    grid.select("3")
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert grid.current_key() == "4", "four columns: the next row"
    for _ in range(2):
        qtbot.keyClick(grid, Qt.Key.Key_Down)
    assert grid.current_key() == "9"
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    assert grid.current_key() == "0"
    qtbot.keyClick(grid, Qt.Key.Key_Up)
    assert grid.current_key() == "0"
    qtbot.keyClick(grid, Qt.Key.Key_End)
    assert grid.current_key() == "9"


def test_keys_and_double_click_tell_the_page(qtbot: QtBot, grid: ThumbnailGrid) -> None:
    grid.set_keys(keys(6))
    grid.select("2")
    with qtbot.waitSignal(grid.toggled_key) as toggled:
        qtbot.keyClick(grid, Qt.Key.Key_Space)
    with qtbot.waitSignal(grid.activated_key) as opened:
        qtbot.keyClick(grid, Qt.Key.Key_Return)
    with qtbot.waitSignal(grid.activated_key) as clicked:
        qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle(grid, 4))
        qtbot.mouseDClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle(grid, 4))
    assert (toggled.args, opened.args, clicked.args) == (["2"], ["2"], ["4"])
    assert grid.selected_keys() == ["4"]


def test_shift_selects_a_range_in_the_order_shown(qtbot: QtBot, grid: ThumbnailGrid) -> None:
    grid.set_keys(keys(6))
    grid.select("4")
    with qtbot.waitSignal(grid.selection_changed_keys):
        qtbot.mouseClick(
            grid.viewport(),
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.ShiftModifier,
            middle(grid, 1),
        )
    assert grid.selected_keys() == ["1", "2", "3", "4"]


def test_filtering_keeps_what_is_still_there_and_tells_only_what_changed(
    qtbot: QtBot, grid: ThumbnailGrid
) -> None:
    grid.set_keys(keys(6))
    grid.selectAll()
    grid.selectionModel().setCurrentIndex(
        grid.model().index(3, 0), grid.selectionModel().SelectionFlag.NoUpdate
    )
    told: list[str] = []
    grid.current_changed_key.connect(told.append)
    with qtbot.waitSignal(grid.selection_changed_keys):
        grid.set_keys(["1", "3", "5"])
    assert (grid.current_key(), grid.selected_keys(), told) == ("3", ["1", "3", "5"], [])
    grid.set_keys(keys(2))
    assert (grid.current_key(), grid.selected_keys(), told) == (None, ["1"], [""])


def test_new_pictures_on_top_do_not_move_those_in_view(qtbot: QtBot, grid: ThumbnailGrid) -> None:
    grid.set_keys(keys(400))
    grid.executeDelayedItemsLayout()
    grid.verticalScrollBar().setValue(2000)
    before = grid.visualRect(grid.model().index(70, 0)).top()
    grid.add_keys(keys(8, "new"), prepend=True)
    assert grid.visualRect(grid.model().index(78, 0)).top() == before
    assert grid.keys()[:2] == ["new0", "new1"]
    grid.add_keys(keys(1, "last"))
    assert grid.keys()[-1] == "last0"


def test_an_excluded_picture_is_fainter_and_struck_through(
    qtbot: QtBot, grid: ThumbnailGrid, descriptions: Descriptions
) -> None:
    grid.set_keys(keys(2))
    qtbot.waitUntil(lambda: is_red(grid, 0)() and is_red(grid, 1)())
    beside_the_stroke = middle(grid, 0) + QPoint(30, 0)
    descriptions["0"] = GridItem(PICTURES / "0", dimmed=True)
    grid.update_key("0")
    assert color_at(grid, beside_the_stroke).red() < 128
    assert color_at(grid, middle(grid, 0)).name() != color_at(grid, beside_the_stroke).name()
    assert is_red(grid, 1)()


def test_a_badge_is_written_over_the_picture(
    qtbot: QtBot, grid: ThumbnailGrid, descriptions: Descriptions
) -> None:
    grid.set_keys(keys(1))
    qtbot.waitUntil(is_red(grid, 0))
    corner = middle(grid, 0) + QPoint(112 // 2 - 8, -112 // 2 + 8)
    assert color_at(grid, corner).getRgb()[:3] == RED
    descriptions["0"] = GridItem(PICTURES / "0", badge="★★★★★")
    grid.set_keys(keys(1))
    assert color_at(grid, corner).getRgb()[:3] != RED


def test_selection_is_a_ring_in_the_accent(qtbot: QtBot, grid: ThumbnailGrid) -> None:
    grid.set_keys(keys(2))
    ring = middle(grid, 0) - QPoint(0, 112 // 2 + 4)
    assert color_at(grid, ring).name() == DARK.canvas
    grid.select("0")
    assert color_at(grid, ring).name() == DARK.accent


def test_screen_readers_and_tooltips_have_words(
    grid: ThumbnailGrid, descriptions: Descriptions
) -> None:
    descriptions["a.png"] = GridItem(PICTURES / "a.png", "A cat", badge="duplicate", dimmed=True)
    grid.set_keys(["a.png", "cat.png"])
    first, second = (grid.model().index(row, 0) for row in range(2))
    assert first.data(Qt.ItemDataRole.AccessibleTextRole) == "A cat, duplicate, excluded"
    assert second.data(Qt.ItemDataRole.AccessibleTextRole) == "cat.png"
    assert first.data(Qt.ItemDataRole.ToolTipRole) == "A cat"


def test_the_ground_follows_the_theme(
    qtbot: QtBot, qapp: QApplication, grid: ThumbnailGrid
) -> None:
    corner = QPoint(grid.viewport().width() - 3, grid.viewport().height() - 3)
    assert color_at(grid, corner).name() == DARK.canvas
    painted: list[bool] = []
    grid.paintEvent = lambda event: (painted.append(True), ThumbnailGrid.paintEvent(grid, event))
    apply_theme(qapp, "light")
    qtbot.waitUntil(lambda: bool(painted))
    assert color_at(grid, corner).name() == LIGHT.canvas


def test_no_thread_outlives_the_grid(qtbot: QtBot, loader: Loader) -> None:
    loader.delay_s = 0.01
    grid = ThumbnailGrid(loader, Descriptions())
    qtbot.addWidget(grid)
    grid.resize(600, 400)
    grid.set_keys(keys(500))
    grid.show()
    qtbot.waitUntil(lambda: bool(loader.paths))
    grid.shutdown()
    loaded = len(loader.paths)
    qtbot.wait(30)
    assert len(loader.paths) == loaded
    grid.hide()
    grid.show()
    qtbot.waitUntil(lambda: len(loader.paths) > loaded)
    grid.close()
    assert grid.findChild(type(grid._loader))._pool.activeThreadCount() == 0


def test_a_grid_destroyed_while_it_loads_takes_its_thread_along(
    qtbot: QtBot, loader: Loader
) -> None:
    loader.delay_s = 0.01
    grid = ThumbnailGrid(loader, Descriptions())
    grid.resize(600, 400)
    grid.set_keys(keys(500))
    grid.show()
    qtbot.waitUntil(lambda: bool(loader.paths))
    shiboken6.delete(grid)
    loaded = len(loader.paths)
    qtbot.wait(30)
    assert len(loader.paths) == loaded


# --- Files that change --------------------------------------------------------------------


class Shades:
    """Reads a file's only byte as the grey of its picture, and counts the readings."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __call__(self, path: Path, side_px: int) -> np.ndarray:
        self.read.append(path.name)
        return np.full((side_px, side_px, 3), path.read_bytes()[0], np.uint8)


@pytest.fixture
def shades(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / str(number) for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(bytes([10 + number]))
    return paths


def grey(loader: thumbnail_loader.ThumbnailLoader, path: Path) -> int | None:
    thumbnail = loader.thumbnail(path)
    if thumbnail is None or thumbnail.pixmap.isNull():
        return None
    return QColor(thumbnail.pixmap.toImage().pixel(1, 1)).red()


def write(path: Path, shade: int, *, mtime_ns: int | None = None, more: bytes = b"") -> None:
    path.write_bytes(bytes([shade]) + more)
    if mtime_ns is not None:
        os.utime(path, ns=(mtime_ns, mtime_ns))


@pytest.mark.parametrize("kind", ["time", "size", "older"])
def test_a_file_of_that_name_that_is_another_is_loaded_again(
    qtbot: QtBot, shades: list[Path], kind: str
) -> None:
    load = Shades()
    loader = thumbnail_loader.ThumbnailLoader(load)
    loader.want(shades, 8)
    qtbot.waitUntil(lambda: [grey(loader, path) for path in shades] == [10, 11, 12])
    before_ns = shades[1].stat().st_mtime_ns
    match kind:
        case "time":
            write(shades[1], 99, mtime_ns=before_ns + 1_000_000)
        case "size":
            write(shades[1], 99, mtime_ns=before_ns, more=b"x")
        case _:
            write(shades[1], 99, mtime_ns=before_ns - 10**12)
    loader.want(shades, 8)
    qtbot.waitUntil(lambda: [grey(loader, path) for path in shades] == [10, 99, 12])
    loader.stop()

    assert load.read == ["0", "1", "2", "1"]


def test_files_that_stay_are_read_once_however_often_they_are_wanted(
    qtbot: QtBot, shades: list[Path]
) -> None:
    load = Shades()
    loader = thumbnail_loader.ThumbnailLoader(load)
    for _ in range(3):
        loader.want(shades, 8)
        qtbot.waitUntil(lambda: [grey(loader, path) for path in shades] == [10, 11, 12])
    loader.stop()

    assert load.read == ["0", "1", "2"]


def test_a_file_that_is_gone_is_shown_as_such_and_comes_back(
    qtbot: QtBot, shades: list[Path]
) -> None:
    loader = thumbnail_loader.ThumbnailLoader(Shades())
    loader.want(shades, 8)
    qtbot.waitUntil(lambda: grey(loader, shades[2]) == 12)
    shades[2].unlink()
    loader.want(shades, 8)
    qtbot.waitUntil(lambda: grey(loader, shades[2]) is None)
    write(shades[2], 77)
    loader.want(shades, 8)
    qtbot.waitUntil(lambda: grey(loader, shades[2]) == 77)
    loader.stop()


def test_new_pictures_come_before_a_look_at_the_old_ones(
    qtbot: QtBot, shades: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = thumbnail_loader.stamp_of
    monkeypatch.setattr(
        thumbnail_loader, "stamp_of", lambda path: (asked.append(path.name), real(path))[1]
    )
    loader = thumbnail_loader.ThumbnailLoader(Shades())
    loader.want(shades[:2], 8)
    qtbot.waitUntil(lambda: grey(loader, shades[1]) == 11)
    asked.clear()
    loader.want(shades, 8)
    loader._pool.waitForDone()

    assert asked[0] == "2"
    assert set(asked) == {"0", "1", "2"}
    loader.stop()


def test_very_many_that_change_are_told_in_one_go(grid: ThumbnailGrid) -> None:
    grid.set_keys(keys(5000))
    told: list[tuple[int, int]] = []
    grid.model().dataChanged.connect(lambda first, last, *_: told.append((first.row(), last.row())))
    grid.update_keys([*keys(900)[10:], "not here"])
    assert told == [(10, 899)]
    grid.update_keys(["not here"])
    assert len(told) == 1
    grid.update_keys(keys(4000)[10:])
    assert told[1:] == [(0, 4999)]


def test_what_is_selected_is_found_out_once(
    grid: ThumbnailGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid.set_keys(keys(2000))
    asked: list[int] = []
    keys_in = grid._items.keys_in

    def counting(selection: QItemSelection) -> list[str]:
        asked.append(selection.size())
        return keys_in(selection)

    monkeypatch.setattr(grid._items, "keys_in", counting)
    every_other = keys(2000)[::2]
    grid.select_keys(every_other)
    found_out = len(asked)
    assert grid.selected_keys() == grid.selected_keys() == every_other
    assert len(asked) == found_out <= 2
    grid.set_keys(keys(10))
    assert grid.selected_keys() == keys(10)[::2]


def test_a_scattered_selection_is_taken_away_before_another_comes(
    grid: ThumbnailGrid,
) -> None:
    # Qt compares each range that goes with each that comes: millions, for thousands of them.
    grid.set_keys(keys(3000))
    compared: list[int] = []
    grid.selectionModel().selectionChanged.connect(
        lambda new, old: compared.append(new.size() * old.size())
    )
    told: list[list[str]] = []
    grid.selection_changed_keys.connect(lambda: told.append(grid.selected_keys()))
    grid.select_keys(keys(3000)[::2])
    grid.select_keys(keys(3000)[1::3])
    assert compared
    assert not any(compared)
    assert told == [keys(3000)[::2], keys(3000)[1::3]]
