"""The Compare page in the real window, on runs that were really trained."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHeaderView,
    QListWidget,
    QPushButton,
    QSpinBox,
    QTabWidget,
)
from pytestqt.qtbot import QtBot
from studio_driver import StudioDriver

from genstudio.app import build_window
from genstudio.data.samples import make_sample_folder
from genstudio.domain.notices import Level, Notice
from genstudio.domain.reports import FIGURES
from genstudio.domain.training import Budget
from genstudio.engine.trainer import NoCommands
from genstudio.services.presets import resolve_settings
from genstudio.services.training import NewRun, resume_run, start_run
from genstudio.ui.widgets.compare_cells import CELL, cell_height
from genstudio.ui.widgets.compare_table import CompareTable
from genstudio.ui.widgets.notice_bar import NoticeBar
from genstudio.ui.widgets.pair_list import PairList
from genstudio.ui.widgets.run_list import RunList

NUM_PICTURES = 40
Opener = Callable[..., StudioDriver]


def train(pictures: Path, project: Path, model_key: str, *, size: int = 32) -> None:
    settings = resolve_settings(
        preset="quick",
        model_key=model_key,
        training={
            "size": size,
            "batch": 4,
            "seed": 1,
            "preview_every_s": 0.01,
            "budget": {"unit": "steps", "amount": 2},
        },
    )
    for _ in start_run(NewRun(folder=pictures, project=project, settings=settings), NoCommands()):
        pass


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a run of each of two architectures; not to be changed."""
    folder = tmp_path_factory.mktemp("compare")
    for _ in make_sample_folder(folder / "flowers", count=NUM_PICTURES, size=48):
        pass
    for model_key in ("residual-vae", "self-supervised-gan"):
        train(folder / "flowers", folder / "Meadow", model_key)
    return folder / "Meadow"


@pytest.fixture
def two_runs(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "Two runs"))


@pytest.fixture
def open_compare(qtbot: QtBot) -> Iterator[Opener]:
    """Opens the window on a project and goes to the page."""
    opened: list[StudioDriver] = []

    def open_window(project: Path, num_runs: int) -> StudioDriver:
        window = build_window(project)
        qtbot.addWidget(window)
        window.resize(1280, 800)
        window.show()
        driver = StudioDriver(window, qtbot)
        opened.append(driver)
        driver.wait(lambda: window._training.entries)
        driver.wait(lambda: len(window._training.runs) == num_runs)
        driver.wait(lambda: not window._dataset.is_scanning)
        driver.go_to("compare")
        return driver

    yield open_window
    for driver in opened:
        driver.wait(lambda driver=driver: not driver.window._training.is_running)
        driver.window.close()


def compare(studio: StudioDriver) -> CompareTable:
    studio.click("compare.start")
    studio.wait(lambda: not studio.window._states.comparison.is_busy)
    assert studio.window._states.comparison.result is not None, notices(studio)
    return studio.find("compare.table", CompareTable)


def notices(studio: StudioDriver) -> list[Notice]:
    return studio.find("notices", NoticeBar)._queue


def rows(table: CompareTable) -> dict[str, list[str]]:
    """What each row says, column by column, by the first line of its header."""
    found: dict[str, list[str]] = {}
    for row in range(table.rowCount()):
        title = table.verticalHeaderItem(row).text().split("\n")[0]
        found[title] = [table.item(row, at).text() for at in range(table.columnCount())]
    return found


# --- nothing to compare ---------------------------------------------------------------------


def test_without_runs_the_page_says_what_to_do_and_offers_it(studio: StudioDriver) -> None:
    studio.go_to("compare")
    empty = studio.find("compare.empty")
    assert empty.isVisible()
    assert "Train a model first" in empty.accessibleDescription()
    (button,) = [button for button in empty.findChildren(QPushButton) if button.isVisible()]
    button.click()
    assert studio.find("page.train").isVisible()


def test_the_menu_leads_to_the_page(studio: StudioDriver) -> None:
    action = studio.window._actions["view.compare"]
    assert action.shortcut().toString() == "Ctrl+5"
    action.trigger()
    assert studio.find("page.compare").isVisible()


# --- choosing -------------------------------------------------------------------------------


def test_runs_are_chosen_with_the_keyboard(open_compare: Opener, two_runs: Path) -> None:
    studio = open_compare(two_runs, 2)
    runs = studio.find("compare.runs", RunList)
    start = studio.find("compare.start", QPushButton)
    assert runs.accessibleName()
    assert "Painter and critic" in runs.item(0).text()
    assert "step 2 · finished" in runs.item(0).text()
    assert len(runs.chosen()) == 2
    assert start.text() == "Compare 2 runs"

    runs.setFocus()
    runs.setCurrentRow(0)
    studio.qtbot.keyClick(runs, Qt.Key.Key_Space)
    assert start.text() == "Judge this run"
    studio.qtbot.keyClick(runs, Qt.Key.Key_Down)
    studio.qtbot.keyClick(runs, Qt.Key.Key_Space)
    assert not start.isEnabled()
    studio.wait(lambda: not runs.item(0).icon().isNull())


def test_a_click_anywhere_on_a_run_checks_it_once(open_compare: Opener, two_runs: Path) -> None:
    studio = open_compare(two_runs, 2)
    runs = studio.find("compare.runs", RunList)
    place = runs.visualItemRect(runs.item(0))
    for point in (place.center(), place.topLeft() + QPoint(16, place.height() // 2)):
        before = runs.item(0).checkState()
        studio.qtbot.mouseClick(runs.viewport(), Qt.MouseButton.LeftButton, pos=point)
        assert runs.item(0).checkState() != before


def test_a_run_of_which_nothing_is_saved_cannot_be_chosen(
    open_compare: Opener, two_runs: Path
) -> None:
    newest = sorted((two_runs / "runs").iterdir())[-1]
    shutil.rmtree(newest / "checkpoints")
    studio = open_compare(two_runs, 2)
    runs = studio.find("compare.runs", QListWidget)
    assert not runs.item(0).flags() & Qt.ItemFlag.ItemIsEnabled
    assert "Nothing of this run is saved" in runs.item(0).toolTip()
    assert studio.find("compare.start", QPushButton).text() == "Judge this run"


# --- comparing ------------------------------------------------------------------------------


def test_runs_stand_side_by_side(open_compare: Opener, two_runs: Path) -> None:
    studio = open_compare(two_runs, 2)
    table = compare(studio)
    told = rows(table)

    assert table.columnCount() == 2
    assert told["Architecture"] == ["Painter and critic", "Describe and redraw"]
    assert all("step 2" in words for words in told["Saved point"])
    assert all("million" in words for words in told["Weights"])
    assert told["Pictures compared"] == ["20 at 32 px"] * 2
    for card in FIGURES:
        assert all("floor" in words for words in told[card.title]), card.key
        # The mark is a word as well as a colour.
        assert any("best" in words.lower() for words in told[card.title]), card.key
    assert "same pictures" in studio.text("compare.note")
    assert not studio.find("compare.again").isVisible()


def test_what_follows_stands_above_the_figures(open_compare: Opener, two_runs: Path) -> None:
    studio = open_compare(two_runs, 2)
    assert not studio.find("compare.conclusions").isVisible()
    compare(studio)
    words = studio.text("compare.conclusions")
    assert "ahead" in words
    assert "Only 20 made pictures" in words
    # Of 40 pictures none was held out.
    assert "What is redrawn could not be judged" in words
    told = rows(studio.find("compare.table", CompareTable))
    assert all("at once" in cell for cell in told["Time of drawing"])
    assert "cannot redraw" in told["Faithfulness of redrawing"][0]
    assert "Too few pictures were held out" in told["Faithfulness of redrawing"][1]
    assert all("GB" in cell or "record" in cell for cell in told["Memory of training"])


def test_picking_blindly_is_remembered_and_told_among_what_follows(
    open_compare: Opener, two_runs: Path
) -> None:
    studio = open_compare(two_runs, 2)
    compare(studio)
    studio.click("compare.blind")
    studio.find("blind.count", QSpinBox).setValue(6)
    assert "Painter and critic" in studio.find("blind.first", QComboBox).currentText()
    assert "Describe and redraw" in studio.find("blind.second", QComboBox).currentText()
    studio.click("blind.start")
    studio.wait(lambda: "Pair 1 of 6" in studio.text("blind.where"))
    for _ in range(6):
        studio.click("blind.left")
    studio.click("blind.reveal")
    assert "of 6 pairs" in studio.text("blind.result")
    studio.click("blind.done")
    assert "Picked blindly" in studio.text("compare.conclusions")
    assert (two_runs / "blind_picks.jsonl").is_file()
    # The same is said when they are compared again.
    compare(studio)
    assert "of 6 pairs" in studio.text("compare.conclusions")


def test_every_row_explains_itself_to_all(open_compare: Opener, two_runs: Path) -> None:
    studio = open_compare(two_runs, 2)
    table = compare(studio)
    described = Qt.ItemDataRole.AccessibleDescriptionRole
    for row in range(table.rowCount()):
        header = table.verticalHeaderItem(row)
        assert header.toolTip()
        assert header.data(described) == header.toolTip()
        assert table.item(row, 0).data(described) == header.toolTip()
    table.setFocus()
    table.setCurrentCell(0, 0)
    for _ in range(table.rowCount() - 1):
        studio.qtbot.keyClick(table, Qt.Key.Key_Down)
    assert table.currentRow() == table.rowCount() - 1
    assert "Blur makes it larger" in studio.text("compare.explanation")


def test_nothing_is_cut_off(open_compare: Opener, two_runs: Path) -> None:
    studio = open_compare(two_runs, 2)
    table = compare(studio)
    studio.wait(lambda: table.rowHeight(0) > 100)
    header = table.verticalHeader()
    assert isinstance(header, QHeaderView)
    for row in range(table.rowCount()):
        needed = max(table.sizeHintForRow(row), header.sectionSizeFromContents(row).height())
        assert table.rowHeight(row) >= needed
    # In narrow columns, too, and as the cells are painted: the grid takes a pixel of each.
    for width in range(192, 260, 4):
        table.setColumnWidth(0, width)
        room = table.visualRect(table.model().index(6, 0)).width()
        needed = cell_height(table.item(6, 0).data(CELL), table.font(), room)
        assert table.sizeHintForRow(6) >= needed
    table._arrange()
    widths = sum(table.columnWidth(column) for column in range(table.columnCount()))
    assert widths <= table.viewport().width()


def test_the_nearest_pairs_are_shown(open_compare: Opener, two_runs: Path) -> None:
    studio = open_compare(two_runs, 2)
    compare(studio)
    studio.find("compare.tabs", QTabWidget).setCurrentIndex(1)
    pairs = studio.find("compare.pairs", PairList)
    assert pairs.count() >= 8
    assert not pairs.item(0).icon().isNull()
    assert "alarm below" in pairs.item(0).text()
    assert ".png" in pairs.item(0).text()
    # Eight of them without scrolling.
    assert pairs.viewport().rect().contains(pairs.visualItemRect(pairs.item(7)).center())
    first = pairs.item(0).text()
    which = studio.find("compare.copies_of", QComboBox)
    which.setCurrentIndex(1)
    assert pairs.item(0).text() != first
    assert "than the alarm" in studio.text("compare.copies")


def test_comparing_can_be_cancelled_and_what_was_found_stays(
    open_compare: Opener, two_runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_compare(two_runs, 2)
    compare(studio)
    found = studio.window._states.comparison.result
    shutil.rmtree(next((two_runs / "runs").iterdir()) / "evaluations")
    studio.click("compare.start")
    assert studio.find("compare.cancel").isVisible()
    studio.click("compare.cancel")
    studio.wait(lambda: not studio.window._states.comparison.is_busy)
    assert studio.window._states.comparison.result is found
    assert not notices(studio)
    assert studio.find("compare.start", QPushButton).isEnabled()


def test_comparing_goes_on_beside_a_training(open_compare: Opener, two_runs: Path) -> None:
    studio = open_compare(two_runs, 2)
    studio.go_to("train")
    studio.choose("train.unit", "steps")
    studio.set_number("train.budget", 100_000)
    studio.click("train.resume")
    studio.wait(lambda: "a second" in studio.text("status.state"))
    studio.go_to("compare")
    runs = studio.find("compare.runs", RunList)
    studio.wait(lambda: any("learning now" in runs.item(at).text() for at in range(2)))
    assert compare(studio).columnCount() == 2
    assert studio.window._training.is_running
    studio.click("train.stop")
    # What was saved at the end is newer than what was compared.
    studio.wait(lambda: studio.find("compare.again").isVisible())


def test_a_column_says_that_its_run_has_learned_on(open_compare: Opener, two_runs: Path) -> None:
    studio = open_compare(two_runs, 2)
    table = compare(studio)
    oldest = sorted((two_runs / "runs").iterdir())[0]
    for _ in resume_run(oldest, NoCommands(), budget=Budget(unit="steps", amount=5)):
        pass
    studio.window._training.reload_runs()
    studio.wait(lambda: studio.find("compare.again").isVisible())
    assert "Describe and redraw" in studio.text("compare.outdated")
    assert "saved at step 5 since" in table.horizontalHeaderItem(1).text()
    assert "since" not in table.horizontalHeaderItem(0).text()

    studio.click("compare.again")
    studio.wait(lambda: not studio.window._states.comparison.is_busy)
    studio.wait(lambda: not studio.find("compare.again").isVisible())
    assert "step 5" in rows(table)["Saved point"][1]


def test_a_run_that_was_removed_says_so(open_compare: Opener, two_runs: Path, trash: Path) -> None:
    studio = open_compare(two_runs, 2)
    table = compare(studio)
    studio.window._training.remove_run(studio.window._training.runs[0])
    studio.wait(lambda: "no longer" in table.horizontalHeaderItem(1).text())
    assert any(trash.iterdir())


def test_runs_of_different_sizes_are_not_ranked(
    open_compare: Opener, two_runs: Path, trained: Path
) -> None:
    train(trained.parent / "flowers", two_runs, "residual-vae", size=64)
    studio = open_compare(two_runs, 3)
    table = compare(studio)
    assert "different sizes" in studio.text("compare.note")
    assert not any("best" in words for words in rows(table)["Surface"])


# --- what goes wrong ------------------------------------------------------------------------


def test_too_few_pictures_are_explained(open_compare: Opener, project: Path) -> None:
    studio = open_compare(project, 1)
    studio.click("compare.start")
    studio.wait(lambda: notices(studio))
    (notice,) = notices(studio)
    assert notice.level is not Level.INFO
    assert "too few pictures" in notice.title
    assert "32 are needed" in notice.message
    assert studio.window._states.comparison.result is None
    assert studio.find("compare.start", QPushButton).isEnabled()


def test_a_damaged_run_is_named(
    open_compare: Opener, two_runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    oldest = sorted((two_runs / "runs").iterdir())[0]
    studio = open_compare(two_runs, 2)
    for weights in oldest.glob("checkpoints/*/ema.safetensors"):
        weights.write_bytes(b"torn")
    studio.click("compare.start")
    studio.wait(lambda: notices(studio))
    words = f"{notices(studio)[0].title} {notices(studio)[0].message}"
    assert oldest.name in words


# --- keeping --------------------------------------------------------------------------------


def test_the_report_is_saved_beside_older_ones(
    open_compare: Opener, two_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_compare(two_runs, 2)
    assert not studio.find("compare.save").isEnabled()
    compare(studio)
    out = tmp_path / "Bericht für Ä"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(out))
    for place in (out, out / "comparison-2"):
        studio.click("compare.save")
        studio.wait(lambda place=place: (place / "comparison.json").is_file())
        studio.wait(lambda: not studio.window._states.comparison.is_busy)
        record = json.loads((place / "comparison.json").read_text(encoding="utf-8"))
        assert [run["step"] for run in record["runs"]] == [2, 2]
        assert "data:image/png" in (place / "comparison.html").read_text(encoding="utf-8")
    studio.wait(lambda: notices(studio))
    assert str(out / "comparison.html") in notices(studio)[0].message


def test_another_project_forgets_what_was_found(
    open_compare: Opener, two_runs: Path, project: Path, tmp_path: Path
) -> None:
    studio = open_compare(two_runs, 2)
    compare(studio)
    other = Path(shutil.copytree(project, tmp_path / "Other"))
    assert studio.window._project.choose(other)
    assert studio.window._states.comparison.result is None
    assert not studio.find("compare.save").isEnabled()
    studio.wait(lambda: studio.find("compare.runs", QListWidget).count() == 1)
