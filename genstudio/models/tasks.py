"""What a model can be asked to do, looked up by its declared tasks."""

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.operations import TaskCard
from genstudio.models.protocol import TrainableModel


def find_task(model: TrainableModel | type[TrainableModel], key: str) -> TaskCard | None:
    """A task of a model; None if it does not have it."""
    return next((task for task in model.tasks if task.key == key), None)


def task_of(model: TrainableModel | type[TrainableModel], key: str) -> TaskCard:
    """A task of a model.

    Raises:
        SettingsError: The model cannot do that; the hint lists what it can.
    """
    task = find_task(model, key)
    if task is None:
        known = ", ".join(task.key for task in model.tasks)
        raise SettingsError(
            tr("“{title}” cannot do “{key}”", title=model.card.title, key=key),
            tr("It learned something else."),
            tr("It can: {known}.", known=known),
        )
    return task
