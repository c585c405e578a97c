"""What can go wrong with a language model, told from held-out pages and from what it writes."""

from collections.abc import Callable, Sequence
from typing import Final

from genstudio.domain import metric_names
from genstudio.domain.language import tr
from genstudio.engine.troubles import Finding, Observation, last_figures

BY_HEART: Final = "by heart"
WORD_COPIES: Final = "copied words"

_FAR_WORSE = 1.03
_MANY = 0.1


def _by_heart(observations: Sequence[Observation]) -> Finding | None:
    """Held-out pages become less likely while those that are learned become more so."""
    name = metric_names.BITS_PER_BYTE
    found = [seen.figures[name] for seen in observations if seen.has(name)]
    if len(found) < 4 or min(found[-2:]) < _FAR_WORSE * min(found):
        return None
    return Finding(
        topic=BY_HEART,
        title=tr("The model begins to learn your texts by heart"),
        message=tr(
            "Pages that it has never seen surprise it more than before. The best checkpoint is "
            "kept, and you can stop here; more text, a smaller model or more dropout brings it "
            "further."
        ),
        evidence=tr(
            "Surprise at unknown pages: {found:.3f} bits per byte at best, {found2:.3f} and "
            "{found3:.3f} in the last two measurements.",
            found=min(found),
            found2=found[-2],
            found3=found[-1],
        ),
        remedies={},
    )


def _copies(observations: Sequence[Observation]) -> Finding | None:
    """Whole runs of words that it writes stand in the texts that it learned from."""
    lately = last_figures(observations, metric_names.COPIED_WORDS, 2)
    usual = observations[-1].figures.get(metric_names.COPIED_WORDS_FLOOR, 0.0)
    if len(lately) < 2 or min(lately) < usual + _MANY:
        return None
    return Finding(
        topic=WORD_COPIES,
        title=tr("The model has begun to write your own sentences"),
        message=tr(
            "It knows some of them by heart. More text, or a smaller model with more dropout, "
            "helps; longer training makes it worse."
        ),
        evidence=tr(
            "{lately:.0%} of its words stand in your texts in runs of eight or more; of "
            "pages that it never saw it is {usual:.0%}.",
            lately=lately[-1],
            usual=usual,
        ),
        remedies={},
    )


DETECTORS: tuple[Callable[[Sequence[Observation]], Finding | None], ...] = (_by_heart, _copies)
