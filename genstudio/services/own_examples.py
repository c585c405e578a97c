"""A person's own file, or words, as an example of what a run learned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genstudio.data.decode import UnreadablePictureError
from genstudio.data.formats import may_be_picture
from genstudio.data.modalities.catalog import MODALITIES
from genstudio.data.modalities.protocol import FileModality
from genstudio.data.plain_texts import UnreadableTextError, read_text
from genstudio.data.squares import decode_picture
from genstudio.domain.artifacts import IMAGE, TEXT
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.words import read_prompt, token_ids
from genstudio.engine.batches import as_learned, in_range
from genstudio.services.runs import Run

_MOST_NAMED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example of one material.

    Attributes:
        fields: As ``Batch.fields`` has it, one row each.
        name: What results are called after.
        path: Its file; None of what was written.
        values: What results should say of it.
        settings: What their recipes should say besides.
    """

    fields: Mapping[str, Tensor]
    name: str
    path: Path | None = None
    values: Mapping[str, float | str] = field(default_factory=dict[str, float | str])
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])


def example_of(run: Run, path: Path, kind: str) -> Example:
    """A file as a model of the run takes it.

    Args:
        run: What it learned says how a file is read.
        path: A file; only read.
        kind: Key of the kind that it should be of.

    Raises:
        DatasetError: It cannot be read, or is of another kind.
        SettingsError: None of its words is known.
    """
    if (kind == IMAGE) != may_be_picture(path.name):
        raise DatasetError(
            tr("{name} is no {kind}", name=path.name, kind=kind),
            tr("By its name it is of another kind."),
            tr("Choose the operation that takes such files."),
        )
    if kind == TEXT:
        words = example_of_words(run, _text_of(path), name=path.stem)
        return Example(fields=words.fields, name=words.name, path=path, values=words.values)
    modality = MODALITIES.get(run.settings.modality)
    rows: Mapping[str, np.ndarray]
    if isinstance(modality, FileModality):
        rows = modality.read_one(path, run.settings.layout)
    else:
        rows = {"images": _pixels_of(run, path)}
    specs = run.data.fields
    fields = {name: torch.as_tensor(values)[None] for name, values in rows.items()}
    return Example(
        fields={
            name: in_range(it) if specs[name].type == IMAGE else as_learned(it, specs[name].type)
            for name, it in fields.items()
        },
        name=path.stem,
        path=path,
    )


def example_of_words(run: Run, text: str, *, name: str) -> Example:
    """Words as a model of the run reads them, with what it took them for where that is not clear.

    Raises:
        SettingsError: None of them is known.
    """
    reading = read_prompt(text, run.file.words)
    if not reading.words:
        known = ", ".join([*run.file.words][:_MOST_NAMED])
        raise SettingsError(
            tr("None of these words was learned"),
            reading.remark,
            tr("The most frequent that were are: {known}.", known=known),
        )
    ids = token_ids(" ".join(reading.words), run.file.words)
    return Example(
        fields={"tokens": torch.tensor(ids)[None]},
        name=name,
        values={"read_as": " ".join(reading.words)} if reading.remark else {},
    )


def _text_of(path: Path) -> str:
    try:
        return read_text(path)
    except UnreadableTextError as error:
        raise DatasetError(
            tr("{name} cannot be read", name=path.name), str(error), tr("Choose another text.")
        ) from error


def _pixels_of(run: Run, path: Path) -> np.ndarray:
    try:
        return decode_picture(path, size=run.data.size, channels=run.data.channels)
    except UnreadablePictureError as error:
        raise DatasetError(
            tr("{name} cannot be read", name=path.name), str(error), tr("Choose another picture.")
        ) from error
