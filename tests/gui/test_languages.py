"""The window in other languages: whole, with room for all words, and chosen while it works."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from layout_faults import layout_faults
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel
from pytestqt.exceptions import TimeoutError as WaitedInVainError
from pytestqt.qtbot import QtBot
from saved_runs import Opener
from spoken_words import unspoken
from studio_driver import StudioDriver

from genstudio.app import Studio
from genstudio.domain.language import ENGLISH, LANGUAGES, PSEUDO, language, speak
from genstudio.services import studio as studio_services
from genstudio.services.notices import NoticeBoard
from genstudio.services.preferences import load_preferences
from genstudio.ui.qt_language import speak_in_qt
from genstudio.ui.studio_pages import PAGES

_PATIENCE_MS = 30_000
# The same in every language: names of kinds of models and of files, of what is read and written.
_NAMES = frozenset(
    ["GenStudio", "GAN", "VAE", "LoRA", "PNG", "flower", "png", "Language", *LANGUAGES.values()]
)
# Qt's own, which its translations have: there is none for the pseudo language.
_OF_QT = frozenset(["Scroll Left", "Scroll Right", "Clear", "Export...", "Export"])
# Projects that were open before, and where they lie.
_RECENT = re.compile(r"&\d |[/\\]|[A-Z]:")
# What is said in words of the program's files, of papers, or by Qt.
_ELSEWHERE = (
    "dataset.path",
    "train.project",
    "train.run",
    "train.verdict",
    "train.plot",
    "compare.runs",
)


@pytest.fixture
def speaking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Begins in another language; English comes back afterwards."""

    def begin(code: str) -> None:
        monkeypatch.setenv("GENSTUDIO_LANGUAGE", code)
        speak(code)

    yield begin
    speak(ENGLISH)


@pytest.fixture
def app(qapp: QApplication) -> QApplication:
    return qapp


def words_unspoken(studio: StudioDriver) -> dict[str, str]:
    papers = [entry.card.paper for entry in studio.window._training.entries.values()]
    words = _NAMES.union(*(re.findall(r"\w+", paper) for paper in papers))
    found: dict[str, str] = {}
    for page in PAGES:
        studio.click(f"rail.{page.key}")
        found |= unspoken(studio.window, words)
    return {
        text: where
        for text, where in found.items()
        if where not in _ELSEWHERE and text not in _OF_QT and not _RECENT.match(text)
    }


def test_every_word_of_an_empty_studio_is_looked_up(
    speaking: Callable[[str], None], request: pytest.FixtureRequest
) -> None:
    speaking(PSEUDO)
    studio: StudioDriver = request.getfixturevalue("studio")
    studio.wait(lambda: studio.window._training.entries)
    assert words_unspoken(studio) == {}


def test_every_word_around_a_run_is_looked_up(
    speaking: Callable[[str], None], open_project: Opener
) -> None:
    speaking(PSEUDO)
    studio = open_project()
    studio.wait(lambda: studio.window._training.runs)
    assert words_unspoken(studio) == {}


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != ENGLISH])
def test_all_words_have_room(
    code: str, speaking: Callable[[str], None], open_project: Opener
) -> None:
    speaking(code)
    studio = open_project()
    studio.wait(lambda: studio.window._training.runs)
    faults: list[str] = []
    for size in ((1024, 680), (1280, 800)):
        studio.window.resize(*size)
        for page in PAGES:
            studio.go_to(page.key)
            with suppress(WaitedInVainError):
                studio.qtbot.waitUntil(
                    lambda: not layout_faults(studio.window), timeout=_PATIENCE_MS
                )
            faults += [f"{page.key} at {size}: {it}" for it in layout_faults(studio.window)]
    assert not faults, "\n".join(faults)


def test_a_language_is_chosen_while_a_training_goes_on(
    app: QApplication,
    project: Path,
    qtbot: QtBot,
    speaking: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    speaking(ENGLISH)
    held = Studio(app, project, NoticeBoard())
    held.window.show()
    studio = StudioDriver(held.window, qtbot)
    studio.wait(lambda: held.window._training.entries and held.window._training.shown)
    studio.wait(lambda: held.window._dataset.report)
    studio.window._dataset.exclude(["flower-0003.png"])
    studio.go_to("train")
    studio.choose("train.unit", "steps")
    studio.set_number("train.budget", 100_000)
    studio.click("train.resume")
    studio.wait(lambda: held.window._training.started)
    before = held.window
    run = held.window._training.live_run
    said = [it.title for it in held.window._dataset.report.advice]
    looked: list[Path] = []
    monkeypatch.setattr(studio_services, "scan", lambda folder, *_: looked.append(folder))

    action = held.window.findChild(QAction, "view.language.de")
    assert action is not None
    action.trigger()
    studio.wait(lambda: held.window is not before)
    studio = StudioDriver(held.window, qtbot)
    assert language() == "de"
    assert held.window.isVisible()
    assert studio.find("page.train").isVisible()
    assert studio.find("rail.gallery").property("text") == "Galerie"
    assert held.window._training.live_run == run
    studio.wait(lambda: held.window._dataset.report)
    assert held.window._dataset.excluded == {"flower-0003.png"}
    # What is known of the folder is said in German; the folder is not looked through again.
    assert looked == []
    assert len(said) == len(held.window._dataset.report.advice)
    assert not set(said) & {it.title for it in held.window._dataset.report.advice}
    assert load_preferences().language == "de"
    qtbot.addWidget(held.window)

    studio.click("train.stop")
    studio.wait(lambda: not held.window._training.is_running)
    assert studio.text("train.coach").startswith("Bei Schritt")
    held.window.close()
    held.deleteLater()


@pytest.mark.parametrize(
    ("code", "places", "folder"),
    [("de", "&Suchen in:", "Verzeichnis"), ("fr", "&Chercher dans\N{NO-BREAK SPACE}:", "Dossier")],
)
def test_the_chooser_of_files_speaks_the_language(
    qtbot: QtBot, code: str, places: str, folder: str
) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    speak(code)
    speak_in_qt(app, code)
    try:
        chooser = QFileDialog()
        qtbot.addWidget(chooser)
        chooser.setOption(QFileDialog.Option.DontUseNativeDialog)
        labels = [it.text() for it in chooser.findChildren(QLabel)]
        assert places in labels
        assert "Files of &type:" not in labels
        assert app.translate("QAbstractFileIconProvider", "Folder") == folder
        assert app.translate("QFileDialog", "No such word of Qt's") == "No such word of Qt's"
    finally:
        speak(ENGLISH)
        speak_in_qt(app, ENGLISH)
    assert app.translate("QAbstractFileIconProvider", "Folder") == "Folder"
