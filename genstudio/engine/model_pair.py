"""A model in training and the moving average of its weights, which pictures are made from."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from genstudio.domain.errors import CheckpointError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.settings import with_current_names
from genstudio.engine.changes import with_changes
from genstudio.engine.checkpoint import SettingValue
from genstudio.engine.ema import ExponentialMovingAverage
from genstudio.models.protocol import Finalizes, TrainableModel


class ModelPair:
    """A model in training and its exponential moving average (EMA).

    Args:
        build: Makes a model with fresh weights, on the device.
        half_life_kimg: Of the average, in thousands of images.

    Attributes:
        model: In training.
        averaged: The same architecture with the averaged weights; in evaluation mode.
        changes: Settings of the model that became others while the run went on.
    """

    def __init__(self, build: Callable[[], TrainableModel], half_life_kimg: float) -> None:
        self._build = build
        self.model, self.averaged = build(), build()
        self._first_config = self.model.config
        self.changes: dict[str, SettingValue] = {}
        self._ema = ExponentialMovingAverage(
            self.model.network, self.averaged.network, half_life_kimg
        )
        self._ema.copy()
        self._copy: TrainableModel | None = None

    def follow(self, *, images_seen: int, batch: int) -> None:
        """Let the average follow the model by one step of ``batch`` images."""
        self._ema.update(images_seen=images_seen, batch=batch)

    def change(self, changes: Mapping[str, object]) -> None:
        """Let settings of the model be others.

        Raises:
            SettingsError: One of them may not change while a run goes on, or is out of bounds.
        """
        config = with_changes(self.model.config, changes)
        self.model.config = self.averaged.config = config
        names = with_current_names(type(config), changes)
        self.changes |= {name: getattr(config, name) for name in names}

    @property
    def needs_finalizing(self) -> bool:
        """Whether the model has something to work out besides its weights."""
        return isinstance(self.averaged, Finalizes)

    def finalize(self, examples: Mapping[str, Tensor]) -> None:
        """Let the averaged model work out what it needs besides its weights to make pictures."""
        if isinstance(self.averaged, Finalizes):
            self.averaged.finalize(examples)
            self._ema.give_back_buffers()

    def copy_of_average(self) -> TrainableModel:
        """The averaged model as it is now, which later steps leave alone; always the same copy."""
        if self._copy is None:
            self._copy = self._build()
        self._copy.config = self.averaged.config
        _overwrite(self._copy.network, self.averaged.network.state_dict())
        return self._copy

    def state_dicts(self) -> dict[str, dict[str, Tensor]]:
        """Weights and buffers of both, by the name of the file that they are saved in."""
        return {
            "weights": self.model.network.state_dict(),
            "ema": self.averaged.network.state_dict(),
        }

    def load(
        self,
        weights: Mapping[str, Tensor],
        averaged: Mapping[str, Tensor],
        changes: Mapping[str, SettingValue],
    ) -> None:
        """Become what was saved.

        Raises:
            CheckpointError: It belongs to another model.
        """
        _overwrite(self.model.network, weights)
        _overwrite(self.averaged.network, averaged)
        self.model.config = self.averaged.config = self._first_config
        self.changes = {}
        try:
            self.change(changes)
        except SettingsError as error:
            raise CheckpointError(
                tr("The checkpoint does not fit this model"), f"{error.title}. {error.message}"
            ) from error

    def reset(self) -> None:
        """Have fresh weights again; changed settings stay."""
        _overwrite(self.model.network, self._build().network.state_dict())
        self._ema.copy()


@torch.no_grad()
def _overwrite(network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Copy weights into a network, whose own memory and its layout stay.

    Raises:
        CheckpointError: Names, shapes or kinds of numbers differ.
    """
    own = network.state_dict()
    fits = own.keys() == tensors.keys() and all(
        own[name].shape == value.shape and own[name].dtype == value.dtype
        for name, value in tensors.items()
    )
    if not fits:
        raise CheckpointError(
            tr("The checkpoint does not fit this model"),
            tr("Its weights have other names, shapes or kinds of numbers."),
        )
    for name, value in tensors.items():
        own[name].copy_(value)
