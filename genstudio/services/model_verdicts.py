"""What the figures of a model itself mean, in words for people who make pictures."""

from genstudio.domain.language import tr, trn
from genstudio.domain.model_reports import ModelReport
from genstudio.domain.reports import Figure

_CHANCE_SDS = 2.0
# A way of so many times the length of a cross-fade's; steps of so many times the mean one.
_STRAIGHT, _WINDING = 1.5, 4.0
_EVEN, _UNEVEN = 1.5, 2.5
# Of the distance to another picture of the set: nearer looks like the same, further like another.
_NEAR, _FAR = 0.33, 0.67


def model_verdict(key: str, model: ModelReport) -> str:
    """What a figure of a model means.

    Args:
        key: Of the figure's card.
        model: That has it.
    """
    figure: Figure | None = getattr(model, key)
    if figure is None:
        return ""
    match key:
        case "path_length":
            return _on_path_length(figure.value / max(figure.floor, 1e-9))
        case "evenness":
            return _on_evenness(figure.value)
        case "probe":
            return _on_probe(figure, model)
        case "psnr":
            return _on_psnr(figure, model)
        case _:
            return _on_distance(figure.value)


def _on_path_length(value: float) -> str:
    if value <= _STRAIGHT:
        return tr("Nearly as smooth as fading one picture over the other.")
    if value <= _WINDING:
        return tr("Pictures take some detours on the way.")
    return tr("Pictures wander far on the way, or jump.")


def _on_evenness(value: float) -> str:
    if value <= _EVEN:
        return tr("They change as much in each step.")
    if value <= _UNEVEN:
        return tr("Some steps change much more than others.")
    return tr("Most of the change comes all at once.")


def _on_probe(figure: Figure, model: ModelReport) -> str:
    is_read = figure.value - figure.floor > _CHANCE_SDS * (figure.sd or 0.0)
    told = (
        trn(
            "Its latents tell {number} kind apart.",
            "Its latents tell {number} kinds apart.",
            model.num_kinds,
        )
        if is_read
        else tr("Its latents tell no more of the kinds than guessing does.")
    )
    if model.knew_kinds:
        told += " " + tr("It was given the kinds while it learned, and need not describe them.")
    return told


def _on_psnr(figure: Figure, model: ModelReport) -> str:
    if figure.value - figure.floor <= _CHANCE_SDS * (figure.sd or 0.0):
        return tr("What it redraws is no nearer than the mean of all pictures.")
    return trn(
        "Mean of {number} picture that it never saw.",
        "Mean of {number} pictures that it never saw.",
        model.num_held_out,
    )


def _on_distance(value: float) -> str:
    if value <= _NEAR:
        return tr("What it redraws looks much like the original.")
    if value <= _FAR:
        return tr("What it redraws has something of the original.")
    return tr("What it redraws looks like another picture.")
