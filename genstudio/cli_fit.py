"""The command that says whether a run fits, before it is begun."""

import json
from pathlib import Path
from typing import Annotated

import typer

from genstudio.cli_settings import (
    Batch,
    Folder,
    Minutes,
    Model,
    Preset,
    Size,
    Steps,
    scanned_and_fitted,
)
from genstudio.console import AsJson, Assignments, explained, print_json, results, run_with_progress


def fit(
    folder: Folder,
    *,
    model: Model,
    project: Annotated[
        Path | None, typer.Option(help="Where it would be saved; by default here.")
    ] = None,
    size: Size = None,
    batch: Batch = None,
    steps: Steps = None,
    minutes: Minutes = None,
    preset: Preset = "balanced",
    precision: Annotated[str, typer.Option(help="auto, fp32, bf16 or fp16.")] = "auto",
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Take some steps that are thrown away: time, memory, disk, and what would mend it."""
    from genstudio.domain.forecasts import remedy
    from genstudio.models.catalog import model_class
    from genstudio.services import materials
    from genstudio.services.fit_check import check_fit, words_about
    from genstudio.services.training import complete_settings

    with explained(as_json=as_json):
        report, settings = scanned_and_fitted(
            folder,
            model=model,
            preset=preset,
            training={"size": size, "batch": batch, "precision": precision},
            steps=steps,
            minutes=minutes,
            assignments=assignments,
            as_json=as_json,
        )
        settings = complete_settings(settings)
        modality = materials.choose_modality(report, model_class(settings.model_key).card)
        manifest, _ = materials.freeze(report, (), modality)
        work = check_fit(settings, manifest, project or Path.cwd())
        forecast = run_with_progress(work, as_json=as_json)
        mending = remedy(settings, forecast)
        if as_json:
            found = json.loads(forecast.model_dump_json())
            mended = None if mending is None else json.loads(mending.model_dump_json())
            print_json({**found, "fits": forecast.fits, "remedy": mended})
            return
        for sentence in words_about(forecast):
            results.print(sentence, markup=False, soft_wrap=True)
        if mending is not None:
            given = " ".join(f"--set {name}={value}" for name, value in mending.changes.items())
            results.print(f"{mending.why} ({given})", markup=False, soft_wrap=True)
