"""The command that walks through what a model learned."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from genstudio.console import AsJson, explained, people, print_json, progress, run_with_progress
from genstudio.domain.films import Codec
from genstudio.domain.language import tr

# What needs torch is imported by the command that needs it: `--help` answers at once.

_Encoding = Annotated[
    Codec, typer.Option(help="Of .mp4 and .webm: usual (H.264, VP9), or av1 for smaller files.")
]


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
    codec: _Encoding = "usual",
    as_json: AsJson = False,
) -> None:
    """Film how a run's pictures came about, from its previews."""
    from genstudio.services.outputs import refuse_pictures_folders
    from genstudio.services.runs import Run
    from genstudio.services.time_lapses import film_run

    with explained(as_json=as_json):
        opened = Run(run)
        refuse_pictures_folders(out.absolute().parent, opened.project().pictures_folders())
        path = run_with_progress(
            film_run(opened, out, seconds=seconds, codec=codec), as_json=as_json
        )
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
            "pictures; .png for a grid or a place. None is overwritten."
        ),
    ],
    walk: Annotated[
        str, typer.Option(metavar="SEED,SEED,…", help="Film the way from seed to seed.")
    ] = "",
    grid: Annotated[
        str, typer.Option(metavar="A,B,C,D", help="Draw the plane between four seeds.")
    ] = "",
    key_frames: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Film a walk that was put together in the window (walks/RUN.json)."
        ),
    ] = None,
    place: Annotated[
        str,
        typer.Option(
            metavar="A[,B[,C,D]]", help="Draw one picture: a seed, or between two or four."
        ),
    ] = "",
    picture: Annotated[
        list[Path] | None,
        typer.Option(
            help="A picture of yours to lead on from: with --place at its first corner, further "
            "ones at the next; alone, as the model draws it."
        ),
    ] = None,
    across: Annotated[float, typer.Option(min=0, max=1, help="Of a place: 1 is right.")] = 0.5,
    down: Annotated[float, typer.Option(min=0, max=1, help="Of a place: 1 is the bottom.")] = 0.5,
    moves: Annotated[
        str, typer.Option(help="Of a place: moves along directions, such as 1:1.5, colour 4:-0.5.")
    ] = "",
    styles: Annotated[
        str, typer.Option(help="Of a place: zones of other seeds, such as texture:17, colour:3.")
    ] = "",
    seconds: Annotated[float, typer.Option(min=0.05, help="Length of the film.")] = 8.0,
    fps: Annotated[int, typer.Option(min=1, max=120, help="Frames a second.")] = 30,
    codec: _Encoding = "usual",
    loop: Annotated[bool, typer.Option("--loop", help="Come back to the first seed.")] = False,
    steady: Annotated[
        bool, typer.Option("--steady", help="Do not slow down at the seeds.")
    ] = False,
    side: Annotated[int, typer.Option(min=2, max=64, help="Pictures along a side of a grid.")] = 7,
    checkpoint: Annotated[str, typer.Option(help="A step, best or last.")] = "best",
    as_json: AsJson = False,
) -> None:
    """Walk through what a model learned: a film from seed to seed, a grid, or one place."""
    is_place = bool(place or (picture and key_frames is None))
    if [bool(walk), bool(grid), is_place, key_frames is not None].count(True) != 1:
        raise typer.BadParameter(tr("Give --walk, --grid, --key-frames, or --place and --picture."))
    if is_place:
        settings = {"across": across, "down": down, "moves": moves, "styles": styles}
        seeds = place or ",".join(str(at) for at in range(len(picture or [])))
        _draw_place(
            run,
            out,
            {"seeds": seeds, **settings},
            picture or [],
            checkpoint=checkpoint,
            as_json=as_json,
        )
        return
    from genstudio.domain.places import parse_seeds
    from genstudio.services.exploring import Explorer
    from genstudio.services.outputs import refuse_pictures_folders
    from genstudio.services.runs import Run
    from genstudio.services.walk_files import read_walk
    from genstudio.services.walking import draw_plane, film_key_frames, film_walk

    with explained(as_json=as_json):
        stops = None if key_frames is None else read_walk(key_frames)
        seeds = parse_seeds(walk or grid) if stops is None else ()
        opened = Run(run)
        refuse_pictures_folders(out.absolute().parent, opened.project().pictures_folders())
        explorer = Explorer(opened, checkpoint)
        if stops is not None:
            work = film_key_frames(
                explorer, stops, out, fps=fps, pictures=picture or (), codec=codec
            )
        elif grid:
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
                codec=codec,
            )
        path = run_with_progress(work, as_json=as_json)
        if as_json:
            print_json({"path": str(path), "step": explorer.step})
        people.print(str(path), markup=False, soft_wrap=True)


def _draw_place(
    run: Path,
    out: Path,
    settings: Mapping[str, str | float],
    pictures: Sequence[Path],
    *,
    checkpoint: str,
    as_json: bool,
) -> None:
    from genstudio.domain.operations import EXPLORE
    from genstudio.domain.progress import Progress
    from genstudio.services.operations.perform import perform
    from genstudio.services.outputs import refuse_pictures_folders, save_artifact
    from genstudio.services.runs import Run

    with explained(as_json=as_json):
        folders = Run(run).project().pictures_folders()
        refuse_pictures_folders(out.absolute().parent, folders)
        work = perform(
            EXPLORE,
            run=run,
            inputs={"pictures": pictures} if pictures else {},
            checkpoint=checkpoint,
            settings=settings,
        )
        with progress(hidden=as_json) as bar:
            task = bar.add_task(tr("Exploring"), total=None)
            for step in work:
                if isinstance(step, Progress):
                    bar.update(task, description=step.what, completed=step.done, total=step.total)
                    continue
                path = save_artifact(step.artifact, out, step.recipe)
                if as_json:
                    print_json({"path": str(path), "step": step.recipe.step})
                people.print(str(path), markup=False, soft_wrap=True)
