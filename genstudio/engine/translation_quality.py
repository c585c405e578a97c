"""How good a model that translates pictures is while it trains, on always the same examples."""

import math
from collections.abc import Callable

import numpy as np
import torch

from genstudio.data.dataset import Dataset
from genstudio.domain import metric_names
from genstudio.domain.operations import TRANSLATE
from genstudio.metrics.features import random_features
from genstudio.metrics.kid import KernelDistances
from genstudio.metrics.swd import SlicedWasserstein
from genstudio.metrics.translation import kept, l1_distance
from genstudio.models.protocol import Request, TrainableModel
from genstudio.models.sampling import over_white
from genstudio.models.tasks import task_of

_MOST_PICTURES = 128


class TranslationMeter:
    """Translates held-out inputs, or where nothing is held out others, and compares.

    Attributes:
        count: Pictures that are translated.

    Args:
        dataset: With a field of inputs and one of targets, paired or not.
    """

    def __init__(self, dataset: Dataset) -> None:
        inputs, targets = dataset.fields["input"], dataset.fields["target"]
        self._is_paired = inputs.spec.group == targets.spec.group
        examples = dataset.shown(inputs.spec.group, _MOST_PICTURES)
        self._inputs = inputs.take(examples)
        if self._is_paired:
            wanted = targets.take(examples)
        else:
            wanted = targets.take(dataset.shown(targets.spec.group, _MOST_PICTURES))
        self._targets = np.stack([over_white(picture) for picture in wanted])
        self.count = len(self._inputs)
        self._surface: SlicedWasserstein | None = None
        self._kernel: KernelDistances | None = None

    def measure(
        self,
        model: TrainableModel,
        is_hurried: Callable[[], bool],
        *,
        examined: TrainableModel | None = None,
    ) -> dict[str, float]:
        """Measure the averaged model.

        Returns:
            Figures, named as in :mod:`genstudio.domain.metric_names`; SWD and KID are times 1,000.
            Empty if there was no time for them.
        """
        del examined
        task = task_of(model, TRANSLATE)
        request = Request(
            settings=task.settings.model_validate(task.in_bulk),
            inputs={"input": list(self._inputs)},
        )
        made: list[np.ndarray] = []
        for artifact in model.run(TRANSLATE, request):
            if is_hurried():
                return {}
            made.append(over_white(artifact.data))
        figures = self._compared(np.stack(made))
        return {name: value for name, value in figures.items() if math.isfinite(value)}

    def _compared(self, made_NHWC: np.ndarray) -> dict[str, float]:
        inputs_NHWC = np.stack([over_white(picture) for picture in self._inputs])
        stayed = kept(inputs_NHWC, made_NHWC)
        figures = {
            metric_names.LUMINANCE_CORRELATION: stayed.luminance_correlation,
            metric_names.EDGE_IOU: stayed.edge_iou,
        }
        if len(made_NHWC) > 1 and not self._is_paired:
            others_NHWC = np.roll(made_NHWC, 1, axis=0)
            figures[metric_names.EDGE_IOU_CHANCE] = kept(inputs_NHWC, others_NHWC).edge_iou
        if self._is_paired:
            figures[metric_names.L1] = l1_distance(made_NHWC, self._targets)
        if min(len(made_NHWC), len(self._targets)) >= 2:
            if self._kernel is None:
                self._kernel = KernelDistances(random_features()(self._targets))
            figures[metric_names.KID] = self._kernel(random_features()(made_NHWC)).value
        if len(made_NHWC) == len(self._targets):
            if self._surface is None:
                self._surface = SlicedWasserstein(_as_tensor(self._targets))
            figures[metric_names.SWD] = self._surface(_as_tensor(made_NHWC))
        return figures


def _as_tensor(pictures_NHWC: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(pictures_NHWC).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
