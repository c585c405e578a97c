"""A project with a saved run, and what a person does with its checkpoints on the Train page."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QAbstractButton, QMessageBox
from studio_driver import StudioDriver

from genstudio.domain import events
from genstudio.domain.runs import CheckpointInfo
from genstudio.services.runs import Run
from genstudio.ui.widgets.checkpoint_strip import CheckpointStrip

STEPS = [2, 4, 6]
Opener = Callable[[], StudioDriver]


def only_run(project: Path) -> Run:
    (path,) = (project / "runs").iterdir()
    return Run(path)


def strip_of(studio: StudioDriver) -> CheckpointStrip:
    return studio.find("train.checkpoints", CheckpointStrip)


def steps_of(studio: StudioDriver) -> list[int]:
    return [checkpoint.step for checkpoint in strip_of(studio).checkpoints()]


def choose(studio: StudioDriver, step: int) -> CheckpointInfo:
    strip = strip_of(studio)
    (checkpoint,) = [item for item in strip.checkpoints() if item.step == step]
    strip.choose(checkpoint)
    return checkpoint


def answer(studio: StudioDriver, dialog: str, words: str) -> str:
    box = studio.find(dialog, QMessageBox)
    told = f"{box.text()} {box.informativeText()}"
    (button,) = [button for button in box.buttons() if words in button.text()]
    assert isinstance(button, QAbstractButton)
    button.click()
    studio.wait(lambda: studio.window.findChild(QMessageBox, dialog) is None)
    return told


def wait_for_end(studio: StudioDriver) -> None:
    studio.wait(lambda: not studio.window._training.is_running)
    studio.wait(lambda: not studio.window._training._jobs)


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def interrupt(project: Path, *, keep_checkpoints: bool) -> None:
    """Leave the record as a power cut does: no ending, and steps that were not saved."""
    run = only_run(project)
    record = run.path / "events.jsonl"
    lines = [line for line in record.read_text().splitlines() if '"Finished"' not in line]
    lost = {
        "event": "StepDone",
        "step": 41,
        "images_seen": 164,
        "losses": {"bound": 1.0},
        "images_per_s": 1.0,
        "seconds": run.store.infos()[-1].seconds + 12,
        "progress": 0.5,
        "eta_s": None,
        "memory_gib": 0.1,
    }
    record.write_text("\n".join([*lines, json.dumps(lost)]) + "\n")
    if not keep_checkpoints:
        shutil.rmtree(run.store.folder)


def run_started(run: Path, step: int) -> events.RunStarted:
    return events.RunStarted(
        run=run,
        model="residual-vae",
        device="CPU",
        precision="fp32",
        threads=1,
        num_images=24,
        num_parameters=1_000_000,
        step=step,
    )


def step_done(step: int) -> events.StepDone:
    return events.StepDone(
        step=step,
        images_seen=4 * step,
        losses={"bound": float(step)},
        images_per_s=1.0,
        seconds=float(step),
        progress=0.1,
        eta_s=None,
        memory_gib=0.1,
    )
