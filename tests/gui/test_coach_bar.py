"""The coach's bar: its newest word stays, says why, and offers what can be done and undone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot
from saved_runs import Opener, only_run, run_started, wait_for_end
from studio_driver import StudioDriver

from genstudio.domain import commands, events
from genstudio.domain.events import CHANGED, HEALTHY, Advice, CoachAction
from genstudio.domain.notices import Notice
from genstudio.services.records import Recorder
from genstudio.ui.state.training import Activity
from genstudio.ui.widgets.coach_bar import CoachBar

CALM = CoachAction(label="Calm the critic: 1", setting="gamma", value=1.0, before=0.5)
ALARM = Advice(
    step=400,
    level="warning",
    topic="collapse",
    title="The pictures are becoming alike",
    message="A calmer critic helps.",
    evidence="They differ 40% as much as yours do.",
    action=CALM,
)
CHANGE = Advice(
    step=401,
    level="info",
    topic=CHANGED,
    title="“Calm the critic” is now 1",
    message="It was 0.5.",
    action=CoachAction(label="Take it back", setting="gamma", value=0.5, before=1.0),
)
HEALTH = Advice(
    step=500,
    level="info",
    topic=HEALTHY,
    title="Healthy: pictures still improving.",
    message="Nothing was found.",
    evidence="KID 12; copies: 1%.",
)


@pytest.fixture
def bar(qtbot: QtBot) -> CoachBar:
    bar = CoachBar()
    qtbot.addWidget(bar)
    bar.resize(800, bar.sizeHint().height())
    bar.set_live(is_live=True)
    bar.show()
    return bar


def label(bar: CoachBar, name: str) -> QLabel:
    found = bar.findChild(QLabel, name)
    assert found is not None
    return found


def button(bar: CoachBar, name: str) -> QPushButton:
    found = bar.findChild(QPushButton, name)
    assert found is not None
    return found


def test_what_is_going_on_does_not_wipe_out_what_needs_care(bar: CoachBar) -> None:
    bar.show_verdict(ALARM)
    bar.say("Saved at step 410. Everything up to here is safe.")

    assert label(bar, "train.verdict").text() == ALARM.title
    assert label(bar, "train.coach").text().startswith("Saved at step 410")
    assert bar.property("role") == "alert"
    bar.show_verdict(HEALTH)
    assert label(bar, "train.verdict").text() == "Healthy: pictures still improving."
    assert bar.property("role") == ""


def test_nothing_jumps_whatever_it_says(bar: CoachBar) -> None:
    heights = {bar.minimumSizeHint().height(), bar.height()}
    for said in (ALARM, CHANGE, HEALTH, None):
        bar.show_verdict(said)
        bar.say("Saved at step 410. Everything up to here is safe.")
        heights.add(max(bar.minimumSizeHint().height(), bar.minimumHeight()))
    heights.discard(bar.minimumSizeHint().height())

    assert max(heights) <= bar.minimumHeight()


def test_why_shows_the_evidence_by_keyboard_and_to_screen_readers(
    bar: CoachBar, qtbot: QtBot
) -> None:
    bar.show_verdict(ALARM)
    verdict, why = label(bar, "train.verdict"), button(bar, "train.why")
    assert ALARM.message in verdict.accessibleName()
    assert verdict.accessibleDescription() == ALARM.evidence
    assert ALARM.title in why.accessibleName()

    why.setFocus()
    qtbot.keyClick(why, Qt.Key.Key_Space)
    popup = QApplication.activePopupWidget()
    assert popup is not None
    assert popup.hasFocus()
    evidence = popup.findChild(QLabel, "train.evidence")
    assert evidence is not None
    assert "step 400" in evidence.text()
    assert "40%" in evidence.text()
    assert "40%" in popup.accessibleDescription()
    told = " ".join(part.text() for part in popup.findChildren(QLabel))
    assert "gamma is 1 instead of 0.5" in told
    qtbot.keyClick(popup, Qt.Key.Key_Escape)
    assert not popup.isVisible()


def test_what_is_offered_is_done_once_and_can_be_taken_back(bar: CoachBar, qtbot: QtBot) -> None:
    wanted: list[CoachAction] = []
    bar.action_wanted.connect(wanted.append)
    act = button(bar, "train.coach_action")
    bar.show_verdict(ALARM)
    assert act.text() == "Calm the critic: 1"
    assert "gamma is 1 instead of 0.5" in act.toolTip()
    assert act.toolTip() in act.accessibleName()
    qtbot.keyClick(act, Qt.Key.Key_Space)
    assert wanted == [CALM]
    assert not act.isEnabled(), "until the run answers"

    bar.show_verdict(CHANGE)
    assert act.text() == "Take it back"
    bar.show_verdict(HEALTH)
    assert act.text() == "Take it back", "also when it has helped"
    qtbot.mouseClick(act, Qt.MouseButton.LeftButton)
    assert wanted[-1] == CHANGE.action
    bar.show_verdict(CHANGE.model_copy(update={"title": "“Calm the critic” is now 0.5"}))
    assert not act.isVisible(), "what was taken back needs no way back"


def test_a_run_that_has_ended_can_be_asked_why_and_no_longer_be_changed(bar: CoachBar) -> None:
    bar.show_verdict(ALARM)
    bar.set_live(is_live=False)

    assert button(bar, "train.why").isVisible()
    assert not button(bar, "train.coach_action").isVisible()
    bar.show_verdict(None)
    assert not button(bar, "train.why").isVisible()


# --- in the window ------------------------------------------------------------------------


@pytest.fixture
def send(monkeypatch: pytest.MonkeyPatch) -> Callable[[StudioDriver], list[commands.Command]]:
    def catch(studio: StudioDriver) -> list[commands.Command]:
        sent: list[commands.Command] = []
        monkeypatch.setattr(studio.window._training, "send", sent.append)
        return sent

    return catch


def test_actions_become_commands_of_the_run(
    open_project: Opener,
    project: Path,
    send: Callable[[StudioDriver], list[commands.Command]],
) -> None:
    studio = open_project()
    studio.go_to("train")
    sent, state = send(studio), studio.window._training
    state._on_events([run_started(only_run(project).path, 6), ALARM])
    studio.click("train.coach_action")
    stop = ALARM.model_copy(update={"action": CoachAction(label="Stop here"), "topic": "copying"})
    state._on_events([stop])
    studio.click("train.coach_action")

    assert sent == [commands.Change("gamma", 1.0), commands.Stop()]
    wait_for_end(studio)
    state._set_activity(Activity.IDLE)


def test_a_warning_is_a_message_only_where_nobody_sees_the_page(
    open_project: Opener, project: Path
) -> None:
    studio = open_project()
    state, run = studio.window._training, only_run(project).path
    notices: list[Notice] = []
    state.noticed.connect(notices.append)
    studio.go_to("train")
    state._on_events([run_started(run, 6), ALARM])
    assert notices == []
    studio.go_to("gallery")
    state._on_events([ALARM, HEALTH])
    assert [notice.title for notice in notices] == [ALARM.title]
    wait_for_end(studio)
    state._set_activity(Activity.IDLE)


def test_what_the_coach_said_is_shown_again_with_the_record(
    open_project: Opener, project: Path
) -> None:
    recorder = Recorder(only_run(project).path)
    for event in (HEALTH, ALARM):
        recorder.record(event)
    studio = open_project()
    studio.go_to("train")

    assert studio.text("train.verdict") == ALARM.title
    assert studio.find("train.why").isVisible()
    assert not studio.find("train.coach_action").isVisible()


def test_a_run_that_ended_early_says_why(studio: StudioDriver) -> None:
    page = studio.window._train_page
    page._on_ending(
        events.Finished(
            run=Path("run"), step=5, images_seen=5, seconds=60, checkpoint=Path("c"),
            reason="The pictures no longer become better",
        )
    )  # fmt: skip

    told = studio.text("train.coach")
    assert told.startswith("Finished after 60 s: the pictures no longer become better.")


def test_what_is_kept_back_is_not_missed(studio: StudioDriver) -> None:
    page = studio.window._train_page
    started = events.RunStarted(
        run=Path("run"), model="toy", device="CPU", precision="fp32", threads=1, num_images=64,
        num_parameters=3_100_000, step=0, num_held_out=16,
    )  # fmt: skip
    page._on_started(started)

    told = studio.text("train.coach")
    assert told.endswith("learns from 64 examples. 16 more are kept back, to judge it by.")
    page._on_started(started.model_copy(update={"num_held_out": 0}))
    assert studio.text("train.coach").endswith("learns from 64 examples.")


def test_the_stop_condition_is_chosen_in_the_form(studio: StudioDriver) -> None:
    studio.choose_model("Describe and redraw")
    studio.window._train_page.controls.choices._all.run.set_values({"stop_when": "either"})

    assert studio.window._train_page.controls.settings().stop_when == "either"
