"""How commands speak: to programs in JSON, to people in words, and with an exit code."""

import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from rich.progress import Progress

from genstudio import console
from genstudio.console import explained, follow, print_json
from genstudio.domain import commands, events
from genstudio.domain.errors import DatasetError
from genstudio.services.session import CommandQueue, TrainingSession

RUN = Path("Meadow") / "runs" / "[bold]1[/bold]"


def step_done(step: int, *, seconds: float = 0.0, eta_s: float | None = 90.0) -> events.StepDone:
    return events.StepDone(
        step=step, images_seen=4 * step, losses={"loss": 0.125}, images_per_s=12.0,
        seconds=seconds, progress=0.5, eta_s=eta_s, memory_gib=1.0,
    )  # fmt: skip


STARTED = events.RunStarted(
    run=RUN, model="toy", device="CPU, 1 thread", precision="fp32", threads=1, num_images=16,
    num_parameters=1_500_000, step=0,
)  # fmt: skip
FINISHED = events.Finished(run=RUN, step=4, images_seen=16, seconds=1.0, checkpoint=RUN / "4")
STOPPED = events.Stopped(run=RUN, step=2, images_seen=8, seconds=1.0, checkpoint=RUN / "2")
FAILED = events.Failed(
    run=RUN, step=2, title="The disk is [full]", message="No space.", hint="Free some."
)


def session_of(*told: events.Event) -> TrainingSession:
    return TrainingSession(lambda _: iter(told))


def exit_code(action: Callable[[], object]) -> int:
    with pytest.raises(typer.Exit) as caught:
        action()
    return caught.value.exit_code


Output = pytest.CaptureFixture[str]


# Errors


def test_an_error_of_ours_is_said_in_words_and_exits_with_1(capsys: Output) -> None:
    def fail() -> None:
        with explained(as_json=False):
            raise DatasetError("There are [no] pictures", "It is empty.", "Choose another.")

    assert exit_code(fail) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["There are [no] pictures", "It is empty.", "Choose another."]


def test_programs_get_the_error_as_an_object(capsys: Output) -> None:
    def fail() -> None:
        with explained(as_json=True):
            raise DatasetError("There are no pictures – 草地", "It is\nempty.", "Choose another.")

    assert exit_code(fail) == 1
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    assert json.loads(out) == {
        "error": "There are no pictures – 草地",
        "message": "It is\nempty.",
        "hint": "Choose another.",
    }
    assert "There are no pictures" in err


def test_interrupting_exits_with_130(capsys: Output) -> None:
    def interrupted() -> None:
        with explained(as_json=True):
            raise KeyboardInterrupt

    assert exit_code(interrupted) == 130
    assert capsys.readouterr().out == ""


def test_mistakes_of_the_program_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), explained(as_json=False):
        _ = 1 / 0


def test_an_object_is_one_line_whatever_is_in_it(capsys: Output) -> None:
    print_json({"path": RUN, "text": 'two\nlines and a "quote"', "script": "草地"})
    line = capsys.readouterr().out

    assert line.count("\n") == 1
    assert "草地" in line
    assert json.loads(line)["path"] == str(RUN)


# Following a training


def test_programs_get_every_event_on_a_line_of_its_own(capsys: Output) -> None:
    told = [STARTED, step_done(1), step_done(2), FINISHED]
    assert follow(session_of(*told), as_json=True) == FINISHED

    lines = capsys.readouterr().out.splitlines()
    assert [events.parse_event(line) for line in lines] == told
    assert json.loads(lines[-1])["run"] == str(RUN)


def test_people_are_told_what_learns_from_what_and_how_it_ended(capsys: Output) -> None:
    follow(session_of(STARTED, FINISHED), as_json=False)
    out, err = capsys.readouterr()

    assert out == ""
    assert "toy with 1.5 million weights learns from 16 examples on CPU, 1 thread in fp32." in err
    assert f"Finished at step 4: {RUN}" in err


def test_a_failed_training_exits_with_1_and_says_why(capsys: Output) -> None:
    assert exit_code(lambda: follow(session_of(STARTED, FAILED), as_json=True)) == 1
    out, err = capsys.readouterr()

    assert events.parse_event(out.splitlines()[-1]) == FAILED
    assert all(words in err for words in ("The disk is [full]", "No space.", "Free some."))


def test_in_a_log_a_line_now_and_then_says_that_it_goes_on(capsys: Output) -> None:
    told = [step_done(step, seconds=10.0 * step) for step in range(8)]
    follow(session_of(*told, FINISHED), as_json=False)

    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("step ")]
    assert [line.split(":")[0] for line in lines] == ["step 0", "step 3", "step 6"]
    assert lines[0] == "step 0: 12 pictures/s, 0:01:30 left, loss 0.125"


def test_the_coach_is_heard(capsys: Output) -> None:
    said = events.Message(
        step=1, level="warning", title="It [stalls]", message="Look at it.", hint="Then go on."
    )
    follow(session_of(said, FINISHED), as_json=False)

    assert "It [stalls]. Look at it. Then go on." in capsys.readouterr().err


def test_that_all_is_well_is_heard_once_and_its_evidence_with_it(capsys: Output) -> None:
    well = [
        events.Advice(
            step=step, level="info", topic=events.HEALTHY, title="Healthy: well.",
            message="Nothing was found.", evidence=f"KID {step}.",
        )
        for step in (1, 2)
    ]  # fmt: skip
    follow(session_of(*well, FINISHED), as_json=False)

    told = capsys.readouterr().err
    assert told.count("Healthy: well. Nothing was found.") == 1
    assert "KID 1." in told


def test_why_a_run_ended_early_is_heard(capsys: Output) -> None:
    early = FINISHED.model_copy(update={"reason": "The pictures no longer become better"})
    follow(session_of(early), as_json=False)

    assert "Ended early, as asked: The pictures no longer become better." in capsys.readouterr().err


def test_on_a_terminal_there_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=120, color_system=None)
    monkeypatch.setattr(console, "people", terminal)
    preparing = events.Preparing(what="Reading the [pictures]", done=3, total=4)
    exit_code(lambda: follow(session_of(preparing, FAILED), as_json=False))
    assert "Reading the [pictures]" in screen.getvalue()
    assert "75 %" in screen.getvalue()

    follow(session_of(STARTED, step_done(2, eta_s=None), STOPPED), as_json=False)
    shown = screen.getvalue()
    assert "Training" in shown
    assert "12 pictures/s" in shown
    assert "Stopped and saved at step 2" in shown
    assert "\nstep 2" not in shown


def test_programs_see_no_bar() -> None:
    assert console.progress(hidden=True).disable


def test_an_error_outside_of_the_run_is_not_hidden() -> None:
    def broken(_: CommandQueue) -> Iterator[events.Event]:
        raise ImportError("no torch")

    with pytest.raises(ImportError, match="no torch"):
        follow(TrainingSession(broken), as_json=True)


def test_a_training_without_a_result_is_a_mistake_of_the_program() -> None:
    with pytest.raises(RuntimeError, match="without a result"):
        follow(session_of(STARTED), as_json=True)


# Interrupting


def until_stopped(source: CommandQueue, *, on_start: Callable[[], None]) -> Iterator[events.Event]:
    yield STARTED
    on_start()
    while not isinstance(source.poll(0.01), commands.Stop):
        yield step_done(1)
    yield STOPPED


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_saves_and_exits_with_130(capsys: Output, number: signal.Signals) -> None:
    session = TrainingSession(
        lambda source: until_stopped(source, on_start=lambda: os.kill(os.getpid(), number))
    )
    before = signal.getsignal(number)

    assert exit_code(lambda: follow(session, as_json=True)) == 130
    out, err = capsys.readouterr()
    assert events.parse_event(out.splitlines()[-1]) == STOPPED
    assert "Press Ctrl-C again" in err
    assert signal.getsignal(number) is before
    assert not session.is_running()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_the_second_signal_leaves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    left_with: list[int] = []
    monkeypatch.setattr(console.os, "_exit", left_with.append)

    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    def make_events(source: CommandQueue) -> Iterator[events.Event]:
        yield STARTED
        yield step_done(1)
        source.poll(10.0)
        yield STOPPED

    session = TrainingSession(make_events)
    real_show = console._TrainingDisplay.show

    def interrupt_while_shown(self: Any, event: events.Event) -> None:
        if isinstance(event, events.StepDone):
            twice()
        real_show(self, event)

    monkeypatch.setattr(console._TrainingDisplay, "show", interrupt_while_shown)

    assert exit_code(lambda: follow(session, as_json=True)) == 130
    assert left_with == [130]


def test_when_nobody_reads_any_more_the_training_is_stopped_and_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered: list[commands.Command | None] = []

    def make_events(source: CommandQueue) -> Iterator[events.Event]:
        yield STARTED
        answered.append(source.poll(10.0))
        yield STOPPED

    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    session = TrainingSession(make_events)
    monkeypatch.setattr(sys, "stdout", Closed())

    with pytest.raises(BrokenPipeError):
        follow(session, as_json=True)
    assert answered == [commands.Stop()]
    assert not session.is_running()


def test_a_note_is_optional() -> None:
    bar = Progress(console._NoteColumn())
    bar.add_task("any", note="12 left")
    bar.add_task("any")

    assert [console._NoteColumn().render(task).plain for task in bar.tasks] == ["12 left", ""]


# Pipes


def test_numbers_that_json_does_not_have_are_null(capsys: Output) -> None:
    print_json({"a": float("nan"), "b": [float("inf"), 1.5], "c": {"d": -float("inf")}, "e": "ä"})

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    out = capsys.readouterr().out
    assert json.loads(out, parse_constant=refuse) == {
        "a": None, "b": [None, 1.5], "c": {"d": None}, "e": "ä",
    }  # fmt: skip


def test_what_the_coach_says_is_one_line_in_a_log(capsys: Output) -> None:
    said = events.Advice(
        step=2, level="warning", title="The critic wins", message="word " * 60, topic="critic",
        evidence="figures " * 40,
    )  # fmt: skip
    follow(session_of(STARTED, said, FINISHED), as_json=False)
    lines = capsys.readouterr().err.splitlines()

    assert ("The critic wins. " + "word " * 60).rstrip() in [line.rstrip() for line in lines]
    assert ("  " + "figures " * 40).rstrip() in [line.rstrip() for line in lines]
