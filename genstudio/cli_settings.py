"""What commands share that look through a folder and fit settings to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genstudio.console import loose_settings, run_with_progress
from genstudio.domain.datasets import ScanReport
from genstudio.domain.language import tr
from genstudio.domain.settings import setting_fields, with_current_names
from genstudio.domain.training import Budget, TrainingSettings

if TYPE_CHECKING:
    from genstudio.services.presets import Fit

# What needs torch is imported where it is needed: `--help` answers at once.

Folder = Annotated[Path, typer.Argument(help="Folder of pictures; nothing in it is changed.")]
Model = Annotated[str, typer.Option(help="Key of the architecture; see `models`.")]
Size = Annotated[int | None, typer.Option(help="Side in pixels.")]
Batch = Annotated[int | None, typer.Option(help="Pictures per step.")]
Steps = Annotated[int | None, typer.Option(min=1, help="Stop after so many steps.")]
Minutes = Annotated[float | None, typer.Option(min=0.01, help="Train so many minutes.")]
Preset = Annotated[str, typer.Option(help="Ready-made settings.")]


class Chosen:
    """What was chosen of a run, which lies above what fits the pictures and the machine.

    Args:
        model: Key of the architecture.
        preset: Key of the preset.
        training: Settings of the run; None for those that were not chosen.
        assignments: Further settings of the run or of the architecture, as ``KEY=VALUE``.

    Raises:
        SettingsError: There is no such architecture.
    """

    def __init__(
        self,
        model: str,
        preset: str,
        training: Mapping[str, Any],
        assignments: list[str] | None,
    ) -> None:
        from genstudio.models.catalog import model_class

        self._architecture = model_class(model)
        self._preset = preset
        config = self._architecture.Config
        loose = with_current_names(config, loose_settings(assignments))
        own = set(config.model_fields)
        of_the_run = {field.name for field in setting_fields(TrainingSettings) if field.help} - own
        chosen = {name: it for name, it in training.items() if it is not None}
        self._training = chosen | {name: loose.pop(name) for name in of_the_run & loose.keys()}
        self._model = loose

    @property
    def names(self) -> list[str]:
        """Names of the settings that were chosen."""
        return [*self._training, *self._model]

    def settings(self, fit: "Fit | None" = None) -> TrainingSettings:
        """All settings of the run.

        Raises:
            SettingsError: The preset is unknown, or a setting is unknown or out of bounds.
        """
        from genstudio.services.presets import resolve_settings

        return resolve_settings(
            preset=self._preset,
            model_key=self._architecture.card.key,
            training=self._training,
            model=self._model,
            fit=fit,
        )

    def fit(self, report: ScanReport) -> "Fit":
        """What fits the pictures and the machine.

        Raises:
            SettingsError: See :meth:`settings`.
        """
        from genstudio.engine.device import plan_device
        from genstudio.services.fitting import facts_about, fit

        settings = self.settings()
        return fit(
            facts_about(report),
            size=settings.size,
            accelerator=plan_device(settings.device, settings.precision).accelerator,
            preset=self._preset,
            card=self._architecture.card,
            config=self._architecture.Config,
        )


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
        assignments: Further settings of the run or of the architecture, as ``KEY=VALUE``.
        as_json: Whether a program reads the output.

    Raises:
        GenStudioError: The folder cannot be used, or a setting does not fit.
    """
    from genstudio.data.modalities.scanning import scan_material

    if steps is not None and minutes is not None:
        raise typer.BadParameter(tr("Give one of --steps and --minutes, not both."))
    own = dict(training)
    if steps is not None or minutes is not None:
        unit, amount = ("steps", steps) if steps is not None else ("minutes", minutes)
        own["budget"] = Budget.model_validate({"unit": unit, "amount": amount})
    chosen = Chosen(model, preset, own, assignments)
    report = run_with_progress(scan_material(folder), as_json=as_json)
    return report, chosen.settings(chosen.fit(report))
