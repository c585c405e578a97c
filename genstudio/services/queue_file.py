"""The queue of a project as a file of it, and how it changes; knows nothing of training."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from genstudio.domain import events
from genstudio.domain.errors import ProjectError
from genstudio.domain.files import is_file, is_folder, read_file, write_text
from genstudio.domain.language import tr
from genstudio.domain.queue import MOST_ITEMS, ItemState, RunQueue
from genstudio.services.toml_files import refuse_newer

FILE = "queue.json"
FORMAT_VERSION = 1
_OBJECT = TypeAdapter(dict[str, Any])
_LARGEST_BYTES = 64 * 2**20


def load_queue(project: Path) -> RunQueue:
    """Read the queue of a project; an empty one if it has none.

    A run that was under way when the program ended waits again, and will go on where it was saved.

    Raises:
        ProjectError: The file is damaged, or a newer program wrote it. It is left as it is.
    """
    path = project / FILE
    if not is_file(path):
        return RunQueue(project=project)
    try:
        raw = _OBJECT.validate_json(read_file(path, largest_bytes=_LARGEST_BYTES))
        refuse_newer(raw, path, FORMAT_VERSION)
        queue = RunQueue.model_validate(raw)
    except OSError as error:
        raise ProjectError(
            tr("{name} cannot be read", name=path.name), f"{path}: {error.strerror}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ProjectError(
            tr("The queue cannot be read"),
            tr("{path} is damaged: {error}", path=path, error=str(error)[:500]),
            tr("Rename it to begin with an empty queue; your runs and pictures are not touched."),
        ) from error
    items = tuple(
        it.model_copy(update={"state": ItemState.WAITING}) if it.state is ItemState.RUNNING else it
        for it in queue.items
    )
    return queue.model_copy(update={"items": items})


def save_queue(project: Path, queue: RunQueue) -> None:
    """Write the queue of a project.

    Raises:
        ProjectError: The folder cannot be written to, or the queue is too long.
    """
    if len(queue.items) > MOST_ITEMS:
        raise ProjectError(
            tr("The queue is too long"),
            tr("It takes {most_items} runs.", most_items=MOST_ITEMS),
            tr("Remove some of them first."),
        )
    here = queue.model_copy(update={"project": project})
    content = {"format_version": FORMAT_VERSION, **here.model_dump(mode="json")}
    write_text(project / FILE, json.dumps(content, ensure_ascii=False, indent=1))


def words_of_moving(queue: RunQueue, project: Path) -> str:
    """A sentence where the project has moved since its queue was written; else empty."""
    if queue.project == project or not queue.items:
        return ""
    gone = sorted({str(it.folder) for it in queue.waiting() if not is_folder(it.folder)})
    missing = (
        tr(" Not there: {gone}.", gone=", ".join(gone))
        if gone
        else tr(" Its pictures are where they were.")
    )
    return tr(
        "The project was at {project} when its queue was made.{missing}",
        project=queue.project,
        missing=missing,
    )


def after(queue: RunQueue, item_id: str, event: events.Event) -> RunQueue:
    """The queue as it is after something was told of one of its runs."""
    match event:
        case events.RunStarted():
            return queue.changed(item_id, state=ItemState.RUNNING, run=event.run.name)
        case events.Finished():
            told = tr(
                "{step:,} steps in {seconds:.0f} minutes. {reason}",
                step=event.step,
                seconds=event.seconds / 60,
                reason=event.reason,
            )
            return queue.changed(item_id, state=ItemState.DONE, told=told.strip())
        case events.Stopped():
            told = tr("Stopped at step {step:,} and saved.", step=event.step)
            return queue.changed(item_id, state=ItemState.STOPPED, told=told)
        case events.Failed():
            told = f"{event.title}. {event.message} {event.hint}".strip()
            return queue.changed(item_id, state=ItemState.FAILED, told=told[:4000])
        case _:
            return queue


def queued_again(queue: RunQueue, item_id: str) -> RunQueue:
    """The queue with a run that has ended waiting once more; one that was begun goes on."""
    item = queue.find(item_id)
    is_new = item is None or item.state is ItemState.DONE
    update: dict[str, object] = {"state": ItemState.WAITING, "told": "", "fault": ""}
    return queue.changed(item_id, **update, **({"run": ""} if is_new else {}))
