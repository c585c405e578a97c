"""How much of a text that a run wrote stands word for word in the texts that it learned from."""

from collections.abc import Mapping

import numpy as np

from genstudio.domain.artifacts import TEXT, Artifact
from genstudio.metrics.verbatim import VerbatimIndex
from genstudio.services.runs import Run

_MOST_HELD_OUT = 200


class VerbatimMeter:
    """Compares texts with those of a run.

    Attributes:
        usual: Words of the longest run that a held-out piece, which nobody copied, has in common
            with them, in the middle of all; 0 where none was held out.

    Args:
        run: What the texts are written by.

    Raises:
        ProjectError: The record of what it learned from cannot be read.
    """

    def __init__(self, run: Run) -> None:
        manifest = run.project().load_manifest(run.file.dataset)
        held_out = frozenset(run.held_out_of(manifest))
        learned = (text for name, text in manifest.captions if name not in held_out)
        self.index = VerbatimIndex(learned)
        kept = [text for name, text in manifest.captions if name in held_out]
        runs = [self.index(text).longest for text in kept[:_MOST_HELD_OUT]]
        self.usual = float(np.median(runs)) if runs else 0.0

    def __call__(self, artifact: Artifact) -> Mapping[str, float | str]:
        """Length and words of the longest run that is known, what is usual, and the share."""
        if artifact.kind != TEXT:
            return {}
        found = self.index(str(artifact.data))
        usual = {"usual": self.usual} if self.usual else {}
        return {
            "longest copy": float(found.longest),
            "copied": found.words,
            "copied share": round(found.share, 4),
            **usual,
        }
