"""Keeps what was found of a checkpoint beside its run, so that it is judged once."""

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import genstudio
from genstudio.domain.errors import ProjectError
from genstudio.domain.files import read_file, write_text
from genstudio.domain.model_reports import ModelReport
from genstudio.domain.reports import Report

# Raised when figures are reckoned differently from the same pictures.
_METHOD = 2
_MODEL_METHOD = 1
_FOLDER = "evaluations"
# A report has some ten kilobytes.
_LARGEST_BYTES = 2**18


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    basis: str = Field(max_length=128)
    report: Report


class _KeptOfModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    basis: str = Field(max_length=128)
    report: ModelReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a report rests upon; where any of it is another, the checkpoint is judged again.

    Attributes:
        run: The run's folder.
        step: Step of the checkpoint.
        weights_sha256: Of its averaged weights.
        pictures: Key of the decoded pictures.
        held_out: Names of those that were not learned from.
        features: Digest of the features.
        count: Pictures made.
        num_training: Pictures learned from.
    """

    run: Path
    step: int
    weights_sha256: str
    pictures: str
    held_out: Sequence[str]
    features: str
    count: int
    num_training: int

    @property
    def path(self) -> Path:
        """Where its report is kept."""
        return self.run / _FOLDER / f"{self.step}-{self.count}.json"

    @property
    def model_path(self) -> Path:
        """Where the figures of the model itself are kept."""
        return self.run / _FOLDER / f"{self.step}-model.json"

    def digest(self, method: object = _METHOD) -> str:
        """One name for all of it."""
        parts = [method, genstudio.__version__, self.step, self.weights_sha256, self.pictures]
        parts += [*self.held_out, self.features, self.count, self.num_training]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def kept_report(basis: Basis) -> Report | None:
    """What was found before; None if nothing was, or what is there is damaged or out of date."""
    try:
        content = read_file(basis.path, largest_bytes=_LARGEST_BYTES)
        kept = _Kept.model_validate_json(content)
    except (OSError, ValidationError):
        return None
    is_sound = kept.basis == basis.digest() and kept.report.count == basis.count
    return kept.report if is_sound and _leads_to_pictures(kept.report, basis) else None


def keep_report(basis: Basis, report: Report) -> None:
    """Remember what was found."""
    kept = _Kept(basis=basis.digest(), report=report)
    # It is only to save time: a project that can be looked at, but not written to, is judged anew.
    with contextlib.suppress(ProjectError):
        write_text(basis.path, kept.model_dump_json())


def kept_model_report(basis: Basis) -> ModelReport | None:
    """As :func:`kept_report`, of the model itself."""
    try:
        content = read_file(basis.model_path, largest_bytes=_LARGEST_BYTES)
        kept = _KeptOfModel.model_validate_json(content)
    except (OSError, ValidationError):
        return None
    return kept.report if kept.basis == _digest_of_model(basis) else None


def keep_model_report(basis: Basis, report: ModelReport) -> None:
    """As :func:`keep_report`, of the model itself."""
    kept = _KeptOfModel(basis=_digest_of_model(basis), report=report)
    with contextlib.suppress(ProjectError):
        write_text(basis.model_path, kept.model_dump_json())


def _digest_of_model(basis: Basis) -> str:
    return basis.digest(f"model {_MODEL_METHOD}")


def _leads_to_pictures(report: Report, basis: Basis) -> bool:
    """Whether the pairs name pictures that there are: the file may come from a stranger."""
    pairs = report.copying.pairs if report.copying else ()
    return all(
        0 <= pair.made < basis.count and 0 <= pair.training < basis.num_training for pair in pairs
    )
