"""What the window asks of the queue: each slow thing as a job that runs beside it."""

from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from genstudio.domain.datasets import ScanReport
from genstudio.domain.events import Event
from genstudio.domain.forecasts import Forecast
from genstudio.domain.progress import Progress, with_result
from genstudio.domain.queue import CheckedRun, QueuedRun, RunQueue, WhenDone
from genstudio.domain.training import TrainingSettings
from genstudio.services import power
from genstudio.services.jobs import Job
from genstudio.services.session import TrainingSession


def check(
    item: QueuedRun, project: Path, report: ScanReport | None = None, *, tries: bool = False
) -> Job[Progress | CheckedRun]:
    """Look whether a run can begin; gives progress, then the run with what was found.

    Args:
        item: The run.
        project: Folder of the project.
        report: A scan of its folder, if there is one.
        tries: Also take some steps, which tell whether it fits.
    """

    def items() -> Iterator[Progress | CheckedRun]:
        run_queue = import_module("genstudio.services.run_queue")
        yield from with_result(run_queue.checking(item, project, report, tries=tries))

    return Job("check-queued", items)


def check_fit(
    settings: TrainingSettings,
    project: Path,
    report: ScanReport,
    excluded: tuple[str, ...],
    modality: str | None,
) -> Job[Progress | Forecast]:
    """Take some steps of a run that is thrown away; gives progress, then what the whole needs."""

    def items() -> Iterator[Progress | Forecast]:
        training = import_module("genstudio.services.training")
        materials = import_module("genstudio.services.materials")
        catalog = import_module("genstudio.models.catalog")
        fitting = import_module("genstudio.services.fit_check")
        complete = training.complete_settings(settings)
        card = catalog.model_class(complete.model_key).card
        rest = materials.without(report, excluded)
        key = materials.choose_modality(rest, card, modality)
        manifest, _ = materials.freeze(report, excluded, key)
        yield from with_result(fitting.check_fit(complete, manifest, project))

    return Job("check-fit", items)


def do_when_done(wanted: WhenDone) -> Job[None]:
    """Put the computer to sleep, or shut it down: a system may take long to answer."""

    def items() -> Iterator[None]:
        power.do_when_done(wanted)
        yield from ()

    return Job("power", items)


def train(project: Path, item: QueuedRun, report: ScanReport | None = None) -> TrainingSession:
    """Train a run of the queue; one that was begun before goes on where it was saved.

    Args:
        project: Folder of the project.
        item: The run.
        report: A scan of its folder, if it was looked through just now.
    """

    def make_events(source: Any) -> Iterator[Event]:
        run_queue = import_module("genstudio.services.run_queue")
        yield from run_queue.do_item(item, project, source, report)

    return TrainingSession(make_events)


def write_report(queue: RunQueue, project: Path, since: datetime) -> Job[Path]:
    """Write what became of the runs; gives the page, if any run has ended."""

    def items() -> Iterator[Path]:
        report = import_module("genstudio.services.queue_report")
        page = report.write_report(queue, project, since)
        if page is not None:
            yield page

    return Job("queue-report", items)
