"""Exploring in the real window: seeds, the plane, directions, back again, into the gallery."""

import threading
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton, QSlider, QToolButton
from saved_runs import Opener
from studio_driver import StudioDriver
from torch import Tensor

from genstudio.artifacts.image import read_recipe
from genstudio.domain.settings import Settings
from genstudio.engine.checkpoint import Checkpoint
from genstudio.models.protocol import TrainableModel
from genstudio.models.vae.residual import ResidualVAE
from genstudio.services import exploring, tastes
from genstudio.services.gallery import Gallery
from genstudio.services.generation import load_model
from genstudio.services.runs import Run
from genstudio.services.tastes import LearnedTaste
from genstudio.ui.state.training import TrainingState
from genstudio.ui.widgets.operation_cards import OperationCards
from genstudio.ui.widgets.plane_pad import SEED_MIME, PlanePad
from genstudio.ui.widgets.seed_grid import SeedGrid


@pytest.fixture
def explorer(open_project: Opener) -> StudioDriver:
    """A person in front of a model that is ready, whose directions are found."""
    studio = open_project()
    studio.go_to("create")
    cards = studio.find("create.operation", OperationCards)
    studio.wait(cards.current_key)
    cards.select("explore")
    studio.wait(lambda: studio.find("explore.view").isVisible())
    studio.wait(lambda: studio.window._states.exploring.shares)
    studio.wait(lambda: has_picture(studio))
    return studio


def has_picture(studio: StudioDriver) -> bool:
    return not studio.find("explore.picture")._image.isNull()


def image(studio: StudioDriver) -> bytes:
    return bytes(studio.find("explore.picture")._image.constBits())


def changed(studio: StudioDriver, before: bytes) -> Callable[[], bool]:
    return lambda: image(studio) != before


def test_the_point_on_the_plane_leads_to_other_pictures_and_back(explorer: StudioDriver) -> None:
    state = explorer.window._states.exploring
    assert len(state.place.seeds) == 4
    assert not explorer.find("explore.undo").isEnabled()
    pad = explorer.find("explore.plane", PlanePad)
    before = image(explorer)
    pad.setFocus()
    explorer.qtbot.keyClick(pad, Qt.Key.Key_Right)
    explorer.qtbot.keyClick(pad, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert (state.place.across, state.place.down) == (pytest.approx(0.55), pytest.approx(0.49))
    explorer.wait(changed(explorer, before))
    assert "55% right, 49% down" in explorer.text("explore.where")

    explorer.click("explore.undo")
    explorer.click("explore.undo")
    explorer.wait(lambda: image(explorer) == before)
    explorer.click("explore.redo")
    assert state.place.across == pytest.approx(0.55)


def test_a_drag_is_one_step_back(explorer: StudioDriver) -> None:
    state = explorer.window._states.exploring
    pad = explorer.find("explore.plane", PlanePad)
    here = state.place
    middle = pad.rect().center()
    explorer.qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=middle / 2)
    for step in range(3, 8):
        pad.point_moved.emit(step / 10, step / 10, True)
    explorer.qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=middle)
    assert state.place.across == pytest.approx(0.7)
    explorer.click("explore.undo")
    assert state.place == here


def test_a_slider_moves_along_a_direction_that_can_be_named(explorer: StudioDriver) -> None:
    slider = explorer.find("explore.direction.1", QSlider)
    before = image(explorer)
    slider.setFocus()
    for _ in range(4):
        explorer.qtbot.keyClick(slider, Qt.Key.Key_PageUp)
    explorer.wait(changed(explorer, before))
    back = explorer.find("explore.sigmas.1", QToolButton)
    assert back.text() == "+4.0"
    explorer.click("explore.sigmas.1")
    assert (back.text(), slider.value()) == ("0", 0)
    explorer.click("explore.undo")
    assert slider.value() == 40
    name = explorer.find("explore.name.1", QLineEdit)
    name.setFocus()
    explorer.qtbot.keyClicks(name, "lighter")
    explorer.qtbot.keyClick(name, Qt.Key.Key_Return)
    assert slider.accessibleName() == "lighter"
    folder = explorer.window._project.path / "directions"
    explorer.wait(lambda: any("lighter" in it.read_text() for it in folder.glob("*.json")))

    explorer.click("explore.still")
    explorer.wait(lambda: image(explorer) == before)
    assert slider.value() == 0


def test_seeds_go_to_corners_by_dropping_and_by_button(explorer: StudioDriver) -> None:
    state = explorer.window._states.exploring
    grid = explorer.find("explore.grid", SeedGrid)
    seeds = grid.seeds()
    assert len(seeds) == 24
    grid.setCurrentRow(9)
    explorer.click("explore.corner3")
    assert state.place.seeds[2] == seeds[9]

    pad = explorer.find("explore.plane", PlanePad)
    data = grid.mimeData([grid.item(11)])
    assert isinstance(data, QMimeData)
    assert data.hasFormat(SEED_MIME)
    pad.dropEvent(
        QDropEvent(
            QPointF(pad.width() * 0.9, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    assert state.place.seeds[1] == seeds[11]
    explorer.wait(lambda: seeds[11] in pad._images)

    explorer.click("explore.seed")
    assert grid.seeds() != seeds
    grid.seed_activated.emit(grid.seeds()[5])
    assert state.place.seeds[0] == grid.seeds()[5]
    assert (state.place.across, state.place.down) == (0, 0)


def test_what_was_found_goes_to_the_gallery_with_its_place(explorer: StudioDriver) -> None:
    explorer.find("explore.direction.2", QSlider).setValue(15)
    place = explorer.window._states.exploring.place
    explorer.click("explore.generate")
    explorer.wait(lambda: "in the gallery" in explorer.text("explore.where"))
    project = explorer.window._project.project
    assert project is not None
    with Gallery(project) as gallery:
        recipes = [read_recipe(item.path) for item in gallery.items("")]
    (recipe,) = [it for it in recipes if it is not None and it.operation == "explore"]
    assert recipe.sampling["moves"] == "2:1.5"
    assert recipe.sampling["seeds"] == ", ".join(map(str, place.seeds))


def test_a_film_of_the_corners_lies_among_the_results(explorer: StudioDriver) -> None:
    told: list[str] = []
    explorer.window._states.create.noticed.connect(lambda notice: told.append(str(notice)))
    explorer.click("explore.walk")
    assert not explorer.find("explore.walk").isEnabled()
    explorer.wait(lambda: told)
    assert "The film is made" in told[0]
    (film,) = (explorer.window._project.path / "results").glob("*-walk/walk.*")
    assert film.stat().st_size > 0
    explorer.wait(explorer.find("explore.walk").isEnabled)


def test_the_model_is_let_go_when_nobody_looks(explorer: StudioDriver, tmp_path: Path) -> None:
    state = explorer.window._states.exploring
    explorer.go_to("gallery")
    assert state.run is None
    explorer.go_to("create")
    explorer.wait(lambda: state.run is not None)
    explorer.wait(lambda: has_picture(explorer))


def test_without_ratings_a_step_to_ones_taste_says_what_is_missing(explorer: StudioDriver) -> None:
    before = explorer.window._states.exploring.place
    told: list[str] = []
    explorer.window._states.exploring.noticed.connect(lambda notice: told.append(notice.message))
    explorer.click("explore.taste")
    explorer.wait(lambda: told)
    assert "from 20 on" in told[0]
    assert explorer.window._states.exploring.place == before
    assert explorer.find("explore.taste", QPushButton).isEnabled()


def test_a_step_to_ones_taste_moves_the_sliders_and_can_be_undone(
    explorer: StudioDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Light:
        agreement = None

        def __call__(self, features_N: Tensor) -> Tensor:
            return features_N[:, -10:-7].sum(dim=1).double()  # Mean red, green and blue.

    learned = LearnedTaste(
        taste=Light(),  # type: ignore[arg-type]
        side=32,
        num_ratings=20,
        num_choices=0,
        words="learned",
    )
    monkeypatch.setattr(tastes, "learn_project_taste", lambda *_: learned)
    state = explorer.window._states.exploring
    light = np.frombuffer(image(explorer), np.uint8).mean()
    before = image(explorer)
    explorer.click("explore.taste")
    explorer.wait(lambda: state.place.moves)
    explorer.wait(changed(explorer, before))
    assert sum(it**2 for it in state.place.moves.values()) == pytest.approx(0.75**2, rel=0.1)
    explorer.click("explore.taste")
    explorer.wait(lambda: sum(it**2 for it in state.place.moves.values()) > 1)
    explorer.wait(lambda: np.frombuffer(image(explorer), np.uint8).mean() > light)
    explorer.click("explore.undo")
    explorer.click("explore.undo")
    assert not state.place.moves


def test_ctrl_z_goes_back_to_the_place_before(explorer: StudioDriver) -> None:
    state = explorer.window._states.exploring
    here = state.place
    explorer.find("explore.direction.1", QSlider).setValue(20)
    assert state.place != here
    explorer.window.activateWindow()
    explorer.wait(explorer.window.isActiveWindow)
    explorer.find("explore.plane", PlanePad).setFocus()
    explorer.qtbot.keyClick(explorer.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert state.place == here


def test_a_place_is_kept_under_a_name_and_gone_back_to(explorer: StudioDriver) -> None:
    state = explorer.window._states.exploring
    explorer.find("explore.direction.1", QSlider).setValue(20)
    kept = state.place
    name = explorer.find("explore.slotname", QLineEdit)
    name.setFocus()
    explorer.qtbot.keyClicks(name, "red hills")
    explorer.click("explore.keep")
    assert state.slots == {"red hills": kept}
    explorer.click("explore.still")
    assert state.place != kept
    explorer.click("explore.goslot")
    assert state.place == kept
    explorer.click("explore.forget")
    assert state.slots == {}
    assert not explorer.find("explore.goslot").isEnabled()


def test_ones_own_picture_comes_to_a_corner_and_into_the_gallery_with_its_hash(
    explorer: StudioDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = explorer.window._states.exploring
    mine = tmp_path / "mine.png"
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[10:30, 8:40] = (240, 90, 20)
    Image.fromarray(pixels).save(mine)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(mine), ""))
    before = image(explorer)
    explorer.click("explore.own")
    explorer.wait(lambda: state.place.pictures)
    (content_hash,) = state.place.pictures.values()
    assert (state.place.across, state.place.down) == (0, 0)
    explorer.wait(changed(explorer, before))
    told: list[str] = []
    explorer.window._states.create.noticed.connect(lambda notice: told.append(str(notice)))
    explorer.click("explore.walk")
    explorer.wait(lambda: told)
    assert "The film is made" in told[0]

    explorer.click("explore.generate")
    explorer.wait(lambda: "in the gallery" in explorer.text("explore.where"))
    project = explorer.window._project.project
    assert project is not None
    with Gallery(project) as gallery:
        recipes = [read_recipe(item.path) for item in gallery.items("")]
    (recipe,) = [it for it in recipes if it is not None and it.operation == "explore"]
    assert [(it.name, it.content_hash) for it in recipe.inputs] == [("mine.png", content_hash)]
    assert recipe.sampling["corners"] == "1"

    grid = explorer.find("explore.grid", SeedGrid)
    grid.setCurrentRow(5)
    explorer.click("explore.corner1")
    assert not state.place.pictures
    explorer.click("explore.undo")
    assert state.place.pictures == {0: content_hash}


def test_where_a_model_has_no_zones_nothing_is_offered(explorer: StudioDriver) -> None:
    # The run is of a VAE, whose decoder takes its latent at once.
    assert not explorer.find("explore.zone").isVisible()
    assert not explorer.find("explore.style.colour").isVisible()


def test_a_run_that_trains_is_followed_and_the_place_stays(
    explorer: StudioDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = explorer.window._states.exploring
    explorer.find("explore.direction.1", QSlider).setValue(20)
    place, run = state.place, state.run
    assert not state.follows
    assert "newest" not in explorer.text("explore.step")
    # As the training's own state says it of the run that it trains.
    monkeypatch.setattr(TrainingState, "live_run", property(lambda _: run))
    explorer.window._training.runs_changed.emit()
    assert state.follows
    explorer.wait(lambda: "newest point" in explorer.text("explore.step"))
    explorer.wait(lambda: state.shares)
    assert (state.run, state.place) == (run, place)
    assert explorer.find("explore.undo").isEnabled()


def test_a_draft_is_on_the_screen_until_the_picture_itself_is(
    open_project: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = threading.Event()

    class SlowVAE(ResidualVAE):
        def draft(self, latents: Tensor, settings: Settings) -> np.ndarray:
            return 255 - self.decode(latents, settings)

        def decode_in_parts(
            self, latents: Tensor, settings: Settings
        ) -> Generator[None, None, np.ndarray]:
            while not may_go_on.wait(0.01):
                yield
            return self.decode(latents, settings)

    def load_slow(run: Run, checkpoint: Checkpoint) -> TrainableModel:
        model = load_model(run, checkpoint)
        model.__class__ = SlowVAE
        return model

    monkeypatch.setattr(exploring, "load_model", load_slow)
    studio = open_project()
    studio.go_to("create")
    cards = studio.find("create.operation", OperationCards)
    studio.wait(cards.current_key)
    cards.select("explore")
    state = studio.window._states.exploring
    told: list[tuple[np.ndarray, bool]] = []
    seeds: list[int] = []
    state.seed_drawn.connect(lambda seed, _: seeds.append(seed))
    state.drawn.connect(lambda _, picture, is_draft: told.append((picture, is_draft)))
    studio.wait(lambda: has_picture(studio))
    draft = image(studio)
    # Nothing but drafts of the place, however often it is asked for.
    assert told
    assert all(is_draft for _, is_draft in told)
    assert not seeds
    may_go_on.set()
    studio.wait(lambda: not told[-1][1])
    assert image(studio) != draft
    np.testing.assert_array_equal(told[-1][0], 255 - told[0][0])
    studio.wait(lambda: seeds)
