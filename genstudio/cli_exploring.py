"""The command that walks through what a model learned."""

from pathlib import Path
from typing import Annotated

import typer

from genstudio.console import AsJson, explained, people, print_json, run_with_progress
from genstudio.domain.language import tr

# What needs torch is imported by the command that needs it: `--help` answers at once.


def timelapse(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    *,
    out: Annotated[
        Path,
        typer.Option(
            help="File to write: .mp4, .webm or .webp, or a folder for single pictures. None is "
            "overwritten."
        ),
    ],
    seconds: Annotated[float, typer.Option(min=0.5, max=3600, help="Length of the film.")] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Film how a run's pictures came about, from its previews."""
    from genstudio.services.outputs import refuse_pictures_folders
    from genstudio.services.runs import Run
    from genstudio.services.time_lapses import film_run

    with explained(as_json=as_json):
        opened = Run(run)
        refuse_pictures_folders(out.absolute().parent, opened.project().pictures_folders())
        path = run_with_progress(film_run(opened, out, seconds=seconds), as_json=as_json)
        if as_json:
            print_json({"path": str(path)})
        people.print(str(path), markup=False, soft_wrap=True)


def explore(
    run: Annotated[Path, typer.Argument(help="Folder of the run, of a GAN or VAE.")],
    *,
    out: Annotated[
        Path,
        typer.Option(
            help="File to write: .mp4, .webm or .webp for a walk, or a folder for its single "
            "pictures; .png for a grid. None is overwritten."
        ),
    ],
    walk: Annotated[
        str, typer.Option(metavar="SEED,SEED,…", help="Film the way from seed to seed.")
    ] = "",
    grid: Annotated[
        str, typer.Option(metavar="A,B,C,D", help="Draw the plane between four seeds.")
    ] = "",
    seconds: Annotated[float, typer.Option(min=0.05, help="Length of the film.")] = 8.0,
    fps: Annotated[int, typer.Option(min=1, max=120, help="Frames a second.")] = 30,
    loop: Annotated[bool, typer.Option("--loop", help="Come back to the first seed.")] = False,
    steady: Annotated[
        bool, typer.Option("--steady", help="Do not slow down at the seeds.")
    ] = False,
    side: Annotated[int, typer.Option(min=2, max=64, help="Pictures along a side of a grid.")] = 7,
    checkpoint: Annotated[str, typer.Option(help="A step, best or last.")] = "best",
    as_json: AsJson = False,
) -> None:
    """Walk through what a model learned: a film from seed to seed, or a grid between four."""
    if bool(walk) == bool(grid):
        raise typer.BadParameter(tr("Give --walk or --grid."))
    from genstudio.domain.places import parse_seeds
    from genstudio.services.exploring import Explorer
    from genstudio.services.outputs import refuse_pictures_folders
    from genstudio.services.runs import Run
    from genstudio.services.walking import draw_plane, film_walk

    with explained(as_json=as_json):
        seeds = parse_seeds(walk or grid)
        opened = Run(run)
        refuse_pictures_folders(out.absolute().parent, opened.project().pictures_folders())
        explorer = Explorer(opened, checkpoint)
        if grid:
            work = draw_plane(explorer, seeds, out.with_suffix(".png"), side=side)
        else:
            work = film_walk(
                explorer,
                seeds,
                out,
                seconds=seconds,
                fps=fps,
                is_loop=loop,
                easing="steady" if steady else "gentle",
            )
        path = run_with_progress(work, as_json=as_json)
        if as_json:
            print_json({"path": str(path), "step": explorer.step})
        people.print(str(path), markup=False, soft_wrap=True)
