"""The commands: the studio without its window, for terminals, scripts and other programs."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.table import Column, Table
from typer.main import get_command

from genstudio import __version__
from genstudio.cli_copies import copies
from genstudio.cli_exploring import explore, timelapse
from genstudio.cli_fit import fit
from genstudio.cli_help import translate_help
from genstudio.cli_judging import compare, evaluate
from genstudio.cli_machine import doctor, fit_probe, sound_player, worker
from genstudio.cli_models import save, take_in
from genstudio.cli_operations import apply, operations
from genstudio.cli_pictures import blend, export, generate, remake
from genstudio.cli_provenance import verify
from genstudio.cli_queue import queue
from genstudio.cli_scans import import_scans
from genstudio.cli_settings import Chosen
from genstudio.cli_teaching import teach
from genstudio.console import (
    AsJson,
    Assignments,
    explained,
    follow,
    people,
    print_json,
    results,
    run_with_progress,
    say,
)
from genstudio.domain import events
from genstudio.domain.cards import ModelCard
from genstudio.domain.datasets import Remark, ScanReport
from genstudio.domain.errors import DatasetError, GenStudioError
from genstudio.domain.language import tr, trn
from genstudio.domain.training import SIZES, Budget, StopWhen, TrainingSettings
from genstudio.services.logs import start_logging
from genstudio.services.session import CommandQueue, TrainingSession

# What needs torch is imported by the command that needs it: `--help` answers at once.

app = typer.Typer(
    help="Train generative models of your own on your own pictures, on this machine.\n\n"
    "Without a command, opens the window: genstudio [PROJECT].",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _try_oneself(wanted: bool) -> None:
    if wanted:
        from genstudio.selftest.runner import run_selftest

        raise typer.Exit(run_selftest())


def _tell_version(wanted: bool) -> None:
    if wanted:
        results.print(f"GenStudio {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def begin(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Say which version this is."
        ),
    ] = False,
    selftest: Annotated[
        bool,
        typer.Option(
            "--selftest",
            callback=_try_oneself,
            is_eager=True,
            help="Try everything on pictures of its own, without a display or a network; "
            "exits with 0 if all is well.",
        ),
    ] = False,
) -> None:
    """Keep a log of what the command does."""
    assert not version, "it has been answered before"
    assert not selftest, "it has been answered before"
    start_logging("commands")


_MOST = 10**12  # As a budget has it.
Steps = Annotated[int | None, typer.Option(min=1, max=_MOST, help="Stop after so many steps.")]
Images = Annotated[
    int | None, typer.Option(min=1, max=_MOST, help="Stop after so many pictures seen.")
]
Minutes = Annotated[
    float | None, typer.Option(min=0.01, max=_MOST, help="Stop after so many minutes.")
]
Devices = Annotated[
    int | None, typer.Option(min=1, help="How many devices of a machine take each step together.")
]
Modality = Annotated[
    str | None,
    typer.Option(help="What the folder is taken for: images, pairs, two-sets; by default guessed."),
]
ColumnOfTable = Annotated[
    str, typer.Option("--column", help="Column of a table that holds the molecules.")
]
Nodes = Annotated[
    int, typer.Option(min=1, help="On how many machines torchrun or srun has started this command.")
]


@app.command()
def models(*, as_json: AsJson = False) -> None:
    """List the architectures."""
    from genstudio.models.catalog import usable_models

    with explained(as_json=as_json):
        found, troubles = usable_models()
    if as_json:
        for model in found:
            content = model.card.model_dump(mode="json")
            content["modality"] = model.card.modalities[0]
            print_json({**content, "capabilities": sorted(model.card.capabilities)})
    else:
        _print_cards([model.card for model in found])
    for trouble in troubles:
        people.print(str(trouble), markup=False, soft_wrap=True)


def _print_cards(cards: Sequence[ModelCard]) -> None:
    key = Column(tr("Key"), no_wrap=True)
    table = Table(key, tr("Family"), tr("Learns from"), tr("Can"), tr("What it is for"), box=None)
    for card in cards:
        can = ", ".join(sorted(card.capabilities))
        table.add_row(card.key, card.family, ", ".join(card.modalities), can, card.summary)
    results.print(table)


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Folder of pictures; nothing in it is changed.")],
    *,
    modality: Modality = None,
    column: ColumnOfTable = "",
    as_json: AsJson = False,
) -> None:
    """Look through a folder of pictures and report what is in it."""
    from genstudio.data.modalities.catalog import MODALITIES, recognise
    from genstudio.data.modalities.scanning import scan_material
    from genstudio.data.scan import usable_manifest
    from genstudio.services.materials import described

    with explained(as_json=as_json):
        report = run_with_progress(scan_material(folder, modality, column), as_json=as_json)
        found = recognise(report)
        if modality is not None:
            chosen = MODALITIES.get(modality).arrange(report)
            if chosen.fault:
                title = tr("This folder cannot be learned as “{modality}”", modality=modality)
                raise DatasetError(title, chosen.fault, chosen.hint)
            found = {modality: chosen, **found}
        recognised = next(iter(found))
        report = MODALITIES.get(recognised).review(report)
        if as_json:
            told = {"modality": recognised, "modalities": described(found)}
            print_json({**_report_record(report), **told})
        else:
            _print_report(report)
            for advice in found[recognised].remarks:
                results.print(f"{advice.title}: {advice.reason}", markup=False, soft_wrap=True)
        usable_manifest(report)


def _report_record(report: ScanReport) -> dict[str, Any]:
    sides = [min(picture.width, picture.height) for picture in report.pictures]
    return {
        "folder": str(report.folder),
        "images": len(report.pictures),
        "unreadable": [item.model_dump() for item in report.unreadable],
        "passed_over": report.passed_over,
        "duplicates": [
            {"name": picture.name, "same_as": picture.duplicate_of}
            for picture in report.with_remark(Remark.DUPLICATE)
        ],
        "sizes": {
            "smallest": min(sides, default=0),
            "largest": max(sides, default=0),
            "suggested": report.suggested_size,
        },
        "remarks": {remark.value: len(report.with_remark(remark)) for remark in Remark},
        "advice": [item.model_dump() for item in report.advice],
    }


def _print_report(report: ScanReport) -> None:
    results.print(
        trn("{number} picture can be used.", "{number} pictures can be used.", len(report.pictures))
    )
    for remark in Remark:
        if found := report.with_remark(remark):
            results.print(f"  {len(found)} {remark.words}")
    for item in report.unreadable:
        results.print(
            tr("  left out: {name}: {reason}", name=item.name, reason=item.reason),
            markup=False,
            soft_wrap=True,
        )
    for advice in report.advice:
        results.print(f"{advice.title}: {advice.reason}", markup=False, soft_wrap=True)


@app.command()
def train(
    folder: Annotated[Path, typer.Argument(help="Folder of pictures; nothing in it is changed.")],
    *,
    model: Annotated[str, typer.Option(help="Key of the architecture; see `models`.")],
    project: Annotated[Path, typer.Option(help="Project folder; made if it is not there.")],
    size: Annotated[
        int | None, typer.Option(help=f"Side in pixels: {', '.join(map(str, SIZES))}.")
    ] = None,
    modality: Modality = None,
    column: ColumnOfTable = "",
    batch: Annotated[int | None, typer.Option(help="Pictures per step.")] = None,
    steps: Steps = None,
    images: Images = None,
    minutes: Minutes = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Makes a run repeatable.")] = None,
    preset: Annotated[str, typer.Option(help="Ready-made settings.")] = "balanced",
    assignments: Assignments = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    devices: Devices = None,
    nodes: Nodes = 1,
    precision: Annotated[str, typer.Option(help="auto, fp32, bf16 or fp16.")] = "auto",
    stop_when: Annotated[
        str | None,
        typer.Option(help=f"End earlier: {', '.join(map(repr, get_args(StopWhen)))}."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a new model on a folder of pictures."""
    from genstudio.services.launcher import check_launch, is_worker
    from genstudio.services.training import NewRun, start_run

    with explained(as_json=as_json):
        check_launch(devices or 1, nodes)
        if is_worker():
            worker()
            return
        training = {
            "size": size,
            "batch": batch,
            "seed": seed,
            "device": device,
            "devices": devices,
            "precision": precision,
            "stop_when": stop_when,
            "budget": _budget(steps, images, minutes),
        }
        chosen = Chosen(model, preset, training, assignments)

        def fitted(report: ScanReport) -> TrainingSettings:
            found = chosen.fit(report)
            for sentence in found.sentences(chosen.names):
                people.print(sentence, markup=False, soft_wrap=True)
            return chosen.settings(found)

        request = NewRun(
            folder=folder,
            project=project,
            settings=chosen.settings(),
            fitted=fitted,
            modality=modality,
            column=column,
        )
        _train(lambda source: start_run(request, source), as_json=as_json)


@app.command()
def resume(
    run: Annotated[Path, typer.Argument(help="Folder of the run.")],
    *,
    steps: Steps = None,
    images: Images = None,
    minutes: Minutes = None,
    branch_from: Annotated[
        int | None, typer.Option("--from", help="Begin a new run at the checkpoint of this step.")
    ] = None,
    devices: Devices = None,
    nodes: Nodes = 1,
    as_json: AsJson = False,
) -> None:
    """Continue a run exactly where it was saved; budgets count from its beginning."""
    from genstudio.services.launcher import check_launch, is_worker
    from genstudio.services.training import resume_run

    with explained(as_json=as_json):
        check_launch(devices or 1, nodes)
        if is_worker():
            worker()
            return
        budget = _budget(steps, images, minutes)
        _train(
            lambda source: resume_run(
                run, source, budget=budget, branch_from=branch_from, devices=devices
            ),
            as_json=as_json,
        )


def _train(make_events: Callable[[CommandQueue], Iterator[events.Event]], *, as_json: bool) -> None:
    """Train to the end, and hang the first pictures of what has finished."""
    ending = follow(TrainingSession(make_events), as_json=as_json)
    if not isinstance(ending, events.Finished):
        return
    from genstudio.services.first_pictures import hang_first_pictures

    try:
        count = run_with_progress(hang_first_pictures(ending.run), as_json=as_json)
    except GenStudioError as error:
        # That makes no failure of the run.
        text = tr(
            "The run itself is finished and saved. {message} {hint}",
            message=error.message,
            hint=error.hint,
        )
        say(tr("The first pictures could not be hung: {title}", title=error.title), text.strip())
    else:
        if count:
            people.print(
                trn(
                    "{number:,} first result hangs in the gallery.",
                    "Its first {number:,} results hang in the gallery.",
                    count,
                )
            )


def _budget(steps: int | None, images: int | None, minutes: float | None) -> Budget | None:
    given = {"steps": steps, "images": images, "minutes": minutes}
    chosen = [(unit, amount) for unit, amount in given.items() if amount is not None]
    if len(chosen) > 1:
        raise typer.BadParameter(tr("Give one of --steps, --images and --minutes, not several."))
    return (
        Budget.model_validate(dict(zip(("unit", "amount"), chosen[0], strict=True)))
        if chosen
        else None
    )


app.command()(teach)
app.command()(generate)
app.command()(blend)
app.command()(explore)
app.command()(timelapse)
app.command()(import_scans)
app.command()(remake)
app.command()(export)
app.command()(verify)
app.command()(save)
app.command("import")(take_in)
app.command()(copies)
app.command()(operations)
app.command()(apply)
app.command()(evaluate)
app.command()(compare)
app.command()(doctor)
app.command()(fit)
app.add_typer(queue, name="queue")
app.command(hidden=True)(worker)
app.command("fit-probe", hidden=True)(fit_probe)
app.command("sound-player", hidden=True)(sound_player)


@app.command(hidden=True)
def demo(
    *,
    project: Annotated[
        Path | None, typer.Option(help="Project folder; a new one by default.")
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.01, max=_MOST, help="How long to train.")] = 1.0,
) -> None:
    """Make the built-in pictures, train a small model on them and leave a gallery."""
    from genstudio.services.demo import demonstration, demonstration_folder

    with explained(as_json=False):
        folder = project or demonstration_folder()
        _train(lambda source: demonstration(folder, minutes, source), as_json=False)
        export(folder, to=folder / "export", kind="web", query="", as_json=False)
    results.print(
        tr("Gallery: {folder}", folder=folder / "export" / "index.html"),
        markup=False,
        soft_wrap=True,
    )


def run_command() -> None:
    """Do what the arguments say, with help in the language that is spoken."""
    command = get_command(app)
    translate_help(command)
    command(prog_name="genstudio")


def command_names() -> list[str]:
    """Names of all commands."""
    return sorted(get_command(app).commands)  # type: ignore[attr-defined]  # a group has them
