"""The frozen weights that a run learned beside: noted when it begins, and seen to afterwards.

What was learned fits them alone: beside others it would draw something else, in silence.
"""

import torch

from genstudio.domain import events
from genstudio.domain.errors import ProjectError
from genstudio.domain.language import tr
from genstudio.domain.settings import parse_settings, setting_fields
from genstudio.domain.training import TrainingSettings
from genstudio.engine.device import plan_device
from genstudio.models.catalog import model_class
from genstudio.models.stable_diffusion.folders import SD2
from genstudio.models.stable_diffusion.loading import load_base
from genstudio.services.base_models import checksum, find_base, places_of, reference
from genstudio.services.runs import Run

# What a setting opens that names such weights.
_MODEL = "model"


def note_of(settings: TrainingSettings) -> str:
    """What a run notes of its base: "sha256:" and a checksum; empty where it needs none.

    Raises:
        SettingsError: There is no base at the place that was chosen.
        ProjectError: It cannot be read.
    """
    place = _place(settings)
    return reference(find_base(place)) if place else ""


def remarks_on_base(settings: TrainingSettings) -> list[events.Message]:
    """How the answers of a base are meant, where it does not say so itself and was asked.

    A base that has to be measured is loaded for it, and kept for the training that follows.

    Raises:
        SettingsError: It cannot be told or loaded.
    """
    place = _place(settings)
    base = find_base(place) if place else None
    if base is None or base.kind != SD2:
        return []
    answers = base.answers
    if answers is None:
        device = torch.device(plan_device(settings.device).accelerator)
        answers = load_base(base, device).answers
    assert answers is not None, "one was found, or an error told"
    return [
        events.Message(
            step=0,
            level="info",
            title=tr("The base model is {kind}", kind=base.kind),
            message=tr("What is known of it: {words}.", words=answers.words),
        )
    ]


def refuse_other_base(run: Run) -> None:
    """See that the base of a run is the one that it began with; runs of before note none.

    Raises:
        SettingsError: There is none at its place.
        ProjectError: Other weights lie there now.
    """
    noted = run.file.base
    place = _place(run.settings) if noted else ""
    if not place:
        return
    found = checksum(find_base(place))
    if noted == f"sha256:{found}":
        return
    known = [it for it in places_of(noted) if it != place]
    raise ProjectError(
        tr("Another base model lies there now"),
        tr(
            "{name} learned beside weights with the checksum {noted}…; those at {place} have "
            "{found}…, and what was learned does not fit them.",
            name=run.path.name,
            noted=noted.removeprefix("sha256:")[:12],
            place=place,
            found=found[:12],
        ),
        tr("Put the former ones back; they were last seen at {known}.", known=known[0])
        if known
        else tr("Put the former ones back, or train a new run beside these."),
    )


def _place(settings: TrainingSettings) -> str:
    """Where a run's base lies; empty for architectures that learn alone."""
    config = model_class(settings.model_key).Config
    names = [it.name for it in setting_fields(config) if it.hints.opens == _MODEL]
    if not names:
        return ""
    return str(getattr(parse_settings(config, settings.model), names[0]))
