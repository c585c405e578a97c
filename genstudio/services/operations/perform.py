"""Checks what is asked of an operation, and has it done."""

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from genstudio.domain.artifacts import IMAGE
from genstudio.domain.errors import SettingsError
from genstudio.domain.language import inside, tr
from genstudio.domain.operations import OperationCard
from genstudio.domain.progress import Progress
from genstudio.domain.settings import parse_settings
from genstudio.engine.threads import single_threaded
from genstudio.models.catalog import model_class
from genstudio.models.protocol import TrainableModel
from genstudio.models.tasks import find_task
from genstudio.services.operations.catalog import OPERATIONS
from genstudio.services.operations.protocol import Made, OperationRequest
from genstudio.services.runs import Run


@single_threaded
def perform(
    key: str,
    *,
    run: Path | None = None,
    inputs: Mapping[str, Sequence[Path]] | None = None,
    count: int = 1,
    seed: int = 0,
    checkpoint: str = "best",
    settings: Mapping[str, Any] | None = None,
    watch: bool = False,
    batch: int | None = None,
    device: str = "cpu",
) -> Generator[Made | Progress, None, None]:
    """Have an operation done.

    Args:
        key: Of the operation.
        run: Folder of the run whose model is used.
        inputs: Name of an input => files.
        count: How many are wanted.
        seed: Of the first result.
        checkpoint: A step, "best" or "last".
        settings: Loose values, checked here.
        watch: Go on with what comes later; never ends by itself.
        batch: See :class:`~genstudio.services.operations.protocol.OperationRequest`.
        device: See there.

    Raises:
        GenStudioError: Something is missing, does not fit or cannot be read.
    """
    operation = OPERATIONS.get(key)
    card = operation.card
    opened = _opened(card, run)
    chosen = None if opened is None else model_class(opened.settings.model_key)
    given = {name: list(files) for name, files in (inputs or {}).items()}
    _refuse_wrong_inputs(card, given)
    request = OperationRequest(
        settings=parse_settings(operation.settings(chosen), settings or {}),
        run=opened,
        checkpoint=checkpoint,
        inputs=given,
        count=count,
        seed=seed,
        watch=watch and card.can_watch,
        batch=batch,
        device=device,
    )
    yield from operation.run(request)


def can_be_done_with(card: OperationCard, model: type[TrainableModel]) -> bool:
    """Whether a model has the task, and the capability, that an operation needs."""
    if card.task:
        task = find_task(model, card.task)
        if task is None or not (card.any_output or task.output in (IMAGE, card.output)):
            return False
    return not card.capability or card.capability in model.card.capabilities


def _opened(card: OperationCard, run: Path | None) -> Run | None:
    if not card.needs_run:
        return None
    if run is None:
        raise SettingsError(
            tr("“{title}” needs a trained model", title=card.title),
            tr("No run was named."),
            tr("Name the folder of a run with --run, or choose one in the window."),
        )
    opened = Run(run)
    model = model_class(opened.settings.model_key)
    if not can_be_done_with(card, model):
        raise SettingsError(
            tr("“{title}” cannot do “{title2}”", title=model.card.title, title2=card.title),
            tr("The run {name} learned something else.", name=opened.path.name),
            tr(
                "Choose a run of another architecture; this one is of the family {family}.",
                family=model.card.family,
            ),
        )
    if not card.suits(opened.settings.modality, opened.settings.layout):
        raise SettingsError(
            tr("The run {name} learned other pairs", name=opened.path.name),
            tr("“{title}” needs pictures that were learned with it.", title=card.title),
            tr("Choose a run that learned from such pairs."),
        )
    return opened


def _refuse_wrong_inputs(card: OperationCard, given: Mapping[str, Sequence[Path]]) -> None:
    known = {spec.name: spec for spec in card.inputs}
    for name in given:
        if name not in known:
            raise SettingsError(
                tr("“{title}” takes nothing called “{name}”", title=card.title, name=name),
                "",
                tr("It takes: {known}.", known=", ".join(known) or tr("nothing")),
            )
    for spec in card.inputs:
        count = len(given.get(spec.name, ()))
        if count < spec.minimum or (spec.maximum is not None and count > spec.maximum):
            most = (
                tr("or more") if spec.maximum is None else tr("to {maximum}", maximum=spec.maximum)
            )
            raise SettingsError(
                tr(
                    "“{title}” takes {minimum} {most}: {title2}",
                    title=card.title,
                    minimum=spec.minimum,
                    most=most,
                    title2=inside(spec.title),
                ),
                tr("{count} were given.", count=count),
                tr("Name the files behind the operation, or drop them on the Create page."),
            )
