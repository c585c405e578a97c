"""Texts in the window: read in the viewer, and while a model learns."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image
from pytestqt.qtbot import QtBot

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.domain.artifacts import TEXT, Artifact
from genstudio.domain.recipes import Recipe
from genstudio.services.records import preview_path, preview_words
from genstudio.services.written_previews import save_written
from genstudio.ui.viewers.text import TextViewer
from genstudio.ui.widgets.evolution import Evolution

RECIPE = Recipe(
    software="GenStudio", operation="generate", created=datetime(2026, 1, 1, tzinfo=UTC)
)


def test_the_viewer_shows_the_text_and_what_is_known_of_it(qtbot: QtBot, tmp_path: Path) -> None:
    viewer = TextViewer()
    qtbot.addWidget(viewer.widget)
    values = {"longest copy": 6.0, "usual": 5.0, "copied": "down to the river"}
    artifact = Artifact(kind=TEXT, data="The fox went out.\n\nIt was late.", seed=1, values=values)
    path = tmp_path / "a.txt"
    ARTIFACTS.get(TEXT).write(artifact, path, RECIPE)
    viewer.show_result(path, None)
    assert viewer._text.toPlainText() == "The fox went out.\n\nIt was late."
    assert "7 words" in viewer._words.text()
    assert "6, 5 are usual (“down to the river”)" in viewer._words.text()
    viewer.clear("Nothing yet.")
    assert viewer._text.toPlainText() == ""
    assert viewer._text.placeholderText() == "Nothing yet."


def test_what_a_model_writes_can_be_read_while_it_learns(qtbot: QtBot, tmp_path: Path) -> None:
    evolution = Evolution()
    qtbot.addWidget(evolution)
    sheet_HWC = np.zeros((8, 8, 3), np.uint8)
    for step, words in ((1, "a first"), (2, "and a second")):
        path = preview_path(tmp_path, step)
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(sheet_HWC).save(path)
        save_written(preview_words(path), [Artifact(kind=TEXT, data=words)])
        evolution.add_preview(step, path, sheet_HWC)
        assert evolution._shown.currentWidget() is evolution.page
        assert evolution.page.toPlainText() == words
    evolution._timeline.setValue(0)
    assert evolution.page.toPlainText() == "a first"
    # A preview without words is a picture again.
    path = preview_path(tmp_path, 3)
    Image.fromarray(sheet_HWC).save(path)
    evolution.go_back(2)
    evolution.add_preview(3, path, sheet_HWC)
    assert evolution._shown.currentWidget() is evolution.preview
