"""The commands of the queue: runs that wait for each other, for a night."""

import json
import time
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from genstudio.cli_settings import (
    Batch,
    Folder,
    Minutes,
    Model,
    Preset,
    Size,
    Steps,
    scanned_and_fitted,
)
from genstudio.console import (
    INTERRUPTED,
    AsJson,
    Assignments,
    explained,
    follow,
    people,
    print_json,
    results,
    run_with_progress,
    say,
)
from genstudio.domain import events
from genstudio.domain.errors import GenStudioError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.queue import QueuedRun, RunQueue
from genstudio.services.session import TrainingSession

queue = typer.Typer(help="Runs that wait for each other, for a night.", no_args_is_help=True)

_GRACE_S = 15
_WAYS = {"nothing": "nothing", "sleep": "sleep", "shutdown": "shut down"}
Project = Annotated[Path, typer.Argument(help="Project folder.")]
Number = Annotated[int, typer.Argument(min=1, help="Place in the queue, from 1.")]


@queue.command("list")
def list_queue(project: Project, *, as_json: AsJson = False) -> None:
    """Show the queue of a project."""
    with explained(as_json=as_json):
        _show(_opened(project), as_json=as_json)


@queue.command()
def add(
    folder: Folder,
    *,
    project: Annotated[Path, typer.Option(help="Project folder; made if it is not there.")],
    model: Model,
    size: Size = None,
    batch: Batch = None,
    steps: Steps = None,
    minutes: Minutes = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Makes a run repeatable.")] = None,
    preset: Preset = "balanced",
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Look through a folder, fit the settings, try them, and put a run at the end of the queue."""
    from genstudio.models.catalog import model_class
    from genstudio.services.locks import ProjectLock
    from genstudio.services.projects import open_or_create
    from genstudio.services.queue_file import load_queue, save_queue
    from genstudio.services.run_queue import check

    with explained(as_json=as_json):
        report, settings = scanned_and_fitted(
            folder,
            model=model,
            preset=preset,
            training={"size": size, "batch": batch, "seed": seed},
            steps=steps,
            minutes=minutes,
            assignments=assignments,
            as_json=as_json,
        )
        card = model_class(settings.model_key).card
        opened = open_or_create(project, dataset=folder)
        with ProjectLock(opened.path):
            title = f"{card.title}, {folder.name}, {settings.size} px"
            item = QueuedRun(title=title, folder=folder.absolute(), settings=settings)
            item = check(item, opened.path, report, tries=True)
            now = load_queue(opened.path)
            now = now.model_copy(update={"items": (*now.items, item)})
            save_queue(opened.path, now)
        _show(now, as_json=as_json)


@queue.command()
def remove(project: Project, number: Number, *, as_json: AsJson = False) -> None:
    """Take a run out of the queue; what it has trained already stays."""
    with explained(as_json=as_json):
        _change(project, number, lambda now, it: now.without(it.id), as_json=as_json)


@queue.command()
def move(
    project: Project,
    number: Number,
    to: Annotated[int, typer.Argument(min=1, help="Its new place.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Move a run to another place of the queue."""
    with explained(as_json=as_json):
        _change(project, number, lambda now, it: now.moved(it.id, to - number), as_json=as_json)


@queue.command()
def again(project: Project, number: Number, *, as_json: AsJson = False) -> None:
    """Have a run that has ended wait once more; a stopped or failed one goes on."""
    from genstudio.services.queue_file import queued_again

    with explained(as_json=as_json):
        _change(project, number, lambda now, it: queued_again(now, it.id), as_json=as_json)


@queue.command()
def run(
    project: Project,
    *,
    then: Annotated[
        str, typer.Option(help="What the computer does after that: nothing, sleep, shutdown.")
    ] = "nothing",
    on_battery: Annotated[
        bool, typer.Option("--on-battery", help="Go on also while there is no mains.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train all that waits, one after another; what fails is told and passed over."""
    from genstudio.services.power import do_when_done, why_impossible
    from genstudio.services.queue_report import write_report

    with explained(as_json=as_json):
        wanted = _WAYS.get(then)
        if wanted is None:
            raise typer.BadParameter(tr("--then is one of: {ways}.", ways=", ".join(_WAYS)))
        if why := why_impossible(wanted):  # type: ignore[arg-type]  # one of the three
            raise SettingsError(tr("That is not possible here"), why, tr("Leave out --then."))
        began = datetime.now().astimezone()
        now = _work(project, on_battery=on_battery, as_json=as_json)
        page = write_report(now, now.project, began)
        if as_json:
            print_json({"report": str(page) if page else None, "states": _states(now)})
        elif page is not None:
            results.print(tr("Report: {page}", page=page), markup=False, soft_wrap=True)
        if wanted != "nothing":
            people.print(
                tr(
                    "The computer will {wanted} in {grace_s} s. Ctrl-C keeps it on.",
                    wanted=wanted,
                    grace_s=_GRACE_S,
                )
            )
            time.sleep(_GRACE_S)
            do_when_done(wanted)  # type: ignore[arg-type]  # one of the three


def _work(project: Path, *, on_battery: bool, as_json: bool) -> RunQueue:
    """Do all that waits, each checked just before; the queue is saved after each change."""
    from genstudio.services.first_pictures import hang_first_pictures
    from genstudio.services.locks import ProjectLock
    from genstudio.services.queue_file import save_queue
    from genstudio.services.run_queue import check

    with ProjectLock(_opened(project).project):
        now = _opened(project)
        while now.waiting():
            item = now.waiting()[0]
            checked = check(item, now.project)
            now = now.changed(item.id, **dict(checked))
            save_queue(now.project, now)
            if checked.fault:
                say(tr("“{title}” is passed over", title=item.title), checked.fault)
                continue
            ending = _follow(checked, now, on_battery=on_battery, as_json=as_json)
            now = _opened(project)
            if isinstance(ending, events.Finished):
                try:
                    run_with_progress(hang_first_pictures(ending.run), as_json=as_json)
                except GenStudioError as error:
                    say(
                        tr("The first pictures could not be hung: {title}", title=error.title),
                        error.message,
                    )
            elif isinstance(ending, events.Stopped):
                break  # A person wanted an end.
    return now


def _follow(
    item: QueuedRun, now: RunQueue, *, on_battery: bool, as_json: bool
) -> events.Terminal | None:
    """Train one; None where it failed, which is told already."""
    from genstudio.services.power import pausing_on_battery
    from genstudio.services.run_queue import do_recorded

    session = TrainingSession(partial(do_recorded, item, now.project))
    is_free = on_battery or not now.pauses_on_battery
    try:
        with nullcontext() if is_free else pausing_on_battery(session.send):
            return follow(session, as_json=as_json)
    except typer.Exit as leaving:
        if leaving.exit_code == INTERRUPTED:
            raise
        return None


def _opened(project: Path) -> RunQueue:
    from genstudio.services.projects import open_project
    from genstudio.services.queue_file import load_queue, words_of_moving

    path = open_project(project.absolute()).path
    now = load_queue(path)
    if told := words_of_moving(now, path):
        say(tr("The project has moved"), told)
    return now.model_copy(update={"project": path})


def _change(project: Path, number: int, change: Any, *, as_json: bool) -> None:
    from genstudio.services.locks import ProjectLock
    from genstudio.services.queue_file import save_queue

    now = _opened(project)
    with ProjectLock(now.project):
        if number > len(now.items):
            raise SettingsError(
                tr("There is no run {number} in the queue", number=number),
                tr("It has {num_items}.", num_items=len(now.items)),
                tr("“genstudio queue list PROJECT” shows them."),
            )
        now = change(now, now.items[number - 1])
        save_queue(now.project, now)
    _show(now, as_json=as_json)


def _show(now: RunQueue, *, as_json: bool) -> None:
    if as_json:
        print_json({"items": [json.loads(it.model_dump_json()) for it in now.items]})
        return
    table = Table("", "Run", "State", "For", tr("What was found"), box=None)
    for number, item in enumerate(now.items, start=1):
        told = item.fault or item.told
        table.add_row(str(number), item.title, item.state, str(item.settings.budget), told)
    results.print(table if now.items else tr("The queue is empty."))


def _states(now: RunQueue) -> dict[str, str]:
    return {it.title: it.state.value for it in now.items}
