"""The bar of messages: order, what leaves by itself, what can be copied."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from genstudio.domain.notices import Level, Notice
from genstudio.ui.widgets.notice_bar import NoticeBar

GOOD = Notice(level=Level.INFO, title="Saved")
BAD = Notice(level=Level.ERROR, title="Disk full", message="Nothing is lost.", details="Errno 28")
CARE = Notice(level=Level.WARNING, title="Few pictures")


@pytest.fixture
def page(qtbot: QtBot) -> QWidget:
    """A page whose first control has the focus and the pointer."""
    page = QWidget()
    qtbot.addWidget(page)
    page.resize(600, 400)
    layout = QVBoxLayout(page)
    layout.addWidget(NoticeBar())
    layout.addStretch(1)
    line = QLineEdit()
    layout.addWidget(line)
    page.show()
    qtbot.waitExposed(page)
    page.activateWindow()
    line.setFocus()
    qtbot.mouseMove(line)
    return page


@pytest.fixture
def bar(page: QWidget) -> NoticeBar:
    return page.findChild(NoticeBar)


def texts(bar: NoticeBar) -> str:
    return " ".join(label.text() for label in bar.findChildren(QLabel))


def button(bar: NoticeBar, text: str) -> QPushButton:
    return next(button for button in bar.findChildren(QPushButton) if button.text() == text)


def close(qtbot: QtBot, bar: NoticeBar) -> None:
    qtbot.mouseClick(bar.findChild(QToolButton), Qt.MouseButton.LeftButton)


def test_there_is_no_bar_without_a_message(qtbot: QtBot, bar: NoticeBar) -> None:
    assert not bar.isVisible()
    bar.show_notice(BAD)
    assert bar.isVisible()
    close(qtbot, bar)
    assert not bar.isVisible()
    assert bar.current() is None


def test_messages_wait_for_each_other_in_order(qtbot: QtBot, bar: NoticeBar) -> None:
    for notice in (BAD, CARE, GOOD):
        bar.show_notice(notice)
    assert "Disk full" in texts(bar)
    assert "2 more" in texts(bar)
    close(qtbot, bar)
    assert "Few pictures" in texts(bar)
    assert "1 more" in texts(bar)
    close(qtbot, bar)
    assert "Saved" in texts(bar)
    assert "more" not in texts(bar)


def test_the_same_message_is_not_shown_twice(qtbot: QtBot, bar: NoticeBar) -> None:
    bar.show_notice(BAD)
    bar.show_notice(BAD.model_copy())
    close(qtbot, bar)
    assert bar.current() is None


def test_good_news_leaves_by_itself_but_an_error_stays(qtbot: QtBot, bar: NoticeBar) -> None:
    bar._timer.setInterval(20)
    bar.show_notice(GOOD)
    bar.show_notice(BAD)
    qtbot.waitUntil(lambda: bar.current() == BAD)
    qtbot.wait(60)
    assert bar.current() == BAD


def test_good_news_stays_while_a_person_is_at_it(
    qtbot: QtBot, page: QWidget, bar: NoticeBar
) -> None:
    bar._timer.setInterval(20)
    bar.show_notice(GOOD)
    bar.findChild(QToolButton).setFocus()
    qtbot.wait(80)
    assert bar.current() == GOOD
    page.findChild(QLineEdit).setFocus()
    qtbot.waitUntil(lambda: bar.current() is None)


def test_details_open_on_demand_and_can_be_copied(qtbot: QtBot, bar: NoticeBar) -> None:
    bar.show_notice(BAD)
    assert not bar._details.isVisible()
    qtbot.mouseClick(button(bar, "Details…"), Qt.MouseButton.LeftButton)
    assert bar._details.isVisible()
    assert bar._details.toPlainText() == "Errno 28"
    qtbot.mouseClick(button(bar, "Copy"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "Disk full\n\nNothing is lost.\n\nErrno 28"


def test_details_of_one_message_do_not_stay_open_for_the_next(qtbot: QtBot, bar: NoticeBar) -> None:
    bar.show_notice(BAD)
    bar.show_notice(CARE)
    qtbot.mouseClick(button(bar, "Details…"), Qt.MouseButton.LeftButton)
    close(qtbot, bar)
    assert not bar._details.isVisible()
    assert not button(bar, "Details…").isVisible(), "it has none"


def test_names_of_files_are_not_read_as_markup(bar: NoticeBar) -> None:
    bar.show_notice(Notice(level=Level.ERROR, title="<b>cat</b> & dog.png", message="a\nb"))
    assert "&lt;b>cat&lt;/b> &amp; dog.png" in texts(bar)
    assert "a<br>b" in texts(bar)


def test_a_screen_reader_gets_level_title_and_message(bar: NoticeBar) -> None:
    bar.show_notice(BAD)
    assert bar.accessibleName() == "error: Disk full. Nothing is lost."


def test_what_went_wrong_is_not_kept_waiting(bar: NoticeBar) -> None:
    for notice in (GOOD, CARE, BAD):
        bar.show_notice(notice)
    order: list[Notice | None] = []
    for _ in range(3):
        order.append(bar.current())
        bar.close_current()
    assert order == [BAD, CARE, GOOD]


def test_what_is_no_longer_true_is_taken_back_shown_or_waiting(bar: NoticeBar) -> None:
    for notice in (GOOD, CARE, BAD):
        bar.show_notice(notice)
    bar.take_back([BAD, GOOD])
    assert bar.current() == CARE
    bar.take_back([CARE, BAD])
    assert bar.current() is None
    assert not bar.isVisible()
