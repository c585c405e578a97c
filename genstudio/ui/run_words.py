"""Runs and their checkpoints in plain words."""

import re
from collections.abc import Mapping
from pathlib import Path

from genstudio.domain.amounts import disk_size, duration
from genstudio.domain.language import tr, tr_noop, trn
from genstudio.domain.runs import CheckpointInfo, RunState, RunSummary
from genstudio.domain.training import DRAWING_PX, DataOptions
from genstudio.services.studio import CatalogueEntry

_STATE_WORDS = {
    RunState.FINISHED: tr_noop("finished"),
    RunState.STOPPED: tr_noop("stopped"),
    RunState.FAILED: tr_noop("failed"),
    RunState.INTERRUPTED: tr_noop("interrupted"),
}
_MINUTE_S = 60
# As the modality of sounds writes it, also inside of pairs.
_SOUND_LAYOUT = re.compile(r"(\d+) Hz, (\d+) samples")
# Names of values beside results and of what they were drawn with.
VALUE_WORDS = (
    tr_noop("nearest"), tr_noop("distance"), tr_noop("usual"), tr_noop("similarity"),
    tr_noop("novelty"), tr_noop("score"), tr_noop("fit"), tr_noop("damaged"), tr_noop("seconds"),
    tr_noop("note"), tr_noop("not seen"), tr_noop("copied"), tr_noop("weight"),
    tr_noop("temperature"), tr_noop("truncation"), tr_noop("guidance"), tr_noop("strength"),
    tr_noop("kind"), tr_noop("steps"), tr_noop("frames"), tr_noop("sound"),
)  # fmt: skip


def counted(number: int, noun: str) -> str:
    """A number of things, such as 1 step or 1,200 steps; the noun is given in English."""
    return trn(f"{{number:,}} {noun}", f"{{number:,}} {noun}s", number)


def run_when(run: Path) -> str:
    """When a run was begun, by the name of its folder."""
    stamp = run.name[:15]
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[9:11]}:{stamp[11:13]}"


def model_name(key: str, entries: Mapping[str, CatalogueEntry]) -> str:
    """What an architecture is called on the screen: its key, where it is not known here."""
    entry = entries.get(key)
    return key if entry is None else entry.card.title


def run_title(run: RunSummary, *, is_live: bool, name: str = "") -> str:
    """What learns in a run, how it stands, on what, and when it was begun.

    Args:
        run: The run.
        is_live: It is being trained.
        name: Of its architecture; its key by default.
    """
    settings = run.settings
    state = tr("learning now") if is_live else tr(_STATE_WORDS[run.state])
    origin = tr(" · from step {step:,}", step=int(step)) if (step := _origin_step(run)) else ""
    when = run_when(run.path)
    return f"{name or settings.model_key} · {state}{origin} · {examples_words(settings)} · {when}"


def examples_words(settings: DataOptions) -> str:
    """How large pictures are, or how examples of another material are laid out."""
    if _has_pictures(settings):
        return f"{settings.size} px"
    # Molecules in SELFIES name a column behind a colon, where one was chosen.
    return _SOUND_LAYOUT.sub(_sound_words, settings.layout.removesuffix(":"))


def preview_px(settings: DataOptions) -> int:
    """Side of what stands on a preview for one result: pictures are as large as drawings beside."""
    if not settings.layout:
        return settings.size
    return max(settings.size, DRAWING_PX) if _has_pictures(settings) else DRAWING_PX


def value_word(name: str) -> str:
    """What a value beside a result, or in its recipe, is called."""
    return tr(name.replace("_", " "))


def _sound_words(layout: re.Match[str]) -> str:
    rate_hz, samples = int(layout[1]), int(layout[2])
    return tr(
        "{seconds:.2g} s at {rate_khz:g} kHz", seconds=samples / rate_hz, rate_khz=rate_hz / 1000
    )


def _has_pictures(settings: DataOptions) -> bool:
    return not settings.layout or " px" in settings.layout


def run_details(run: RunSummary, *, is_live: bool) -> str:
    """When a run was begun, how far it came, and how it stands, in two lines."""
    saved = tr("step {step:,}", step=run.step) if run.checkpoints else tr("not saved yet")
    state = tr("learning now") if is_live else tr(_STATE_WORDS[run.state])
    return f"{run_when(run.path)} · {examples_words(run.settings)}\n{saved} · {state}"


def can_go_on(run: RunSummary) -> bool:
    """Whether there is something to continue, be it from the beginning."""
    return run.step > 0 or run.state in (RunState.INTERRUPTED, RunState.FAILED)


def waits_to_go_on(run: RunSummary) -> bool:
    """Whether a run has not come to its end, and can."""
    return run.state is not RunState.FINISHED and can_go_on(run)


def how_it_stands(run: RunSummary) -> str:
    """What a person should know about a run that is not being trained."""
    if run.state in (RunState.INTERRUPTED, RunState.FAILED):
        return what_was_lost(run)
    return tr("Step {step:,} is the last that is saved.", step=run.step)


def what_was_lost(run: RunSummary) -> str:
    """What an interruption or a failure cost."""
    happened = tr("has failed") if run.state is RunState.FAILED else tr("was interrupted")
    if not run.checkpoints:
        return tr(
            "This run {happened} before it was first saved; it begins again.", happened=happened
        )
    saved = tr(
        "This run {happened}. It is saved up to step {step:,}", happened=happened, step=run.step
    )
    if run.lost_steps == 0:
        return tr("{saved}; nothing is lost.", saved=saved)
    time, steps = _whole_duration(run.lost_seconds), counted(run.lost_steps, "step")
    return tr(
        "{saved}; what came after it, {time} ({steps}), is lost and will be done again.",
        saved=saved,
        time=time,
        steps=steps,
    )


def checkpoint_title(checkpoint: CheckpointInfo) -> str:
    """A checkpoint in a line."""
    parts = (
        tr("Saved at step {step:,}", step=checkpoint.step),
        tr("{duration} of training", duration=duration(checkpoint.seconds)),
        tr("the best so far") if checkpoint.is_best else "",
        tr("starred") if checkpoint.is_starred else "",
    )
    return ", ".join(part for part in parts if part)


def checkpoint_details(checkpoint: CheckpointInfo) -> str:
    """Everything that is known of a checkpoint, line by line."""
    lines = [checkpoint_title(checkpoint)]
    if checkpoint.saved_at is not None:
        lines.append(f"{checkpoint.saved_at.astimezone():%Y-%m-%d %H:%M:%S}")
    figures = {**checkpoint.losses, **checkpoint.metrics}
    lines += [tr("{name}: {value:.4g}", name=name, value=value) for name, value in figures.items()]
    lines.append(tr("{disk_size} on the disk", disk_size=disk_size(checkpoint.num_bytes)))
    return "\n".join(lines)


def _origin_step(run: RunSummary) -> str:
    step = run.branched_from.rpartition("/")[2]
    return step if step.isdecimal() else ""


def _whole_duration(seconds: float) -> str:
    if seconds < 90:
        return counted(max(round(seconds), 1), "second")
    return counted(round(seconds / _MINUTE_S), "minute")
