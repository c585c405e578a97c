"""How near results that are no pictures come to what was learned: notes, sounds, texts.

Small sets are soon known by heart. So each phrase says how many of its patterns of notes stand in
the pieces that were learned from, and each sound which of these is nearest; beside it stands what
is usual for held-out ones, which nobody copied.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

import numpy as np
import torch
from torch import Tensor

from genstudio.data.dataset import Dataset
from genstudio.data.modalities.paired_layout import inner_layout
from genstudio.data.modalities.sound import SoundLayout
from genstudio.data.phrases import STEP_TICKS, notes_of
from genstudio.data.scores import Score
from genstudio.data.sounds import from_int16
from genstudio.domain.artifacts import NOTES, SOUND, Artifact
from genstudio.domain.modalities import MOLECULES, TEXTS
from genstudio.domain.progress import drain
from genstudio.models.blocks.spectrogram import MelSpectrogram
from genstudio.services.decoding import dataset_of, decoded
from genstudio.services.known_molecules import KnownMolecules
from genstudio.services.known_texts import VerbatimMeter
from genstudio.services.runs import Run

# Notes of a pattern: of fewer, all music is made of the same ones.
PATTERN: Final = 6
_BANDS = 40
_AT_A_TIME = 64
_MOST_SOUNDS = 2000
_MOST_HELD_OUT = 200

# Gives values of an artifact.
CopyMeter: TypeAlias = Callable[[Artifact], Mapping[str, float | str]]

# Intervals and steps between the notes of a pattern: the same in each key.
_Pattern: TypeAlias = tuple[tuple[int, int], ...]


def copy_meter(run: Run) -> CopyMeter:
    """What compares results of a run with what it learned from; it says nothing of other kinds.

    Raises:
        GenStudioError: What was learned from cannot be read any more.
    """
    if run.settings.modality == MOLECULES:
        return KnownMolecules(run)
    if run.settings.modality == TEXTS:
        return VerbatimMeter(run)
    dataset = dataset_of_run(run)
    if "notes" in dataset.fields:
        return PatternMeter(dataset)
    if "sounds" in dataset.fields:
        return NearestSound(dataset)
    return lambda _: {}


def dataset_of_run(run: Run) -> Dataset:
    """The examples that a run learned from, and those that it held out.

    Raises:
        GenStudioError: They cannot be read any more.
    """
    project = run.project()
    manifest = project.load_manifest(run.file.dataset)
    cache = drain(decoded(manifest, run.settings, project.dataset_folder(run.file.dataset)))
    return dataset_of(
        manifest,
        cache,
        run.held_out_of(manifest),
        run.file.kinds,
        is_reversed=run.settings.reverse,
        words=run.file.words,
    )


def measured(artifact: Artifact, meter: CopyMeter) -> Artifact:
    """The artifact with what a meter says of it."""
    return replace(artifact, values={**artifact.values, **meter(artifact)})


class PatternMeter:
    """Shares of patterns of six notes, whatever the key, that stand in what was learned.

    Attributes:
        usual: The mean share of held-out phrases; those of a piece that was learned from are not
            among them. 1 where none was held out.
    """

    def __init__(self, dataset: Dataset) -> None:
        tokens = dataset.fields["notes"]
        self._known = {
            pattern
            for row in tokens.take(dataset.learned_from())
            for pattern in patterns_of(notes_of(row))
        }
        shares = [self.share(notes_of(row)) for row in tokens.take(dataset.held_out_of())]
        known = [share for share in shares if share is not None]
        self.usual = float(np.mean(known)) if known else 1.0

    def share(self, notes: np.ndarray) -> float | None:
        """Of the patterns of a phrase; None where it has too few notes for one."""
        patterns = list(patterns_of(notes))
        if not patterns:
            return None
        return sum(pattern in self._known for pattern in patterns) / len(patterns)

    def __call__(self, artifact: Artifact) -> Mapping[str, float | str]:
        """Known patterns, and how many are usual."""
        if artifact.kind != NOTES:
            return {}
        score: Score = artifact.data
        shares = [self.share(on_grid(part.notes)) for part in score.parts if not part.is_drums]
        found = [share for share in shares if share is not None]
        if not found:
            return {}
        return {"known patterns": float(np.mean(found)), "usual": self.usual}


def patterns_of(notes: np.ndarray) -> Iterator[_Pattern]:
    """All patterns of so many notes in a row.

    Args:
        notes: Step, length and pitch of each; int64 (notes, 3).
    """
    intervals = np.diff(notes[:, 2]).tolist()
    gaps = np.diff(notes[:, 0]).tolist()
    between = list(zip(intervals, gaps, strict=True))
    for at in range(len(between) - PATTERN + 2):
        yield tuple(between[at : at + PATTERN - 1])


def on_grid(notes: np.ndarray) -> np.ndarray:
    """Notes of a part, in ticks => step, length and pitch, as examples have them."""
    steps = np.rint(notes[:, :2] / STEP_TICKS).astype(np.int64)
    return np.concatenate([steps, notes[:, 2:3]], axis=1)


class NearestSound:
    """The nearest sound that was learned, by spectrogram, and how near held-out ones are."""

    def __init__(self, dataset: Dataset) -> None:
        layout = SoundLayout.parse(inner_layout(dataset.modality, dataset.layout))
        self._mel = MelSpectrogram(
            rate_hz=layout.rate_hz, samples=layout.samples, hop=layout.hop, bands=_BANDS
        )
        learned = dataset.learned_from()
        learned = learned[:: max(1, len(learned) // _MOST_SOUNDS)]
        names = list(dataset.names.get("sounds", dataset.names["examples"]))
        self._names: list[str] = [names[at] for at in learned.tolist()]
        sounds = dataset.fields["sounds"]
        self._learned = self.levels(from_int16(sounds.take(learned)))
        held_out = self.levels(from_int16(sounds.take(dataset.held_out_of()[:_MOST_HELD_OUT])))
        nearest = [self._nearest(row)[1] for row in held_out]
        self.usual = float(np.median(nearest)) if nearest else 0.0

    def __call__(self, artifact: Artifact) -> Mapping[str, float | str]:
        """Name and distance of the nearest, and what distance is usual, in decibels."""
        if artifact.kind != SOUND:
            return {}
        (levels,) = self.levels(artifact.data.samples[None])
        at, distance = self._nearest(levels)
        name: str = self._names[at]
        return {"nearest": name, "distance": distance, "usual": self.usual}

    def levels(self, samples_NL: np.ndarray) -> Tensor:
        """Sounds (N, samples), float32 => their spectrograms in rows, (N, values)."""
        if not len(samples_NL):
            return torch.empty(0, 0)
        samples = torch.as_tensor(samples_NL)
        starts = range(0, len(samples), _AT_A_TIME)
        parts = [self._mel.levels(samples[at : at + _AT_A_TIME]).flatten(1) for at in starts]
        return torch.cat(parts)

    def _nearest(self, levels: Tensor) -> tuple[int, float]:
        # Forty decibels for each unit of a level.
        distances = (self._learned - levels).square().mean(1).sqrt() * 40
        at = int(distances.argmin())
        return at, float(distances[at])
