"""A run that is killed fifty times ends, bit for bit, as one that nothing happened to."""

import filecmp
import os
from pathlib import Path

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


def test_fifty_kills_cost_no_checkpoint_and_change_nothing(flowers: Path, tmp_path: Path) -> None:
    kills, last = killed_often.in_a_process_of_its_own(flowers, tmp_path / "killed", KILLS, 1)

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
