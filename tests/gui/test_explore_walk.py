"""A walk with key frames: stops are found in Explore, ordered, seen beforehand, and filmed."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QDoubleSpinBox
from saved_runs import Opener, only_run
from studio_driver import StudioDriver

from genstudio.domain.places import Place
from genstudio.services.walk_files import kept_walk
from genstudio.ui.pages.explore_walk import WalkDialog
from genstudio.ui.widgets.operation_cards import OperationCards


@pytest.fixture
def explorer(open_project: Opener) -> StudioDriver:
    studio = open_project()
    studio.go_to("create")
    cards = studio.find("create.operation", OperationCards)
    studio.wait(cards.current_key)
    cards.select("explore")
    studio.wait(lambda: studio.find("explore.view").isVisible())
    studio.wait(lambda: studio.window._states.exploring.shares)
    return studio


def opened(explorer: StudioDriver) -> WalkDialog:
    explorer.find("explore.view")._on_key_frames()
    dialog = explorer.window.findChild(WalkDialog)
    assert dialog is not None
    return dialog


def test_a_walk_is_put_together_seen_and_filmed(explorer: StudioDriver, project: Path) -> None:
    run = only_run(project).path
    dialog = opened(explorer)
    assert not dialog._film.isEnabled()
    dialog._add_here()
    dialog.add_place(Place(seeds=(7,)))
    dialog.add_place(Place(seeds=(8,), moves={1: 1.0}))
    assert dialog._stops.rowCount() == 3
    assert "3 places, 6.0 seconds" in dialog._words.text()
    box = dialog._stops.cellWidget(1, 1)
    assert isinstance(box, QDoubleSpinBox)
    box.setValue(0.5)
    dialog._stops.selectRow(2)
    dialog._up.click()
    assert dialog._stops.stops()[1].place.seeds == (8,)
    dialog._stops.selectRow(0)
    dialog._remove.click()
    walk = kept_walk(run)
    assert walk is not None
    assert [stop.place.seeds for stop in walk.key_frames] == [(8,), (7,)]
    assert [stop.seconds for stop in walk.key_frames] == [2.0, 0.5]

    dialog._play.click()
    explorer.wait(lambda: len(dialog._frames) == walk.frames(8) and dialog._job is None)
    assert not dialog._stops.item(0, 0).icon().isNull()
    explorer.wait(lambda: dialog._time.value() > 0)
    dialog._play.click()
    assert not dialog._playing.isActive()

    dialog._kind.setCurrentIndex(dialog._kind.count() - 1)
    dialog._fps.setCurrentIndex(0)
    dialog._film.click()
    explorer.wait(lambda: len(list(project.glob("results/**/*.png"))) == walk.frames(12))
    explorer.wait(dialog._film.isEnabled)
    dialog.reject()


def test_it_is_there_again_and_takes_pictures_of_the_gallery(
    explorer: StudioDriver, project: Path
) -> None:
    dialog = opened(explorer)
    paths = sorted((project / "gallery").glob("*.png"))[:2]
    assert len(paths) == 2
    dialog.add_files(paths)
    assert dialog._stops.rowCount() == 2
    dialog.reject()
    explorer.wait(lambda: explorer.window.findChild(WalkDialog) is None)
    again = opened(explorer)
    assert again._stops.rowCount() == 2
    again.add_files([project / "project.toml"])
    assert again._stops.rowCount() == 2
    assert explorer.window._notice_bar.current() is not None
    again.reject()


def test_it_ends_with_the_window(explorer: StudioDriver) -> None:
    dialog = opened(explorer)
    dialog._add_here()
    dialog.add_place(Place(seeds=(7,)))
    dialog._play.click()
    explorer.window._states.exploring.close()
    assert dialog._job is None
    explorer.wait(lambda: explorer.window.findChild(WalkDialog) is None)
