"""Teaching a trained model by a person's choices: a branch of its run that follows them, too."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from genstudio.domain import events
from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE
from genstudio.domain.training import Budget
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.lessons import TASTE, Lesson
from genstudio.engine.teaching import ANCHOR, drawing_parameters
from genstudio.engine.trainer import CommandSource, with_one_ending
from genstudio.models.protocol import Request, TrainableModel
from genstudio.models.sampling import over_white
from genstudio.models.tasks import task_of
from genstudio.models.teachable import DrawsWithGradients, WeighsTexts
from genstudio.services.generation import load_model
from genstudio.services.opinions import FEWEST_TO_TEACH
from genstudio.services.runs import Run
from genstudio.services.tastes import LearnedTaste, learn_project_taste
from genstudio.services.text_lessons import text_lesson
from genstudio.services.training import resume_run

DEFAULT_MINUTES: Final = 5.0
_NUM_UNTAUGHT = 256
# Far from the seeds of galleries, measurements and previews.
_FIRST_SEED = 2**34
_SAID_EVERY = 32


def teach_run(
    run: Path,
    source: CommandSource,
    *,
    minutes: float = DEFAULT_MINUTES,
    checkpoint: str = "best",
) -> Iterator[events.Event]:
    """Train a branch of a run that also follows the choices and stars of its project.

    Args:
        run: Folder of a trained run that can be taught; it stays as it is.
        source: A person's commands.
        minutes: Of teaching.
        checkpoint: Where the branch begins: a step, "best" or "last".

    Yields:
        Events, of which the last and only the last is terminal.
    """
    return with_one_ending(_teach(run, source, minutes, checkpoint), run)


def _teach(path: Path, source: CommandSource, minutes: float, which: str) -> Iterator[events.Event]:
    run = Run(path)
    checkpoint = run.checkpoint(which)
    model = load_model(run, checkpoint)
    yield events.Preparing(what=tr("Learning your taste"), done=0, total=1)
    if isinstance(model, DrawsWithGradients):
        learned = learn_project_taste(run.project(), run.settings.size)
        refuse_unless_known(learned)
        lesson = yield from _taste_lesson(model, learned)
    elif isinstance(model, WeighsTexts):
        lesson = text_lesson(run, model)
    else:
        raise SettingsError(
            tr("“{title}” cannot be taught by choices", title=model.card.title),
            tr("Its results cannot be followed back to its weights."),
            tr("Choose a run of a GAN, a VAE, or a language model."),
        )
    yield from resume_run(
        run.path,
        source,
        budget=_budget(checkpoint, minutes),
        branch_from=checkpoint.state.step,
        lesson=lesson,
    )


def refuse_unless_known(learned: LearnedTaste) -> None:
    """See that there are enough choices, and that they agree with each other.

    Raises:
        SettingsError: They are not, or do not; it says in words what is missing.
    """
    count = learned.num_choices + learned.num_ratings
    if count < FEWEST_TO_TEACH:
        raise SettingsError(
            tr("There are too few choices to teach the model by"),
            tr(
                "{counted} so far; {fewest} are needed.",
                counted=learned.counted,
                fewest=FEWEST_TO_TEACH,
            ),
            tr(
                "“A or B” in the Gallery asks for choices; stars count as well. Until then, “More "
                "to my taste” follows what there is."
            ),
        )
    if learned.taste is None:
        raise SettingsError(
            tr("Your choices do not show a taste that could be taught"),
            learned.words,
            tr("Choose by one thing that you like, or make some more choices."),
        )


def _taste_lesson(
    model: TrainableModel, learned: LearnedTaste
) -> Generator[events.Event, None, Lesson]:
    assert learned.taste is not None
    assert isinstance(model, DrawsWithGradients)
    request = Request(
        seeds=range(_FIRST_SEED, _FIRST_SEED + _NUM_UNTAUGHT),
        settings=task_of(model, GENERATE).settings(),
    )
    scores: list[Tensor] = []
    for number, made in enumerate(model.run(GENERATE, request), start=1):
        scores.append(learned.scores(over_white(made.data)[None]))
        if number % _SAID_EVERY == 0:
            yield events.Preparing(
                what=tr("Looking at what it draws now"), done=number, total=_NUM_UNTAUGHT
            )
    said = torch.cat(scores)
    anchors = {
        ANCHOR + name: parameter.detach()
        for name, parameter in drawing_parameters(model.network, model.drawing_modules).items()
    }
    own = {"middle": said.mean().float(), "spread": said.std().clamp_min(1e-6).float()}
    return Lesson(kind=TASTE, tensors={**learned.taste.tensors(), **own, **anchors})


def _budget(checkpoint: Checkpoint, minutes: float) -> Budget:
    """So many minutes more, counted from the beginning of the run as budgets are."""
    return Budget(unit="minutes", amount=checkpoint.state.seconds / 60 + minutes)
