"""The command that makes pictures of scans."""

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


def import_scans(
    inputs: Annotated[list[Path], typer.Argument(help="DICOM, NIfTI, deep TIFF or PNG; folders.")],
    *,
    out: Annotated[Path, typer.Option(help="A new folder for the pictures.")],
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Make a folder of grey pictures of scans, to train on; nothing of a person goes along.

    Settings: middle and width of the window, axis, every, groups, classes. Not for diagnosis.
    """
    from genstudio.domain.settings import parse_settings
    from genstudio.services import scans

    with explained(as_json=as_json):
        options = parse_settings(scans.ScanOptions, loose_settings(assignments))
        done = run_with_progress(scans.import_scans(inputs, out, options), as_json=as_json)
        if as_json:
            print_json(
                {"folder": str(done.folder), "pictures": done.pictures, "groups": done.groups,
                 "left_out": done.left_out}
            )  # fmt: skip
    people.print(done.words, markup=False, soft_wrap=True)
