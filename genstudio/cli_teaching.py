"""The command that teaches a trained model by a person's choices."""

from pathlib import Path
from typing import Annotated

import typer

from genstudio.console import AsJson, explained, follow
from genstudio.services.session import TrainingSession

# What needs torch is imported by the command that needs it: `--help` answers at once.


def teach(
    run: Annotated[Path, typer.Argument(help="Folder of a trained run; it stays as it is.")],
    *,
    minutes: Annotated[float, typer.Option(min=0.01, max=10**6, help="How long to teach.")] = 5.0,
    checkpoint: Annotated[str, typer.Option(help="Begin at a step, best or last.")] = "best",
    as_json: AsJson = False,
) -> None:
    """Teach a trained model by the choices and stars of its project, in a branch of its run.

    From 200 on, of pictures or of texts with one beginning. What it costs is watched: where variety
    (pictures) or fluency (texts) falls by more than a tenth, it is taught more gently, then no
    more.
    """
    from genstudio.services.teaching import teach_run

    with explained(as_json=as_json):
        follow(
            TrainingSession(
                lambda source: teach_run(run, source, minutes=minutes, checkpoint=checkpoint)
            ),
            as_json=as_json,
        )
