"""The gallery while its files come, go and change outside of the window, and while it is opened."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot
from studio_driver import StudioDriver

from genstudio.app import build_window
from genstudio.artifacts.image import save_picture
from genstudio.domain.recipes import Recipe
from genstudio.services import studio as studio_module
from genstudio.services.gallery import Gallery
from genstudio.services.projects import Project, open_or_create
from genstudio.ui.bridge import Bridge
from genstudio.ui.state.gallery import GalleryState

COUNT = 4
GREEN = (0, 200, 0)


def recipe(seed: int) -> Recipe:
    return Recipe(
        software="GenStudio",
        model_key="gan",
        run="meadow",
        project="Meadow",
        step=1,
        weights_sha256="ab" * 32,
        seed=seed,
        size=8,
        created=datetime(2026, 1, 31, tzinfo=UTC),
    )


@pytest.fixture
def hung(tmp_path: Path) -> Project:
    """A project with some red pictures in its gallery, and no run."""
    project = open_or_create(tmp_path / "Meadow")
    with Gallery(project) as gallery:
        for seed in range(COUNT):
            gallery.add(np.full((8, 8, 3), (200, 0, 0), np.uint8), recipe(seed))
    return project


@pytest.fixture
def person(qtbot: QtBot, hung: Project) -> Iterator[StudioDriver]:
    """A person in front of the Gallery page."""
    window = build_window(hung.path)
    qtbot.addWidget(window)
    window.show()
    driver = StudioDriver(window, qtbot)
    driver.go_to("gallery")
    driver.wait(lambda: driver.rows("gallery.grid") == COUNT)
    driver.wait(lambda: window._gallery._looking is None)
    yield driver
    window.close()


def names(person: StudioDriver) -> list[str]:
    return person.find("gallery.grid").keys()


def notices(person: StudioDriver) -> Callable[[], str]:
    def told() -> str:
        notice = person.window._notice_bar.current()
        return f"{notice.title}. {notice.message}" if notice else ""

    return told


# --- Files that are gone ------------------------------------------------------------------


def test_files_that_went_or_came_are_noticed_when_the_page_is_shown(
    person: StudioDriver, hung: Project
) -> None:
    gone, *others = names(person)
    person.go_to("train")
    (hung.gallery / gone).unlink()
    save_picture(np.zeros((8, 8, 3), np.uint8), hung.gallery / "new.png", recipe(99))
    person.go_to("gallery")
    person.wait(lambda: set(names(person)) == {*others, "new.png"})


def test_the_others_are_exported_and_the_missing_one_is_named(
    person: StudioDriver, hung: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "genstudio.ui.main_window.QDesktopServices.openUrl", lambda *_: True, raising=True
    )
    gone, *others = names(person)
    (hung.gallery / gone).unlink()
    person.window.export_gallery("folder", tmp_path / "out")
    told: list[str] = []
    person.window._gallery.noticed.connect(lambda notice: told.append(str(notice)))
    person.wait(lambda: told)

    assert gone in told[0]
    assert "1 picture was left out" in told[0]
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(others)
    # What was seen to be gone is looked for at once.
    person.wait(lambda: names(person) == others)


def test_a_missing_file_is_called_so_where_it_would_be_shown(
    person: StudioDriver, hung: Project
) -> None:
    first, second, *_ = names(person)
    (hung.gallery / second).unlink()
    person.find("gallery.grid").select(second)
    view = person.find("gallery.picture")

    person.wait(lambda: "moved or deleted" in view._placeholder)
    assert "damaged" not in view._placeholder
    assert view._image.isNull()
    person.find("gallery.grid").select(first)
    person.wait(lambda: not view._image.isNull())


# --- Files that change --------------------------------------------------------------------


def test_a_file_that_was_painted_over_gets_a_new_thumbnail_and_a_new_large_view(
    person: StudioDriver, hung: Project
) -> None:
    grid = person.find("gallery.grid")
    name = names(person)[0]
    path = hung.gallery / name

    def color() -> tuple[int, ...]:
        thumbnail = grid._loader.thumbnail(path)
        if thumbnail is None:
            return ()
        return QColor(thumbnail.pixmap.toImage().pixel(4, 4)).getRgb()[:3]

    person.wait(lambda: color() == (200, 0, 0))
    person.find("gallery.grid").select(name)
    save_picture(np.full((16, 16, 3), GREEN, np.uint8), path, recipe(COUNT - 1))
    person.go_to("train")
    person.go_to("gallery")
    person.wait(lambda: color() == GREEN)
    view = person.find("gallery.picture")
    person.wait(lambda: view._image.pixelColor(4, 4).getRgb()[:3] == GREEN)


# --- Opening in the background ------------------------------------------------------------


def test_what_may_take_long_is_done_beside_the_window(
    qtbot: QtBot, hung: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[str, set[int]] = {"open": set(), "sync": set(), "manifest": set()}
    real_init, real_sync = Gallery.__init__, Gallery.syncing

    def watch_init(gallery: Gallery, *arguments: object, **options: object) -> None:
        threads["open"].add(threading.get_ident())
        real_init(gallery, *arguments, **options)  # type: ignore[arg-type]

    def watch_sync(gallery: Gallery) -> Iterator[int]:
        threads["sync"].add(threading.get_ident())
        return real_sync(gallery)

    def watch_manifest(_: Project) -> None:
        threads["manifest"].add(threading.get_ident())

    monkeypatch.setattr(Gallery, "__init__", watch_init)
    monkeypatch.setattr(Gallery, "syncing", watch_sync)
    monkeypatch.setattr(studio_module, "load_manifest", watch_manifest)
    window = build_window(hung.path)
    qtbot.addWidget(window)
    window.show()
    driver = StudioDriver(window, qtbot)
    driver.go_to("gallery")
    driver.wait(lambda: driver.rows("gallery.grid") == COUNT)
    driver.wait(lambda: window._gallery._looking is None)
    window.close()

    assert all(threads.values())
    assert not any(threading.get_ident() in seen for seen in threads.values())


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Galleries are not looked through before this is set; then they go on by one file a time."""
    may_go_on = threading.Event()
    real = Gallery.syncing

    def wait(gallery: Gallery) -> Iterator[int]:
        yield 0
        may_go_on.wait(30)
        yield from real(gallery)

    monkeypatch.setattr(Gallery, "syncing", wait)
    yield may_go_on
    may_go_on.set()


def test_the_window_answers_while_a_gallery_is_opened(
    qtbot: QtBot, hung: Project, held: threading.Event
) -> None:
    window = build_window(hung.path)
    qtbot.addWidget(window)
    window.show()
    driver = StudioDriver(window, qtbot)
    driver.go_to("gallery")
    assert window._gallery.is_opening
    assert not window._gallery.is_open
    assert driver.rows("gallery.grid") == 0
    held.set()
    driver.wait(lambda: driver.rows("gallery.grid") == COUNT)
    window.close()


def test_another_project_may_be_chosen_meanwhile(
    qtbot: QtBot, hung: Project, held: threading.Event, tmp_path: Path
) -> None:
    bridge = Bridge()
    state = GalleryState(bridge)
    opened: list[Gallery] = []
    closed: list[Gallery] = []
    real_close = Gallery.close
    other = open_or_create(tmp_path / "Forest")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Gallery, "close", lambda gallery: (closed.append(gallery), real_close(gallery))[0]
        )
        state.set_project(hung)
        held.set()
        state.set_project(other)
        qtbot.waitUntil(lambda: state.is_open)
        opened.append(state._open_gallery)
        assert state._open_gallery not in closed
        assert len(closed) == 1
        assert state.items == {}
        bridge.stop()
        state.close()
    assert closed[-1] is opened[0]


def test_a_gallery_that_is_closed_before_it_is_open_leaves_nothing_open(
    qtbot: QtBot, hung: Project, held: threading.Event
) -> None:
    bridge = Bridge()
    state = GalleryState(bridge)
    held.set()
    state.set_project(hung)
    job = state._opening
    assert job is not None
    assert job.join(30)
    # As when the window closes: what came is not handed over any more.
    bridge.stop()
    state.close()

    assert not state.is_open
    assert not state.is_opening


def test_what_is_wrong_with_a_gallery_is_told_and_the_rest_is_shown(
    qtbot: QtBot, hung: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genstudio.domain.errors import ProjectError

    def fail(_: Gallery) -> Iterator[int]:
        yield 0
        raise ProjectError("The folder cannot be read")

    monkeypatch.setattr(Gallery, "syncing", fail)
    bridge = Bridge()
    state = GalleryState(bridge)
    told: list[str] = []
    state.noticed.connect(lambda notice: told.append(notice.title))
    state.set_project(hung)
    qtbot.waitUntil(lambda: bool(told))

    assert told == ["The folder cannot be read"]
    assert len(state.items) == COUNT
    bridge.stop()
    state.close()
