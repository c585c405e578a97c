"""Messages reach whoever listens, wherever they come from and however early."""

import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest

from genstudio.domain.errors import DatasetError
from genstudio.domain.notices import Level, Notice
from genstudio.services.notices import NoticeBoard, notice_about

FIRST = Notice(level=Level.INFO, title="First")
SECOND = Notice(level=Level.WARNING, title="Second", message="It matters.")


@pytest.fixture
def board() -> NoticeBoard:
    return NoticeBoard()


def test_what_came_before_anybody_listened_is_kept_in_order(board: NoticeBoard) -> None:
    heard: list[Notice] = []
    board.post(FIRST)
    board.post(SECOND)
    board.listen(heard.append)

    assert heard == [FIRST, SECOND]
    board.post(FIRST)
    assert heard == [FIRST, SECOND, FIRST]


def test_what_was_heard_is_not_said_again(board: NoticeBoard) -> None:
    heard: list[Notice] = []
    board.listen(heard.append)
    board.post(FIRST)
    board.listen(heard.append)

    assert heard == [FIRST]


def test_when_nobody_listens_any_more_notices_are_kept_for_the_next(board: NoticeBoard) -> None:
    first: list[Notice] = []
    second: list[Notice] = []
    board.listen(first.append)
    board.listen(None)
    board.post(FIRST)
    board.listen(None)
    board.listen(second.append)

    assert (first, second) == ([], [FIRST])


def test_notices_from_many_threads_all_arrive(board: NoticeBoard) -> None:
    heard: list[Notice] = []
    posts = [
        threading.Thread(target=lambda: [board.post(FIRST) for _ in range(50)]) for _ in range(4)
    ]
    for thread in posts:
        thread.start()
    board.listen(heard.append)
    for thread in posts:
        thread.join()

    assert heard == [FIRST] * 200


def test_notices_are_in_the_log_as_well(
    board: NoticeBoard, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="genstudio"):
        board.post(FIRST)
        board.post(SECOND)

    assert [(entry.levelno, entry.getMessage().strip()) for entry in caplog.records] == [
        (logging.INFO, "Notice First"), (logging.WARNING, "Notice Second\nIt matters."),
    ]  # fmt: skip


def test_an_error_of_ours_is_told_in_its_own_words() -> None:
    notice = notice_about(DatasetError("There are no pictures", "It is empty.", "Choose another."))

    assert notice == Notice(
        level=Level.ERROR,
        title="There are no pictures",
        message="It is empty. Choose another.",
        details="",
    )


def test_a_mistake_of_the_program_is_told_with_its_details() -> None:
    try:
        _ = 1 / 0
    except ZeroDivisionError as error:
        notice = notice_about(error)

    assert notice.level is Level.ERROR
    assert "inside the program" in notice.title
    assert notice.message
    assert "ZeroDivisionError: division by zero" in notice.details
    assert "test_notices" in notice.details


@pytest.fixture
def hooked(board: NoticeBoard, monkeypatch: pytest.MonkeyPatch) -> Iterator[NoticeBoard]:
    """A board that gets what nobody caught; everything is put back afterwards."""
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    board.hook()
    yield board
    logging.captureWarnings(capture=False)


def heard_by(board: NoticeBoard) -> list[Notice]:
    heard: list[Notice] = []
    board.listen(heard.append)
    return heard


def test_an_error_that_nobody_caught_in_a_thread_arrives(
    hooked: NoticeBoard, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise DatasetError("The folder vanished", hint="Is the drive in?")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()

    (notice,) = heard_by(hooked)
    assert (notice.title, notice.message) == ("The folder vanished", "Is the drive in?")
    assert "The folder vanished" in capsys.readouterr().err


def test_an_error_that_nobody_caught_in_the_main_thread_arrives(
    hooked: NoticeBoard, capsys: pytest.CaptureFixture[str]
) -> None:
    error = ZeroDivisionError("one by zero")
    sys.excepthook(ZeroDivisionError, error, None)

    (notice,) = heard_by(hooked)
    assert "ZeroDivisionError: one by zero" in notice.details
    assert "ZeroDivisionError: one by zero" in capsys.readouterr().err


def test_interrupting_the_program_is_no_mistake_of_it(
    hooked: NoticeBoard, capsys: pytest.CaptureFixture[str]
) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)

    assert heard_by(hooked) == []
    assert "KeyboardInterrupt" in capsys.readouterr().err


@pytest.mark.filterwarnings("default")
def test_what_python_warns_of_goes_to_the_log_and_not_to_the_person(
    hooked: NoticeBoard, caplog: pytest.LogCaptureFixture
) -> None:
    warnings.warn("an old way", UserWarning, stacklevel=1)

    assert heard_by(hooked) == []
    assert any("an old way" in entry.getMessage() for entry in caplog.records)
