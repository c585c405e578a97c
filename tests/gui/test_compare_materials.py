"""The Compare page with runs that make no pictures: seen, heard and read."""

from pathlib import Path

from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QTabWidget
from pytestqt.qtbot import QtBot
from studio_driver import StudioDriver
from tiny_studio import save_sounds, save_texts, small_settings, steps

from genstudio.app import build_window
from genstudio.domain import events
from genstudio.engine.trainer import NoCommands
from genstudio.services.training import NewRun, start_run
from genstudio.ui.widgets.compare_table import CompareTable
from genstudio.ui.widgets.player_bar import PlayerBar
from genstudio.ui.widgets.run_list import RunList, RunRow


def two_runs(folder: Path, project: Path, model_key: str, **model: int) -> Path:
    for seed in (1, 2):
        settings = small_settings(model_key, budget=steps(2), seed=seed, model=model, held_out=0.2)
        request = NewRun(folder=folder, project=project, settings=settings)
        *_, last = start_run(request, NoCommands())
        assert isinstance(last, events.Finished), last
    return project


def compared(qtbot: QtBot, project: Path) -> StudioDriver:
    window = build_window(project)
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    studio = StudioDriver(window, qtbot)
    studio.wait(lambda: window._training.entries)
    studio.wait(lambda: len(window._training.runs) == 2)
    studio.wait(lambda: not window._dataset.is_scanning)
    studio.go_to("compare")
    studio.click("compare.start")
    studio.wait(lambda: not window._states.comparison.is_busy)
    assert window._states.comparison.result is not None
    return studio


def rows(table: CompareTable) -> dict[str, list[str]]:
    return {
        table.verticalHeaderItem(row).text().split("\n")[0]: [
            table.item(row, at).text() for at in range(table.columnCount())
        ]
        for row in range(table.rowCount())
    }


def visible_tabs(studio: StudioDriver) -> list[str]:
    tabs = studio.find("compare.tabs", QTabWidget)
    return [tabs.tabText(at) for at in range(tabs.count()) if tabs.isTabVisible(at)]


def test_sounds_are_compared_and_heard(qtbot: QtBot, tmp_path: Path) -> None:
    folder = save_sounds(tmp_path / "sounds", 60)
    project = two_runs(folder, tmp_path / "Meadow", "spectrogram-vae", width=16, latent_size=8)

    studio = compared(qtbot, project)

    told = rows(studio.find("compare.table", CompareTable))
    assert next(iter(told)) == "Results"
    assert all("held-out ones" in cell for cell in told["Distance to what it learned"])
    assert all("64 results" in cell for cell in told["Judged by"])
    assert "same material" in studio.text("compare.note")
    assert studio.text("compare.conclusions")
    assert visible_tabs(studio) == ["Side by side", "Results"]
    studio.find("compare.tabs", QTabWidget).setCurrentIndex(2)
    player = studio.find("compare.player", PlayerBar)
    assert player.isVisible()
    first = player._path
    assert first is not None
    assert first.read_bytes().startswith(b"fLaC")
    assert "kHz" in studio.find("compare.results", QPlainTextEdit).toPlainText()
    studio.find("compare.results_of", QComboBox).setCurrentIndex(1)
    assert player._path not in (None, first)
    studio.window.close()
    assert not first.exists()


def test_texts_are_compared_and_read(qtbot: QtBot, tmp_path: Path) -> None:
    folder = save_texts(tmp_path / "texts", 250)
    project = two_runs(folder, tmp_path / "Meadow", "text-transformer", width=32, depth=1)

    studio = compared(qtbot, project)

    told = rows(studio.find("compare.table", CompareTable))
    assert all("n-gram" in cell for cell in told["Surprise at texts it never read"])
    # After two steps, whoever counts knows more.
    assert "more surprised" in studio.text("compare.conclusions")
    studio.find("compare.tabs", QTabWidget).setCurrentIndex(2)
    assert not studio.find("compare.player", PlayerBar).isVisible()
    assert len(studio.find("compare.results", QPlainTextEdit).toPlainText()) > 200
    studio.window.close()


def test_at_first_runs_of_one_material_are_checked(qtbot: QtBot) -> None:
    runs = RunList()
    qtbot.addWidget(runs)
    texts = [row("new", "texts"), row("old", "texts"), row("oldest", "texts")]

    runs.set_rows([texts[0], row("sung", "sound"), *texts[1:]])

    assert [path.name for path in runs.chosen()] == ["new", "old"]
    runs.shutdown()


def row(name: str, material: str) -> RunRow:
    return RunRow(
        path=Path(name), title=name, details="", preview=None, picture_px=64, material=material
    )
