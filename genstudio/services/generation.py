"""Pictures from a trained run: its averaged weights, one seed for each picture."""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

import genstudio
from genstudio.domain.artifacts import IMAGE, MOLECULE, TEXT, Artifact
from genstudio.domain.errors import CheckpointError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE
from genstudio.domain.recipes import Recipe
from genstudio.domain.settings import Settings, parse_settings
from genstudio.engine.checkpoint import Checkpoint
from genstudio.engine.device import place, plan_device
from genstudio.engine.threads import single_threaded
from genstudio.models.capabilities import DrawsTogether
from genstudio.models.catalog import model_class
from genstudio.models.protocol import Request, TrainableModel
from genstudio.models.tasks import task_of
from genstudio.services.copy_meters import CopyMeter, copy_meter, measured
from genstudio.services.run_bases import refuse_other_base
from genstudio.services.runs import Run

_SEEDS_END = 2**63
# Texts are written many in the time of one; pictures come as soon as they are made.
_AT_ONCE = {MOLECULE: 64, TEXT: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """Something new, and how to make it again."""

    artifact: Artifact
    recipe: Recipe

    @property
    def image_HWC(self) -> np.ndarray:
        """Of a picture: uint8 of shape (height, width, 3 or 4)."""
        assert self.artifact.kind == IMAGE
        return self.artifact.data


@single_threaded
def generate(
    run: Run,
    seeds: Iterable[int],
    *,
    checkpoint: str = "last",
    sampling: Mapping[str, Any] | None = None,
    batch: int | None = None,
    device: str = "cpu",
) -> Generator[Generated]:
    """Make one picture for each seed, on one core of the processor in fp32.

    One core gives the same pixels on every run, also beside other work, and leaves a graphics card
    to training. On a graphics card, which is used only where it is asked for, no pixels are
    promised.

    Args:
        run: A run that has a checkpoint.
        seeds: From 0 to 2⁶³ - 1.
        checkpoint: A step, "best" or "last".
        sampling: Settings of the architecture's Sampling class.
        batch: Pictures that the network draws at once, as a recipe says; None for as many as are
            fastest.
        device: "cpu", another accelerator, or "auto" for the fastest that there is.

    Raises:
        DeviceError: The device is not available.
        CheckpointError: There is no such checkpoint, or it is damaged.
        SettingsError: A seed or a sampling setting is unknown or out of bounds.
    """
    task = task_of(model_class(run.settings.model_key), GENERATE)
    settings = parse_settings(task.settings, sampling or {})
    accelerator = plan_device(device).accelerator
    found = run.checkpoint(checkpoint)
    model = load_model(run, found)
    place(model.network, torch.device(accelerator))
    together = _together(model, batch)
    recipe = _recipe(run, found, settings).model_copy(
        update={"batch": together, "device": accelerator}
    )
    meter: CopyMeter | None = None
    at_once = max(together, _AT_ONCE.get(task.output, 1))
    left = map(_checked_seed, seeds)
    while some := list(islice(left, at_once)):
        made = model.run(GENERATE, Request(seeds=some, settings=settings, batch=together))
        for seed, artifact in zip(some, made, strict=True):
            meter = meter or (None if artifact.kind == IMAGE else copy_meter(run))
            whole = artifact if meter is None else measured(artifact, meter)
            # Each says when it was made.
            own = {"seed": seed, "created": datetime.now(UTC).replace(microsecond=0)}
            yield Generated(artifact=whole, recipe=recipe.model_copy(update=own))


def _together(model: TrainableModel, wanted: int | None) -> int:
    if not isinstance(model, DrawsTogether):
        return 1
    return model.drawn_at_once if wanted is None else wanted


def _checked_seed(seed: int) -> int:
    if not 0 <= seed < _SEEDS_END:
        raise SettingsError(
            tr("{seed} cannot be a seed", seed=seed), "", tr("Seeds go from 0 to 2⁶³ - 1.")
        )
    return seed


def load_model(run: Run, checkpoint: Checkpoint) -> TrainableModel:
    """Build the architecture of a run with the averaged weights of a checkpoint, on the processor.

    Raises:
        CheckpointError: The weights do not fit, or are no numbers.
        ProjectError: The frozen weights that they belong to are others now.
    """
    chosen = model_class(run.settings.model_key)
    checkpoint.refuse_unless_of(chosen.card)
    refuse_other_base(run)
    config = parse_settings(chosen.Config, run.settings.model)
    # Built without memory of its own: no random weights are drawn, so a training in the
    # same process keeps its random numbers, and loading is twice as fast.
    with torch.device("meta"):
        model = chosen(config, run.data)
    weights = checkpoint.weights("ema", chosen.card)
    _refuse_other_numbers(weights, model.network.state_dict())
    try:
        model.network.load_state_dict(weights, assign=True)
    except RuntimeError as error:
        raise CheckpointError(tr("The checkpoint does not fit this model"), str(error)) from error
    place(model.network, torch.device("cpu"))
    return model


def _refuse_other_numbers(weights: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> None:
    """Loading checks names and shapes only, and takes over whatever kind of number is there."""
    for name, value in weights.items():
        if name in own and value.dtype != own[name].dtype:
            raise CheckpointError(
                tr("The checkpoint does not fit this model"),
                tr(
                    "{name} holds {dtype} instead of {dtype2}.",
                    name=name,
                    dtype=value.dtype,
                    dtype2=own[name].dtype,
                ),
            )
        if not bool(value.isfinite().all()):
            raise CheckpointError(
                tr("The checkpoint has weights that are no numbers"),
                tr("No picture can be drawn with {name}.", name=name),
                tr("Choose an earlier checkpoint."),
            )


def _recipe(run: Run, checkpoint: Checkpoint, settings: Settings) -> Recipe:
    """What is the same for all seeds."""
    return Recipe(
        software=f"GenStudio {genstudio.__version__}",
        model_key=run.settings.model_key,
        run=run.path.name,
        project=run.project().name,
        step=checkpoint.state.step,
        weights_sha256=checkpoint.checksums["ema.safetensors"],
        size=run.data.size,
        sampling=settings.model_dump(mode="json"),
        created=datetime.now(UTC).replace(microsecond=0),
    )
