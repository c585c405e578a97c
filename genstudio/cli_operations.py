"""The commands that list what can be done, and do it."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from genstudio.console import (
    FOUND,
    AsJson,
    Assignments,
    explained,
    loose_settings,
    people,
    print_json,
    progress,
    results,
)
from genstudio.domain.language import tr, trn

# What needs torch is imported by the command that needs it: `--help` answers at once.


def operations(*, as_json: AsJson = False) -> None:
    """List what can be done: what goes in, what comes out, and whether a trained run is needed."""
    from genstudio.services.operations.catalog import OPERATIONS

    found = list(OPERATIONS.entries())
    for entry in found:
        if entry.error is not None:
            people.print(str(entry.error), markup=False, soft_wrap=True)
    cards = [entry.value.card for entry in found if entry.value is not None]
    if as_json:
        for card in cards:
            inputs = [
                {"name": it.name, "kind": it.kind, "minimum": it.minimum, "maximum": it.maximum}
                for it in card.inputs
            ]
            print_json(
                {
                    "key": card.key,
                    "title": card.title,
                    "summary": card.summary,
                    "inputs": inputs,
                    "output": card.output,
                    "others": list(card.others),
                    "needs_run": card.needs_run,
                }
            )
        return
    table = Table(
        Column(tr("Key"), no_wrap=True),
        tr("From"),
        tr("To"),
        tr("Needs a run"),
        tr("What it is for"),
        box=None,
    )
    for card in cards:
        taken = ", ".join(it.kind for it in card.inputs) or "—"
        made = ", ".join((card.output, *card.others))
        table.add_row(
            card.key, taken, made, tr("yes") if card.needs_run else tr("no"), card.summary
        )
    results.print(table)


def apply(
    operation: Annotated[str, typer.Argument(help="Key of an operation, see `operations`.")],
    inputs: Annotated[
        list[Path] | None, typer.Argument(help="Files, or folders of files, that it works on.")
    ] = None,
    *,
    out: Annotated[
        Path, typer.Option(help="Folder for the results; nothing in it is overwritten.")
    ],
    run: Annotated[Path | None, typer.Option(help="Folder of the run whose model is used.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many, where that can be said.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first result.")] = 0,
    checkpoint: Annotated[str, typer.Option(help="A step, best or last.")] = "best",
    watch: Annotated[
        bool,
        typer.Option(
            "--watch", help="Go on with what is put into these folders later, until Ctrl-C."
        ),
    ] = False,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Have an operation done on files, with a trained run where it needs one.

    Exits with 3 if it looked for something and found it.
    """
    from genstudio.domain.operations import Report
    from genstudio.domain.progress import Progress
    from genstudio.services.operations.files import input_files
    from genstudio.services.operations.perform import perform
    from genstudio.services.operations.save import ResultFolder
    from genstudio.services.outputs import refuse_pictures_folders
    from genstudio.services.runs import Run

    with explained(as_json=as_json):
        given = input_files(operation, inputs or [])
        # New files may lie beside single ones, but not in a folder that is worked through.
        refuse_pictures_folders(out, (path for path in inputs or [] if path.is_dir()))
        if run is not None:
            refuse_pictures_folders(out, Run(run).project().pictures_folders())
        done, report = 0, None
        steps = perform(
            operation,
            run=run,
            inputs=given,
            count=count,
            seed=seed,
            checkpoint=checkpoint,
            settings=loose_settings(assignments),
            watch=watch,
        )
        with progress(hidden=as_json) as bar:
            task = bar.add_task(tr("Working"), total=None)
            for step in ResultFolder(out).kept(steps):
                if isinstance(step, Progress):
                    bar.update(task, completed=step.done, total=step.total, description=step.what)
                    if isinstance(step.item, Report):
                        report = step.item
                    continue
                done += 1
                if as_json:
                    print_json(_line(*step))
        found = {} if report is None else {"found": report.num_found}
        if as_json:
            print_json({"done": done, **found})
    told = trn("{number:,} result in {out}", "{number:,} results in {out}", done, out=out)
    people.print(told, markup=False, soft_wrap=True)
    if report is not None:
        people.print(report.words, markup=False, soft_wrap=True)
        if report.num_found:
            raise typer.Exit(FOUND)


def _line(made: Any, path: Path) -> dict[str, Any]:
    artifact = made.artifact
    line: dict[str, Any] = {"artifact": str(path), "kind": artifact.kind}
    if artifact.seed is not None:
        line["seed"] = artifact.seed
    if made.source is not None:
        line["source"] = str(made.source)
    if "score" in artifact.values:
        line["score"] = artifact.values["score"]
    return line | ({"values": dict(artifact.values)} if artifact.values else {})
