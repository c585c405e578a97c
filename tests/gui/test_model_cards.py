"""Cards of models: how they are laid out and chosen."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from genstudio.domain.cards import ModelCard
from genstudio.ui.theme import DARK, LIGHT, apply_theme
from genstudio.ui.widgets.model_cards import ModelCards


def card(key: str, summary: str = "Makes pictures.") -> ModelCard:
    return ModelCard(
        key=key,
        title=f"Model {key}",
        summary=summary,
        family="GAN",
        cost="An hour",
        needs="100 pictures",
        paper=f"Paper {key}",
    )


LONG = "Two networks compete: one paints, the other tells its pictures from yours. " * 3
CARDS = [card("a"), card("b", LONG), card("c")]


@pytest.fixture
def page(qtbot: QtBot, qapp: QApplication) -> QWidget:
    apply_theme(qapp, "dark")
    page = QWidget()
    qtbot.addWidget(page)
    page.resize(320, 600)
    layout = QVBoxLayout(page)
    layout.addWidget(ModelCards())
    layout.addStretch(1)
    page.show()
    qtbot.waitExposed(page)
    return page


@pytest.fixture
def cards(page: QWidget) -> ModelCards:
    cards = page.findChild(ModelCards)
    cards.set_cards(CARDS)
    QApplication.processEvents()
    return cards


def place(cards: ModelCards, row: int) -> QPoint:
    return cards.visualItemRect(cards.item(row)).center()


def test_the_first_card_is_chosen_at_the_beginning(qtbot: QtBot) -> None:
    cards = ModelCards()
    qtbot.addWidget(cards)
    assert cards.current_key() == ""
    with qtbot.waitSignal(cards.keyChanged) as told:
        cards.set_cards(CARDS)
    assert (told.args, cards.current_key()) == (["a"], "a")


def test_click_and_arrows_choose(qtbot: QtBot, cards: ModelCards) -> None:
    with qtbot.waitSignal(cards.keyChanged) as told:
        qtbot.mouseClick(cards.viewport(), Qt.MouseButton.LeftButton, pos=place(cards, 2))
    assert told.args == ["c"]
    with qtbot.waitSignal(cards.keyChanged) as told:
        qtbot.keyClick(cards, Qt.Key.Key_Up)
    assert told.args == ["b"]


def test_other_cards_keep_the_choice_and_tell_only_a_change(
    qtbot: QtBot, cards: ModelCards
) -> None:
    told: list[str] = []
    cards.select("b")
    cards.keyChanged.connect(told.append)
    cards.set_cards(CARDS[1:])
    assert (cards.current_key(), told) == ("b", [])
    cards.set_cards([CARDS[2]])
    assert (cards.current_key(), told) == ("c", ["c"])
    cards.set_cards([])
    assert (cards.current_key(), told) == ("", ["c", ""])


def test_an_unknown_card_is_refused_with_those_there_are(cards: ModelCards) -> None:
    with pytest.raises(KeyError, match="a, b, c"):
        cards.select("z")


def test_all_cards_show_whole_at_any_width(qtbot: QtBot, cards: ModelCards) -> None:
    heights = []
    for width in (500, 320, 240):
        cards.window().resize(width, 600)
        qtbot.wait(10)
        last = cards.visualItemRect(cards.item(2))
        assert last.bottom() <= cards.viewport().height()
        assert cards.viewport().height() - last.bottom() < 8
        assert cards.verticalScrollBar().maximum() == 0
        assert cards.horizontalScrollBar().maximum() == 0
        heights.append(cards.height())
    assert heights[0] < heights[1] < heights[2], "narrower cards wrap more and grow"


def test_a_card_with_more_words_is_higher(cards: ModelCards) -> None:
    short, long = (cards.visualItemRect(cards.item(row)).height() for row in (0, 1))
    assert long > short + 30


def test_a_larger_font_makes_room(qtbot: QtBot, cards: ModelCards) -> None:
    before = cards.height()
    font = cards.font()
    font.setPointSizeF(font.pointSizeF() * 2)
    cards.setFont(font)
    qtbot.waitUntil(lambda: cards.height() > before * 1.5)


def test_the_chosen_card_alone_has_the_accent(qapp: QApplication, cards: ModelCards) -> None:
    def edge(row: int) -> QColor:
        point = cards.visualItemRect(cards.item(row)).topLeft() + QPoint(40, 5)
        return cards.viewport().grab().toImage().pixelColor(point)

    cards.select("c")
    assert edge(2).name() == DARK.accent
    assert edge(0).name() != DARK.accent
    apply_theme(qapp, "light")
    assert edge(2).name() == LIGHT.accent


def test_the_keyboard_can_be_seen_to_be_here(page: QWidget, cards: ModelCards) -> None:
    page.activateWindow()
    cards.clearFocus()
    without = cards.grab().toImage()
    cards.setFocus()
    assert cards.grab().toImage() != without


def test_screen_readers_get_all_the_words_and_tooltips_the_paper(cards: ModelCards) -> None:
    item = cards.item(0)
    words = item.data(Qt.ItemDataRole.AccessibleTextRole)
    assert words == "Model a, GAN. Makes pictures. An hour. 100 pictures."
    assert item.toolTip() == "Paper a"


def test_the_card_to_begin_with_is_marked_and_nothing_moves(cards: ModelCards) -> None:
    def look(row: int) -> QColor | object:
        return cards.grab(cards.visualItemRect(cards.item(row))).toImage()

    before, height = [look(row) for row in range(3)], cards.height()
    cards.set_suggested("c", "It suits 60 pictures.")
    assert cards.suggested_key() == "c"
    assert [look(row) == before[row] for row in range(3)] == [True, True, False]
    assert cards.height() == height
    assert cards.current_key() == "a", "a suggestion chooses nothing"
    words = cards.item(2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert words.endswith("It suits 60 pictures.")
    assert cards.item(2).toolTip().startswith("It suits 60 pictures.")

    cards.set_suggested("", "")
    assert [look(row) for row in range(3)] == before
    assert cards.item(2).toolTip() == "Paper c"


def test_what_can_be_used_comes_first_and_what_was_chosen_stays(page: QWidget) -> None:
    cards = page.findChild(ModelCards)
    assert cards is not None
    cards.set_cards(CARDS)
    cards.select("b")
    cards.set_suggested("c", "It suits.")
    seen: list[str] = []
    cards.keyChanged.connect(seen.append)

    cards.set_unfit({"a": "It learns from sounds."})
    assert [key for key, _ in cards.cards()] == ["b", "c", "a"]
    cards.set_unfit({})
    assert [key for key, _ in cards.cards()] == ["a", "b", "c"]
    assert cards.current_key() == "b"
    assert seen == []
    told = dict(cards.cards())["a"].data(Qt.ItemDataRole.AccessibleTextRole)
    assert "sounds" not in told
