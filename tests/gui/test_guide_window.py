"""The guide opens at the page that is shown, turns to what is looked up, and follows links."""

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QTextBrowser,
    QToolButton,
    QTreeWidget,
)
from studio_driver import StudioDriver

from genstudio.services.guide import chapters


def heading(studio: StudioDriver) -> str:
    return studio.find("guide.text", QTextBrowser).toPlainText().partition("\n")[0]


def test_it_opens_at_the_page_that_is_shown(studio: StudioDriver) -> None:
    studio.find("rail.train", QToolButton).click()
    studio.find("rail.guide", QToolButton).click()
    assert heading(studio) == "Watching it learn"
    studio.find("rail.create", QToolButton).click()
    studio.window._actions["help.guide"].trigger()
    assert heading(studio) == "What can be made"
    assert len(studio.window.findChildren(QDialog, "dialog.guide")) == 1


def test_words_are_looked_up_and_found_again_in_the_chapter(studio: StudioDriver) -> None:
    studio.window._actions["help.guide"].trigger()
    listed = studio.find("guide.chapters", QListWidget)
    assert listed.count() == len(chapters()) + 1  # All keys.
    find = studio.find("guide.find", QLineEdit)
    find.setText("telemetry")
    assert listed.count() == 1
    assert heading(studio) == "Privacy"
    assert studio.find("guide.text", QTextBrowser).textCursor().selectedText() == "telemetry"
    find.setText("xylophone")
    assert listed.count() == 0
    assert studio.find("guide.nothing", QLabel).isVisibleTo(studio.find("dialog.guide", QDialog))
    find.clear()
    assert listed.count() == len(chapters()) + 1


def test_links_between_chapters_are_followed(studio: StudioDriver) -> None:
    studio.window._actions["help.guide"].trigger()
    text = studio.find("guide.text", QTextBrowser)
    text.anchorClicked.emit(QUrl("90-hardware.md"))
    assert heading(studio) == "Hardware"


def test_all_keys_are_a_chapter(studio: StudioDriver) -> None:
    studio.window._actions["help.guide"].trigger()
    listed = studio.find("guide.chapters", QListWidget)
    listed.setCurrentRow(listed.count() - 1)
    assert heading(studio) == "All keys"
    assert "Find anything" in studio.find("guide.text", QTextBrowser).toPlainText()


def test_the_about_box_names_licences_of_all_parts(studio: StudioDriver) -> None:
    studio.window._actions["help.about"].trigger()
    parts = studio.find("about.licences", QTreeWidget)
    rows = [parts.topLevelItem(row) for row in range(parts.topLevelItemCount())]
    told = {row.text(0): row.text(2) for row in rows if row}
    assert "LGPL-3.0" in told["Qt (inside PySide6)"]
    assert all(told.values())
