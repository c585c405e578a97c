"""The commands about the machine: what it can do, and helping another process on it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from genstudio.console import AsJson, explained, people, print_json, results
from genstudio.domain.language import tr

# What needs torch is imported by the command that needs it: `--help` answers at once.


def doctor(
    *,
    bundle: Annotated[
        Path | None,
        typer.Option(help="Also write the report to this file, without pictures or private paths."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Examine this machine: devices, versions, space, rights, and how to mend what is missing."""
    from genstudio.services.doctor import Verdict, examine, write_bundle

    colors = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.PROBLEM: "bold red"}
    findings = []
    for finding in examine():
        findings.append(finding)
        if as_json:
            print_json(asdict(finding))
            continue
        detail = escape(finding.detail)
        results.print(
            f"[{colors[finding.verdict]}]{finding.verdict.value:8}[/]{finding.name}: {detail}",
            soft_wrap=True,
        )
        if finding.hint:
            results.print(f"        {finding.hint}", markup=False, soft_wrap=True)
    with explained(as_json=as_json):
        if bundle is not None:
            place = write_bundle(findings, bundle)
            people.print(tr("The report is in {place}", place=place), markup=False, soft_wrap=True)
    if any(finding.verdict is Verdict.PROBLEM for finding in findings):
        raise typer.Exit(1)


def worker() -> None:
    """Help another process of the program to train."""
    from genstudio.services.launcher import run_as_worker
    from genstudio.services.run_jobs import workers_job

    with explained(as_json=False):
        run_as_worker(workers_job)


def fit_probe() -> None:
    """Take some steps of a run for another process of the program."""
    from genstudio.services.fit_probe import run_fit_probe

    with explained(as_json=False):
        run_fit_probe()


def sound_player() -> None:
    """Play sounds for a window of the program."""
    from genstudio.services.sound_device import run_sound_player

    run_sound_player()
