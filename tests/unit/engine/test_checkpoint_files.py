"""Checkpoints are whole or absent, whatever the disk does while they are written."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from checkpoint_helpers import save
from safetensors.torch import save_file

from genstudio.domain.errors import CheckpointError, ProjectError
from genstudio.engine import checkpoint_files
from genstudio.engine.checkpoint import CheckpointStore


def failing(code: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, "no")

    return fail


@pytest.mark.parametrize("moment", ["_write_flushed", "flush", "save_file", "verify"])
@pytest.mark.parametrize(
    ("code", "title"), [(errno.ENOSPC, "The disk is full"), (errno.EROFS, "cannot be written to")]
)
def test_a_disk_that_gives_up_while_saving_costs_no_older_checkpoint(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch, moment: str, code: int, title: str
) -> None:
    save(store, 4)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_files, moment, failing(code))
        with pytest.raises(ProjectError, match=title) as caught:
            save(store, 5)

    assert caught.value.hint
    assert [path.name for path in store.folder.iterdir()] == ["4"]
    assert store.load(4).state.step == 4


def test_the_systems_reason_behind_the_librarys_error_is_found(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise checkpoint_files.safetensors.SafetensorError(
            "Error while serializing: I/O error: No space left on device (os error 28)"
        )

    monkeypatch.setattr(checkpoint_files, "save_file", fail)

    with pytest.raises(ProjectError, match="The disk is full"):
        save(store)


def test_other_errors_of_the_library_keep_their_words(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise checkpoint_files.safetensors.SafetensorError("dtype unheard of")

    monkeypatch.setattr(checkpoint_files, "save_file", fail)

    with pytest.raises(OSError, match="dtype unheard of"):
        save(store)
    assert list(store.folder.iterdir()) == []


def test_a_drive_that_does_not_keep_what_is_written_is_noticed(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(store, 4)
    real = checkpoint_files._write_files

    def forgetful(folder: Path, files: Any, tensors: Any) -> dict[str, str]:
        checksums = real(folder, files, tensors)
        save_file({"layer.bias": torch.full((2,), 5.0)}, folder / "weights.safetensors")
        return checksums

    monkeypatch.setattr(checkpoint_files, "_write_files", forgetful)

    with pytest.raises(CheckpointError, match="is damaged"):
        save(store, 5)
    assert store.steps() == [4]
    assert [path.name for path in store.folder.iterdir()] == ["4"]


def test_everything_is_on_the_disk_before_the_checkpoint_has_its_name(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    monkeypatch.setattr(
        checkpoint_files,
        "flush",
        lambda path: flushed.append(f"{path.name} {sorted(store.steps())}"),
    )
    save(store)

    names = [entry.split()[0] for entry in flushed]
    assert set(names[:6]) == {
        "state.json", "preview.png", "weights.safetensors", "ema.safetensors",
        "optimizer.safetensors", "checksums.json",
    }  # fmt: skip
    assert names[6].startswith(".partial-5-")
    assert all(entry.endswith("[]") for entry in flushed[:7])
    assert flushed[7] == "checkpoints [5]"
