"""A run that is killed fifty times ends, bit for bit, as one that nothing happened to."""

import filecmp
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import killed_often
import pytest
from tiny_studio import NEVER_S, Script, steps

from genstudio.domain import events
from genstudio.services.training import NewRun, start_run

KILLS = 50
TENSORS = ["weights.safetensors", "ema.safetensors", "optimizer.safetensors"]

pytestmark = [
    pytest.mark.usefixtures("toy", "small_sheets"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked"),
]


def kill_often(pictures: Path, project: Path, seed: int) -> tuple[list[dict[str, Any]], Path]:
    """What was left after each kill, and the last checkpoint of the run."""
    script = Path(killed_often.__file__)
    paths = [str(script.parents[1]), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, str(script), str(pictures), str(project), str(KILLS), str(seed)],
        capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *kills, ending = [json.loads(line) for line in done.stdout.splitlines()]
    assert ending["event"] == "Finished", ending
    return kills, Path(ending["checkpoint"])


def test_fifty_kills_cost_no_checkpoint_and_change_nothing(flowers: Path, tmp_path: Path) -> None:
    kills, last = kill_often(flowers, tmp_path / "killed", seed=1)

    assert len(kills) == KILLS
    saved = [kill["step"] for kill in kills]
    assert saved == sorted(saved)
    # The kills must have hit what they were meant to hit.
    assert saved[-1] > KILLS
    assert sum(kill["in_a_write"] for kill in kills) > KILLS / 5
    # Whoever saves all the time loses next to nothing.
    assert max(kill["lost_steps"] for kill in kills) < 50

    settings = killed_often.settings().model_copy(
        update={"budget": steps(saved[-1] + killed_often.LAST_STEPS), "save_every_s": NEVER_S}
    )
    request = NewRun(folder=flowers, project=tmp_path / "unbroken", settings=settings)
    *_, unbroken = start_run(request, Script())
    assert isinstance(unbroken, events.Finished)
    assert unbroken.checkpoint.name == last.name
    assert filecmp.cmpfiles(unbroken.checkpoint, last, TENSORS, shallow=False) == (TENSORS, [], [])
