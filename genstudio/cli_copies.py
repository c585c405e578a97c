"""The command that compares single pictures with what was learned from."""

from pathlib import Path
from typing import Annotated

import typer

from genstudio.console import AsJson, explained, print_json, results, run_with_progress


def copies(
    images: Annotated[list[Path], typer.Argument(help="Pictures that a run made.")],
    *,
    run: Annotated[
        Path | None,
        typer.Option(help="Run to compare with; by default the one that made each."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Did it copy? The training pictures that pictures come nearest to, as they are or mirrored."""
    from genstudio.services.copy_checks import check_copies

    with explained(as_json=as_json):
        for check in run_with_progress(check_copies(images, run), as_json=as_json):
            if as_json:
                print_json(check.record())
            else:
                results.print(f"{check.path}: {check.mark.words()}", markup=False, soft_wrap=True)
