"""The Create page: operations done with saved runs, what they need, and where results go."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSlider,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot
from saved_runs import Opener
from studio_driver import StudioDriver
from tiny_studio import forget_models, install_models

from genstudio.artifacts.image import read_recipe
from genstudio.domain import events
from genstudio.domain.notices import Notice
from genstudio.domain.pack_hints import how_to_get
from genstudio.domain.runs import RunSummary
from genstudio.engine.trainer import NoCommands
from genstudio.services import studio_operations
from genstudio.services.presets import resolve_settings
from genstudio.services.projects import is_project
from genstudio.services.studio_operations import OperationEntry
from genstudio.services.training import NewRun, start_run
from genstudio.ui.bridge import Bridge
from genstudio.ui.manners import exchanging
from genstudio.ui.pages.create import CreatePage
from genstudio.ui.pages.create_controls import CreateControls
from genstudio.ui.state.create import CreateState
from genstudio.ui.widgets import pixel_loader
from genstudio.ui.widgets.before_after import BeforeAfterView
from genstudio.ui.widgets.operation_cards import OperationCards
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid


def open_create(open_project: Opener, operation: str) -> StudioDriver:
    studio = open_project()
    studio.go_to("create")
    studio.wait(lambda: cards(studio).current_key())
    cards(studio).select(operation)
    return studio


def cards(studio: StudioDriver) -> OperationCards:
    return studio.find("create.operation", OperationCards)


def grid(studio: StudioDriver, name: str) -> ThumbnailGrid:
    return studio.find(name, ThumbnailGrid)


def names(studio: StudioDriver, of_grid: str) -> list[str]:
    keys = grid(studio, of_grid).keys()
    return [Path(key).name for key in keys]


def drop(widget: QWidget, *paths: Path) -> None:
    """Drop files on a widget, as a file manager does."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    widget.dropEvent(event)


def give(studio: StudioDriver, *paths: Path) -> None:
    before = studio.rows("create.inputs")
    drop(grid(studio, "create.inputs").parentWidget(), *paths)
    studio.wait(lambda: studio.rows("create.inputs") > before)


def make(studio: StudioDriver) -> list[str]:
    studio.click("create.start")
    studio.wait(lambda: not studio.window._states.create.is_busy)
    return names(studio, "create.results")


def notices(studio: StudioDriver) -> str:
    shown = studio.window._notice_bar._queue
    return " ".join(f"{notice.title}. {notice.message}" for notice in shown)


def menu_entry(menu: QMenu, words: str) -> None:
    (action,) = [action for action in menu.actions() if words in action.text()]
    action.trigger()


# --- what can be done -------------------------------------------------------------------


def test_cards_are_grouped_and_chosen_by_keyboard(open_project: Opener, qtbot: QtBot) -> None:
    studio = open_create(open_project, "generate")
    shown = cards(studio)
    headings = [shown.item(row).text() for row in range(shown.count()) if not is_card(shown, row)]
    assert headings[:2] == ["From a trained model → pictures", "From your pictures → pictures"]
    assert len(set(headings)) == len(headings)
    shown.setFocus()
    qtbot.keyClick(shown, Qt.Key.Key_Down)
    assert shown.current_key() == "explore"
    passed = 1
    while shown.current_key() != "blend" and passed < shown.count():
        qtbot.keyClick(shown, Qt.Key.Key_Down)
        passed += 1
    words = str(shown.currentItem().data(Qt.ItemDataRole.AccessibleTextRole))
    assert words.startswith("Blend pictures. From your pictures → pictures.")
    for _ in range(passed):
        qtbot.keyClick(shown, Qt.Key.Key_Up)
    assert shown.current_key() == "generate"


def test_what_is_looked_for_is_shown_with_its_heading(open_project: Opener, qtbot: QtBot) -> None:
    studio = open_create(open_project, "generate")
    shown = cards(studio)
    find = studio.find("create.find", QLineEdit)

    def visible() -> list[str]:
        return [
            shown.item(row).text() for row in range(shown.count()) if not shown.isRowHidden(row)
        ]

    everything = visible()
    qtbot.keyClicks(find, "Takes FRAMES clip")
    assert visible() == ["From your clips → pictures", "Frames of a clip"]
    assert shown.current_key() == "generate"
    find.setText("xyzzy")
    assert visible() == []
    find.clear()
    assert visible() == everything


def is_card(shown: OperationCards, row: int) -> bool:
    return shown.item(row).data(Qt.ItemDataRole.UserRole) is not None


def test_what_no_run_can_do_says_what_to_train(open_project: Opener) -> None:
    studio = open_create(open_project, "translate")
    empty = studio.find("create.empty")
    assert empty.isVisible()
    assert not studio.find("create.start").isVisible()
    assert "Translate by example" in empty.accessibleDescription()
    studio.click("create.train")
    assert studio.find("page.train").isVisible()


def test_before_the_operations_are_known_nothing_is_offered(qtbot: QtBot) -> None:
    controls = CreateControls(CreateState(Bridge()))
    qtbot.addWidget(controls)
    controls.show()
    assert not controls.findChild(QSpinBox, "create.seed").isVisible()
    assert "being made ready" in controls.findChild(QLabel, "create.reason").text()
    controls.shutdown()


def test_what_cannot_be_read_without_a_pack_says_so_before_files_are_looked_for(
    open_project: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio_operations, "is_missing", lambda key: key == "video")
    studio = open_create(open_project, "restyle-video")
    told = studio.text("create.reason")
    assert told.startswith("Needs the pack “video”. ")
    assert how_to_get("video") in told
    assert not studio.find("create.start").isEnabled()
    spoken = cards(studio).currentItem().data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Needs the pack “video”." in spoken
    # Films that are made need none: a WebP goes without.
    entries = studio.window._states.create.entries
    assert not entries["generate"].missing_pack


def test_the_status_bar_says_what_is_being_made(studio: StudioDriver) -> None:
    state = studio.window._states.create
    state.progressed.emit("Painting", 3, 10)
    assert studio.text("status.state") == "Painting: 3 of 10"
    state.busy_changed.emit()
    assert studio.text("status.state") == "Ready"


def test_without_a_project_it_leads_to_train(studio: StudioDriver) -> None:
    studio.go_to("create")
    studio.wait(lambda: cards(studio).current_key())
    assert studio.find("create.empty").isVisible()
    studio.qtbot.keyClick(studio.window, "3", Qt.KeyboardModifier.ControlModifier)
    assert studio.find("page.create").isVisible()


# --- doing it ---------------------------------------------------------------------------


def test_new_pictures_go_to_the_gallery_once(open_project: Opener, project: Path) -> None:
    studio = open_create(open_project, "generate")
    before = studio.rows("gallery.grid")
    studio.set_number("create.count", 3)
    studio.set_number("create.seed", 1005)
    assert make(studio) == ["1005.png", "1006.png", "1007.png"]
    assert studio.find("create.seed", QSpinBox).value() == 1005, "it is told what was made by"
    (folder,) = (project / "results").iterdir()
    assert folder.name.endswith("-generate")
    assert sorted(path.name for path in folder.iterdir()) == ["1005.png", "1006.png", "1007.png"]
    assert studio.text("create.status") == "3 results made."

    results = grid(studio, "create.results")
    results.select(results.keys()[1])
    assert studio.text("create.caption").startswith("1006.png")
    assert studio.find("create.send", QPushButton).text() == "Put 1 selected into the gallery"
    studio.click("create.send")
    studio.wait(lambda: studio.rows("gallery.grid") == before + 1)
    results.clearSelection()
    for _ in range(2):
        studio.click("create.send")
        studio.wait(lambda: not studio.window._states.create._others)
    assert studio.rows("gallery.grid") == before + 3
    assert "in gallery" in str(results.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole))


def test_a_result_is_made_again_from_where_it_is_shown_or_from_elsewhere(
    open_project: Opener, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_create(open_project, "generate")
    studio.set_number("create.count", 1)
    studio.set_number("create.seed", 9)
    make(studio)
    results = grid(studio, "create.results")
    results.select(results.keys()[0])
    studio.find("create.results").customContextMenuRequested.emit(QPoint(5, 5))
    menu = results.findChild(QMenu)
    assert menu is not None
    menu_entry(menu, "Make this again")
    studio.wait(lambda: "9.png was made again. It is the same" in notices(studio))

    changed = project.parent / "changed.png"
    with Image.open(results.keys()[0]) as image:
        text = PngInfo()
        for key, value in image.text.items():
            text.add_text(key, value)
        ImageOps.invert(image.convert("RGB")).save(changed, pnginfo=text)
    before = changed.read_bytes()
    monkeypatch.setattr(exchanging, "ask_for_made_file", lambda _: changed)
    studio.window._actions["project.make_again"].trigger()
    studio.wait(lambda: "changed.png is not what its recipe makes" in notices(studio))
    (aside,) = (project / "results").glob("*-remade/changed.png")
    assert str(aside) in notices(studio)
    assert changed.read_bytes() == before
    with Image.open(aside) as made, Image.open(results.keys()[0]) as first:
        assert np.array_equal(np.asarray(made), np.asarray(first))


def test_a_kept_seed_makes_the_same_again_and_earlier_results_stay(
    open_project: Opener, project: Path
) -> None:
    studio = open_create(open_project, "generate")
    studio.set_number("create.count", 1)
    studio.set_number("create.seed", 9)
    studio.find("create.keep_seed", QCheckBox).setChecked(True)
    assert make(studio) == ["9.png"]
    assert make(studio) == ["9.png"]
    batches = studio.find("create.batch", QComboBox)
    assert batches.count() == 2
    first, second = sorted((project / "results").glob("*/9.png"))
    assert np.array_equal(np.asarray(Image.open(first)), np.asarray(Image.open(second)))
    batches.setCurrentIndex(1)
    assert grid(studio, "create.results").keys() == [str(first)]


def test_results_are_there_again_when_the_project_is_opened(
    open_project: Opener, project: Path
) -> None:
    folder = project / "results" / "20260131-154500-generate"
    folder.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(folder / "1.png")
    (folder / "notes.txt").write_text("not a result")
    outside = project.parent / "elsewhere"
    outside.mkdir()
    Image.new("RGB", (8, 8)).save(outside / "2.png")
    (folder / "3.png").symlink_to(outside / "2.png")
    studio = open_create(open_project, "generate")
    studio.wait(lambda: studio.rows("create.results") == 1)
    assert names(studio, "create.results") == ["1.png"]
    title = studio.find("create.batch", QComboBox).currentText()
    assert title == "2026-01-31 15:45 · Make new ones"


def test_the_first_thing_that_is_made_makes_the_project(
    studio: StudioDriver, pictures: Path, tmp_path: Path
) -> None:
    studio.go_to("create")
    studio.wait(lambda: studio.window._states.create.entries)
    studio.window._pages.create.choose("upscale")
    give(studio, sorted(pictures.iterdir())[0])
    assert not is_project(tmp_path / "Meadow")
    studio.wait(studio.find("create.start").isEnabled)
    studio.click("create.start")
    studio.wait(lambda: studio.rows("create.results") == 1)
    assert is_project(tmp_path / "Meadow")
    assert studio.window.windowTitle().startswith("Meadow")


def test_where_no_project_can_be_made_nothing_is_made_and_why_is_told(
    studio: StudioDriver, pictures: Path, tmp_path: Path
) -> None:
    studio.go_to("create")
    studio.wait(lambda: studio.window._states.create.entries)
    studio.window._pages.create.choose("upscale")
    give(studio, sorted(pictures.iterdir())[0])
    (tmp_path / "Meadow").write_text("a file stands where the project would go")
    told: list[Notice] = []
    studio.window._states.project.failed.connect(told.append)
    studio.wait(studio.find("create.start").isEnabled)
    studio.click("create.start")
    assert ["is a file" in it.title for it in told] == [True]
    assert studio.find("create.start").isEnabled()
    assert studio.rows("create.results") == 0


def test_two_dropped_pictures_are_blended_and_used_again(
    open_project: Opener, pictures: Path
) -> None:
    studio = open_create(open_project, "blend")
    assert studio.text("create.reason") == "Still missing: pictures to blend."
    assert not studio.find("create.start").isEnabled()
    first, second, *_ = sorted(pictures.iterdir())
    give(studio, second)
    give(studio, first, second)
    assert names(studio, "create.inputs") == [second.name, first.name]
    studio.set_number("create.count", 4)
    assert make(studio) == ["0000.png", "0001.png", "0002.png", "0003.png"]
    made = [Path(key) for key in grid(studio, "create.results").keys()]  # noqa: SIM118
    recipe = read_recipe(made[2])
    assert recipe is not None
    assert [given.name for given in recipe.inputs] == [second.name, first.name]

    grid(studio, "create.results").select_keys([str(made[0]), str(made[3])])
    use = studio.find("create.use", QPushButton).menu()
    use.aboutToShow.emit()
    menu_entry(use, "Blend pictures")
    assert names(studio, "create.inputs") == ["0000.png", "0003.png"]


def test_a_folder_gives_all_its_pictures_and_they_are_taken_out(
    open_project: Opener, pictures: Path, qtbot: QtBot
) -> None:
    studio = open_create(open_project, "blend")
    give(studio, pictures)
    inputs = grid(studio, "create.inputs")
    assert studio.rows("create.inputs") == 24
    inputs.select_keys(inputs.keys()[2:])
    inputs.setFocus()
    qtbot.keyClick(inputs, Qt.Key.Key_Delete)
    assert studio.rows("create.inputs") == 2
    inputs.selectAll()
    studio.click("create.remove")
    assert studio.rows("create.inputs") == 0
    assert all(path.is_file() for path in pictures.iterdir())


def test_what_cannot_be_used_is_told(open_project: Opener, tmp_path: Path) -> None:
    studio = open_create(open_project, "blend")
    text = tmp_path / "notes.txt"
    text.write_text("words")
    drop(studio.find("page.create"), text, tmp_path / "missing.txt")
    studio.wait(lambda: "notes.txt, missing.txt cannot be used here" in notices(studio))
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"nothing")
    give(studio, broken)
    assert make(studio) == []
    studio.wait(lambda: "broken.png cannot be used" in notices(studio))
    assert studio.find("create.start").isEnabled()
    broken.unlink()
    assert make(studio) == []
    studio.wait(lambda: "broken.png cannot be read" in notices(studio))


def test_it_can_be_cancelled_and_what_was_made_stays(open_project: Opener, project: Path) -> None:
    studio = open_create(open_project, "generate")
    studio.set_number("create.count", 5000)
    studio.click("create.start")
    studio.wait(lambda: studio.rows("create.results") > 0)
    assert not studio.find("create.start").isEnabled()
    studio.click("create.cancel")
    studio.wait(lambda: not studio.window._states.create.is_busy)
    made = studio.rows("create.results")
    assert 0 < made < 5000
    assert "came before and stay" in studio.text("create.status")
    assert len(list((project / "results").glob("*/*.png"))) >= made


def test_it_goes_on_beside_a_training(open_project: Opener) -> None:
    studio = open_create(open_project, "generate")
    studio.go_to("train")
    studio.choose("train.unit", "steps")
    studio.set_number("train.budget", 100_000)
    studio.click("train.resume")
    studio.wait(lambda: studio.window._training.started)
    studio.go_to("create")
    studio.set_number("create.count", 2)
    assert len(make(studio)) == 2
    assert studio.window._training.is_running
    studio.go_to("train")
    studio.click("train.stop")
    studio.wait(lambda: studio.text("train.coach").startswith("Stopped"))


# --- where inputs come from -------------------------------------------------------------


def test_files_and_pictures_are_pasted(
    open_project: Opener, project: Path, pictures: Path, qtbot: QtBot
) -> None:
    studio = open_create(open_project, "blend")
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(sorted(pictures.iterdir())[0]))])
    QGuiApplication.clipboard().setMimeData(files)
    inputs = grid(studio, "create.inputs")
    inputs.setFocus()
    qtbot.keyClick(inputs, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    studio.wait(lambda: studio.rows("create.inputs") == 1)
    picture = QImage(9, 8, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.red)
    QGuiApplication.clipboard().setImage(picture)
    menu_entry(studio.find("create.add", QPushButton).menu(), "clipboard")
    studio.wait(lambda: studio.rows("create.inputs") == 2)
    (pasted,) = (project / "results" / "pasted").iterdir()
    assert inputs.keys()[1] == str(pasted)
    with Image.open(pasted) as read:
        assert (read.size, read.convert("RGB").getpixel((4, 4))) == ((9, 8), (255, 0, 0))
    QGuiApplication.clipboard().clear()


def test_pictures_of_the_gallery_go_in_from_both_sides(open_project: Opener) -> None:
    studio = open_create(open_project, "generate")
    studio.set_number("create.count", 2)
    make(studio)
    studio.click("create.send")
    studio.wait(lambda: studio.rows("gallery.grid") >= 2)
    cards(studio).select("blend")
    hung = grid(studio, "gallery.grid")
    hung.clearSelection()
    menu_entry(studio.find("create.add", QPushButton).menu(), "gallery")
    assert studio.find("page.gallery").isVisible()
    assert "Select pictures here first" in notices(studio)
    hung.select_keys(hung.keys()[:1])
    studio.go_to("create")
    menu_entry(studio.find("create.add", QPushButton).menu(), "gallery")
    assert names(studio, "create.inputs") == [Path(hung.keys()[0]).name]

    cards(studio).select("generate")
    studio.go_to("gallery")
    hung.select_keys(hung.keys()[1:2])
    hung.customContextMenuRequested.emit(QPoint(1, 1))
    # The menu of exports inside it is a child of its own.
    (menu,) = hung.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)
    menu_entry(menu, "Use in Create")
    menu.close()
    assert studio.find("page.create").isVisible()
    assert cards(studio).current_key() == "blend"
    assert names(studio, "create.inputs")[-1] == Path(hung.keys()[1]).name


# --- before and after -------------------------------------------------------------------


@pytest.fixture
def tiny_translator(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The catalogue knows a model that translates."""
    install_models(monkeypatch, **{"tiny-translator": "tiny_translator:TinyTranslator"})
    yield
    monkeypatch.undo()
    forget_models()


@pytest.fixture
def translator(tiny_translator: None, project: Path, tmp_path: Path, pictures: Path) -> None:
    """The project has a run of a model that translates."""
    pairs = pairs_of(pictures, tmp_path / "pairs")
    settings = resolve_settings(
        preset="quick",
        model_key="tiny-translator",
        training={"size": 32, "batch": 2, "budget": {"unit": "steps", "amount": 2}},
    )
    told = list(start_run(NewRun(folder=pairs, project=project, settings=settings), NoCommands()))
    assert isinstance(told[-1], events.Finished), told[-1]
    for manifest in project.glob("datasets/*/manifest.toml"):
        if not manifest.parent.name.startswith("pairs"):
            manifest.touch()  # The window shows what was learned from last.


def pairs_of(pictures: Path, folder: Path) -> Path:
    """Two folders of pictures that belong together by their names."""
    for name in ("lines", "paint"):
        (folder / name).mkdir(parents=True)
        for path in sorted(pictures.iterdir())[:6]:
            shutil.copy(path, folder / name / path.name)
    return folder


def test_a_translated_picture_is_compared_by_keyboard(
    translator: None, open_project: Opener, pictures: Path, qtbot: QtBot
) -> None:
    studio = open_create(open_project, "translate")
    assert studio.find("create.run", QComboBox).count() == 1
    given = sorted(pictures.iterdir())[0]
    give(studio, given)
    assert make(studio) == [given.with_suffix(".png").name]
    slider = studio.find("viewer.before_after", QSlider)
    studio.wait(slider.isVisible)
    assert slider.accessibleName() == "Before and after"
    view = studio.find("viewer.picture", BeforeAfterView)

    def middle() -> int:
        return view.grab().toImage().pixelColor(view.rect().center()).lightness()

    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    after = middle()
    qtbot.keyClick(slider, Qt.Key.Key_End)
    assert slider.value() == slider.maximum()
    assert abs(middle() - (255 - after)) < 30
    assert "100 %" in slider.accessibleDescription()
    view.split_dragged.emit(0.25)
    assert slider.value() == 25


def test_new_pictures_have_nothing_before_them(open_project: Opener) -> None:
    studio = open_create(open_project, "generate")
    studio.set_number("create.count", 1)
    make(studio)
    studio.wait(lambda: not studio.find("viewer.picture", BeforeAfterView)._image.isNull())
    assert not studio.find("viewer.before_after").isVisible()


def test_of_pictures_wanted_in_a_row_only_the_last_is_shown(qtbot: QtBot) -> None:
    goes_on = threading.Event()
    read: list[Path] = []

    def slow(path: Path) -> np.ndarray:
        read.append(path)
        goes_on.wait(60)
        if path.name == "broken":
            raise ValueError("no picture")
        return np.zeros((2, 2, 3), np.uint8)

    loader = pixel_loader.PixelLoader(slow)
    shown: list[list[pixel_loader.Pixels]] = []
    loader.loaded.connect(shown.append)
    for name in ("first", "second", "third"):
        loader.want([Path(name)])
    loader.want([Path("last"), Path("broken")])
    goes_on.set()
    qtbot.waitUntil(lambda: len(shown) == 1)
    assert isinstance(shown[0][0], np.ndarray)
    assert shown[0][1] == "no picture"
    assert Path("second") not in read
    loader.stop()


# --- what comes next --------------------------------------------------------------------


def test_what_has_just_learned_is_offered_to_whoever_comes_to_the_page(
    open_project: Opener,
) -> None:
    studio = open_create(open_project, "style-transfer")
    (run,) = studio.window._training.runs
    ended = events.Finished(
        run=run.path, step=run.step, images_seen=1, seconds=1.0, checkpoint=run.checkpoints[-1].path
    )
    studio.window._training.received.emit([ended])
    studio.window._training.runs_changed.emit()
    assert cards(studio).current_key() == "style-transfer", "whoever is on the page has chosen"

    studio.go_to("train")
    studio.window._training.received.emit([ended])
    studio.window._training.runs_changed.emit()
    assert cards(studio).current_key() == "generate"


def test_what_was_stopped_and_saved_is_offered_too(open_project: Opener) -> None:
    studio = open_create(open_project, "style-transfer")
    (run,) = studio.window._training.runs
    studio.go_to("train")
    stopped = events.Stopped(
        run=run.path, step=run.step, images_seen=1, seconds=1.0, checkpoint=run.checkpoints[-1].path
    )
    studio.window._training.received.emit([stopped])
    studio.window._training.runs_changed.emit()
    assert cards(studio).current_key() == "generate"


def test_a_project_opens_at_what_its_newest_model_can_do(
    open_project: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its model can do all but the first on the list.
    can = CreatePage._runs_for

    def runs_for(page: CreatePage, entry: OperationEntry) -> list[RunSummary]:
        return [] if entry.card.key == "generate" else can(page, entry)

    monkeypatch.setattr(CreatePage, "_runs_for", runs_for)
    studio = open_project()
    studio.wait(lambda: cards(studio).current_key() not in ("", "generate"))
    assert not studio.find("create.empty").isVisible()


def test_another_seed_is_taken_when_more_is_made(open_project: Opener) -> None:
    studio = open_create(open_project, "generate")
    studio.set_number("create.count", 1)
    studio.set_number("create.seed", 9)
    assert make(studio) == ["9.png"]
    assert make(studio) != ["9.png"]
    last = studio.find("create.seed", QSpinBox).value()
    studio.find("create.keep_seed", QCheckBox).setChecked(True)
    assert make(studio) == [f"{last}.png"]
