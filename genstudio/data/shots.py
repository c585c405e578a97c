"""Shots of a film: where one picture is cut to another, found by colours and by what lies where.

The distance of neighbouring frames is that of their colour histograms and coarse brightness
(Boreczky & Rowe 1996, doi:10.1117/12.238675, compare such measures); a cut is a distance that is
large, and much larger than those around it, so that motion and flashes are none. Black frames part
shots as well. Dissolves are not found.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from genstudio.data.films import Frame, opened_film
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working

LOOKED_AT_PX: Final = 64
_GRID = 8
_BINS = 4
_AROUND = 6
# A distance is from 0 to 1.
_LEAST, _TIMES = 0.18, 3.0
_BLACK = 12.0 / 255
# Shorter ones are flashes, or slips of the eye.
_SHORTEST_FRAMES = 3
_TOLD_EVERY = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """Frames between two cuts.

    Attributes:
        first: Number of its first frame.
        last: Number of its last frame.
        start_s: When it begins.
        end_s: When the next one begins.
        middle: Number of the frame that stands for it.
        motion: Mean difference of neighbouring frames, from 0 to 1.
        is_black: Whether there is nothing to see in it.
    """

    first: int
    last: int
    start_s: float
    end_s: float
    middle: int
    motion: float
    is_black: bool


class FrameFeatures:
    """What is kept of each frame: some hundred numbers."""

    def __init__(self) -> None:
        self.histograms: list[np.ndarray] = []
        self.grids: list[np.ndarray] = []
        self.seconds: list[float] = []

    def add(self, image_HWC: np.ndarray, seconds: float) -> None:
        """Note a frame: uint8 (height, width, 3)."""
        small = np.asarray(
            Image.fromarray(image_HWC).resize((_GRID, _GRID), Image.Resampling.BOX), np.float32
        )
        self.grids.append(small.mean(-1) / 255)
        levels = image_HWC.reshape(-1, 3) // (256 // _BINS)
        keys = (levels[:, 0] * _BINS + levels[:, 1]) * _BINS + levels[:, 2]
        counts = np.bincount(keys.astype(np.int64), minlength=_BINS**3)
        self.histograms.append((counts / counts.sum()).astype(np.float32))
        self.seconds.append(seconds)


def find_shots(features: FrameFeatures, end_s: float) -> list[Shot]:
    """Part a film by its cuts.

    Args:
        features: Of all frames, in order; one or more.
        end_s: When the last one ends.
    """
    histograms, grids = np.stack(features.histograms), np.stack(features.grids)
    distances = _distances(histograms, grids)
    is_black = grids.mean((1, 2)) < _BLACK
    starts = [0, *_cuts(histograms, grids, distances, is_black)]
    shots: list[Shot] = []
    for at, first in enumerate(starts):
        last = (starts[at + 1] if at + 1 < len(starts) else len(grids)) - 1
        moves = np.abs(np.diff(grids[first : last + 1], axis=0)).mean((1, 2))
        until = features.seconds[last + 1] if last + 1 < len(grids) else end_s
        shots.append(
            Shot(
                first=first,
                last=last,
                start_s=features.seconds[first],
                end_s=max(until, features.seconds[first]),
                middle=(first + last) // 2,
                motion=float(moves.mean()) if len(moves) else 0.0,
                is_black=bool(is_black[first : last + 1].mean() > 0.5),
            )
        )
    return shots


def shots_of(path: Path, *, most_seconds: float) -> Working[tuple[list[Shot], bool]]:
    """Find the shots of a film, as far as it is looked at.

    Args:
        path: The film.
        most_seconds: What comes later is not looked at.

    Returns:
        Shots, and whether the film is longer.

    Raises:
        DatasetError: It is no film.
        SettingsError: The pack “video” is missing.
    """
    features = FrameFeatures()
    is_longer = False
    with opened_film(path) as film:
        total = max(1, min(film.info.num_frames, round(most_seconds * float(film.info.fps))))
        frame: Frame | None = None
        for frame in film.frames(LOOKED_AT_PX):
            if float(frame.seconds) > most_seconds:
                is_longer = True
                break
            features.add(frame.image_HWC, float(frame.seconds))
            if frame.number % _TOLD_EVERY == 0:
                yield Progress(tr("Looking for cuts"), min(frame.number, total), total)
        end_s = features.seconds[-1] + 1 / float(film.info.fps)
    yield Progress(tr("Looking for cuts"), total, total)
    return find_shots(features, end_s), is_longer


def _distances(histograms: np.ndarray, grids: np.ndarray) -> np.ndarray:
    """Of each frame but the first to the one before: (N - 1,), from 0 to 1."""
    colours = np.abs(np.diff(histograms, axis=0)).sum(1) / 2
    places = np.abs(np.diff(grids, axis=0)).mean((1, 2))
    return 0.5 * colours + 0.5 * np.minimum(1.0, 2 * places)


def _cuts(
    histograms: np.ndarray, grids: np.ndarray, distances: np.ndarray, is_black: np.ndarray
) -> list[int]:
    found: list[int] = []
    for at in range(1, len(grids)):
        if at - (found[-1] if found else 0) < _SHORTEST_FRAMES:
            continue
        if is_black[at] != is_black[at - 1] and _stays(is_black, at):
            found.append(at)
            continue
        around = np.delete(
            distances[max(0, at - 1 - _AROUND) : at + _AROUND],
            min(at - 1, _AROUND),
        )
        usual = float(np.median(around)) if len(around) else 0.0
        distance = float(distances[at - 1])
        if distance >= max(_LEAST, _TIMES * usual) and not _is_flash(histograms, grids, at):
            found.append(at)
    return found


def _stays(flags: np.ndarray, at: int) -> bool:
    return bool((flags[at : at + _SHORTEST_FRAMES] == flags[at]).all())


def _is_flash(histograms: np.ndarray, grids: np.ndarray, at: int) -> bool:
    """Whether the picture of before is back some frames later, or has come back now."""
    later = min(at + _SHORTEST_FRAMES, len(grids) - 1)
    earlier = max(at - 1 - _SHORTEST_FRAMES, 0)
    pairs = [pair for pair in ([at - 1, later], [earlier, at]) if pair[1] - pair[0] > 1]
    return any(float(_distances(histograms[pair], grids[pair])[0]) < _LEAST / 2 for pair in pairs)


def middles(shots: Iterable[Shot]) -> Sequence[int]:
    """Numbers of the frames that stand for shots."""
    return [shot.middle for shot in shots]
