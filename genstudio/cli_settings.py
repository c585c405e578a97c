"""What commands share that look through a folder and fit settings to it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from genstudio.console import loose_settings, run_with_progress
from genstudio.domain.datasets import ScanReport
from genstudio.domain.language import tr
from genstudio.domain.training import Budget, TrainingSettings

Folder = Annotated[Path, typer.Argument(help="Folder of pictures; nothing in it is changed.")]
Model = Annotated[str, typer.Option(help="Key of the architecture; see `models`.")]
Size = Annotated[int | None, typer.Option(help="Side in pixels.")]
Batch = Annotated[int | None, typer.Option(help="Pictures per step.")]
Steps = Annotated[int | None, typer.Option(min=1, help="Stop after so many steps.")]
Minutes = Annotated[float | None, typer.Option(min=0.01, help="Train so many minutes.")]
Preset = Annotated[str, typer.Option(help="Ready-made settings.")]


def scanned_and_fitted(
    folder: Path,
    *,
    model: str,
    preset: str,
    training: dict[str, Any],
    steps: int | None,
    minutes: float | None,
    assignments: list[str] | None,
    as_json: bool,
) -> tuple[ScanReport, TrainingSettings]:
    """Look through a folder, and lay what was chosen over settings that fit it.

    Args:
        folder: To be looked through.
        model: Key of the architecture.
        preset: Key of the preset.
        training: Settings of the run that were chosen; None for those that were not.
        steps: Budget in steps; None for another or none.
        minutes: Budget in minutes; None for another or none.
        assignments: Settings of the architecture, as ``KEY=VALUE``.
        as_json: Whether a program reads the output.

    Raises:
        GenStudioError: The folder cannot be used, or a setting does not fit.
    """
    from genstudio.data.modalities.scanning import scan_material
    from genstudio.engine.device import plan_device
    from genstudio.models.catalog import model_class
    from genstudio.services.fitting import facts_about, fit
    from genstudio.services.presets import resolve_settings

    if steps is not None and minutes is not None:
        raise typer.BadParameter(tr("Give one of --steps and --minutes, not both."))
    own = {name: value for name, value in training.items() if value is not None}
    if steps is not None or minutes is not None:
        unit, amount = ("steps", steps) if steps is not None else ("minutes", minutes)
        own["budget"] = Budget.model_validate({"unit": unit, "amount": amount})
    architecture = model_class(model)
    report = run_with_progress(scan_material(folder), as_json=as_json)
    fitted = fit(
        facts_about(report),
        size=own.get("size", TrainingSettings.model_fields["size"].default),
        accelerator=plan_device("auto", "auto").accelerator,
        preset=preset,
        card=architecture.card,
        config=architecture.Config,
    )
    settings = resolve_settings(
        preset=preset,
        model_key=architecture.card.key,
        training=own,
        model=loose_settings(assignments),
        fit=fitted,
    )
    return report, settings
