"""The window behaves as a desktop expects: recent projects, coming forward, telling endings."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu, QSystemTrayIcon
from pytestqt.qtbot import QtBot
from studio_driver import StudioDriver

from genstudio.app import build_window
from genstudio.domain import events
from genstudio.services import fronting
from genstudio.services.preferences import Preferences, save_preferences
from genstudio.services.projects import open_or_create
from genstudio.ui.manners import coming_forward
from genstudio.ui.manners.all_manners import smallest_size, usual_size
from genstudio.ui.manners.telling_endings import TellingEndings, words_about


@pytest.fixture
def meadow(tmp_path: Path) -> Path:
    return open_or_create(tmp_path / "Meadow").path


@pytest.fixture
def two_recent(meadow: Path, tmp_path: Path) -> list[Path]:
    paths = [open_or_create(tmp_path / "Salt & pepper").path, meadow]
    save_preferences(Preferences(recent_projects=paths))
    return paths


def opened(qtbot: QtBot, project: Path | None) -> StudioDriver:
    window = build_window(project)
    qtbot.addWidget(window)
    window.show()
    return StudioDriver(window, qtbot)


def entries(studio: StudioDriver) -> list[QAction]:
    menu = studio.window.findChild(QMenu, "project.recent")
    assert menu is not None
    menu.aboutToShow.emit()
    return menu.actions()


def test_a_recent_project_opens_from_the_menu(qtbot: QtBot, two_recent: list[Path]) -> None:
    studio = opened(qtbot, None)
    first, second = entries(studio)
    assert [it.text() for it in (first, second)] == ["&1 Salt && pepper", "&2 Meadow"]
    assert first.toolTip() == str(two_recent[0])

    second.trigger()

    assert studio.window.windowTitle() == "Meadow — GenStudio"
    assert [it.text() for it in entries(studio)] == ["&1 Meadow", "&2 Salt && pepper"]
    studio.window.close()


def test_a_project_on_a_drive_that_has_gone_is_listed_and_cannot_be_chosen(
    qtbot: QtBot, two_recent: list[Path]
) -> None:
    shutil.rmtree(two_recent[0])
    studio = opened(qtbot, None)
    first, second = entries(studio)

    assert not first.isEnabled()
    assert "a drive that has gone" in first.toolTip()
    assert second.isEnabled()
    studio.window.close()


def test_the_window_comes_when_its_project_is_opened_once_more(
    qtbot: QtBot, meadow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    came: list[object] = []
    monkeypatch.setattr(coming_forward, "bring_to_front", came.append)
    studio = opened(qtbot, meadow)
    request = fronting._request(meadow)
    request.parent.mkdir(parents=True, exist_ok=True)
    request.touch()

    studio.wait(lambda: came == [studio.window])

    assert not request.exists()
    studio.window.close()


def test_a_window_that_is_minimised_is_shown_again(qtbot: QtBot, meadow: Path) -> None:
    studio = opened(qtbot, meadow)
    studio.window.showMinimized()
    coming_forward.bring_to_front(studio.window)
    assert not studio.window.isMinimized()
    studio.window.close()


ENDING = events.Finished(
    run=Path("run"), step=1500, images_seen=1, seconds=1, checkpoint=Path("run/1500")
)


@pytest.mark.parametrize(("is_looked_at", "count"), [(True, 0), (False, 1)])
def test_an_ending_is_told_to_who_looks_elsewhere(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, *, is_looked_at: bool, count: int
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(TellingEndings, "tell", lambda _self, *words: told.append(words))
    monkeypatch.setattr(TellingEndings, "_is_looked_at", lambda _self: is_looked_at)
    studio = opened(qtbot, None)

    studio.window._training.received.emit([ENDING])

    assert told == [words_about(ENDING)] * count
    studio.window.close()


def test_the_desktop_gets_the_message(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: True))
    monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", staticmethod(lambda: True))
    monkeypatch.setattr(QSystemTrayIcon, "show", lambda _self: None)
    monkeypatch.setattr(
        QSystemTrayIcon,
        "showMessage",
        lambda _self, title, text, *_: shown.append(f"{title}: {text}"),
    )
    studio = opened(qtbot, None)
    manners = studio.window._manners[-1]
    assert isinstance(manners, TellingEndings)

    manners.tell(*words_about(ENDING))

    assert shown == ["The training has ended: 1,500 steps; its first results hang in the gallery."]
    studio.window.close()


def test_a_window_is_never_larger_than_its_screen(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Screen:
        def availableSize(self) -> QSize:
            return QSize(800, 500)

    window = QMainWindow()
    qtbot.addWidget(window)
    monkeypatch.setattr(QMainWindow, "screen", lambda _self: Screen())

    assert smallest_size(window) == QSize(760, 460)
    assert usual_size(window) == QSize(760, 460)
