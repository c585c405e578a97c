"""Low-rank adaptation (LoRA): small matrices that change what frozen layers do.

Hu et al. 2021, arXiv:2106.09685, section 4.1: a layer W becomes W + (alpha / rank) · B · A, where A
has the shape (rank, in) and B (out, rank). Of a convolution, A is one with its kernel and B one of
1 × 1.
"""

import math
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.models.low_rank import Lora, LoraWeights

# Where a name of ours ends and the name of a layer inside that part begins.
PART_END = "."


class LoraLayer(nn.Module):
    """The change of one layer in training: features (…, in) => what is added, (…, out)."""

    def __init__(self, weight: Tensor, rank: int, alpha: float) -> None:
        super().__init__()
        self._scale = alpha / rank
        self.down = nn.Parameter(torch.empty(rank, *weight.shape[1:]))
        self.up = nn.Parameter(torch.zeros(weight.shape[0], rank, *(1,) * (weight.dim() - 2)))
        # As Hu et al. do: nothing is changed before the first step.
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, x: Tensor, like: nn.Module | None = None) -> Tensor:
        """Compute what is added.

        Args:
            x: What the layer is given.
            like: The layer, if it is a convolution: its stride and padding are taken.
        """
        if isinstance(like, nn.Conv2d):
            inner = functional.conv2d(x, self.down, None, like.stride, like.padding)
            return functional.conv2d(inner, self.up) * self._scale
        return functional.linear(functional.linear(x, self.down), self.up) * self._scale


class Adapters(nn.Module):
    """The changes of several layers; calls a frozen network as if it had them.

    Args:
        layers: Name of a layer => its weight, of which only the shape counts.
        rank: Of every change.
        alpha: Of every change.
    """

    def __init__(self, layers: Mapping[str, Tensor], rank: int, alpha: float) -> None:
        super().__init__()
        # A dot is no part of a module's name.
        self.layers = nn.ModuleDict(
            {_key(name): LoraLayer(weight, rank, alpha) for name, weight in layers.items()}
        )
        self._names = tuple(layers)
        self._alpha = alpha

    def forward(self, network: nn.Module, *args: Any, **kwargs: Any) -> Any:
        """Call a frozen network whose layers have these names."""
        with self.attached(network):
            return network(*args, **kwargs)

    def as_lora(self, part: str, name: str) -> Lora:
        """What was learned, to be drawn with or saved.

        Args:
            part: Of the base model, such as "unet".
            name: For people.
        """
        found: dict[str, LoraWeights] = {}
        for layer in self._names:
            own = self.layers[_key(layer)]
            assert isinstance(own, LoraLayer)
            found[f"{part}.{layer}"] = LoraWeights(
                down=own.down.detach(), up=own.up.detach(), alpha=self._alpha
            )
        return Lora(name=name, layers=found)

    @contextmanager
    def attached(self, network: nn.Module) -> Generator[None]:
        """Let a frozen network be changed for a while."""
        with ExitStack() as hooks:
            for name in self._names:
                module = network.get_submodule(name)
                added = partial(_add, self.layers[_key(name)])
                handle = module.register_forward_hook(added)
                hooks.callback(handle.remove)
            yield


def _key(name: str) -> str:
    return name.replace(".", "/")


def _add(layer: nn.Module, module: nn.Module, given: tuple[Tensor, ...], out: Tensor) -> Tensor:
    return out + layer(given[0], module).to(out.dtype)


def layers_of(network: nn.Module, ends: Sequence[str]) -> dict[str, Tensor]:
    """Layers whose names end in one of these, by name, in order."""
    return {
        name: module.weight
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d) and name.endswith(tuple(ends))
    }


@contextmanager
def merged(parts: Mapping[str, nn.Module], loras: Iterable[tuple[Lora, float]]) -> Generator[None]:
    """Let frozen networks be changed by LoRAs for a while; afterwards they are what they were.

    The sum of all changes is added to the weights, which costs nothing while pictures are drawn.
    A strength of 0 touches nothing.

    Args:
        parts: Name of a part, such as "unet" => the network.
        loras: Each with its strength.

    Raises:
        SettingsError: A LoRA was made for another base model.
    """
    changes: dict[str, list[tuple[LoraWeights, float]]] = {}
    for lora, strength in loras:
        refuse_unless_for(parts, lora)
        for name, weights in lora.layers.items() if strength else ():
            changes.setdefault(name, []).append((weights, strength))
    originals: list[tuple[nn.Module, nn.Parameter]] = []
    try:
        for name, its in changes.items():
            module = _layer(parts, name)
            weight = module.weight
            assert isinstance(weight, nn.Parameter)
            total = sum(
                (it.delta(weight).to(weight.device) * strength for it, strength in its),
                start=torch.zeros((), device=weight.device),
            )
            originals.append((module, weight))
            changed = (weight.detach().float() + total).to(weight.dtype)
            module.weight = nn.Parameter(changed, requires_grad=False)
        yield
    finally:
        for module, weight in originals:
            module.weight = weight


def refuse_unless_for(parts: Mapping[str, nn.Module], lora: Lora) -> None:
    """Refuse a LoRA whose layers a base model does not have, or has in other sizes."""
    for name, weights in lora.layers.items():
        try:
            module = _layer(parts, name)
        except AttributeError:
            module = None
        weight = getattr(module, "weight", None)
        fits = isinstance(weight, Tensor) and (
            weights.up.shape[0] == weight.shape[0]
            and weights.down.flatten(1).shape[1] == weight.flatten(1).shape[1]
        )
        if not fits:
            raise SettingsError(
                tr("The LoRA “{name}” was made for another base model", name=lora.name),
                tr("Its layer {name} does not fit.", name=name[:120]),
                tr(
                    "Choose the model that it was made for: one for Stable "
                    "Diffusion 1 fits neither 2 "
                    "nor XL."
                ),
            )


def _layer(parts: Mapping[str, nn.Module], name: str) -> nn.Module:
    part, _, layer = name.partition(PART_END)
    if part not in parts:
        raise AttributeError(part)
    return parts[part].get_submodule(layer)
