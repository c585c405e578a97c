"""What a process does that trains a run together with others and does not lead them."""

from genstudio.domain.errors import TrainingError
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.crew import Order
from genstudio.engine.job import TrainingJob
from genstudio.engine.state import TrainState
from genstudio.engine.stepper import Stepper

END: Order = {"do": "end"}


def help_training(job: TrainingJob) -> None:
    """Do what the leading process tells, in step with it, until it says that it is done.

    Nothing is saved or shown here: all that is learned is the same in the leading process.

    Args:
        job: The run as the leading process has it, with this process's place in its crew.

    Raises:
        TrainingError: The leading process is gone.
    """
    state = TrainState(job)
    stepper = Stepper(state, job.settings)
    store = CheckpointStore(job.checkpoints)
    while (order := job.crew.hear()) != END:
        match order:
            case {"do": "step"}:
                stepper.take_step()
            case {"do": "restore", "step": step}:
                state.restore(store.load(step))
            case {"do": "begin anew"}:
                state.reset()
            case {"do": "change", "changes": changes}:
                state.change(changes)
            case {"do": "scale", "to": scale}:
                state.set_learning_rate_scale(scale)
            case _:
                raise TrainingError("The processes do not understand each other", str(order))
