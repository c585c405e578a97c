"""Which saved states of a project's runs can be picked blindly, and which two are proposed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from genstudio.domain.artifacts import IMAGE
from genstudio.domain.language import tr
from genstudio.domain.runs import CheckpointInfo, RunSummary, best_step
from genstudio.services.studio import CatalogueEntry
from genstudio.services.studio_blind import Candidate
from genstudio.ui.run_words import run_when


def candidates_of(
    runs: Sequence[RunSummary], entries: Mapping[str, CatalogueEntry]
) -> list[Candidate]:
    """All checkpoints of runs that make pictures, the newest run and its newest point first."""
    return [
        Candidate(run.path, info.step, _name(run, info, entries), _title(run, entries))
        for run in reversed(runs)
        if _makes_pictures(run, entries)
        for info in reversed(run.checkpoints)
    ]


def proposed(
    candidates: Sequence[Candidate], runs: Sequence[RunSummary], checked: Sequence[Path]
) -> tuple[int, int]:
    """Places of the best points of two checked runs, or of two points of one.

    Args:
        candidates: Two at least.
        runs: That they belong to.
        checked: Folders of runs that a person has checked.
    """
    best = {run.path: best_step(run.checkpoints) or run.step for run in runs}
    places = [at for at, it in enumerate(candidates) if best[it.run] == it.step]
    wanted = [at for path in checked for at in places if candidates[at].run == path]
    same = [at for at, it in enumerate(candidates) if it.run in checked]
    found = list(dict.fromkeys([*wanted[:2], *same, *range(len(candidates))]))
    return found[0], found[1]


def _makes_pictures(run: RunSummary, entries: Mapping[str, CatalogueEntry]) -> bool:
    entry = entries.get(run.settings.model_key)
    return entry is not None and entry.sampling is not None and entry.card.output == IMAGE


def _title(run: RunSummary, entries: Mapping[str, CatalogueEntry]) -> str:
    return entries[run.settings.model_key].card.title


def _name(run: RunSummary, info: CheckpointInfo, entries: Mapping[str, CatalogueEntry]) -> str:
    parts = [
        _title(run, entries),
        run_when(run.path),
        tr("step {step:,}", step=info.step),
        tr("the best so far") if info.is_best else "",
        tr("starred") if info.is_starred else "",
    ]
    return ", ".join(part for part in parts if part)
