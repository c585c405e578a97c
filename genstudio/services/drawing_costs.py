"""What it takes to draw with a model and what it took to train it, measured or as it was noted."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from math import isfinite
from typing import Any, cast

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from genstudio.domain import events
from genstudio.domain.model_reports import Cost
from genstudio.domain.operations import GENERATE
from genstudio.domain.settings import Settings
from genstudio.engine.checkpoint import Checkpoint
from genstudio.models.capabilities import DrawsTogether
from genstudio.models.protocol import Request, TrainableModel
from genstudio.services.runs import Run

# The first batch makes room for the others; of these the fastest was disturbed least.
_NUM_BATCHES = 2


class _UsedParameters(TorchFunctionMode):
    """Notes which parameters take part in what is computed.

    Modules are not asked: some are built of parts that are never called, and a model may draw with
    half of a network.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self._sizes = {id(parameter): parameter.numel() for parameter in network.parameters()}
        self._used: set[int] = set()

    @property
    def count(self) -> int:
        """Numbers in the parameters that were used so far."""
        return sum(self._sizes[key] for key in self._used)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Note, and compute."""
        # Asking for a parameter's device or shape is no use of its numbers.
        if func.__name__ != "__get__":
            for value in _tensors([*args, *(kwargs or {}).values()]):
                if id(value) in self._sizes:
                    self._used.add(id(value))
        return func(*args, **(kwargs or {}))


def _tensors(values: Sequence[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            # Such as those that are joined.
            yield from _tensors(cast("Sequence[Any]", value))


def batch_of(model: TrainableModel) -> int:
    """Pictures that the program draws at once with a model."""
    return model.drawn_at_once if isinstance(model, DrawsTogether) else 1


def drawing_cost(
    model: TrainableModel, settings: Settings, first_seed: int
) -> tuple[float, int, int]:
    """Draw some pictures, in batches as the program draws them; meant for one thread.

    Args:
        model: On the processor.
        settings: Of its task "generate".
        first_seed: Of those that are drawn.

    Returns:
        Seconds of the processor for one picture, pictures drawn at once, and numbers in the
        parameters that take part.
    """
    batch = batch_of(model)
    used = _UsedParameters(model.network)
    seconds: list[float] = []
    for number in range(1 + _NUM_BATCHES):
        seeds = range(first_seed + number * batch, first_seed + (number + 1) * batch)
        request = Request(seeds=seeds, settings=settings, batch=batch)
        # Of this thread only: others may train, or draw the window, meanwhile.
        begin_s = time.thread_time()
        if number == 0:
            with used:
                _draw(model, request)
            continue
        _draw(model, request)
        seconds.append(time.thread_time() - begin_s)
    return min(seconds) / batch, batch, used.count


def _draw(model: TrainableModel, request: Request) -> None:
    for _ in islice(model.run(GENERATE, request), len(request.seeds)):
        pass


def cost_of(run: Run, checkpoint: Checkpoint, drawing: tuple[float, int, int]) -> Cost:
    """All costs of a checkpoint; what training took is as its record has it.

    Args:
        run: The run.
        checkpoint: One of its checkpoints.
        drawing: From :func:`drawing_cost`.
    """
    tensors = checkpoint.tensors("ema")
    draw_s, together, used = drawing
    memory_gib, device = _noted(run, checkpoint.state.step)
    return Cost(
        train_s=checkpoint.state.seconds,
        images_seen=checkpoint.state.images_seen,
        draw_s=draw_s,
        drawn_at_once=together,
        drawing_parameters=used,
        num_parameters=sum(tensor.numel() for tensor in tensors.values()),
        weights_bytes=(checkpoint.path / "ema.safetensors").stat().st_size,
        train_memory_gib=memory_gib,
        train_device=device,
    )


def _noted(run: Run, step: int) -> tuple[float | None, str]:
    """The most memory that was noted up to a step, and the device of the run's last beginning."""
    most: float | None = None
    device = ""
    for event in run.record.read_thinned():
        if isinstance(event, events.RunStarted) and event.step <= step:
            device = event.device
        if not isinstance(event, events.StepDone) or event.step > step:
            continue
        if isfinite(event.memory_gib) and event.memory_gib > 0:
            most = max(most or 0.0, event.memory_gib)
    return most, device
