"""The view of one picture: where it is, how sharp, and what mouse and keys do."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from genstudio.ui.theme import DARK, LIGHT, apply_theme
from genstudio.ui.widgets.picture_view import PictureView


def checkers(height: int, width: int) -> np.ndarray:
    """Black and white pixels, one by one."""
    rows, columns = np.indices((height, width))
    return np.repeat(((rows + columns) % 2 * 255).astype(np.uint8)[..., None], 3, axis=2)


def plain(color: tuple[int, int, int], side: int = 8) -> np.ndarray:
    return np.full((side, side, 3), color, np.uint8)


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> PictureView:
    apply_theme(qapp, "dark")
    view = PictureView()
    qtbot.addWidget(view)
    view.resize(200, 100)
    view.show()
    qtbot.waitExposed(view)
    return view


def shown(view: PictureView) -> QImage:
    return view.grab().toImage()


def wheel(view: PictureView, at: QPointF, delta: int) -> QWheelEvent:
    return QWheelEvent(
        at,
        view.mapToGlobal(at),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )


def turn_wheel(view: PictureView, at: QPointF, delta: int = 120) -> None:
    QApplication.sendEvent(view, wheel(view, at, delta))


def test_a_small_picture_is_enlarged_by_a_whole_factor_in_the_middle(view: PictureView) -> None:
    view.set_picture(checkers(16, 16))
    assert view.scale() == 6.0, "6.1 would fit"
    assert view.picture_rect().center() == QPointF(100, 50)
    assert view.picture_rect().size() == QSizeF(96, 96)


def test_enlarged_pixels_are_sharp(view: PictureView) -> None:
    view.set_picture(checkers(16, 16))
    image = shown(view)
    rect = view.picture_rect().toRect()
    inside = {
        image.pixelColor(x, rect.center().y()).value()
        for x in range(rect.left() + 1, rect.right() - 1)
    }
    assert inside == {0, 255}


def test_a_large_picture_is_averaged_and_keeps_its_shape(view: PictureView) -> None:
    view.set_picture(checkers(400, 400))
    assert view.picture_rect().size() == QSizeF(98, 98)
    middle = [shown(view).pixelColor(x, 50).value() for x in range(60, 140)]
    assert 100 < min(middle) <= max(middle) < 160, "grey, not black and white"


def test_the_ground_is_the_canvas_of_the_theme(view: PictureView, qapp: QApplication) -> None:
    view.set_picture(plain((255, 0, 0)))
    assert shown(view).pixelColor(10, 50).name() == DARK.canvas
    apply_theme(qapp, "light")
    assert shown(view).pixelColor(10, 50).name() == LIGHT.canvas


def test_transparent_and_grey_pictures_are_shown(view: PictureView) -> None:
    view.set_picture(np.zeros((8, 8, 4), np.uint8))
    assert shown(view).pixelColor(100, 50).name() in DARK.checker
    view.set_picture(np.full((8, 8, 1), 200, np.uint8))
    assert shown(view).pixelColor(100, 50) == QColor(200, 200, 200)


def test_changing_the_array_later_changes_nothing(view: PictureView) -> None:
    picture = plain((255, 0, 0))
    view.set_picture(picture)
    picture[:] = 0
    assert shown(view).pixelColor(100, 50).name() == "#ff0000"


def test_what_is_no_picture_is_refused(view: PictureView) -> None:
    with pytest.raises(ValueError, match="float64"):
        view.set_picture(np.zeros((8, 8, 3)))


def test_the_wheel_zooms_around_the_pointer(view: PictureView) -> None:
    view.set_picture(checkers(100, 200))
    pointer = QPointF(80, 30)
    before = view.picture_rect()
    under_pointer = (pointer - before.topLeft()) / view.scale()
    for _ in range(6):
        turn_wheel(view, pointer)
    after = (pointer - view.picture_rect().topLeft()) / view.scale()
    assert view.scale() > 3
    assert (after - under_pointer).manhattanLength() < 1
    for _ in range(20):
        turn_wheel(view, pointer, -120)
    assert view.picture_rect() == before


def test_fine_turns_of_a_touchpad_add_up(view: PictureView) -> None:
    view.set_picture(plain((0, 0, 0), side=100))
    fitted = view.scale()
    for _ in range(7):
        turn_wheel(view, QPointF(100, 50), 15)
    assert view.is_fitted()
    turn_wheel(view, QPointF(100, 50), 15)
    assert view.scale() == pytest.approx(1.25 * fitted)


def test_keys_zoom_move_and_fit(qtbot: QtBot, view: PictureView) -> None:
    view.set_picture(plain((0, 0, 0), side=100))
    fitted = view.picture_rect()
    for _ in range(6):
        qtbot.keyClick(view, Qt.Key.Key_Plus)
    enlarged = view.picture_rect()
    assert enlarged.width() > 2 * fitted.width()
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.picture_rect().left() < enlarged.left()
    qtbot.keyClick(view, Qt.Key.Key_Minus)
    assert fitted.width() < view.picture_rect().width() < enlarged.width()
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.picture_rect() == fitted


def test_dragging_moves_but_not_beyond_the_edge(qtbot: QtBot, view: PictureView) -> None:
    view.set_picture(plain((255, 0, 0), side=100))
    view.zoom(6)
    before = view.picture_rect()
    clicks: list[bool] = []
    view.clicked.connect(lambda: clicks.append(True))
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 50))
    qtbot.mouseMove(view, QPoint(130, 60))
    assert view.picture_rect().topLeft() == before.topLeft() + QPointF(30, 10)
    qtbot.mouseMove(view, QPoint(5000, 5000))
    assert view.picture_rect().topLeft() == QPointF(0, 0)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(190, 90))
    assert not clicks


def test_a_click_is_told_and_a_double_click_fits(qtbot: QtBot, view: PictureView) -> None:
    view.set_picture(plain((0, 0, 0), side=100))
    with qtbot.waitSignal(view.clicked):
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(view.clicked):
        qtbot.keyClick(view, Qt.Key.Key_Return)
    view.zoom(3)
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton)
    assert view.is_fitted()


def test_the_next_preview_takes_the_place_of_the_former(view: PictureView) -> None:
    view.set_picture(plain((255, 0, 0), side=64))
    view.zoom(4, QPointF(90, 20))
    place = view.picture_rect()
    view.set_picture(plain((0, 255, 0), side=64))
    assert view.picture_rect() == place
    assert shown(view).pixelColor(100, 50).name() == "#00ff00"
    view.set_picture(plain((0, 0, 255), side=32))
    assert view.is_fitted()


def test_a_fitted_picture_follows_the_size_of_the_widget(view: PictureView) -> None:
    view.set_picture(plain((255, 0, 0), side=400))
    view.resize(500, 300)
    assert view.picture_rect().getRect() == (101, 1, 298, 298)


def test_the_placeholder_shows_only_without_a_picture(view: PictureView) -> None:
    empty = shown(view)
    view.set_placeholder("Pictures will show here.")
    assert shown(view) != empty
    assert view.accessibleDescription() == "Pictures will show here."
    view.set_picture(plain((0, 0, 0), side=49))
    assert view.accessibleDescription() == "49 × 49 pixels, shown at 200%"
    view.set_picture(None)
    assert view.accessibleDescription() == "Pictures will show here."


def test_without_a_picture_the_page_scrolls(view: PictureView) -> None:
    event = wheel(view, QPointF(9, 9), 120)
    view.wheelEvent(event)
    assert not event.isAccepted()


def test_a_checkerboard_shows_behind_see_through_parts_and_nowhere_else(view: PictureView) -> None:
    half = np.zeros((8, 8, 4), np.uint8)
    half[:, 4:] = (10, 200, 30, 255)
    view.set_picture(half)
    grabbed = shown(view)
    where = view.picture_rect().toRect()
    middle = where.center().x()
    seen = {
        grabbed.pixelColor(x, y).name()
        for x in range(where.left(), middle)
        for y in range(where.top(), where.bottom())
    }
    assert seen == set(DARK.checker)
    assert grabbed.pixelColor(middle + 8, where.center().y()).name() == "#0ac81e"
    assert grabbed.pixelColor(where.left() - 4, where.center().y()).name() == DARK.canvas


def test_the_checkerboard_is_the_themes(qapp: QApplication, view: PictureView) -> None:
    view.set_picture(np.zeros((8, 8, 4), np.uint8))
    apply_theme(qapp, "light")
    assert shown(view).pixelColor(100, 50).name() in LIGHT.checker
