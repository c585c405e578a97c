"""Making pictures in the Gallery: a run that knows kinds can be asked for one of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from saved_runs import Opener
from tiny_studio import save_film

from genstudio.domain.recipes import Recipe
from genstudio.domain.runs import RunState, RunSummary
from genstudio.domain.training import TrainingSettings
from genstudio.models.catalog import model_class
from genstudio.services.choices import choose
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.operations.restyle_video import RestyleVideo, RestyleVideoSettings
from genstudio.services.projects import Project, open_or_create
from genstudio.services.studio import CatalogueEntry
from genstudio.services.studio_operations import OperationEntry
from genstudio.ui.bridge import Bridge
from genstudio.ui.pages.gallery import GalleryPage
from genstudio.ui.pages.gallery_details import GalleryDetails
from genstudio.ui.pages.gallery_maker import GalleryMaker
from genstudio.ui.recipe_words import RecipeWords
from genstudio.ui.state.gallery import GalleryState
from genstudio.ui.state.training import TrainingState
from genstudio.ui.widgets.picture_view import PictureView

KEY = "residual-vae"


def run(name: str, kinds: dict[str, int]) -> RunSummary:
    return RunSummary(
        path=Path("/runs") / name,
        settings=TrainingSettings(model_key=KEY),
        state=RunState.FINISHED,
        step=9,
        seconds=1.0,
        losses=(),
        previews=(),
        kinds=kinds,
    )


@pytest.fixture
def training(qtbot: QtBot) -> Iterator[TrainingState]:
    parent = QWidget()
    qtbot.addWidget(parent)
    bridge = Bridge(parent)
    state = TrainingState(bridge, parent)
    model = model_class(KEY)
    state.entries = {
        KEY: CatalogueEntry(card=model.card, config=model.Config, sampling=model.Sampling)
    }
    yield state
    bridge.stop()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(
        GalleryState, "generate", lambda _self, _run, **wanted: asked.append(wanted["sampling"])
    )
    return asked


@pytest.fixture
def maker(qtbot: QtBot, training: TrainingState) -> GalleryMaker:
    bridge = training._bridge
    maker = GalleryMaker(GalleryState(bridge, training), training)
    qtbot.addWidget(maker)
    return maker


def show(training: TrainingState, *runs: RunSummary) -> None:
    training.runs = list(runs)
    training.runs_changed.emit()


def test_a_run_that_was_taught_kinds_offers_them(
    maker: GalleryMaker, training: TrainingState, asked: list[dict[str, Any]]
) -> None:
    show(training, run("a", {"cats": 50, "Größe & <Öl>": 60}))
    box = maker.findChild(QComboBox, "setting.kind")
    assert [box.itemText(row) for row in range(box.count())] == ["Any", "cats", "Größe & <Öl>"]
    maker._on_generate()
    box.setCurrentIndex(2)
    maker._on_generate()
    assert [sampling["kind"] for sampling in asked] == ["", "Größe & <Öl>"]


def test_an_empty_gallery_says_what_can_be_done_about_it(
    qtbot: QtBot, training: TrainingState, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    bridge = training._bridge
    state = GalleryState(bridge, training)
    state.set_project(open_or_create(tmp_path / "Meadow"))
    qtbot.waitUntil(lambda: state.is_open)
    page = GalleryPage(state, training)
    qtbot.addWidget(page)
    wanted: list[bool] = []
    page.train_wanted.connect(lambda: wanted.append(True))
    assert "Train a model first" in page._empty.accessibleDescription()
    page._empty.button.click()
    assert wanted == [True]
    show(training, run("a", {}))
    assert "can make some now" in page._empty.accessibleDescription()
    assert page._empty.button.text() == "Make the first ones"
    page._empty.button.click()
    assert len(asked) == 1
    assert wanted == [True]
    page.shutdown()


@pytest.fixture
def gallery(qtbot: QtBot, training: TrainingState, tmp_path: Path) -> Iterator[GalleryPage]:
    state = GalleryState(training._bridge, training)
    state.set_project(open_or_create(tmp_path / "Meadow"))
    qtbot.waitUntil(lambda: state.is_open)
    page = GalleryPage(state, training)
    qtbot.addWidget(page)
    page.show()
    yield page
    page.shutdown()
    state.close()


def hang(page: GalleryPage, *names: str) -> None:
    """What is in the gallery now, the newest first; only the folder's index knows of files."""
    recipe = Recipe(software="GenStudio 1", created=datetime(2026, 1, 1, tzinfo=UTC))
    page._state.items = {
        name: GalleryItem(name, page._state._project.path, recipe.model_dump_json(), 0, ())
        for name in names
    }
    page._state.changed.emit()


def test_what_is_made_is_followed_until_a_person_looks_at_something_else(
    gallery: GalleryPage,
) -> None:
    grid = gallery._grid
    hang(gallery, "a")
    hang(gallery, "b", "a")
    hang(gallery, "c", "b", "a")
    assert grid.selected_keys() == ["c"]
    grid.select("a")
    hang(gallery, "d", "c", "b", "a")
    assert grid.selected_keys() == ["a"]


def test_several_that_are_selected_stay_selected_while_more_are_made(gallery: GalleryPage) -> None:
    grid = gallery._grid
    hang(gallery, "b", "a")
    grid.selectAll()
    assert grid.selected_keys() == ["b", "a"]
    hang(gallery, "c", "b", "a")
    assert grid.selected_keys() == ["b", "a"]


def test_what_was_looked_for_stays_selected_when_all_are_shown_again(
    gallery: GalleryPage,
) -> None:
    grid = gallery._grid
    hang(gallery, "c", "b", "a")
    # The index is asked later; what it answers comes as items of the state.
    gallery._search.setText("a rose")
    hang(gallery, "a")
    assert grid.selected_keys() == ["a"]
    gallery._search.setText("")
    hang(gallery, "c", "b", "a")
    assert grid.selected_keys() == ["a"]


def test_a_run_without_kinds_is_not_asked_for_one(
    maker: GalleryMaker, training: TrainingState, asked: list[dict[str, Any]]
) -> None:
    show(training, run("a", {}))
    assert maker.findChild(QWidget, "setting.kind") is None
    maker._on_generate()
    assert "kind" not in asked[0]


def test_another_run_brings_its_own_kinds(maker: GalleryMaker, training: TrainingState) -> None:
    show(training, run("a", {"cats": 50, "dogs": 50}), run("b", {"oils": 50, "inks": 50}))
    runs = maker.findChild(QComboBox, "gallery.run")
    for row, kinds in ((0, ["Any", "oils", "inks"]), (1, ["Any", "cats", "dogs"])):
        runs.setCurrentIndex(row)
        box = maker._form.findChild(QComboBox, "setting.kind")
        assert [box.itemText(row) for row in range(box.count())] == kinds


def test_what_has_just_been_learned_is_made_from(
    maker: GalleryMaker, training: TrainingState
) -> None:
    runs = maker.findChild(QComboBox, "gallery.run")
    first, second, third = (run(name, {}) for name in "abc")
    show(training, first, second)
    runs.setCurrentIndex(1)
    assert runs.currentData() == first.path
    show(training, first, second)
    assert runs.currentData() == first.path
    show(training, first, second, third)
    assert runs.currentData() == third.path


def test_details_tell_the_kind_that_was_asked_for(qtbot: QtBot, tmp_path: Path) -> None:
    details = GalleryDetails()
    qtbot.addWidget(details)
    for sampling, words in (
        ({"kind": "cats", "calm": 1.0}, "32 × 32 px · kind cats, calm 1.0"),
        ({"kind": ""}, "32 × 32 px"),
    ):
        recipe = Recipe(
            software="GenStudio",
            model_key=KEY,
            run="a",
            project="p",
            step=9,
            weights_sha256="0" * 64,
            seed=1,
            size=32,
            sampling=sampling,
            created=datetime(2026, 1, 1, tzinfo=UTC),
        )
        item = GalleryItem("a.png", tmp_path, recipe.model_dump_json(), 0, ())
        details.show_items([item])
        assert details._recipe.text().splitlines()[1] == words
    details.shutdown()


def test_recipes_speak_in_the_words_of_cards_and_forms() -> None:
    words = RecipeWords(
        operations=lambda: {
            "restyle-video": OperationEntry(
                card=RestyleVideo.card, settings={"": RestyleVideoSettings}
            )
        }
    )
    recipe = Recipe(
        software="GenStudio",
        operation="restyle-video",
        sampling={"largest_side": 640, "early_stopping": True, "steps": 600, "key_frames_at": ""},
        created=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert words.operation(recipe) == "Paint a film"
    assert (
        words.choices(recipe)
        == "Longest side of the clip: 640, Stop before it washes out: yes, steps 600"
    )
    assert RecipeWords().operation(recipe) == "restyle-video"


def test_a_player_that_is_hidden_asks_for_no_room(qtbot: QtBot, tmp_path: Path) -> None:
    details = GalleryDetails()
    qtbot.addWidget(details)
    details.show_file(tmp_path / "a.flac")
    heard = details._stack.minimumSizeHint().height()
    details.show_file(tmp_path / "a.png")
    # In a low window the room is needed for the settings of what is made next.
    assert details._stack.minimumSizeHint().height() == 64 < heard
    details.shutdown()


# Teaching


def opened(maker: GalleryMaker, qtbot: QtBot, folder: Path) -> Project:
    project = open_or_create(folder / "Meadow")
    maker._state.set_project(project)
    qtbot.waitUntil(lambda: maker._state.is_open, timeout=20_000)
    return project


def teaching(maker: GalleryMaker) -> tuple[QPushButton, str]:
    button = maker.findChild(QPushButton, "gallery.teach")
    words = maker.findChild(QLabel, "gallery.taught_by")
    return button, words.text()


def test_what_teaching_still_needs_is_said(
    maker: GalleryMaker, training: TrainingState, qtbot: QtBot, tmp_path: Path
) -> None:
    show(training, run("a", {}))
    project = opened(maker, qtbot, tmp_path)
    button, words = teaching(maker)
    assert not button.isHidden()
    assert not button.isEnabled()
    assert words == "0 of 200 choices or stars"
    for _ in range(199):
        choose(project, "a.png", "b.png")
    maker._state.changed.emit()
    button, words = teaching(maker)
    assert not button.isEnabled()
    assert words == "199 of 200 choices or stars"
    maker._state.close()


def test_enough_choices_teach_the_run_that_is_chosen(
    maker: GalleryMaker, training: TrainingState, qtbot: QtBot, tmp_path: Path
) -> None:
    show(training, run("a", {}))
    project = opened(maker, qtbot, tmp_path)
    for _ in range(200):
        choose(project, "a.png", "b.png")
    maker._state.changed.emit()
    button, words = teaching(maker)
    assert button.isEnabled()
    assert "200 choices" in words
    with qtbot.waitSignal(maker.teach_wanted) as asked:
        button.click()
    assert asked.args == [Path("/runs/a")]
    training._is_going_back = True
    training.activity_changed.emit()
    button, words = teaching(maker)
    assert not button.isEnabled()
    assert "A training is under way" in words
    training._is_going_back = False
    maker._state.close()


def test_a_model_that_cannot_be_taught_has_no_button_for_it(
    maker: GalleryMaker, training: TrainingState
) -> None:
    model = model_class(KEY)
    card = model.card.model_copy(update={"capabilities": frozenset[str]()})
    training.entries = {
        KEY: CatalogueEntry(card=card, config=model.Config, sampling=model.Sampling)
    }
    show(training, run("a", {}))
    button, _ = teaching(maker)
    assert button.isHidden()


def test_an_empty_gallery_says_where_pictures_come_from(open_project: Opener) -> None:
    studio = open_project()
    studio.go_to("gallery")
    page = studio.window._pages.gallery
    empty = page._empty
    page._state.items = {}
    page._show_items()
    studio.wait(page._maker.can_make)
    page._show_items()
    assert "can make some now" in empty.accessibleDescription()
    assert empty.button.isVisible()
    assert empty.button.text() == "Make the first ones"


def test_a_film_plays_beside_its_recipe_while_it_is_seen(qtbot: QtBot, tmp_path: Path) -> None:
    film = save_film(tmp_path / "a.mp4")
    details = GalleryDetails()
    qtbot.addWidget(details)
    details.show()
    recipe = Recipe(software="GenStudio", created=datetime(2026, 1, 1, tzinfo=UTC))
    item = GalleryItem(film.name, tmp_path, recipe.model_dump_json(), 0, ())
    shown = details.findChild(PictureView, "viewer.clip")
    assert shown is not None
    details.show_items([item])
    qtbot.waitUntil(
        lambda: shown.isVisible() and not shown.picture_rect().isEmpty(), timeout=20_000
    )
    details.hide()
    assert details._clip._reader is None
    details.show()
    details.show_items([item])
    assert details._clip._reader is not None
    details.show_items([])
    assert details._clip._reader is None
    details.shutdown()
