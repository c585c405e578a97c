"""Too little memory, as the system enforces it: steps get smaller, and the run goes on."""

import os
import subprocess
import sys
from pathlib import Path

import little_memory
import pytest
from tiny_studio import HANGS_S, of_kind, steps, train_to_end

from genstudio.domain import events
from genstudio.engine.checkpoint import CheckpointStore

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits are the system's")


def in_a_process_of_its_own(*arguments: object) -> list[str]:
    script = Path(little_memory.__file__)
    paths = [str(script.parents[1]), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, str(script), *map(str, arguments)],
        capture_output=True, text=True, timeout=HANGS_S, check=False,
        # The limit is on address space, which the C library keeps to itself unless told not to.
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "MALLOC_MMAP_THRESHOLD_": str(2**16),
            "MALLOC_ARENA_MAX": "1",
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def needed_bytes(folder: Path, parts: int) -> int:
    (line,) = in_a_process_of_its_own(folder / f"{parts} parts", parts)
    return int(line)


def train(folder: Path, limit_bytes: int) -> list[events.Event]:
    lines = in_a_process_of_its_own(folder, limit_bytes, "train")
    told = [events.parse_event(line) for line in lines]
    assert None not in told
    return [event for event in told if event]


def test_steps_are_taken_in_parts_that_fit_and_the_run_says_so(tmp_path: Path) -> None:
    whole, in_parts = needed_bytes(tmp_path, 1), needed_bytes(tmp_path, 4)
    assert in_parts < 0.7 * whole

    told = train(tmp_path / "run", in_parts + (whole - in_parts) // 2)

    assert isinstance(told[-1], events.Finished)
    assert told[-1].images_seen == 2 * little_memory.BATCH
    # Steps may get smaller more than once, and a preview may be left out as well.
    *_, said = [it for it in of_kind(events.Message, told) if "parts" in it.message]
    assert "not enough memory" in said.title
    # It is known from then on, also to a run that is resumed.
    parts = CheckpointStore(tmp_path / "run").load(2).state.parts
    assert parts > 1
    assert f"{parts} parts" in said.message


def test_where_nothing_helps_the_run_fails_in_words_and_keeps_what_it_had(tmp_path: Path) -> None:
    settings = little_memory.settings(4).model_copy(update={"budget": steps(1)})
    train_to_end(tmp_path, settings, little_memory.pictures_NHWC())

    failed = train(tmp_path, 2**24)[-1]

    assert isinstance(failed, events.Failed)
    assert failed.title == "There is not enough memory"
    assert "smaller size" in failed.hint
    assert CheckpointStore(tmp_path).load(1).state.step == 1
