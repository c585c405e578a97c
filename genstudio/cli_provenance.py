"""The command that looks whether a file is what its signature says."""

from pathlib import Path
from typing import Annotated

import typer

from genstudio.console import AsJson, explained, print_json, results


def verify(
    files: Annotated[list[Path], typer.Argument(help="Pictures, clips, sounds.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say where files come from, and whether they were changed since they were signed (C2PA).

    Exits with 1 if one of them was changed, or its signature is not valid.
    """
    from genstudio.services.provenance import State, origin_of

    is_changed = False
    with explained(as_json=as_json):
        for path in files:
            origin = origin_of(path)
            is_changed |= origin.state in (State.CHANGED, State.INVALID, State.UNREADABLE)
            if as_json:
                print_json({"file": str(path), **origin.record()})
            else:
                results.print(f"{path}: {origin.words()}", markup=False, soft_wrap=True)
    if is_changed:
        raise typer.Exit(1)
