"""The commands that take models out of a project and into one."""

from pathlib import Path
from typing import Annotated

import typer

from genstudio.console import (
    AsJson,
    Assignments,
    explained,
    loose_settings,
    people,
    print_json,
    run_with_progress,
)
from genstudio.domain.language import tr


def save(
    run: Annotated[Path, typer.Argument(help="Folder of the run.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder or file to write; none is overwritten.")],
    form: Annotated[
        str, typer.Option("--as", help="package, card, safetensors or onnx.")
    ] = "package",
    checkpoint: Annotated[str, typer.Option(help="A step, best or last.")] = "best",
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Take a trained model out: as a package for another project, a page, weights or ONNX.

    Settings: title, author, licence, statement.
    """
    from genstudio.domain.model_saving import SaveOptions
    from genstudio.domain.settings import parse_settings
    from genstudio.services.model_files import save_model
    from genstudio.services.runs import Run

    with explained(as_json=as_json):
        values = {**loose_settings(assignments), "form": form}
        options = parse_settings(SaveOptions, values)
        work = save_model(Run(run), out.absolute(), options, checkpoint=checkpoint)
        done = run_with_progress(work, as_json=as_json)
        if as_json:
            print_json(done.model_dump(mode="json", exclude_none=True))
    words = str(done.path)
    if done.difference is not None:
        words += tr(
            ": draws the same to {difference:.1g} of a range of 2", difference=done.difference
        )
    people.print(words, markup=False, soft_wrap=True)


def take_in(
    package: Annotated[Path, typer.Argument(help="A model package.")],
    *,
    project: Annotated[Path, typer.Option(help="Project folder; made if it is not there.")],
    as_json: AsJson = False,
) -> None:
    """Take a model package into a project: a run that makes things, but cannot go on learning."""
    from genstudio.services.locks import ProjectLock
    from genstudio.services.model_packages import take_in as unpack
    from genstudio.services.projects import open_or_create

    with explained(as_json=as_json):
        opened = open_or_create(project)
        with ProjectLock(opened.path):
            run = run_with_progress(unpack(package, opened), as_json=as_json)
        if as_json:
            print_json({"run": str(run.path)})
    people.print(str(run.path), markup=False, soft_wrap=True)
