"""Recipes of what operations make, from runs or without one."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import genstudio
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr
from genstudio.domain.recipes import Recipe
from genstudio.engine.checkpoint import Checkpoint
from genstudio.services.operations.protocol import OperationRequest
from genstudio.services.recipe_inputs import noted

_MARK = b"trainedAlgorithmicMedia"
_MARK_WITHIN_BYTES = 2**20


def made_by_run(
    operation: str,
    request: OperationRequest,
    checkpoint: Checkpoint,
    *,
    files: Sequence[Path],
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
) -> Recipe:
    """Note what something is made of.

    Args:
        operation: Key.
        request: With a run.
        checkpoint: That is used.
        files: Inputs, which are read to hash them.
        settings: Further ones beside the request's own.
        seed: If one was needed.

    Raises:
        DatasetError: An input cannot be read.
    """
    run = request.run
    assert run is not None
    return Recipe(
        software=f"GenStudio {genstudio.__version__}",
        model_key=run.settings.model_key,
        run=run.path.name,
        project=run.project().name,
        step=checkpoint.state.step,
        weights_sha256=checkpoint.checksums["ema.safetensors"],
        seed=seed,
        size=run.data.size,
        sampling={**request.settings.model_dump(mode="json"), **(settings or {})},
        created=datetime.now(UTC).replace(microsecond=0),
        operation=operation,
        inputs=tuple(noted(path) for path in files),
    )


def made_from_files(
    operation: str,
    request: OperationRequest,
    files: Mapping[str, Sequence[Path]],
    *,
    seed: int | None = None,
    synthetic: bool = True,
) -> Recipe:
    """Note what something is made of that needs no trained model.

    Args:
        operation: Key.
        request: What was wanted.
        files: Name of an input => what of it was used, which is read to hash it.
        seed: If one was needed.
        synthetic: False where the content is that of a file which nobody had made.

    Raises:
        DatasetError: An input cannot be read.
    """
    return Recipe(
        software=f"GenStudio {genstudio.__version__}",
        seed=seed,
        sampling=request.settings.model_dump(mode="json"),
        created=datetime.now(UTC).replace(microsecond=0),
        operation=operation,
        synthetic=synthetic,
        inputs=tuple(noted(path, role) for role, paths in files.items() for path in paths),
    )


def says_synthetic(path: Path) -> bool:
    """Whether a file carries the mark of a trained model, ours or another program's.

    The mark (IPTC's digital source type) is looked for at both ends of the file, where pictures
    and films keep what they say of themselves.

    Raises:
        DatasetError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(_MARK_WITHIN_BYTES)
            file.seek(max(file.tell(), path.stat().st_size - _MARK_WITHIN_BYTES))
            return _MARK in begin or _MARK in file.read(_MARK_WITHIN_BYTES)
    except OSError as error:
        raise DatasetError(
            tr("{name} cannot be read", name=path.name),
            f"{path}: {error.strerror}.",
            tr("Choose another one."),
        ) from error
