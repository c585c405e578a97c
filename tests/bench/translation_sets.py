"""Sets that translations are measured on, decoded: pairs, or two sets of pictures."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

_SUFFIXES = {".png", ".jpg", ".jpeg"}
# Of sets that come without held-out pictures, every so-manieth is held out.
_HELD_OUT_EVERY = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Decoded pictures, uint8 of shape (N, size, size, 3).

    Attributes:
        is_paired: Whether inputs and targets belong together one by one.
    """

    train_inputs: np.ndarray
    train_targets: np.ndarray
    test_inputs: np.ndarray
    test_targets: np.ndarray
    is_paired: bool


def load(folder: Path, size: int, first: str, *, is_paired: bool) -> Pairs:
    """Read a set.

    Args:
        folder: With ``train`` and ``test``, or for unpaired sets with two folders.
        size: Side in pixels.
        first: Name of the folder of inputs; the first of both by default.
        is_paired: Whether they belong together.
    """
    if not is_paired:
        return _two_sets(folder, size, first)
    train, test = (_part(folder / name, size, first) for name in ("train", "test"))
    return Pairs(
        train_inputs=train[0], train_targets=train[1], test_inputs=test[0], test_targets=test[1],
        is_paired=True,
    )  # fmt: skip


def _part(folder: Path, size: int, first: str) -> tuple[np.ndarray, np.ndarray]:
    if any(folder.glob("*.png")):
        halves = [_halves(path, size) for path in _pictures(folder)]
        return np.stack([it[0] for it in halves]), np.stack([it[1] for it in halves])
    inputs, targets = _two_folders(folder, first)
    names = [path.name for path in _pictures(inputs)]
    return (
        np.stack([_decoded(inputs / name, size) for name in names]),
        np.stack([_decoded(targets / name, size) for name in names]),
    )


def _two_sets(folder: Path, size: int, first: str) -> Pairs:
    sides: list[np.ndarray] = []
    for side in _two_folders(folder, first):
        pictures = np.stack([_decoded(path, size) for path in _pictures(side)])
        is_held_out = np.arange(len(pictures)) % _HELD_OUT_EVERY == 0
        sides += [pictures[~is_held_out], pictures[is_held_out]]
    count = min(len(sides[1]), len(sides[3]))
    return Pairs(
        train_inputs=sides[0], train_targets=sides[2], test_inputs=sides[1][:count],
        test_targets=sides[3][:count], is_paired=False,
    )  # fmt: skip


def _two_folders(folder: Path, first: str) -> tuple[Path, Path]:
    both = sorted(path for path in folder.iterdir() if path.is_dir())
    if first:
        both.sort(key=lambda path: path.name != first)
    inputs, targets = both
    return inputs, targets


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)


def _decoded(path: Path, size: int) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image.convert("RGB").resize((size, size), Image.Resampling.LANCZOS))


def _halves(path: Path, size: int) -> tuple[np.ndarray, np.ndarray]:
    with Image.open(path) as image:
        whole = np.array(image.convert("RGB").resize((2 * size, size), Image.Resampling.LANCZOS))
    return whole[:, :size], whole[:, size:]
