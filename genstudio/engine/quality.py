"""How good a model is while it trains, measured now and then, so that the best can be kept."""

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from genstudio.data.dataset import Dataset, Field
from genstudio.data.order import DataOrder
from genstudio.domain import metric_names
from genstudio.domain.artifacts import IMAGE, TEXT
from genstudio.domain.operations import GENERATE, TRANSLATE
from genstudio.engine.text_quality import TextMeter
from genstudio.engine.translation_quality import TranslationMeter
from genstudio.metrics.copying import CopyFinder
from genstudio.metrics.coverage import Neighbourhoods
from genstudio.metrics.diversity import mean_distance, relative_diversity
from genstudio.metrics.features import random_features
from genstudio.metrics.kid import KernelDistances, distance_by_chance
from genstudio.metrics.swd import SlicedWasserstein
from genstudio.models.protocol import HasDiagnostics, Request, TrainableModel
from genstudio.models.sampling import over_white
from genstudio.models.tasks import task_of

_MOST_PICTURES = 256
# A model looks at so many of each kind to tell of its inside.
_MOST_EXAMINED = 128
# Of fewer pictures, what a model remembers of them is told by chance.
_FEWEST_HELD_OUT = 10
# Of fewer, a picture has no five neighbours among the others that mean something.
_FEWEST_FOR_COVERAGE = 12
# Copies are looked for among so many at most: thumbnails of all must fit into memory.
_MOST_ORIGINALS = 10_000
# Far from the seeds that people look at first: those are for the eye.
_FIRST_SEED = 2**32


class Meter(Protocol):
    """Measures the averaged model."""

    @property
    def count(self) -> int:
        """How many results are judged."""
        ...

    def measure(
        self,
        model: TrainableModel,
        is_hurried: Callable[[], bool],
        *,
        examined: TrainableModel | None = None,
    ) -> dict[str, float]:
        """Figures named as in :mod:`genstudio.domain.metric_names`; none if there was no time."""
        ...


def quality_meter(model: TrainableModel, dataset: Dataset, seed: int) -> Meter | None:
    """What measures a model by the task that it is trained for; None where no figure is known.

    Args:
        model: The averaged model.
        dataset: What it learns from.
        seed: The run's seed.
    """
    task = model.tasks[0]
    if model.card.draws_slowly:
        return None
    if task.key == TRANSLATE:
        return TranslationMeter(dataset)
    if task.key == GENERATE and task.output == TEXT and "tokens" in dataset.fields:
        return TextMeter(dataset)
    if task.key == GENERATE and task.output == IMAGE and "images" in dataset.fields:
        images = dataset.fields["images"]
        return QualityMeter(
            images.values,
            seed,
            learned_from=images.rows_of(dataset.learned_from()),
            held_out=images.rows_of(dataset.held_out_of()),
            conditions={name: dataset.fields[name] for name in task.conditions},
        )
    return None


class QualityMeter:
    """Compares what a model makes of always the same seeds with always the same real pictures.

    So two figures of one run differ by what was learned, not by chance; figures of runs on
    different pictures say nothing about each other.

    Attributes:
        count: Pictures that are made, and real ones that they are compared with.

    Args:
        images_NHWC: Decoded pictures, uint8.
        seed: The run's seed, which chooses among them.
        learned_from: Indices of those that are learned from; by default all.
        held_out: Indices of those that are not.
        conditions: What else each picture has and its task takes, such as a caption.
    """

    def __init__(
        self,
        images_NHWC: np.ndarray,
        seed: int,
        *,
        learned_from: np.ndarray | None = None,
        held_out: np.ndarray | None = None,
        conditions: Mapping[str, Field] | None = None,
    ) -> None:
        self._conditions = conditions or {}
        self._whole_NHWC = images_NHWC
        # Beside an opacity, colours lie over white already.
        self._images_NHWC = images_NHWC[..., :3]
        self._learned_from = np.arange(len(images_NHWC)) if learned_from is None else learned_from
        self._held_out = np.empty(0, np.int64) if held_out is None else held_out
        order = DataOrder(len(self._learned_from), seed)
        self.count = min(len(self._learned_from), _MOST_PICTURES)
        self._chosen = np.sort(self._learned_from[order.indices(0, self.count)])
        self._reals: _Reals | None = None

    def measure(
        self,
        model: TrainableModel,
        is_hurried: Callable[[], bool],
        *,
        examined: TrainableModel | None = None,
    ) -> dict[str, float]:
        """Measure the averaged model.

        Args:
            model: What to measure.
            is_hurried: Asked between pictures; if so, the measuring is given up.
            examined: The model as it is trained, if it shall tell of its inside: a discriminator is
                one of the generator that it plays with, and of no average.

        Returns:
            Figures, named as in :mod:`genstudio.domain.metric_names`; SWD and KID are times 1,000.
            Empty if there was no time for them.
        """
        figures = self._measured(model, is_hurried)
        if figures and isinstance(examined, HasDiagnostics):
            figures |= self._inside(examined)
        return {name: value for name, value in figures.items() if math.isfinite(value)}

    def _inside(self, model: HasDiagnostics) -> dict[str, float]:
        held_out = self._held_out[:_MOST_EXAMINED]
        if len(held_out) < _FEWEST_HELD_OUT:
            held_out = held_out[:0]
        learned = self._chosen[:: max(1, len(self._chosen) // _MOST_EXAMINED)][:_MOST_EXAMINED]
        return dict(
            model.diagnostics(
                _as_tensor(self._whole_NHWC[learned]), _as_tensor(self._whole_NHWC[held_out])
            )
        )

    def _measured(self, model: TrainableModel, is_hurried: Callable[[], bool]) -> dict[str, float]:
        seeds = range(_FIRST_SEED, _FIRST_SEED + self.count)
        request = Request(
            seeds=seeds,
            settings=task_of(model, GENERATE).settings(),
            # Those of the pictures that they are compared with.
            inputs={name: list(own.take(self._chosen)) for name, own in self._conditions.items()},
        )
        made: list[np.ndarray] = []
        for artifact in model.run(GENERATE, request):
            if is_hurried():
                return {}
            made.append(over_white(artifact.data))
        if self._reals is None:
            self._reals = self._look_at_reals()
        return {} if is_hurried() else self._reals.compare(np.stack(made))

    def _look_at_reals(self) -> "_Reals":
        spread = np.linspace(
            0, len(self._learned_from) - 1, min(len(self._learned_from), _MOST_ORIGINALS)
        )
        return _Reals(
            self._images_NHWC[self._chosen],
            self._images_NHWC[self._learned_from[spread.astype(np.int64)]],
            self._images_NHWC[self._held_out[:_MOST_ORIGINALS]],
        )


class _Reals:
    """What there is to know of the real pictures, found once."""

    def __init__(
        self, real_NHWC: np.ndarray, originals_NHWC: np.ndarray, held_out_NHWC: np.ndarray
    ) -> None:
        features = random_features()(real_NHWC)
        self._surface = SlicedWasserstein(_as_tensor(over_white(real_NHWC)))
        self._kernel = KernelDistances(features)
        self._chance = _kid_by_chance(features)
        self._mean_distance = mean_distance(features)
        has_neighbours = len(real_NHWC) >= _FEWEST_FOR_COVERAGE
        self._neighbourhoods = Neighbourhoods(features) if has_neighbours else None
        self._copies = CopyFinder(originals_NHWC, held_out_NHWC)

    def compare(self, made_NHWC: np.ndarray) -> dict[str, float]:
        """Figures of as many generated images."""
        features = random_features()(made_NHWC)
        copies = self._copies(made_NHWC)
        figures = {
            metric_names.SWD: self._surface(_as_tensor(made_NHWC)),
            metric_names.KID: self._kernel(features).value,
            metric_names.KID_CHANCE: self._chance,
            metric_names.DIVERSITY: relative_diversity(features, self._mean_distance),
            metric_names.COPIES: copies.share,
            metric_names.COPIES_FLOOR: copies.usual_share,
        }
        if self._neighbourhoods is not None:
            figures[metric_names.COVERAGE] = self._neighbourhoods(features).coverage
        return figures


def _kid_by_chance(features_NC: Tensor) -> float:
    """How far the distance of as many real pictures would be off zero by chance.

    Measured on halves; around zero it falls as the number of pictures does (Gretton et al.
    2012, theorem 12), and so is half as much for the whole.
    """
    half = len(features_NC) // 2
    if half < 2:
        return 0.0
    return distance_by_chance(features_NC, half).sd * half / len(features_NC)


def _as_tensor(pictures_NHWC: np.ndarray) -> Tensor:
    return torch.as_tensor(pictures_NHWC).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
