"""What a person should know of a run when it begins or goes on, as events."""

from collections.abc import Collection, Sequence

from genstudio.data.kinds import kinds_of
from genstudio.data.modalities.protocol import Arrangement
from genstudio.domain import events
from genstudio.domain.datasets import Advice
from genstudio.domain.language import tr
from genstudio.domain.runs import RunState
from genstudio.domain.training import TrainingSettings
from genstudio.services.runs import Run

# Of fewer pictures nothing is kept aside; of fewer of a class nothing need be.
_FEWEST_SPLIT = 50
_FEWEST_OF_KIND = 5


def remarks_on_resuming(run: Run, step: int) -> list[events.Message]:
    """What a person should know about the step that a run goes on from.

    Newer checkpoints must have been damaged, or the run would go on from them; they are set aside.
    """
    remarks: list[events.Message] = []
    if damaged := [later for later in run.store.steps() if later > step]:
        for later in damaged:
            run.store.set_aside(later)
        names = ", ".join(tr("{later:,}", later=later) for later in damaged)
        remarks.append(
            events.Message(
                step=step,
                level="warning",
                title=tr(
                    "The newest checkpoint is damaged; the run goes on from step {step:,}",
                    step=step,
                ),
                message=tr(
                    "Step {names} could not be read back as it was written. It "
                    "may be time to check "
                    "the drive.",
                    names=names,
                ),
            )
        )
    summary = run.summary()
    if summary.state is RunState.INTERRUPTED:
        lost = tr(
            "{lost_seconds:.0f} seconds ({lost_steps:,} steps)",
            lost_seconds=summary.lost_seconds,
            lost_steps=summary.lost_steps,
        )
        remarks.append(
            events.Message(
                step=step,
                level="info",
                title=tr("This run was interrupted; it goes on from step {step:,}", step=step),
                message=tr("What it did after that, {lost}, is done again.", lost=lost),
            )
        )
    return remarks


def remarks_of(arrangement: Arrangement, *, is_reversed: bool = False) -> list[events.Message]:
    """What a modality has to say of a folder, such as pictures without a partner.

    Args:
        arrangement: How the modality sees the folder.
        is_reversed: What goes in and what should come out are exchanged.
    """
    first, others = arrangement.remarks[:1], arrangement.remarks[1:]
    if is_reversed and arrangement.turned is not None:
        first = (arrangement.turned,)
    return told_as_messages((*first, *others))


def told_as_messages(advice: Sequence[Advice]) -> list[events.Message]:
    """Advice on a folder, as a run tells it when it begins."""
    return [
        events.Message(step=0, level="info", title=it.title, message=it.reason) for it in advice
    ]


def remarks_on_what_is_kept_aside(
    names: Sequence[str], held_out: Collection[str], settings: TrainingSettings
) -> list[events.Message]:
    """That groups are too large to be kept aside whole, so that too little is, or nothing.

    Args:
        names: Of all that the run could learn from.
        held_out: Of those that it does not learn from.
        settings: Of the run.
    """
    if settings.held_out <= 0 or settings.groups == "picture" or len(names) < _FEWEST_SPLIT:
        return []
    out = frozenset(held_out)
    kinds = kinds_of(names) if settings.kinds else {"": len(names)}
    kept = kinds_of(name for name in names if name in out) if settings.kinds else {"": len(out)}
    lacking = [
        kind for kind, count in kinds.items() if count >= _FEWEST_OF_KIND and not kept.get(kind)
    ]
    if not lacking:
        return []
    of_which = ", ".join(kind for kind in lacking[:3] if kind)
    more = " …" if len(lacking) > 3 else ""
    return [
        events.Message(
            step=0,
            level="warning",
            title=tr("Groups are too large to be kept aside")
            if not of_which
            else tr("Nothing of {kinds} is kept aside", kinds=of_which + more),
            message=tr(
                "What belongs together stays together, and every group is larger than what may be "
                "kept aside. So this run cannot tell there whether it learned to draw or only to "
                "repeat. More and smaller groups would help."
            ),
        )
    ]


def other_decoding(step: int) -> events.Message:
    """That the pictures are not quite those which the run began with."""
    return events.Message(
        step=step,
        level="warning",
        title=tr("The pictures were decoded anew, in their true colours"),
        message=tr(
            "This run began with an earlier version of the program, which read some of them "
            "otherwise, and its decoded pictures are no longer there. It goes "
            "on, but not exactly as "
            "it would have."
        ),
    )
