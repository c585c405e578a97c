"""Says whether a run fits: some real steps of it, in a process of its own, tell what it needs."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import psutil
from pydantic import TypeAdapter

from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import TrainingError
from genstudio.domain.files import free_disk_bytes
from genstudio.domain.forecasts import Forecast
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.modalities import CAPTIONS, IMAGES
from genstudio.domain.progress import Progress, Working
from genstudio.domain.training import Budget, TrainingSettings

FIT_PROBE: Final = "fit-probe"
_WHAT = tr_noop("Trying some steps")
_LOOK_EVERY_S = 0.25
_LONGEST_S = 600.0
# So many files are enough to take some steps, and are soon decoded.
_FEW = 512
_PARTLY = frozenset({IMAGES, CAPTIONS})
# The newest three, the best, and one for each hour are kept.
_KEPT, _HOUR_S = 4, 3600.0
# Decoded pictures are copied into memory where they take less than this share of it, and the pages
# that they are copied from count as well until others need them.
_SMALL_SHARE, _COPIES = 0.125, 2
_EXAMPLE_STEPS_S = 10.0
_ANSWER = TypeAdapter(dict[str, Any])
# Of the process, before it has a model.
_BASE_BYTES = 450 * 2**20


def check_fit(
    settings: TrainingSettings,
    manifest: Manifest,
    project: Path,
    *,
    seconds: float = _EXAMPLE_STEPS_S,
) -> Working[Forecast]:
    """Take some steps of a run that is thrown away, and say what the whole needs.

    Args:
        settings: Of the run, complete.
        manifest: Its files; some are decoded into a temporary folder.
        project: Where it will be saved; need not be there yet.
        seconds: How long steps are taken.

    Raises:
        TrainingError: It cannot even begin; what was told says why.
    """
    room = psutil.virtual_memory().available
    some = _some_of(manifest)
    request = {
        "settings": settings.model_dump(mode="json"),
        "manifest": some.model_dump(mode="json"),
        "seconds": seconds,
    }
    answer = yield from _asked(json.dumps(request))
    share = len(manifest.pictures) / max(1, len(some.pictures))
    return _forecast(settings, answer, share, room, free_disk_bytes(project))


def _some_of(manifest: Manifest) -> Manifest:
    pictures = manifest.pictures
    if manifest.modality not in _PARTLY or len(pictures) <= _FEW:
        return manifest
    step = -(-len(pictures) // _FEW)
    kept = pictures[::step]
    crops = tuple((it[0] // step, *it[1:]) for it in manifest.crops if it[0] % step == 0)
    names = {name for name, _ in kept}
    captions = tuple(row for row in manifest.captions if row[0] in names)
    return manifest.model_copy(update={"pictures": kept, "captions": captions, "crops": crops})


def _asked(request: str) -> Working[dict[str, Any]]:
    """Have another process try it: what it leaves in memory is no part of this one."""
    # A packaged program is started as itself, not as a module of an interpreter.
    program = [sys.executable] + ([] if hasattr(sys, "frozen") else ["-m", "genstudio"])
    process = subprocess.Popen(
        [*program, FIT_PROBE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    told: list[tuple[str, str]] = []
    # Beside the waiting, so that a full pipe stops nobody.
    talk = threading.Thread(
        target=lambda: told.append(process.communicate(request)), name="fit-probe"
    )
    began_s = time.monotonic()
    talk.start()
    try:
        while talk.is_alive():
            talk.join(_LOOK_EVERY_S)
            passed = time.monotonic() - began_s
            yield Progress(what=tr(_WHAT), done=min(round(passed), 29), total=30)
            if passed > _LONGEST_S:
                raise TrainingError(
                    tr("Trying it took too long"),
                    tr(
                        "A few steps were not over after {longest_s:.0f} minutes.",
                        longest_s=_LONGEST_S / 60,
                    ),
                    tr("Choose a smaller size or a smaller model."),
                )
    finally:
        if process.poll() is None:
            process.kill()
        talk.join()
    return _answer_of(process.returncode, *told[0])


def _answer_of(code: int, answer: str, log: str) -> dict[str, Any]:
    lines = answer.strip().splitlines()
    if code != 0 or not lines:
        # Killed by the system: that is what it does where memory runs out.
        is_killed = code < 0
        raise TrainingError(
            tr("There is not enough memory") if is_killed else tr("It could not be tried"),
            tr("The system ended the try.") if is_killed else log.strip()[-500:],
            tr("Choose a smaller size or a smaller model, or close other programs."),
        )
    found = _ANSWER.validate_json(lines[-1])
    if "title" in found:
        raise TrainingError(found["title"], found["message"], found["hint"])
    return found


def _forecast(
    settings: TrainingSettings, answer: Mapping[str, Any], share: float, room: int, disk: int
) -> Forecast:
    cache = round(answer["cache_bytes"] * share)
    per_step, checkpoint = answer["seconds_per_step"], answer["checkpoint_bytes"]
    train_s = _training_s(settings.budget, settings.batch, per_step)
    more = cache - answer["cache_bytes"]
    copies = _COPIES if cache < _SMALL_SHARE * room else 1
    on_card = bool(answer["card_bytes"])
    # While steps go on, a run holds a copy of all that it has learned until that is written.
    memory = answer["memory_bytes"] + (0 if on_card else copies * more + checkpoint)
    fixed = (0 if on_card else _BASE_BYTES + copies * cache) + 3 * checkpoint
    kept = _KEPT + int(train_s // _HOUR_S)
    return Forecast(
        device=answer["device"],
        precision=answer["precision"],
        steps=answer["steps"],
        seconds_per_step=per_step,
        processor_s_per_step=answer["processor_s_per_step"],
        seconds=answer["start_s"] + answer["decode_s"] * share + train_s + answer["end_s"],
        memory_bytes=memory,
        fixed_bytes=min(fixed, memory),
        room_bytes=answer["card_bytes"] or room,
        disk_bytes=cache + kept * checkpoint,
        disk_room_bytes=disk,
        parts=max(1, answer["parts"]),
    )


def _training_s(budget: Budget, batch: int, per_step_s: float) -> float:
    if budget.unit == "minutes":
        return budget.amount * 60
    steps = budget.amount if budget.unit == "steps" else budget.amount / batch
    return steps * per_step_s


def words_about(forecast: Forecast) -> Sequence[str]:
    """A forecast in sentences: time, memory, disk."""
    return (
        tr(
            "Done in about {duration} on {device}.",
            duration=_duration(forecast.seconds),
            device=forecast.device,
        ),
        tr(
            "Memory: {gib} of {gib2}",
            gib=_gib(forecast.memory_bytes),
            gib2=_gib(forecast.room_bytes),
        )
        + ("." if forecast.fits_memory else tr(", too little.")),
        tr(
            "Disk: {gib} of {gib2}",
            gib=_gib(forecast.disk_bytes),
            gib2=_gib(forecast.disk_room_bytes),
        )
        + ("." if forecast.fits_disk else tr(", too little: free some space.")),
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _gib(num_bytes: int) -> str:
    return f"{num_bytes / 2**30:.1f} GB" if num_bytes >= 2**30 else f"{num_bytes / 2**20:.0f} MB"
