"""The loop of a worker: a process that trains with others and is not the main one."""

from genstudio.domain.errors import TrainingError
from genstudio.domain.language import tr
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.job import TrainingJob
from genstudio.engine.lessons import TeachingMemory
from genstudio.engine.process_group import Message
from genstudio.engine.state import TrainState
from genstudio.engine.stepper import Stepper

END: Message = {"do": "end"}


def run_worker(job: TrainingJob) -> None:
    """Follow the messages of the main process until the last one.

    Nothing is saved or shown here: the main process has the same state.

    Args:
        job: The run as the main process has it, with this process's rank.

    Raises:
        TrainingError: The main process is gone.
    """
    state = TrainState(job)
    stepper = Stepper(state, job.settings)
    store = CheckpointStore(job.checkpoints)
    while (message := job.process_group.receive()) != END:
        match message:
            case {"do": "step"}:
                stepper.take_step()
            case {"do": "restore", "step": step}:
                state.restore(store.load(step))
            case {"do": "reset"}:
                state.reset()
            case {"do": "change", "changes": changes}:
                state.change(changes)
            case {"do": "scale", "to": scale}:
                state.set_learning_rate_scale(scale)
            case {"do": "teach", "memory": memory}:
                state.set_teaching(TeachingMemory.model_validate(memory))
            case _:
                raise TrainingError(tr("The processes do not understand each other"), str(message))
