"""What can go wrong with a model that translates pictures, told from what stays of its inputs."""

from collections.abc import Callable, Sequence
from typing import Final

from genstudio.domain import metric_names, roles
from genstudio.domain.language import tr
from genstudio.engine.troubles import Finding, Observation, last_figures, twice

INVERSION: Final = "inversion"
OVER_TRANSLATION: Final = "over-translation"

_IS_INVERTED = -0.2
# Of the edges that chance alone would not have kept.
_FEW_EDGES = 0.15


def _inversion(observations: Sequence[Observation]) -> Finding | None:
    """A known failure of translations: light becomes dark and dark light."""
    correlations = last_figures(observations, metric_names.LUMINANCE_CORRELATION, 2)
    if not correlations or max(correlations) >= _IS_INVERTED:
        return None
    return Finding(
        topic=INVERSION,
        title=tr("Light and dark change places"),
        message=tr(
            "The model has found that a negative passes, too, and may stay with it. Holding it "
            "to the light of what goes in helps, if this is not what your pictures show."
        ),
        evidence=tr(
            "Brightness of what goes in and what comes out: a correlation of "
            "{correlations:.2f}, where 1 keeps it and −1 is a negative.",
            correlations=correlations[-1],
        ),
        remedies={roles.LUMINANCE: twice},
    )


def _over_translation(observations: Sequence[Observation]) -> Finding | None:
    """Outputs have the look of the targets, but no longer the shapes of their own inputs."""
    if observations[-1].has(metric_names.L1):
        # Pairs say themselves where edges belong.
        return None
    kept = last_figures(observations, metric_names.EDGE_IOU, 2)
    by_chance = last_figures(observations, metric_names.EDGE_IOU_CHANCE, 2)
    if not kept or not by_chance:
        return None
    beyond = [
        (iou - chance) / max(1 - chance, 1e-6) for iou, chance in zip(kept, by_chance, strict=True)
    ]
    if max(beyond) >= _FEW_EDGES:
        return None
    return Finding(
        topic=OVER_TRANSLATION,
        title=tr("Your pictures' shapes get lost"),
        message=tr(
            "What comes out looks like the second set, but shows something else than what went "
            "in. Holding it more closely to what is where helps; going back to "
            "an earlier checkpoint "
            "brings the shapes back."
        ),
        evidence=tr(
            "{kept:.0%} of the edges are where they were; with pictures that do not belong "
            "together it is {by_chance:.0%}.",
            kept=kept[-1],
            by_chance=by_chance[-1],
        ),
        remedies={roles.STRUCTURE: twice},
    )


DETECTORS: tuple[Callable[[Sequence[Observation]], Finding | None], ...] = (
    _inversion,
    _over_translation,
)
