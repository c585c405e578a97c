"""Trains the toy in processes that kill themselves at given moments of their third save.

Usage: die_while_saving.py PICTURES FOLDER MOMENT…; each moment has its project in FOLDER.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import tiny_studio

from genstudio.engine import checkpoint, checkpoint_files, preview
from genstudio.engine.trainer import NoCommands
from genstudio.models import catalog
from genstudio.services.training import NewRun, start_run


def die(*_: object) -> NoReturn:
    """End as a power cut does: nothing is flushed, closed or cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("dead")


def half_a_file(tensors: Any, path: Path) -> None:
    del tensors
    path.write_bytes(b"half a file")
    die()


def unless_checksums(write: Callable[..., None]) -> Callable[..., None]:
    def wrapped(path: Path, content: bytes) -> None:
        if path.name == "checksums.json":
            die()
        write(path, content)

    return wrapped


MOMENTS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "at-the-beginning": (checkpoint_files, "_write_files", die),
    "within-a-file": (checkpoint_files, "save_file", half_a_file),
    "before-the-checksums": (
        checkpoint_files, "_write_flushed", unless_checksums(checkpoint_files._write_flushed),
    ),
    "before-it-is-checked": (checkpoint_files, "verify", die),
    "before-it-has-its-name": (Path, "rename", die),
}  # fmt: skip


def main(pictures: Path, project: Path, moment: str) -> None:
    """Train until the save of step 3, and die there."""
    catalog._BUILT_IN["toy"] = "tiny_studio:ToyModel"
    preview.sheet_layout = lambda _: (1, 2)
    save = checkpoint.CheckpointStore.save

    def armed(store: Any, state: Any, *rest: Any) -> Path:
        if state.step == 3:
            setattr(*MOMENTS[moment])
        return save(store, state, *rest)

    checkpoint.CheckpointStore.save = armed  # type: ignore[method-assign]
    settings = tiny_studio.small_settings("toy", save_every_s=1e-9)
    list(start_run(NewRun(folder=pictures, project=project, settings=settings), NoCommands()))


if __name__ == "__main__":
    for name in sys.argv[3:]:
        child = os.fork()
        if child == 0:
            main(Path(sys.argv[1]), Path(sys.argv[2]) / name, name)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{name} {os.waitstatus_to_exitcode(status)}\n")
