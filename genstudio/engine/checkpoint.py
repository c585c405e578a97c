"""The checkpoints of a run: saved, found again, starred, and cleared away by age."""

import io
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

import numpy as np
import safetensors
import torch
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors.torch import (
    load_file,  # pyright: ignore[reportUnknownVariableType]  # untyped upstream
)
from torch import Tensor

from genstudio.domain.cards import ModelCard
from genstudio.domain.errors import CheckpointError
from genstudio.domain.files import explained, flush, free_disk_bytes
from genstudio.domain.language import tr
from genstudio.domain.runs import CheckpointInfo, best_step
from genstudio.domain.values import Count, Moment, Seconds
from genstudio.engine.checkpoint_files import (
    CHECKSUMS,
    PARTIAL,
    damaged,
    read_checksums,
    read_json,
    remove_folder,
    verify,
    write_folder,
)
from genstudio.engine.coach import CoachMemory
from genstudio.engine.lessons import TeachingMemory
from genstudio.engine.retention import superfluous
from genstudio.engine.troubles import Name

FORMAT_VERSION = 3
_STAR = ".star"
_DAMAGED = ".damaged-"
# What checkpoints may take of the space that would be free without them.
_SHARE_OF_DISK = 0.25


# What a setting that may change while a run goes on can be.
SettingValue = Annotated[str, Field(max_length=60)] | bool | int | float


class CheckpointState(BaseModel):
    """Everything of a run that is not a tensor; saved as ``state.json``.

    Random numbers need no place here: the engine seeds them anew at every step
    from the run's seed and the step.

    Attributes:
        model_key: Architecture.
        model_revision: Its revision, as its card had it.
        step: Steps taken.
        images_seen: Pictures seen.
        seconds: Time spent training.
        saved_at: By the machine's clock, for people.
        losses: Named losses, means over the steps before.
        metrics: Quality figures.
        learning_rate_scale: What the learning rates are multiplied with, after they had to be
            lowered.
        parts: Parts that each step is taken in, after memory did not suffice for fewer.
        loss_scale: State of the loss scale of fp16; empty in other precisions.
        changes: Settings of the architecture that became others while the run went on.
        coach: What the coach goes on from.
        teaching: What a run that is taught by choices goes on from; None for others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = FORMAT_VERSION
    model_key: str
    model_revision: Count = 1
    step: Count
    images_seen: Count
    seconds: Seconds
    saved_at: Moment | None = None
    losses: dict[str, float] = Field(default_factory=dict)
    metrics: dict[str, float] = Field(default_factory=dict)
    learning_rate_scale: float = Field(default=1.0, gt=0, le=1)
    parts: int = Field(default=1, ge=1, le=1024)
    loss_scale: dict[str, int | float] = Field(default_factory=dict)
    changes: Annotated[dict[Name, SettingValue], Field(max_length=32)] = Field(default_factory=dict)
    coach: CoachMemory = CoachMemory()
    teaching: TeachingMemory | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A verified checkpoint; tensors are read when asked for."""

    path: Path
    state: CheckpointState
    checksums: Mapping[str, str]

    def refuse_unless_of(self, card: ModelCard) -> None:
        """Check that the weights mean the same to an architecture as when they were saved.

        Raises:
            CheckpointError: They belong to another one, or to another revision of it.
        """
        state = self.state
        if state.model_key != card.key:
            raise CheckpointError(
                tr("The checkpoint does not fit this model"),
                tr("It belongs to {model_key}.", model_key=state.model_key),
            )
        if state.model_revision != card.revision:
            raise CheckpointError(
                tr("The checkpoint does not fit this model"),
                tr(
                    "It was saved by revision {model_revision} of {key}, and this is revision "
                    "{revision}: the same weights would paint other pictures.",
                    model_revision=state.model_revision,
                    key=card.key,
                    revision=card.revision,
                ),
                tr("Train anew, or open it with the version of GenStudio that saved it."),
            )

    def tensors(self, name: str, renamed: Sequence[tuple[str, str]] = ()) -> dict[str, Tensor]:
        """Read ``NAME.safetensors`` of the checkpoint into CPU memory.

        Args:
            name: Of the file.
            renamed: Former names of tensors, as the model's card has them.

        Raises:
            CheckpointError: The file was not checked, or cannot be parsed.
        """
        file = f"{name}.safetensors"
        if file not in self.checksums:
            raise damaged(
                self.path, tr("{file} is not listed in {checksums}", file=file, checksums=CHECKSUMS)
            )
        try:
            tensors = load_file(self.path / file)
        except (safetensors.SafetensorError, OSError) as error:
            raise damaged(self.path, str(error)) from error
        return {_current_name(key, renamed): tensor for key, tensor in tensors.items()}

    def weights(self, name: str, card: ModelCard) -> dict[str, Tensor]:
        """Read weights as the model of today names them, whatever program saved them.

        Args:
            name: Of the file: "weights" or "ema".
            card: The model's.

        Raises:
            CheckpointError: The file was not checked, or cannot be parsed.
        """
        added = {key: torch.tensor(value) for key, value in card.added_tensors}
        return added | self.tensors(name, card.renamed_tensors)


def _current_name(key: str, renamed: Sequence[tuple[str, str]]) -> str:
    for former, current in renamed:
        found, count = re.subn(rf"^{former}", current, key)
        if count:
            return found
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A run as it was between two steps; shares no memory with the run.

    Attributes:
        state: Counters and the like.
        tensors: File name without suffix => its tensors, in CPU memory.
        preview_HWC: Thumbnail, uint8.
    """

    state: CheckpointState
    tensors: Mapping[str, Mapping[str, Tensor]]
    preview_HWC: np.ndarray | None


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest undamaged checkpoint, if any, and the steps of damaged ones after it."""

    checkpoint: Checkpoint | None
    damaged: Sequence[int]


class CheckpointStore:
    """The checkpoints of one run, one folder each, named by step.

    Stars are empty files beside the folders: a window may set them while a run is being trained.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def steps(self) -> list[int]:
        """Steps that have a complete checkpoint, ascending."""
        if not self.folder.is_dir():
            return []
        return sorted(
            int(path.name)
            for path in self.folder.iterdir()
            if path.name.isdecimal() and (path / CHECKSUMS).is_file()
        )

    def has_any(self) -> bool:
        """Whether anything was ever saved here, damaged or not."""
        return self.folder.is_dir() and any(path.name.isdecimal() for path in self.folder.iterdir())

    def save(
        self,
        state: CheckpointState,
        tensors: Mapping[str, Mapping[str, Tensor]],
        preview_HWC: np.ndarray | None,
    ) -> Path:
        """Write a checkpoint for good.

        Args:
            state: Counters and the like.
            tensors: File name without suffix => its tensors, in CPU memory.
            preview_HWC: Thumbnail for the timeline, uint8.

        Raises:
            ProjectError: The disk is full or the folder cannot be written to.
            CheckpointError: What was read back differs from what was written.
        """
        path = self.folder / str(state.step)
        write_folder(path, _serialised(state, preview_HWC), tensors)
        return path

    def load(self, step: int) -> Checkpoint:
        """Open a checkpoint after checking every byte of it.

        Raises:
            CheckpointError: Absent, damaged, or of a newer program.
        """
        path = self.folder / str(step)
        try:
            checksums = read_checksums(path)
            verify(path, checksums)
            return Checkpoint(path=path, state=_read_state(path), checksums=checksums)
        except FileNotFoundError as error:
            known = ", ".join(map(str, self.steps())) or "none"
            raise CheckpointError(
                tr("There is no complete checkpoint {step}", step=step),
                str(error),
                tr("Saved steps: {known}.", known=known),
            ) from error
        except OSError as error:
            raise damaged(path, str(error)) from error

    def newest(self) -> Newest:
        """Look for the newest checkpoint that is undamaged, checking every byte."""
        passed_over: list[int] = []
        for step in reversed(self.steps()):
            try:
                return Newest(self.load(step), passed_over)
            except CheckpointError:
                passed_over.append(step)
        return Newest(None, passed_over)

    def set_aside(self, step: int) -> None:
        """Rename a damaged checkpoint so that it is ignored; its files stay.

        Raises:
            ProjectError: The folder cannot be written to.
        """
        path = self.folder / str(step)
        with explained(path):
            path.rename(path.with_name(f"{_DAMAGED}{step}-{time.time_ns()}"))

    def infos(self) -> list[CheckpointInfo]:
        """All checkpoints at a glance, ascending; those that cannot be read are left out."""
        starred = self.starred()
        found: list[CheckpointInfo] = []
        for step in self.steps():
            path = self.folder / str(step)
            try:
                state = _read_state(path)
                num_bytes = sum(file.stat().st_size for file in path.iterdir())
            except (CheckpointError, OSError):
                continue  # Damaged, or cleared away meanwhile.
            found.append(
                CheckpointInfo(
                    path=path,
                    step=step,
                    images_seen=state.images_seen,
                    seconds=state.seconds,
                    saved_at=state.saved_at,
                    losses=state.losses,
                    metrics=state.metrics,
                    num_bytes=num_bytes,
                    is_starred=step in starred,
                )
            )
        best = best_step(found)
        return [
            info.model_copy(update={"is_best": True}) if info.step == best else info
            for info in found
        ]

    def starred(self) -> set[int]:
        """Steps whose checkpoints are kept for ever."""
        names = (path.stem for path in self.folder.glob(f"*{_STAR}"))
        return {int(name) for name in names if name.isdecimal()}

    def star(self, step: int, *, is_starred: bool) -> None:
        """Keep a checkpoint for ever, or no longer.

        Raises:
            CheckpointError: There is no such checkpoint.
            ProjectError: The folder cannot be written to.
        """
        if step not in self.steps():
            raise CheckpointError(tr("There is no complete checkpoint {step}", step=step))
        mark = self.folder / f"{step}{_STAR}"
        if mark.is_symlink():
            raise CheckpointError(tr("The star of checkpoint {step} leads elsewhere", step=step))
        with explained(mark):
            if is_starred:
                mark.touch()
            else:
                mark.unlink(missing_ok=True)
            flush(self.folder)

    def clear_away(self) -> None:
        """Remove what is too old to keep, so that checkpoints leave room on the disk."""
        infos = self.infos()
        taken = sum(info.num_bytes for info in infos)
        free = free_disk_bytes(self.folder)
        for step in superfluous(infos, room_bytes=(free + taken) * _SHARE_OF_DISK):
            remove_folder(self.folder / str(step))

    def remove_partial(self) -> None:
        """Remove what interrupted writes left behind; call only while nobody writes."""
        for path in self.folder.glob(f"{PARTIAL}*"):
            shutil.rmtree(path, ignore_errors=True)


def _serialised(state: CheckpointState, preview_HWC: np.ndarray | None) -> dict[str, bytes]:
    # Older programs can read what is not taught.
    files = {"state.json": state.model_dump_json(indent=1, exclude_none=True).encode()}
    if preview_HWC is not None:
        buffer = io.BytesIO()
        Image.fromarray(preview_HWC).save(buffer, "PNG")
        files["preview.png"] = buffer.getvalue()
    return files


def _read_state(path: Path) -> CheckpointState:
    raw = read_json(path / "state.json")
    _refuse_newer(raw, path)
    try:
        return CheckpointState.model_validate(raw)
    except (ValidationError, RecursionError) as error:
        raise damaged(path, str(error)) from error


def _refuse_newer(raw: Any, path: Path) -> None:
    content = cast("dict[str, object]", raw) if isinstance(raw, dict) else {}
    version = content.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise CheckpointError(
            tr("The checkpoint was made by a newer GenStudio"),
            tr(
                "{path} has format {version}; this program reads up to {format_version}.",
                path=path,
                version=version,
                format_version=FORMAT_VERSION,
            ),
            tr("Update GenStudio to open it."),
        )
