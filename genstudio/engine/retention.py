"""Which checkpoints of a run are kept: the newest, the best, one for each hour, starred ones."""

from collections.abc import Sequence

from genstudio.domain.runs import CheckpointInfo, best_measured

KEEP_NEWEST = 3
_HOUR_S = 3600.0


def superfluous(checkpoints: Sequence[CheckpointInfo], *, room_bytes: float) -> list[int]:
    """Choose what to remove.

    Kept are the newest three, the best, the last of each hour of training, and starred ones.
    Hours are counted in training time, so that pauses and the machine's clock do not matter.
    Where there is no room for all hours, those go first that have the closest neighbours: what
    stays is spread over the whole run.

    Args:
        checkpoints: All of a run, in order of their steps.
        room_bytes: What the kept ones may take; the newest, the best and starred ones may take
            more.

    Returns:
        Steps of the checkpoints to remove.
    """
    always = {info.step for info in checkpoints if info.is_starred}
    always |= {info.step for info in checkpoints[-KEEP_NEWEST:]}
    if (best := best_measured(checkpoints)) is not None:
        always.add(best.step)
    last_of_hour = {int(info.seconds // _HOUR_S): info.step for info in checkpoints}
    kept = [info for info in checkpoints if info.step in {*always, *last_of_hour.values()}]
    while sum(info.num_bytes for info in kept) > room_bytes:
        droppable = [index for index, info in enumerate(kept) if info.step not in always]
        if not droppable:
            break
        kept.pop(min(droppable, key=lambda index: _gap_s(kept, index)))
    kept_steps = {info.step for info in kept}
    return [info.step for info in checkpoints if info.step not in kept_steps]


def _gap_s(kept: Sequence[CheckpointInfo], index: int) -> float:
    """Training time between the neighbours of a checkpoint; the first has the beginning as one."""
    before_s = kept[index - 1].seconds if index > 0 else 0.0
    return kept[index + 1].seconds - before_s
