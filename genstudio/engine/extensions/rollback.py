"""Takes a run back to its newest checkpoint when the numbers run away."""

from genstudio.domain import events
from genstudio.domain.errors import RunawayError, TrainingError
from genstudio.domain.language import tr
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.state import TrainState
from genstudio.engine.troubles import RUNAWAY

_MOST_ROLLBACKS = 4
_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth"}


class Rollback:
    """Goes back to what was saved last, with half the learning rate.

    Four times in a row without a checkpoint beyond the place where the numbers ran away are
    enough: then the run needs a person.

    Args:
        store: The run's checkpoints.
    """

    def __init__(self, store: CheckpointStore) -> None:
        self._store = store
        self._rollbacks = 0
        self._last_diverged_step = 0

    def roll_back(self, state: TrainState, error: RunawayError) -> events.Advice:
        """Return to the newest checkpoint, or to the beginning; what is being written must be safe.

        Raises:
            TrainingError: That was done often enough.
        """
        if state.milestones.safe > self._last_diverged_step:
            self._rollbacks = 0
        if self._rollbacks == _MOST_ROLLBACKS:
            raise TrainingError(
                tr("The numbers ran away"),
                tr(
                    "{message} Going back and learning more slowly did not help {most_rollbacks} "
                    "times.",
                    message=error.message,
                    most_rollbacks=_MOST_ROLLBACKS,
                ),
                tr("Branch from an earlier checkpoint, or begin anew with a lower learning rate."),
            ) from error
        self._rollbacks += 1
        diverged = state.step
        self._last_diverged_step = max(self._last_diverged_step, diverged)
        scale = state.optimizers.scale / 2
        changes = dict(state.models.changes)
        checkpoint = self._store.newest().checkpoint
        if checkpoint is None:
            state.reset()
        else:
            state.restore(checkpoint)
        # What a person decided is not what went wrong.
        state.change(changes)
        state.set_learning_rate_scale(scale)
        return events.Advice(
            step=state.step,
            level="warning",
            title=tr(
                "{title}; the run goes on from step {step:,}", title=error.title, step=state.step
            ),
            message=tr(
                "{message} The learning rate is now {scale:g} of what was chosen.",
                message=error.message,
                scale=scale,
            ),
            topic=RUNAWAY,
            evidence=tr(
                "It happened at step {diverged:,}, for the {ordinals} time since the last saved "
                "step beyond that place.",
                diverged=diverged,
                ordinals=_ORDINALS[self._rollbacks],
            ),
        )
