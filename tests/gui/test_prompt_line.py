"""The line for a prompt: completion, and what a prompt is taken for."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from genstudio.domain.runs import RunSummary
from genstudio.models.text_to_image.word_flow import WordFlowSampling
from genstudio.ui.forms import SettingsForm
from genstudio.ui.widgets.prompt_line import PromptLine

WORDS = ("red", "circle", "round", "ring", "square")


@pytest.fixture
def prompt(qtbot: QtBot) -> PromptLine:
    line = PromptLine(WORDS)
    qtbot.addWidget(line)
    line.show()
    return line


def note(line: PromptLine) -> str:
    label = line.findChild(QLabel, "prompt.note")
    assert isinstance(label, QLabel)
    return label.text()


def test_it_says_which_words_are_known(prompt: PromptLine) -> None:
    assert note(prompt) == "It knows 5 words: red, circle, round, ring, square"


def test_it_offers_words_that_complete_the_one_that_was_begun(
    prompt: PromptLine, qtbot: QtBot
) -> None:
    qtbot.keyClicks(prompt.line, "red r")

    assert prompt.offered() == ["red", "round", "ring"]
    prompt._completer.activated.emit("ring")
    assert prompt.text() == "red ring "
    assert prompt.offered() == []


def test_a_word_is_completed_in_the_middle(prompt: PromptLine, qtbot: QtBot) -> None:
    prompt.set_text("ci square")
    prompt.line.setCursorPosition(2)

    assert prompt.offered() == ["circle"]
    prompt._completer.activated.emit("circle")
    assert prompt.text() == "circle square"


def test_it_says_what_an_unknown_word_is_taken_for(prompt: PromptLine, qtbot: QtBot) -> None:
    with qtbot.waitSignal(prompt.changed):
        qtbot.keyClicks(prompt.line, "cirle dragon")

    assert note(prompt) == (
        "Read as: circle (“cirle” is taken for “circle”; “dragon” is not known and left out)."
    )


def test_ten_thousand_characters_are_taken_and_told(prompt: PromptLine) -> None:
    prompt.set_text("red " * 2500)

    assert "only the first 32 words are read" in note(prompt)


def test_a_form_shows_a_prompt_where_there_are_words_only(qtbot: QtBot) -> None:
    form = SettingsForm(WordFlowSampling, choices={"words": WORDS, "kinds": ()})
    bare = SettingsForm(WordFlowSampling, choices={"words": (), "kinds": ()})
    for it in (form, bare):
        qtbot.addWidget(it)

    assert "prompt" not in bare.values()
    form.set_values({"prompt": "red ring"})
    line = form.findChild(PromptLine)
    assert isinstance(line, PromptLine)
    assert line.line.objectName() == "setting.prompt"
    qtbot.keyClick(line.line, Qt.Key.Key_End)
    qtbot.keyClicks(line.line, " square")
    assert form.values()["prompt"] == "red ring square"


def test_a_run_offers_its_words_in_their_order() -> None:
    fields = RunSummary.model_fields
    assert {"kinds", "words"} <= set(fields)
    summary = RunSummary.model_construct(kinds={}, words={"red": 3, "blue": 1})
    assert summary.choices == {"kinds": (), "words": ("red", "blue")}
