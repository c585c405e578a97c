"""What the window asks of the queue: each slow thing as a job that runs beside it."""

from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from genstudio.domain.datasets import ScanReport
from genstudio.domain.events import Event
from genstudio.domain.queue import QueuedRun, RunQueue
from genstudio.services.jobs import Job
from genstudio.services.session import TrainingSession


def check(item: QueuedRun, project: Path, report: ScanReport | None = None) -> Job[QueuedRun]:
    """Look whether a run can begin; gives it with what was found."""

    def items() -> Iterator[QueuedRun]:
        run_queue = import_module("genstudio.services.run_queue")
        yield run_queue.check(item, project, report)

    return Job("check-queued", items)


def train(project: Path, item: QueuedRun) -> TrainingSession:
    """Train a run of the queue; one that was begun before goes on where it was saved."""

    def make_events(source: Any) -> Iterator[Event]:
        run_queue = import_module("genstudio.services.run_queue")
        yield from run_queue.do_item(item, project, source)

    return TrainingSession(make_events)


def write_report(queue: RunQueue, project: Path, since: datetime) -> Job[Path]:
    """Write what became of the runs; gives the page, if any run has ended."""

    def items() -> Iterator[Path]:
        report = import_module("genstudio.services.queue_report")
        page = report.write_report(queue, project, since)
        if page is not None:
            yield page

    return Job("queue-report", items)
