"""Checkpoints that are whole or absent: written aside, flushed, read back, then renamed."""

import hashlib
import io
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import safetensors
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors.torch import (
    load_file,  # pyright: ignore[reportUnknownVariableType]  # untyped upstream
    save_file,  # pyright: ignore[reportUnknownVariableType]  # untyped upstream
)
from torch import Tensor

from genstudio.domain.errors import CheckpointError
from genstudio.domain.files import explained, flush

FORMAT_VERSION = 1
_PARTIAL = ".partial-"
_CHECKSUMS = "checksums.json"


class CheckpointState(BaseModel):
    """Everything of a run that is not a tensor; saved as ``state.json``.

    Random numbers need no place here: the engine seeds them anew at every step
    from the run's seed and the step.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = FORMAT_VERSION
    model_key: str
    step: int = Field(ge=0)
    images_seen: int = Field(ge=0)
    seconds: float = Field(ge=0)
    losses: dict[str, float] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A verified checkpoint; tensors are read when asked for."""

    path: Path
    state: CheckpointState
    checksums: Mapping[str, str]

    def tensors(self, name: str) -> dict[str, Tensor]:
        """Read ``NAME.safetensors`` of the checkpoint into CPU memory.

        Raises:
            CheckpointError: The file was not checked, or cannot be parsed.
        """
        file = f"{name}.safetensors"
        if file not in self.checksums:
            raise _damaged(self.path, f"{file} is not listed in {_CHECKSUMS}")
        try:
            return load_file(self.path / file)
        except (safetensors.SafetensorError, OSError) as error:
            raise _damaged(self.path, str(error)) from error


class CheckpointStore:
    """The checkpoints of one run, one folder each, named by step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def steps(self) -> list[int]:
        """Steps that have a complete checkpoint, ascending."""
        if not self.folder.is_dir():
            return []
        return sorted(
            int(path.name)
            for path in self.folder.iterdir()
            if path.name.isdecimal() and (path / _CHECKSUMS).is_file()
        )

    def save(
        self,
        state: CheckpointState,
        tensors: Mapping[str, Mapping[str, Tensor]],
        preview_HWC: np.ndarray | None,
    ) -> Path:
        """Write a checkpoint for good.

        Args:
            state: Counters and the like.
            tensors: File name without suffix => its tensors.
            preview_HWC: Thumbnail for the timeline, uint8.

        Raises:
            ProjectError: The disk is full or the folder cannot be written to.
            CheckpointError: What was read back differs from what was written.
        """
        final = self.folder / str(state.step)
        partial = self.folder / f"{_PARTIAL}{state.step}-{time.monotonic_ns()}"
        try:
            with explained(final):
                partial.mkdir(parents=True)
                checksums = _write_files(partial, _serialised(state, preview_HWC), tensors)
                _write_flushed(partial / _CHECKSUMS, json.dumps(checksums, indent=1).encode())
                _verify(partial, checksums)
                flush(partial)
                if final.exists():
                    shutil.rmtree(final)
                partial.rename(final)
                flush(self.folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return final

    def load(self, step: int) -> Checkpoint:
        """Open a checkpoint after checking every byte of it.

        Raises:
            CheckpointError: Absent, damaged, or of a newer program.
        """
        path = self.folder / str(step)
        try:
            checksums = json.loads((path / _CHECKSUMS).read_bytes())
            if not _are_checksums(checksums):
                raise _damaged(path, f"{_CHECKSUMS} is malformed")
            _verify(path, checksums)
            raw = json.loads((path / "state.json").read_bytes())
            _refuse_newer(raw, path)
            state = CheckpointState.model_validate(raw)
        except FileNotFoundError as error:
            known = ", ".join(map(str, self.steps())) or "none"
            raise CheckpointError(
                f"There is no complete checkpoint {step}", str(error), f"Saved steps: {known}."
            ) from error
        except (OSError, ValueError, ValidationError, RecursionError) as error:
            raise _damaged(path, str(error)) from error
        return Checkpoint(path=path, state=state, checksums=checksums)

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint that is undamaged; None if there is none."""
        for step in reversed(self.steps()):
            try:
                return self.load(step)
            except CheckpointError:
                continue
        return None

    def prune(self, keep_newest: int) -> None:
        """Remove all but the newest checkpoints, and what an interrupted write left behind."""
        for step in self.steps()[:-keep_newest]:
            shutil.rmtree(self.folder / str(step), ignore_errors=True)

    def remove_partial(self) -> None:
        """Remove what interrupted writes left behind; call only while nobody writes."""
        for path in self.folder.glob(f"{_PARTIAL}*"):
            shutil.rmtree(path, ignore_errors=True)


def _serialised(state: CheckpointState, preview_HWC: np.ndarray | None) -> dict[str, bytes]:
    files = {"state.json": state.model_dump_json(indent=1).encode()}
    if preview_HWC is not None:
        buffer = io.BytesIO()
        Image.fromarray(preview_HWC).save(buffer, "PNG")
        files["preview.png"] = buffer.getvalue()
    return files


def _write_files(
    folder: Path, files: Mapping[str, bytes], tensors: Mapping[str, Mapping[str, Tensor]]
) -> dict[str, str]:
    for name, content in files.items():
        _write_flushed(folder / name, content)
    for name, group in tensors.items():
        path = folder / f"{name}.safetensors"
        try:
            save_file(
                {key: value.detach().cpu().contiguous() for key, value in group.items()}, path
            )
        except safetensors.SafetensorError as error:
            # The library hides the system's error number behind its own message.
            raise OSError(_errno_in(str(error)), str(error), str(path)) from error
        flush(path)
    names = [*files, *(f"{name}.safetensors" for name in tensors)]
    return {name: _sha256(folder / name) for name in names}


def _errno_in(message: str) -> int:
    _, _, tail = message.partition("os error ")
    digits = "".join(character for character in tail[:4] if character.isdecimal())
    return int(digits) if digits else 0


def _write_flushed(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    flush(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _verify(folder: Path, checksums: Mapping[str, str]) -> None:
    for name, expected in checksums.items():
        if _sha256(folder / name) != expected:
            raise _damaged(folder, f"{name} is not what was written")


def _are_checksums(value: Any) -> bool:
    if not isinstance(value, dict) or "state.json" not in value:
        return False
    return all(
        isinstance(name, str) and Path(name).name == name and isinstance(digest, str)
        for name, digest in cast("dict[object, object]", value).items()
    )


def _refuse_newer(raw: Any, path: Path) -> None:
    content = cast("dict[str, object]", raw) if isinstance(raw, dict) else {}
    version = content.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise CheckpointError(
            "The checkpoint was made by a newer GenStudio",
            f"{path} has format {version}; this program reads up to {FORMAT_VERSION}.",
            "Update GenStudio to open it.",
        )


def _damaged(path: Path, reason: str) -> CheckpointError:
    return CheckpointError(
        f"Checkpoint {path.name} is damaged", f"{reason}.", "An earlier checkpoint may be intact."
    )
