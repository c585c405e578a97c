"""A model's phases with their optimizers, and how their state is written down."""

import itertools
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from lightning_fabric import wrappers
from torch import Tensor, nn

from genstudio.domain.errors import CheckpointError
from genstudio.domain.language import tr
from genstudio.models.protocol import Phase


class _AdamW(torch.optim.AdamW):
    """AdamW that walks through weights on a processor in the order in which memory has them.

    The fused one of torch copies each tensor of another layout than C's first, which takes as long
    as all the rest, and takes gradients for laid out as their weights are.
    """

    def _init_group(  # pyright: ignore[reportIncompatibleMethodOverride, reportUnknownParameterType]
        self, group: dict[str, Any], *gathered: list[Tensor]
    ) -> bool:
        has_complex = super()._init_group(group, *gathered)  # pyright: ignore[reportUnknownMemberType]
        parameters, gradients, averages, squares, *_ = gathered
        for index, parameter in enumerate(parameters):
            # Most tensors are small and laid out like C's, which costs nothing.
            if parameter.device.type == "cpu" and not parameter.is_contiguous():
                gradients[index] = _as_row(_laid_out_like(parameter, gradients[index]))
                for tensors in (parameters, averages, squares):
                    tensors[index] = _as_row(tensors[index])
        return has_complex


def _as_row(tensor: Tensor) -> Tensor:
    """All numbers of a tensor without gaps, as memory has them."""
    return tensor.as_strided((tensor.numel(),), (1,))


def _laid_out_like(parameter: Tensor, tensor: Tensor) -> Tensor:
    if tensor.stride() == parameter.stride():
        return tensor
    return torch.empty_like(parameter).copy_(tensor)


def make_optimizer(phase: Phase, *, fused: bool | None = True) -> torch.optim.Optimizer:
    """Adam as the phase asks for it; ``fused`` is torch's, of which None is the default."""
    return _AdamW(
        [
            {
                "name": group.name,
                "params": group.parameters,
                "lr": group.optimizer.learning_rate,
                "betas": group.optimizer.betas,
                "eps": group.optimizer.eps,
                "weight_decay": group.optimizer.weight_decay,
            }
            for group in phase.all_param_groups()
        ],
        fused=fused,
    )


def freeze_except(parameters: Iterable[nn.Parameter], network: nn.Module) -> None:
    """Let gradients flow into a phase's own parameters only."""
    network.requires_grad_(False)
    for parameter in parameters:
        parameter.requires_grad_(True)


@contextmanager
def allow_nested_autograd() -> Generator[None]:
    """Let a model take gradients inside its losses, as R1 does.

    In mixed precision Fabric takes every gradient that it does not compute itself for a
    forgotten loss scale; a penalty on gradients is not stepped on, and needs none.
    """
    # There is no public way to say so.
    wrappers._in_fabric_backward = True  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    try:
        yield
    finally:
        wrappers._in_fabric_backward = False  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def optimizer_tensors(optimizers: Mapping[str, torch.optim.Optimizer]) -> dict[str, Tensor]:
    """Flatten the state of all optimizers to tensors named ``group/parameter index/entry``."""
    return {
        f"{group['name']}/{index}/{entry}": value
        for optimizer in optimizers.values()
        for group in optimizer.param_groups
        for index, parameter in enumerate(group["params"])
        for entry, value in optimizer.state.get(parameter, {}).items()
    }


def restore_optimizers(
    optimizers: Mapping[str, torch.optim.Optimizer], tensors: Mapping[str, Tensor]
) -> None:
    """Put back what :func:`optimizer_tensors` gave.

    Raises:
        CheckpointError: The state belongs to another model.
    """
    places = _places(optimizers)
    states: dict[str, dict[int, dict[str, Tensor]]] = {name: {} for name in optimizers}
    for key, value in tensors.items():
        where, _, entry = key.rpartition("/")
        if where not in places:
            raise CheckpointError(
                tr("The checkpoint does not fit this model"), tr("Unexpected {key}.", key=key)
            )
        name, index = places[where]
        states[name].setdefault(index, {})[entry] = value
    for name, optimizer in optimizers.items():
        groups = optimizer.state_dict()["param_groups"]
        _check_shapes(name, optimizer, states[name])
        fitted = _laid_out_alike(optimizer, states[name])
        optimizer.load_state_dict({"state": fitted, "param_groups": groups})


def _places(optimizers: Mapping[str, torch.optim.Optimizer]) -> dict[str, tuple[str, int]]:
    """``group/parameter index`` => name of an optimizer, and the index among all of its own."""
    places: dict[str, tuple[str, int]] = {}
    for name, optimizer in optimizers.items():
        overall = itertools.count()
        for group in optimizer.param_groups:
            for index in range(len(group["params"])):
                places[f"{group['name']}/{index}"] = name, next(overall)
    return places


def _check_shapes(
    name: str, optimizer: torch.optim.Optimizer, state: Mapping[int, Mapping[str, Tensor]]
) -> None:
    parameters: Sequence[Tensor] = [p for group in optimizer.param_groups for p in group["params"]]
    for index, entries in state.items():
        if not _is_adam_state(entries, parameters[index]):
            raise CheckpointError(
                tr("The checkpoint does not fit this model"),
                tr("Optimizer {name}, parameter {index}.", name=name, index=index),
            )


def _is_adam_state(entries: Mapping[str, Tensor], parameter: Tensor) -> bool:
    shapes = {"step": torch.Size(), "exp_avg": parameter.shape, "exp_avg_sq": parameter.shape}
    return entries.keys() == shapes.keys() and all(
        value.shape == shapes[entry] and value.dtype == parameter.dtype
        for entry, value in entries.items()
    )


def _laid_out_alike(
    optimizer: torch.optim.Optimizer, state: Mapping[int, Mapping[str, Tensor]]
) -> dict[int, dict[str, Tensor]]:
    """Give the state the memory layout of its parameters, which files do not keep.

    The fused optimizer walks through both in the order of memory: state of another layout
    would be added to the wrong weights.
    """
    parameters: Sequence[Tensor] = [p for group in optimizer.param_groups for p in group["params"]]
    return {
        index: {
            entry: value if value.ndim == 0 else _laid_out_like(parameters[index], value)
            for entry, value in entries.items()
        }
        for index, entries in state.items()
    }


def scale_learning_rates(
    optimizers: Mapping[str, torch.optim.Optimizer], phases: Sequence[Phase], scale: float
) -> None:
    """Set every learning rate to what its phase asks for, times ``scale``."""
    for phase in phases:
        changed = optimizers[phase.name].param_groups
        for group, asked in zip(changed, phase.all_param_groups(), strict=True):
            group["lr"] = asked.optimizer.learning_rate * scale
