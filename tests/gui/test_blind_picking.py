"""Picking blindly: keys, taking back, stopping; nothing tells which is which before the end."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSpinBox, QStackedWidget, QWidget
from pytestqt.qtbot import QtBot

from genstudio.domain.errors import CheckpointError
from genstudio.domain.notices import Notice
from genstudio.domain.progress import Progress
from genstudio.services.blind_picks import PickTally, State, added_up
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.studio_blind import BlindPairs, Candidate
from genstudio.ui.dialogs.blind_picking import BlindPickingDialog
from genstudio.ui.widgets.picture_view import PictureView

GAN = Candidate(Path("project/runs/gan"), 10, "Secret GAN, step 10", "Secret GAN")
VAE = Candidate(Path("project/runs/vae"), 20, "Secret VAE, step 20", "Secret VAE")
DARK, LIGHT = 40, 200


class Drawn(QObject):
    """Draws at once what is dark for the first and light for the second, and keeps tallies."""

    noticed = Signal(Notice)

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[PickTally] = []
        self.error: Exception | None = None
        self.can_keep = True

    def draw_pairs(
        self,
        first: Candidate,
        second: Candidate,
        count: int,
        on_items: Callable[[list[Progress | BlindPairs]], None],
        on_end: Callable[[JobEnded], None],
    ) -> Job[Progress | BlindPairs]:
        assert (first, second) == (GAN, VAE)
        on_items([Progress("Drawing pictures", 1, 2 * count)])
        if self.error is None:
            pair = (np.full((8, 8, 3), DARK, np.uint8), np.full((8, 8, 3), LIGHT, np.uint8))
            on_items([BlindPairs((pair,) * count)])
        on_end(JobEnded(self.error))
        return Job("nothing", lambda: iter(()))

    def keep_picks(self, tally: PickTally) -> bool:
        if self.can_keep:
            self.kept.append(tally)
        return self.can_keep

    def all_picks(self, first: State, second: State) -> PickTally | None:
        found = added_up(self.kept, (first, second))
        return found[0] if found else None


@pytest.fixture
def state() -> Drawn:
    return Drawn()


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1000, 700)
    window.show()
    return window


@pytest.fixture
def dialog(window: QWidget, state: Drawn) -> BlindPickingDialog:
    dialog = BlindPickingDialog(window, state, [GAN, VAE], (0, 1))
    # Kept, to be looked at after it was closed.
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    dialog.open()
    return dialog


def part(dialog: BlindPickingDialog, name: str, kind: type = QPushButton) -> QWidget:
    found = dialog.findChild(kind, name)
    assert found is not None, name
    return found


def begin(dialog: BlindPickingDialog, count: int = 8) -> None:
    part(dialog, "blind.count", QSpinBox).setValue(count)
    part(dialog, "blind.start").click()
    assert "Pair 1 of" in part(dialog, "blind.where", QLabel).text()


def shown(dialog: BlindPickingDialog) -> list[int]:
    """Brightness of the left and the right picture."""
    views = [part(dialog, f"blind.picture.{side}", PictureView) for side in ("left", "right")]
    return [view._image.pixelColor(0, 0).red() for view in views]


def take(qtbot: QtBot, dialog: BlindPickingDialog, brightness: int) -> None:
    key = (Qt.Key.Key_Left, Qt.Key.Key_Right)[shown(dialog).index(brightness)]
    qtbot.keyClick(dialog, key)


def test_who_always_takes_one_is_told_so_at_the_end_and_it_is_kept(
    qtbot: QtBot, dialog: BlindPickingDialog, state: Drawn
) -> None:
    begin(dialog)
    sides = []
    for _ in range(8):
        sides.append(shown(dialog).index(LIGHT))
        take(qtbot, dialog, LIGHT)
    assert sides.count(0) == 4
    assert not state.kept
    assert "Nothing is told" in part(dialog, "blind.where", QLabel).text()
    part(dialog, "blind.reveal").click()
    words = part(dialog, "blind.result", QLabel).text()
    assert "“Secret VAE” was liked more than “Secret GAN” in 8 of 8 pairs" in words
    assert "0.8 % of cases" in words
    (kept,) = state.kept
    assert (kept.first, kept.second) == (GAN.state, VAE.state)
    assert (kept.for_first, kept.for_second) == (0, 8)
    dialog.accept()
    assert len(state.kept) == 1


def test_nothing_tells_which_is_which_before_the_end(
    qtbot: QtBot, dialog: BlindPickingDialog
) -> None:
    begin(dialog)
    page = dialog.findChildren(QStackedWidget)[0].currentWidget()
    for _ in range(8):
        for widget in [page, *page.findChildren(QWidget)]:
            told = [
                widget.objectName(),
                widget.accessibleName(),
                widget.accessibleDescription(),
                widget.toolTip(),
                widget.windowTitle(),
                getattr(widget, "text", str)(),
            ]
            for word in ("gan", "vae", "Secret", "first", "second"):
                assert not any(word.lower() in text.lower() for text in told), told
        qtbot.keyClick(dialog, Qt.Key.Key_Left)


def test_space_and_down_say_that_there_is_no_difference(
    qtbot: QtBot, dialog: BlindPickingDialog, state: Drawn
) -> None:
    begin(dialog)
    qtbot.keyClick(dialog, Qt.Key.Key_Space)
    qtbot.keyClick(dialog, Qt.Key.Key_Down)
    part(dialog, "blind.neither").click()
    take(qtbot, dialog, DARK)
    part(dialog, "blind.reveal").click()
    assert "Too few" in part(dialog, "blind.result", QLabel).text()
    assert "No difference: 3." in part(dialog, "blind.result_details", QLabel).text()
    assert (state.kept[0].for_first, state.kept[0].undecided) == (1, 3)


def test_the_last_is_taken_back_also_at_the_end(
    qtbot: QtBot, dialog: BlindPickingDialog, state: Drawn
) -> None:
    begin(dialog, 6)
    assert not part(dialog, "blind.undo").isEnabled()
    qtbot.keyClick(dialog, Qt.Key.Key_Backspace)
    before = shown(dialog)
    take(qtbot, dialog, DARK)
    qtbot.keyClick(dialog, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert "Pair 1 of 6" in part(dialog, "blind.where", QLabel).text()
    assert shown(dialog) == before
    for _ in range(6):
        take(qtbot, dialog, LIGHT)
    assert not part(dialog, "blind.left").isEnabled()
    qtbot.keyClick(dialog, Qt.Key.Key_Left)
    part(dialog, "blind.undo").click()
    assert "Pair 6 of 6" in part(dialog, "blind.where", QLabel).text()
    take(qtbot, dialog, DARK)
    part(dialog, "blind.reveal").click()
    assert (state.kept[0].for_first, state.kept[0].for_second) == (1, 5)
    assert "No preference" in part(dialog, "blind.result", QLabel).text()


def test_what_was_picked_before_it_was_closed_counts(
    qtbot: QtBot, dialog: BlindPickingDialog, state: Drawn
) -> None:
    begin(dialog)
    take(qtbot, dialog, LIGHT)
    dialog.reject()
    assert [it.for_second for it in state.kept] == [1]


def test_closing_without_a_pick_keeps_nothing(dialog: BlindPickingDialog, state: Drawn) -> None:
    begin(dialog)
    dialog.reject()
    assert not state.kept


def test_all_sessions_are_told_together(
    qtbot: QtBot, dialog: BlindPickingDialog, state: Drawn
) -> None:
    state.kept.append(
        PickTally(
            first=VAE.state,
            second=GAN.state,
            for_first=2,
            for_second=9,
            undecided=0,
            when=datetime(2026, 11, 1, tzinfo=UTC),
        )
    )
    begin(dialog, 6)
    for _ in range(6):
        take(qtbot, dialog, LIGHT)
    part(dialog, "blind.reveal").click()
    details = part(dialog, "blind.result_details", QLabel).text()
    assert "With all 2 sessions" in details
    assert "“Secret GAN” was liked more than “Secret VAE” in 9 of 17 pairs" in details
    part(dialog, "blind.again").click()
    begin(dialog, 6)


def test_the_same_point_twice_is_no_choice(dialog: BlindPickingDialog) -> None:
    part(dialog, "blind.second", QComboBox).setCurrentIndex(0)
    assert not part(dialog, "blind.start").isEnabled()
    assert "two different" in part(dialog, "blind.trouble", QLabel).text()
    part(dialog, "blind.second", QComboBox).setCurrentIndex(1)
    assert part(dialog, "blind.start").isEnabled()


def test_what_cannot_be_drawn_is_told_and_another_can_be_chosen(
    dialog: BlindPickingDialog, state: Drawn
) -> None:
    state.error = CheckpointError("The checkpoint is damaged", "Its checksum differs.", "")
    part(dialog, "blind.start").click()
    assert "damaged" in part(dialog, "blind.trouble", QLabel).text()
    assert part(dialog, "blind.start").isVisible()
    state.error = None
    begin(dialog)


def test_what_cannot_be_kept_is_not_told_as_kept(
    qtbot: QtBot, dialog: BlindPickingDialog, state: Drawn
) -> None:
    begin(dialog)
    take(qtbot, dialog, LIGHT)
    state.can_keep = False
    part(dialog, "blind.reveal").click()
    assert part(dialog, "blind.result", QLabel).text() == ""
    state.can_keep = True
    part(dialog, "blind.reveal").click()
    assert len(state.kept) == 1
