"""The commands that judge what was made, and set runs side by side."""

from pathlib import Path
from typing import Annotated

import typer

from genstudio.console import (
    AsJson,
    explained,
    people,
    print_figures,
    print_json,
    run_with_progress,
)
from genstudio.domain.language import tr

# What needs torch is imported by the command that needs it: `--help` answers at once.


def evaluate(
    target: Annotated[Path, typer.Argument(help="Folder of a run, or of pictures.")],
    *,
    against: Annotated[Path | None, typer.Option(help="Folder of real pictures.")] = None,
    training: Annotated[
        Path | None, typer.Option(help="Folder of pictures to look for copies of.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=16, help="Pictures to judge, at most.")] = None,
    checkpoint: Annotated[str, typer.Option(help="Of a run: a step, best or last.")] = "best",
    inception: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.safetensors",
            help="Weights of Inception (2015-12-05): also measure the official FID, with 50,000 "
            "pictures of a run or --count; takes hours.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge what a run makes, or a folder of pictures, against real ones."""
    from genstudio.services.evaluation import evaluate as judge

    with explained(as_json=as_json):
        found = run_with_progress(
            judge(
                target,
                against=against,
                training=training,
                count=count,
                checkpoint=checkpoint,
                inception=inception,
            ),
            as_json=as_json,
        )
        if as_json:
            print_json(found.record())
        else:
            print_figures(found.record())


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("comparison"),
    count: Annotated[
        int | None, typer.Option(min=16, help="Pictures, or other results, to judge, at most.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare runs of one material: a page with results of the same seeds and figures, and JSON."""
    from genstudio.services.comparison import compare as set_side_by_side
    from genstudio.services.comparison import comparison_record, refuse_place, save_comparison
    from genstudio.services.comparison_words import said_of

    with explained(as_json=as_json):
        refuse_place(runs, out)
        done = run_with_progress(set_side_by_side(runs, count=count), as_json=as_json)
        page = save_comparison(done, out)
        if as_json:
            print_json({"report": str(page), **comparison_record(done)})
        for said in said_of(done):
            people.print(f"• {said.text}", markup=False, highlight=False)
        people.print(tr("The report is in {page}", page=page), markup=False, soft_wrap=True)
