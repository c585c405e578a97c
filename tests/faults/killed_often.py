"""Trains a model in processes that are killed at random moments, each going on where the last died.

Usage: killed_often.py PICTURES PROJECT KILLS SEED [MODEL [LONGEST_LIFE_S]]; prints
a line of JSON for each kill, then the ending of the run, which is given ten steps more after all
kills. Lives are in processor time, so that on a busy machine as much happens in them.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import tiny_studio

from genstudio.domain import events
from genstudio.domain.training import TrainingSettings
from genstudio.engine import preview
from genstudio.engine.trainer import NoCommands
from genstudio.models import catalog
from genstudio.services import records, training
from genstudio.services.projects import open_project
from genstudio.services.runs import Run

# More than all lives together can take.
ENDLESS = tiny_studio.steps(1e9)
LAST_STEPS = 10
# From before the first picture is read to some dozens of checkpoints of the toy later; on a slow
# machine so many times as long as it takes to save for the first time.
LONGEST_LIFE_S = 0.5
_LONGEST_LIFE = 4.0
# The processor's time is told in hundredths of a second, so a kill hits any moment of those.
_POLL_S = 0.003


# What makes the toy's steps uneven, and others' short enough to be killed among several of them.
_MODELS: dict[str, dict[str, object]] = {
    "toy": {"tint_every": 3},
    "residual-vae": {"width": 32, "latent_size": 8},
    "self-supervised-gan": {"width": 32, "latent_size": 8},
    "token-flow": {"flow_width": 128, "depth": 1, "noise_samples": 1},
    "paired-translation": {"width": 16},
    "unpaired-translation": {"width": 16, "blocks": 2},
}


def settings(model_key: str = "toy") -> TrainingSettings:
    """A run that saves as often as it can, and whose steps are uneven."""
    return tiny_studio.small_settings(
        model_key,
        budget=ENDLESS,
        save_every_s=1e-9,
        accumulate=2,
        preview_every_s=0.05,
        model=_MODELS.get(model_key, {}) | _base_for(model_key),
    )


def _base_for(model_key: str) -> dict[str, str]:
    if model_key == "toy":
        return {}
    return tiny_studio.base_for(catalog.model_class(model_key).Config.model_fields)


def prepare() -> None:
    """Let the catalogue know the toy, and keep what is not measured here small."""
    catalog._BUILT_IN["toy"] = "tiny_studio:ToyModel"
    preview.sheet_layout = lambda _: (1, 2)
    records._STEP_RECORD_INTERVAL_S = 0.0


def only_run(project: Path) -> Run | None:
    """The run, if a process lived long enough to begin it."""
    folders = open_project(project).run_folders() if (project / "project.toml").exists() else []
    assert len(folders) <= 1, folders
    return Run(folders[0]) if folders else None


def live(pictures: Path, project: Path, model_key: str, extra_steps: int = 0) -> events.Event:
    """Begin the run, or go on with it, for ever or for some steps."""
    run = only_run(project)
    if run is None:
        request = training.NewRun(folder=pictures, project=project, settings=settings(model_key))
        told = training.start_run(request, NoCommands())
    else:
        budget = tiny_studio.steps(run.summary().step + extra_steps) if extra_steps else None
        told = training.resume_run(run.path, NoCommands(), budget=budget)
    *_, last = told
    return last


def kill_after(life_s: float, pictures: Path, project: Path, model_key: str) -> None:
    """Let a process live for a while."""
    child = os.fork()
    if child == 0:
        last = live(pictures, project, model_key)
        sys.stderr.write(f"ended by itself: {last}\n")
        os._exit(1)
    # A process that ended by itself stays there, as a zombie, until it is waited for.
    process = psutil.Process(child)
    while process.status() != psutil.STATUS_ZOMBIE and _computed_s(process) < life_s:
        time.sleep(_POLL_S)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "it ended by itself"


def first_save_s(pictures: Path, project: Path, model_key: str) -> float:
    """How long a process computes until it has saved for the first time."""
    child = os.fork()
    if child == 0:
        live(pictures, project, model_key)
        os._exit(1)
    process = psutil.Process(child)
    while (run := only_run(project)) is None or not run.store.steps():
        assert process.status() != psutil.STATUS_ZOMBIE, "it ended by itself"
        time.sleep(_POLL_S)
    life_s = _computed_s(process)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return life_s


def _computed_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def in_a_process_of_its_own(
    pictures: Path, project: Path, kills: int, *options: object
) -> tuple[list[dict[str, Any]], Path]:
    """What was left after each kill, and the last checkpoint of the run."""
    paths = [str(Path(tiny_studio.__file__).parent), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, __file__, *map(str, [pictures, project, kills, *options])],
        capture_output=True, text=True, timeout=tiny_studio.HANGS_S, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *told, ending = [json.loads(line) for line in done.stdout.splitlines()]
    assert ending["event"] == "Finished", ending
    return told, Path(ending["checkpoint"])


def autopsy(project: Path) -> dict[str, object]:
    """What is left of the run: every checkpoint that is listed must be whole."""
    run = only_run(project)
    if run is None:
        return {"step": 0, "lost_steps": 0, "lost_s": 0.0, "in_a_write": False, "checkpoints": 0}
    for step in run.store.steps():
        checkpoint = run.store.load(step)
        for name in ("weights", "ema", "optimizer"):
            assert checkpoint.tensors(name)
    summary = run.summary()
    return {
        "step": summary.step,
        "lost_steps": summary.lost_steps,
        "lost_s": round(summary.lost_seconds, 3),
        "in_a_write": any(run.store.folder.glob(".partial-*")),
        "checkpoints": len(summary.checkpoints),
    }


def main(
    pictures: Path,
    project: Path,
    kills: int,
    seed: int,
    model_key: str = "toy",
    longest_life_s: float = LONGEST_LIFE_S,
) -> None:
    """Kill so many times, then let the run come to its end."""
    prepare()
    first_s = first_save_s(pictures, project.with_name(f"{project.name} first"), model_key)
    longest_life_s = max(longest_life_s, _LONGEST_LIFE * first_s)
    moments = random.Random(seed)
    for _ in range(kills):
        life_s = moments.uniform(0, longest_life_s)
        kill_after(life_s, pictures, project, model_key)
        sys.stdout.write(json.dumps({"life_s": round(life_s, 3), **autopsy(project)}) + "\n")
        sys.stdout.flush()
    last = live(pictures, project, model_key, LAST_STEPS)
    sys.stdout.write(last.model_dump_json() + "\n")


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        int(sys.argv[3]),
        int(sys.argv[4]),
        *sys.argv[5:6],
        *map(float, sys.argv[6:7]),
    )
