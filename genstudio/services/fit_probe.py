"""The process that takes some steps of a run which is thrown away, and tells what they took."""

import json
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO, cast

import psutil
import torch
from pydantic import BaseModel, ConfigDict, TypeAdapter

from genstudio.data.kinds import checked_kinds
from genstudio.domain import commands, events
from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import GenStudioError
from genstudio.domain.progress import drain
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine.job import TrainingJob
from genstudio.engine.trainer import train
from genstudio.services.decoding import dataset_of, decoded
from genstudio.services.materials import laid_out, vocabulary_of

_STATE = TypeAdapter(dict[str, Any])
_FEWEST_POINTS = 5
# The first steps allocate what later ones find.
_WARM_UP_STEPS = 2
_ENDLESS = Budget(unit="steps", amount=1e9)


class ProbeRequest(BaseModel):
    """What to try.

    Attributes:
        settings: Of the run, complete.
        manifest: Some of its files.
        seconds: How long steps are taken, after the first ones.
    """

    model_config = ConfigDict(frozen=True)

    settings: TrainingSettings
    manifest: Manifest
    seconds: float = 8.0


class _Source:
    """Commands for a run: a preview and its end, when enough was seen."""

    def __init__(self) -> None:
        self._waiting: list[commands.Command] = []

    @property
    def is_stop_wanted(self) -> bool:
        return False

    def poll(self, timeout_s: float) -> commands.Command | None:
        del timeout_s
        return self._waiting.pop(0) if self._waiting else None

    def end_after(self, step: int) -> None:
        # To its end, and not to a stop: what is fitted or measured at the end needs memory, too.
        self._waiting = [
            commands.SampleNow(),
            commands.MeasureNow(),
            commands.Change("budget", Budget(unit="steps", amount=step + 1)),
        ]


class _Watch:
    """Notes what the steps of a run take."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began_s = time.monotonic()
        # Step, seconds of the clock and of the processor.
        self._points: list[tuple[int, float, float]] = []
        self.start_s = 0.0
        self.end_s = 0.0
        self.told: events.RunStarted | None = None
        self.failure: events.Failed | None = None
        self.parts = 1
        self.is_over = False

    def note(self, event: events.Event, source: _Source) -> None:
        match event:
            case events.RunStarted():
                self.told = event
                self.start_s = time.monotonic() - self._began_s
            case events.StepDone() if not self.is_over:
                if event.step >= _WARM_UP_STEPS:
                    self._points.append((event.step, time.monotonic(), _processor_s()))
                if self._has_enough():
                    self.is_over = True
                    source.end_after(event.step)
            case events.Finished() if self._points:
                # What is fitted, measured, drawn and saved at the end, with one step.
                self.end_s = max(0.0, time.monotonic() - self._points[-1][1])
            case events.Failed():
                self.failure = event
            case _:
                pass

    def _has_enough(self) -> bool:
        if len(self._points) < _FEWEST_POINTS:
            return False
        return self._points[-1][1] - self._points[0][1] >= self._seconds

    def per_step(self) -> tuple[int, float, float]:
        """Steps taken, and seconds of clock and processor for each.

        The later half counts: kernels are made for the shapes that they meet, and memory is got
        from the system, in the first ones.
        """
        last = self._points[-1]
        half_s = (self._points[0][1] + last[1]) / 2
        later = [it for it in self._points[:-1] if it[1] >= half_s]
        first = later[0] if later else self._points[-2]
        steps = last[0] - first[0]
        return last[0], (last[1] - first[1]) / steps, (last[2] - first[2]) / steps


def run_fit_probe(given: TextIO | None = None, told: TextIO | None = None) -> None:
    """Take some steps, and write what they took as a line of JSON.

    Args:
        given: A :class:`ProbeRequest`; standard input by default.
        told: Gets the answer, or ``{"title": …, "message": …, "hint": …}``.
    """
    answer_to = told or sys.stdout
    request = ProbeRequest.model_validate_json((given or sys.stdin).read())
    with tempfile.TemporaryDirectory(prefix="genstudio-fit-") as folder:
        try:
            answer = _probe(request, Path(folder))
        except GenStudioError as error:
            # Such as pictures that are gone: no smaller model would help.
            answer = {"title": error.title, "message": error.message, "hint": error.hint}
    answer_to.write(json.dumps(answer) + "\n")
    answer_to.flush()


def _probe(request: ProbeRequest, folder: Path) -> dict[str, Any]:
    began_s = time.monotonic()
    settings = request.settings.model_copy(update={"budget": _ENDLESS})
    # Its layout is still that of the folder, and not what a person chose.
    manifest = laid_out(request.manifest, settings)
    cache = drain(decoded(manifest, settings, folder))
    decode_s = time.monotonic() - began_s
    names = [name for name, _ in manifest.pictures]
    dataset = dataset_of(
        manifest,
        cache,
        (),
        checked_kinds(names) if settings.kinds else {},
        is_reversed=settings.reverse,
        words=vocabulary_of(manifest, ()),
    )
    checkpoints = folder / "checkpoints"
    checkpoints.mkdir()
    job = TrainingJob(settings=settings, dataset=dataset, run=folder, checkpoints=checkpoints)
    source, watch = _Source(), _Watch(request.seconds)
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    for event in train(job, source):
        watch.note(event, source)
    if watch.failure is not None:
        failed = watch.failure
        return {"title": failed.title, "message": failed.message, "hint": failed.hint}
    assert watch.told is not None
    is_on_card = torch.cuda.is_available() and torch.cuda.max_memory_reserved() > 0
    steps, seconds, processor_s = watch.per_step()
    return {
        "device": watch.told.device,
        "precision": watch.told.precision,
        "steps": steps,
        "seconds_per_step": seconds,
        "processor_s_per_step": processor_s,
        "start_s": watch.start_s,
        "decode_s": decode_s,
        "end_s": watch.end_s,
        "memory_bytes": _peak_bytes(on_card=is_on_card),
        # Memory of the graphics card that was used; 0 if none was.
        "card_bytes": _card_bytes() if is_on_card else 0,
        "checkpoint_bytes": _newest_bytes(checkpoints),
        "cache_bytes": _cache_bytes(folder, checkpoints),
        "parts": _parts_of(checkpoints),
    }


def _cache_bytes(folder: Path, checkpoints: Path) -> int:
    files = (it for it in folder.rglob("*") if not it.is_relative_to(checkpoints))
    return sum(it.stat().st_size for it in files if it.is_file())


def _newest_bytes(checkpoints: Path) -> int:
    return sum(it.stat().st_size for it in _newest(checkpoints).iterdir())


def _newest(checkpoints: Path) -> Path:
    folders = (it for it in checkpoints.iterdir() if it.name.isdigit())
    return max(folders, key=lambda it: int(it.name))


def _parts_of(checkpoints: Path) -> int:
    """In how many parts the last step was taken: the engine takes more where memory is short."""
    state = _STATE.validate_json((_newest(checkpoints) / "state.json").read_bytes())
    return int(state.get("parts", 1))


def _processor_s() -> float:
    times = psutil.Process().cpu_times()
    return times.user + times.system


def _peak_bytes(*, on_card: bool) -> int:
    """The most memory that this process held at once, of the graphics card or of the machine."""
    if on_card:
        return int(torch.cuda.max_memory_reserved())
    peak = getattr(psutil.Process().memory_info(), "peak_wset", 0)
    if peak:
        return int(peak)
    resource: Any = import_module("resource")  # Windows has none, and was answered above.
    most = int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return most if sys.platform == "darwin" else most * 1024


def _card_bytes() -> int:
    properties: Any = cast("Any", torch.cuda).get_device_properties(0)
    return int(properties.total_memory)
