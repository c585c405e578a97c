"""The commands that make pictures from trained runs, and take them out of a project."""

from pathlib import Path
from typing import Annotated, Any

import typer

import genstudio
from genstudio.console import (
    AsJson,
    Assignments,
    explained,
    loose_settings,
    people,
    print_json,
    progress,
    run_with_progress,
)
from genstudio.domain.language import tr, trn

# What needs torch is imported by the command that needs it: `--help` answers at once.


def generate(
    run: Annotated[Path, typer.Argument(help="Folder of the run.")],
    *,
    count: Annotated[int, typer.Option(min=1, help="How many pictures.")],
    out: Annotated[
        Path, typer.Option(help="Folder that SEED.png files are written to; none is overwritten.")
    ],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first picture.")] = 0,
    checkpoint: Annotated[str, typer.Option(help="A step, best or last.")] = "last",
    device: Annotated[
        str,
        typer.Option(
            help="cpu, which gives the same pixels again; or cuda, mps or auto, which are faster "
            "and promise no pixels."
        ),
    ] = "cpu",
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Make pictures from a trained run, each with its recipe inside."""
    from genstudio.services.generation import generate as make
    from genstudio.services.outputs import refuse_pictures_folders, save_artifact
    from genstudio.services.runs import Run
    from genstudio.services.writing_meanwhile import written_meanwhile

    with explained(as_json=as_json):
        opened = Run(run)
        refuse_pictures_folders(out, opened.project().pictures_folders())
        made = make(
            opened,
            range(seed, seed + count),
            checkpoint=checkpoint,
            sampling=loose_settings(assignments),
            device=device,
        )
        kept = written_meanwhile(
            made,
            lambda it: save_artifact(it.artifact, out / str(it.recipe.seed), it.recipe),
            place=lambda it: it.recipe.seed,
        )
        with progress(hidden=as_json) as bar:
            for picture, path in bar.track(kept, total=count, description=tr("Making pictures")):
                if as_json:
                    recipe = picture.recipe.model_dump(mode="json")
                    told = {
                        "artifact": str(path),
                        "kind": picture.artifact.kind,
                        "image": str(path),
                    }
                    print_json({**told, "seed": picture.recipe.seed, "recipe": recipe})
        if as_json:
            print_json({"done": count})
    people.print(
        trn("{number} picture in {out}", "{number} pictures in {out}", count, out=out),
        markup=False,
        soft_wrap=True,
    )


def blend(
    run: Annotated[Path, typer.Argument(help="Folder of the run, of a VAE.")],
    pictures: Annotated[list[Path], typer.Argument(help="One picture of yours or more.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder for the pictures; made if it is not there.")],
    count: Annotated[int, typer.Option(min=2, help="Pictures from one to the next.")] = 9,
    checkpoint: Annotated[str, typer.Option(help="A step, best or last.")] = "best",
    as_json: AsJson = False,
) -> None:
    """Draw what lies between pictures of yours; of one alone, what the model sees in it."""
    from genstudio.services.blending import blend as draw_between
    from genstudio.services.outputs import refuse_pictures_folders, save_drawn
    from genstudio.services.runs import Run

    with explained(as_json=as_json):
        opened = Run(run)
        refuse_pictures_folders(out, opened.project().pictures_folders())
        drawn = draw_between(opened, pictures, count=count, checkpoint=checkpoint)
        for number, image_HWC in enumerate(drawn):
            software = f"GenStudio {genstudio.__version__}"
            path = save_drawn(image_HWC, out / f"{number:04}.png", software)
            if as_json:
                print_json({"path": str(path)})
            else:
                people.print(str(path), markup=False, soft_wrap=True)


def remake(
    image: Annotated[Path, typer.Argument(help="A picture that GenStudio made.")],
    *,
    out: Annotated[Path, typer.Option(help="File to write; none is overwritten.")],
    project: Annotated[
        list[Path] | None,
        typer.Option(help="Where its run may be, besides the project that it lies in."),
    ] = None,
    made_from: Annotated[
        list[Path] | None,
        typer.Option("--input", help="File or folder that it may have been made from."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a picture again from the recipe in its own file, and say whether it is the same."""
    from genstudio.services.outputs import refuse_pictures_folders, save_artifact
    from genstudio.services.preferences import load_preferences
    from genstudio.services.remaking import remake as make_again
    from genstudio.services.runs import Run

    with explained(as_json=as_json):
        known = [*(project or ()), *load_preferences().recent_projects]
        done = run_with_progress(
            make_again(image, projects=known, inputs=made_from or ()), as_json=as_json
        )
        if done.run is not None:
            folders = Run(done.run).project().pictures_folders()
            refuse_pictures_folders(out.absolute().parent, folders)
        path = save_artifact(done.artifact, out, done.recipe)
        if as_json:
            recipe = done.recipe.model_dump(mode="json")
            print_json({"path": str(path), "same": done.is_same, "recipe": recipe})
        people.print(f"{path}: {done.words}", markup=False, soft_wrap=True)


def export(
    project: Annotated[Path, typer.Argument(help="Project folder.")],
    *,
    to: Annotated[Path, typer.Option(help="Folder or file to export to.")],
    kind: Annotated[
        str, typer.Option("--as", help="folder, web, sheet, game, video or zip.")
    ] = "folder",
    assignments: Assignments = None,
    query: Annotated[
        str, typer.Option(help="Words and filters, such as “tag:sea stars:>=3”.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Export a project's gallery: files, a web page, a sheet, sprites, a film or one ZIP file."""
    from genstudio.services.export import export_gallery
    from genstudio.services.gallery import Gallery
    from genstudio.services.projects import open_project

    with explained(as_json=as_json):
        opened = open_project(project)
        with Gallery(opened) as gallery:
            gallery.sync()
            items = gallery.items(query)
        work = export_gallery(
            items, to=to, kind=kind, title=opened.name, options=loose_settings(assignments)
        )
        done = run_with_progress(work, as_json=as_json)
        left_out = [{"name": item.name, "reason": item.reason} for item in done.left_out]
        if as_json:
            more: dict[str, Any] = {"left_out": left_out} if left_out else {}
            if done.copies:
                more["copies"] = list(done.copies)
            if done.unsigned:
                more["unsigned"] = done.unsigned
            print_json({"exported": done.count, "path": str(done.path), **more})
        people.print(
            trn(
                "{number} picture in {path}",
                "{number} pictures in {path}",
                done.count,
                path=done.path,
            ),
            markup=False,
            soft_wrap=True,
        )
        if done.copies:
            people.print(
                tr("  nearly copies: {names}", names=", ".join(done.copies)),
                markup=False,
                soft_wrap=True,
            )
        for item in done.left_out:
            people.print(
                tr("  left out: {name}: {reason}", name=item.name, reason=item.reason),
                markup=False,
                soft_wrap=True,
            )
