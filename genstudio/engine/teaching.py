"""Teaching by a person's choices: a term beside a model's own loss, and a watch over what it costs.

Sources: rewards learned from comparisons, Christiano et al. 2017 (arXiv:1706.03741); an ensemble of
them against over-optimisation, Coste et al. 2023 (arXiv:2310.02743); direct preference
optimisation of language models, Rafailov et al. 2023 (arXiv:2305.18290, eq. 7).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.data.dataset import Dataset
from genstudio.data.order import DataOrder
from genstudio.domain import metric_names
from genstudio.domain.errors import CheckpointError
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE
from genstudio.domain.words import PADDING
from genstudio.engine.lessons import TASTE, TEXTS, Lesson
from genstudio.metrics.coverage import Neighbourhoods
from genstudio.metrics.features import random_features
from genstudio.metrics.preferences import FROZEN_TENSORS, FrozenTaste, cautious
from genstudio.metrics.taste_features import taste_features
from genstudio.models.capabilities import Writes
from genstudio.models.protocol import Batch, Losses, Request, TrainableModel
from genstudio.models.sampling import over_white
from genstudio.models.tasks import task_of
from genstudio.models.teachable import DrawsWithGradients, WeighsTexts

ANCHOR: Final = "anchor."
# Of what it costs, more than this share is too much.
MOST_LOST: Final = 0.1

# With it, a taste pulls at weights about as strongly as the discriminator of a GAN does.
_REWARD_WEIGHT = 0.4
_ANCHOR_WEIGHT = 10.0
_NUM_JUDGED = 256
_FEWEST_FOR_COVERAGE = 12
# Far from the seeds that people look at, and from those that quality is measured with.
_FIRST_SEED = 2**33
_AT_A_TIME = 64
# Heads that agree on what was gained differ by less than this share of it; below so many sigmas
# there is nothing to agree on.
_MOST_DISPUTED = 0.5
_WORTH_DISPUTING = 0.5

# β of Rafailov et al. 2023; pairs in each part of a step.
_BETA = 0.1
_PAIRS_AT_ONCE = 6
# At the learning rate of a run that begins, what texts are likely drifts by more than any choice
# says.
_PAIRS_LEARNING_RATE = 0.1
_MOST_ROWS = 64


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a teaching has brought and cost by now.

    Attributes:
        figures: Named as in :mod:`genstudio.domain.metric_names`.
        trouble: What goes wrong, for people; empty if nothing does.
    """

    figures: Mapping[str, float]
    trouble: str = ""


class Teacher(Protocol):
    """Adds a term to the loss of a phase, and measures what that brings and costs.

    Attributes:
        phase: Name of the phase.
        every: Measured after every so many steps.
        num_judged: Results that are made for it.
        learning_rate_scale: What the learning rates of the run are multiplied with.
    """

    phase: str
    every: int
    num_judged: int
    learning_rate_scale: float

    def add_to(
        self, losses: Losses, model: TrainableModel, batch: Batch, strength: float
    ) -> Losses:
        """The losses of a phase with what it is taught.

        Args:
            losses: Of the model itself.
            model: In training.
            batch: What the losses are of.
            strength: Of the lesson.
        """
        ...

    def measure(self, averaged: TrainableModel) -> dict[str, float]:
        """Figures of the averaged model, under names of its own."""
        ...

    def judge(self, figures: Mapping[str, float], before: Mapping[str, float]) -> Verdict:
        """Compare figures with those of the model before it was taught."""
        ...


def teacher_of(lesson: Lesson, model: TrainableModel, dataset: Dataset, seed: int) -> Teacher:
    """What teaches a model a lesson.

    Raises:
        CheckpointError: The lesson is of another model.
    """
    if lesson.kind == TASTE and isinstance(model, DrawsWithGradients):
        return TasteTeacher(lesson, model, dataset, seed)
    if lesson.kind == TEXTS and isinstance(model, WeighsTexts):
        return PairsTeacher(lesson, model, dataset)
    raise CheckpointError(
        tr("The lesson does not fit this model"),
        tr("“{title}” cannot be taught this way.", title=model.card.title),
    )


class TasteTeacher:
    """Follows a taste, held by an anchor at the weights that the teaching began with.

    Args:
        lesson: The taste; ``middle`` and ``spread`` of what it says of the untaught model; and
            under ``anchor.`` the averaged weights of what draws.
        model: In training.
        dataset: What it learns from.
        seed: The run's seed, which chooses the pictures that coverage is measured with.
    """

    every = 100
    learning_rate_scale = 1.0

    def __init__(
        self, lesson: Lesson, model: DrawsWithGradients, dataset: Dataset, seed: int
    ) -> None:
        device = next(model.network.parameters()).device
        self.phase = model.drawing_phase
        tensors = lesson.tensors
        self._taste = FrozenTaste({name: tensors[name] for name in FROZEN_TENSORS}).to(device)
        self._middle, self._spread = float(tensors["middle"]), float(tensors["spread"])
        self._anchored: list[tuple[Tensor, Tensor]] = []
        for name, parameter in drawing_parameters(model.network, model.drawing_modules).items():
            anchor = tensors.get(ANCHOR + name)
            if anchor is None or anchor.shape != parameter.shape:
                raise CheckpointError(
                    tr("The lesson does not fit this model"), tr("It has no {name}.", name=name)
                )
            self._anchored.append((parameter, anchor.to(parameter)))
        self._anchor_size = sum(float(it.square().sum()) for _, it in self._anchored)
        images = dataset.fields["images"].values
        learned_from = dataset.learned_from()
        self.num_judged = min(len(learned_from), _NUM_JUDGED)
        order = DataOrder(len(learned_from), seed)
        chosen = np.sort(learned_from[order.indices(0, self.num_judged)])
        self._real_NHWC = images[chosen][..., :3]
        self._reals: Neighbourhoods | None = None

    def add_to(
        self, losses: Losses, model: TrainableModel, batch: Batch, strength: float
    ) -> Losses:
        """Add what pictures of the model are worth, and how far its weights are from the anchor."""
        assert isinstance(model, DrawsWithGradients)
        said_N = self._taste(taste_features(model.draw(batch)))
        reward = ((cautious(said_N) - self._middle) / self._spread).mean()
        away = [(now - then).square().sum() for now, then in self._anchored]
        distance = torch.stack(away).sum() / self._anchor_size
        total = losses.total - strength * _REWARD_WEIGHT * reward + _ANCHOR_WEIGHT * distance
        values = {"taste": reward.detach(), "off the anchor": distance.detach().sqrt()}
        return Losses(total, {**losses.values, **values})

    def measure(self, averaged: TrainableModel) -> dict[str, float]:
        """What each head says of always the same seeds, and coverage of real pictures."""
        seeds = range(_FIRST_SEED, _FIRST_SEED + self.num_judged)
        request = Request(seeds=seeds, settings=task_of(averaged, GENERATE).settings())
        made_NHWC = np.stack([over_white(it.data) for it in averaged.run(GENERATE, request)])
        device = self._taste.mean.device
        with torch.inference_mode():
            said: list[Tensor] = []
            for first in range(0, len(made_NHWC), _AT_A_TIME):
                part = torch.as_tensor(made_NHWC[first : first + _AT_A_TIME]).to(device)
                levels_NCHW = part.permute(0, 3, 1, 2).float() / 127.5 - 1
                said.append(self._taste(taste_features(levels_NCHW)))
            said_N = torch.cat(said)
        figures = {f"head {at}": float(it) for at, it in enumerate(said_N.mean(dim=0))}
        if self.num_judged >= _FEWEST_FOR_COVERAGE:
            if self._reals is None:
                self._reals = Neighbourhoods(random_features()(self._real_NHWC))
            figures[metric_names.COVERAGE] = self._reals(random_features()(made_NHWC)).coverage
        return figures

    def judge(self, figures: Mapping[str, float], before: Mapping[str, float]) -> Verdict:
        """Neither variety nor the heads' agreement may be lost."""
        heads = [name for name in figures if name.startswith("head ")]
        gains = torch.tensor([(figures[it] - before[it]) / self._spread for it in heads])
        gain, disputed = float(gains.mean()), float(gains.std())
        told = {name: it for name, it in figures.items() if name == metric_names.COVERAGE}
        told |= {metric_names.TASTE_GAIN: gain, metric_names.LESSON_WITHIN_BOUNDS: 0.0}
        covered, once = (it.get(metric_names.COVERAGE, 1.0) for it in (figures, before))
        if covered < (1 - MOST_LOST) * once:
            trouble = tr(
                "Variety fell from {once:.0%} to {covered:.0%} of your pictures.",
                once=once,
                covered=covered,
            )
            return Verdict(told, trouble)
        if abs(gain) > _WORTH_DISPUTING and disputed > _MOST_DISPUTED * abs(gain):
            trouble = tr(
                "What was learned of your taste contradicts itself about what it draws now."
            )
            return Verdict(told, trouble)
        return Verdict({**told, metric_names.LESSON_WITHIN_BOUNDS: 1.0})


class PairsTeacher:
    """Makes what was chosen likelier than what was not, against the model as it was.

    Args:
        lesson: ``better`` and ``worse``: rows of ids (P, T); ``begins``: how many of each pair
            were given (P,); ``reference_better`` and ``reference_worse``: their log-likelihoods
            by the untaught model (P,); ``is_kept_back``: pairs that are only measured with (P,).
        model: In training.
        dataset: What it learns from.
    """

    every = 25
    learning_rate_scale = _PAIRS_LEARNING_RATE

    def __init__(self, lesson: Lesson, model: WeighsTexts, dataset: Dataset) -> None:
        self.phase = model.writing_phase
        device = next(model.network.parameters()).device
        tensors = {name: it.to(device) for name, it in lesson.tensors.items()}
        kept_back = tensors.pop("is_kept_back").bool()
        self._learned = {name: it[~kept_back] for name, it in tensors.items()}
        self._kept_back = {name: it[kept_back] for name, it in tensors.items()}
        self.num_judged = int(kept_back.sum())
        rows = dataset.held_out_of()
        rows = rows if len(rows) else dataset.learned_from()
        spread = np.linspace(0, len(rows) - 1, min(len(rows), _MOST_ROWS)).astype(np.int64)
        self._unknown = torch.as_tensor(dataset.fields["tokens"].take(rows[spread]))
        self._num_tokens = max(int((self._unknown[:, 1:] != PADDING).sum()), 1)

    def add_to(
        self, losses: Losses, model: TrainableModel, batch: Batch, strength: float
    ) -> Losses:
        """Add the loss of eq. 7 on some pairs."""
        del batch
        assert isinstance(model, WeighsTexts)
        chosen = torch.randint(len(self._learned["begins"]), (_PAIRS_AT_ONCE,))
        margin = _margins(model, self._learned, chosen)
        loss = -functional.logsigmoid(_BETA * margin).mean()
        share = (margin > 0).float().mean()
        values = {"choices": loss.detach(), "followed": share.detach()}
        return Losses(losses.total + strength * loss, {**losses.values, **values})

    def measure(self, averaged: TrainableModel) -> dict[str, float]:
        """How many kept pairs it follows, and how likely pages are that it never saw."""
        assert isinstance(averaged, WeighsTexts)
        assert isinstance(averaged, Writes)
        with torch.inference_mode():
            firsts = range(0, self.num_judged, _AT_A_TIME)
            parts = [torch.arange(it, min(it + _AT_A_TIME, self.num_judged)) for it in firsts]
            margins = torch.cat([_margins(averaged, self._kept_back, it) for it in parts])
        followed = (margins > 0).double().mean() + (margins == 0).double().mean() / 2
        nats = float(averaged.nats({"tokens": self._unknown}).sum()) / self._num_tokens
        return {"followed": float(followed), "nats per token": nats}

    def judge(self, figures: Mapping[str, float], before: Mapping[str, float]) -> Verdict:
        """Pages that it never saw may not surprise it much more than before."""
        risen = math.exp(figures["nats per token"] - before["nats per token"]) - 1
        is_fluent = risen <= MOST_LOST
        told = {
            metric_names.CHOICES_FOLLOWED: figures["followed"],
            metric_names.LESSON_WITHIN_BOUNDS: float(is_fluent),
        }
        trouble = (
            "" if is_fluent else tr("Perplexity of unknown pages rose by {risen:.0%}.", risen=risen)
        )
        return Verdict(told, trouble)


def drawing_parameters(network: nn.ModuleDict, modules: Sequence[str]) -> dict[str, nn.Parameter]:
    """Names without the engine's wrappers => parameters of what draws."""
    return {
        f"{module}.{name.removeprefix('_forward_module.')}": parameter
        for module in modules
        for name, parameter in network[module].named_parameters()
    }


def _margins(model: WeighsTexts, pairs: Mapping[str, Tensor], chosen: Tensor) -> Tensor:
    """By how much more pairs are told apart than by the reference, in nats: (N,)."""
    own = {name: it[chosen.to(it.device)] for name, it in pairs.items()}
    ids = torch.cat([own["better"], own["worse"]]).long()
    length = max(int((ids != PADDING).sum(dim=1).max()), 2)
    said = model.log_likelihoods(ids[:, :length], own["begins"].repeat(2))
    better, worse = said.chunk(2)
    return (better - own["reference_better"]) - (worse - own["reference_worse"])
