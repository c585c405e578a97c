"""What people picked blindly between the states that a comparison shows."""

from collections.abc import Sequence

from genstudio.services.blind_picks import PickTally, State, added_up, tallies_of
from genstudio.services.compared import ComparedRun


def picks_among(runs: Sequence[ComparedRun]) -> tuple[PickTally, ...]:
    """All sessions between compared states of runs of one project, added up."""
    found: list[PickTally] = []
    for project in sorted({run.path.parent.parent for run in runs}):
        states = [
            State(run=run.path.name, step=run.step)
            for run in runs
            if run.path.parent.parent == project
        ]
        found += added_up(tallies_of(project), states)
    return tuple(found)
