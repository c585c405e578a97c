"""How commands speak: JSON on standard output for programs, the rest on standard error."""

import json
import math
import os
import queue
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from types import FrameType
from typing import Annotated, Any, TypeVar, cast

import typer
from rich.console import Console, ConsoleDimensions
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from genstudio.domain import events
from genstudio.domain.commands import Stop
from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr, trn
from genstudio.domain.progress import Working, drain
from genstudio.domain.reports import FIGURES
from genstudio.services.jobs import JobEnded
from genstudio.services.session import TrainingSession

T = TypeVar("T")
INTERRUPTED = 130
# Nothing went wrong; what was looked for is there, so that a script can act.
FOUND = 3
_POLL_S = 0.2
_SHOWN_PAIRS = 3
# Where no bar can be drawn, in a log, a line now and then says that it goes on.
_LOG_EVERY_S = 30.0
_PIPE_COLUMNS = 1_000_000

Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="A setting of the model or of the run; can be repeated."
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON object per line on standard output.")
]


class _Lines(Console):
    """A console that breaks no lines where a program or a file reads them."""

    @property
    def size(self) -> ConsoleDimensions:
        """As large as the terminal; into a pipe or a file, wider than any line."""
        return super().size if self.is_terminal else ConsoleDimensions(_PIPE_COLUMNS, 25)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size


people = _Lines(stderr=True, highlight=False)
results = _Lines(highlight=False)


@contextmanager
def explained(*, as_json: bool) -> Iterator[None]:
    """Say in words what went wrong, and leave with the exit code that belongs to it."""
    try:
        yield
    except GenStudioError as error:
        if as_json:
            print_json({"error": error.title, "message": error.message, "hint": error.hint})
        _say_failure(error.title, error.message, error.hint)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        people.print("Interrupted.")
        raise typer.Exit(INTERRUPTED) from None


def print_json(value: dict[str, Any]) -> None:
    """Write one object on a line of its own to standard output.

    In UTF-8; where the system has chosen another encoding for a pipe, in ASCII, which is the same
    in all of them.
    """
    escapes = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    try:
        line = json.dumps(value, ensure_ascii=escapes, default=str, allow_nan=False)
    except ValueError:
        line = json.dumps(_finite(value), ensure_ascii=escapes, default=str)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _finite(value: Any) -> Any:
    """The same with null for numbers that JSON does not have."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {key: _finite(entry) for key, entry in cast("dict[str, Any]", value).items()}
        case list() | tuple():
            return [_finite(entry) for entry in cast("Sequence[Any]", value)]
        case _:
            return value


def progress(*, hidden: bool) -> Progress:
    """A progress bar on standard error; hidden from programs and logs."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        _NoteColumn(),
        console=people,
        disable=hidden or not people.is_terminal,
    )


def loose_settings(pairs: list[str] | None) -> dict[str, Any]:
    """Read settings that were given as KEY=VALUE."""
    settings: dict[str, Any] = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(tr("“{pair}” is not KEY=VALUE.", pair=pair))
        settings[key.strip()] = value.strip()
    return settings


def run_with_progress(work: Working[T], *, as_json: bool) -> T:
    """Do long work to its end, show how far it is, and give its result."""
    with progress(hidden=as_json) as bar:
        task = bar.add_task(tr("Starting"), total=None)
        return drain(
            work,
            lambda step: bar.update(
                task, description=step.what, completed=step.done, total=step.total
            ),
        )


def print_figures(record: dict[str, Any]) -> None:
    """Print what an evaluation found as a table with a sentence on each figure."""
    table = Table("", "Value", "Floor", tr("What it means"), box=None)
    for card in FIGURES:
        figure = record[card.key]
        if figure is None:
            table.add_row(
                card.key, "—", "—", tr("Name the training pictures with --training to know.")
            )
            continue
        floor = f"{card.told(figure['floor'])} ± {card.told(figure['floor_sd'])}"
        table.add_row(card.key, card.told(figure["value"]), floor, figure["verdict"])
    results.print(table)
    results.print(
        tr(
            "{record} pictures on each side at {record2} px; SWD and KID × 1,000. The floor "
            "is what real pictures get against other real ones.",
            record=record["count"],
            record2=record["size"],
        ),
        markup=False,
        soft_wrap=True,
    )
    if "fid" in record:
        _print_fid(record["fid"])
    for pair in (record["copying"] or {"pairs": []})["pairs"][:_SHOWN_PAIRS]:
        line = tr(
            "  nearest: {pair} and {other} ({distance:.3f})",
            pair=pair["made"],
            other=pair["training"],
            distance=pair["distance"],
        )
        results.print(line, markup=False, soft_wrap=True)
    if record["unreadable"]:
        people.print(
            trn(
                "{number} file could not be read and is left out.",
                "{number} files could not be read and are left out.",
                len(record["unreadable"]),
            ),
            soft_wrap=True,
        )


def _print_fid(fid: dict[str, Any]) -> None:
    results.print(
        tr(
            "FID: {fid:.2f} clean, {legacy:.2f} legacy; {num_made:,} made pictures against "
            "{num_real:,} at {size} px, where papers take 50,000. Weights: {weights}, SHA-256 "
            "{sha256}.",
            fid=fid["clean"],
            legacy=fid["legacy"],
            num_made=fid["num_made"],
            num_real=fid["num_real"],
            size=fid["size"],
            weights=fid["weights"],
            sha256=fid["weights_sha256"],
        ),
        markup=False,
        soft_wrap=True,
    )


def follow(session: TrainingSession, *, as_json: bool) -> events.Finished | events.Stopped:
    """Start a training and show it until its end.

    Ctrl-C saves and stops; pressed again, it leaves at once.

    Raises:
        typer.Exit: The training failed (1), or was interrupted and is saved (130).
    """
    with _interrupts_as_stop(session) as was_interrupted, progress(hidden=as_json) as bar:
        ending = _show_until_end(session, _TrainingDisplay(bar), as_json=as_json)
    if isinstance(ending, events.Failed):
        _say_failure(ending.title, ending.message, ending.hint)
        raise typer.Exit(1)
    verb = tr("Stopped and saved") if isinstance(ending, events.Stopped) else tr("Finished")
    if isinstance(ending, events.Finished) and ending.reason:
        people.print(
            tr("Ended early, as asked: {reason}.", reason=ending.reason),
            markup=False,
            soft_wrap=True,
        )
    people.print(
        tr("{verb} at step {step}: {run}", verb=verb, step=ending.step, run=ending.run),
        markup=False,
        soft_wrap=True,
    )
    if was_interrupted():
        raise typer.Exit(INTERRUPTED)
    return ending


def _show_until_end(
    session: TrainingSession, display: "_TrainingDisplay", *, as_json: bool
) -> events.Terminal:
    session.start()
    try:
        while True:
            try:
                # With a limit, for Windows answers Ctrl-C between two waits only.
                event = session.events.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if isinstance(event, JobEnded):
                raise event.error or RuntimeError("training ended without a result")
            if as_json:
                print_json(json.loads(event.model_dump_json()))
            display.show(event)
            if isinstance(event, events.Terminal):
                return event
    finally:
        # Also when nobody reads standard output any more: what was learned is saved.
        session.send(Stop())
        session.join()


@contextmanager
def _interrupts_as_stop(session: TrainingSession) -> Iterator[Callable[[], bool]]:
    signals = 0

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal signals
        signals += 1
        # Only a person is in such a hurry; a system that shuts down may well say so twice.
        if signals > 1 and number == signal.SIGINT:
            os._exit(INTERRUPTED)
        session.send(Stop())
        # A terminal that was closed cannot be written to any more.
        with suppress(OSError):
            people.print(tr("Saving. Press Ctrl-C again to leave at once."))

    # The last is what a program is told when its terminal is closed; Windows has no such signal.
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    handled = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, on_signal) for number in handled}
    try:
        yield lambda: signals > 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _NoteColumn(ProgressColumn):
    """What a task has to say for itself, if anything."""

    def render(self, task: Task) -> Text:
        return Text(task.fields.get("note", ""))


class _TrainingDisplay:
    """Turns events into a bar, or into a line now and then where there is no terminal."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID = bar.add_task(tr("Starting"), total=None, note="")
        self._next_log_s = 0.0
        self._last_title = ""

    def show(self, event: events.Event) -> None:
        """Show what an event says."""
        match event:
            case events.Preparing():
                self._bar.update(
                    self._task, description=event.what, completed=event.done, total=event.total
                )
            case events.RunStarted():
                self._bar.reset(self._task, description=tr("Training"), total=1.0)
                people.print(
                    trn(
                        "{model} with {num_parameters:.1f} million weights "
                        "learns from {number:,} example on {device} in {precision}.",
                        "{model} with {num_parameters:.1f} million weights "
                        "learns from {number:,} examples on {device} in {precision}.",
                        event.num_images,
                        model=event.model,
                        num_parameters=event.num_parameters / 1e6,
                        device=event.device,
                        precision=event.precision,
                    ),
                    markup=False,
                    soft_wrap=True,
                )
            case events.StepDone():
                self._show_step(event)
            case events.Advice():
                self._show_advice(event)
            case events.Message():
                say(event.title, event.text)
            case _:
                pass

    def _show_advice(self, said: events.Advice) -> None:
        # That all is well is said after each measurement; once is enough in a log.
        if said.topic == events.HEALTHY and said.title == self._last_title:
            return
        self._last_title = said.title
        say(said.title, said.message)
        if said.evidence:
            people.print(f"  {said.evidence}", markup=False, soft_wrap=True)

    def _show_step(self, event: events.StepDone) -> None:
        parts = (
            [tr("{images_per_s:.0f} pictures/s", images_per_s=event.images_per_s)]
            if event.images_per_s
            else []
        )
        if event.eta_s is not None:
            parts.append(tr("{time} left", time=timedelta(seconds=round(event.eta_s))))
        parts += [
            tr("{name} {value:.3g}", name=name, value=value) for name, value in event.losses.items()
        ]
        note = ", ".join(parts)
        self._bar.update(self._task, completed=event.progress, note=note)
        if self._bar.disable and not people.is_terminal and event.seconds >= self._next_log_s:
            self._next_log_s = event.seconds + _LOG_EVERY_S
            people.print(
                tr("step {step}: {note}", step=event.step, note=note), markup=False, soft_wrap=True
            )


def say(title: str, text: str) -> None:
    """Tell a person, on standard error."""
    stop = "" if title.endswith((".", "!", "?")) else "."
    people.print(f"{title}{stop} {text}", markup=False, soft_wrap=True)


def _say_failure(title: str, message: str, hint: str) -> None:
    people.print(f"[bold red]{escape(title)}[/]", soft_wrap=True)
    for line in (message, hint):
        if line:
            people.print(line, markup=False, soft_wrap=True)
