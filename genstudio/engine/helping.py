"""What a process does that trains a run together with others and does not lead them."""

from genstudio.domain.errors import TrainingError
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.crew import Order
from genstudio.engine.job import TrainingJob
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
    stepper = Stepper(job)
    store = CheckpointStore(job.checkpoints)
    while (order := job.crew.hear()) != END:
        match order:
            case {"do": "step"}:
                stepper.take_step()
            case {"do": "restore", "step": step}:
                stepper.restore(store.load(step))
            case {"do": "begin anew"}:
                stepper.begin_anew()
            case {"do": "change", "changes": changes}:
                stepper.change(changes)
            case {"do": "scale", "to": scale}:
                stepper.set_learning_rate_scale(scale)
            case _:
                raise TrainingError("The processes do not understand each other", str(order))
