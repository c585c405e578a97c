"""Real pictures with captions, some withheld, and who says which caption a picture is of.

A caption is told among ten: its own and nine others that were withheld, too. One judge looks at
the real pictures of the ten captions and takes the one that is most like what was drawn, by the
features that the program's figures rest on. The other one reads: a small picture and caption
matcher (Radford et al. 2021, arXiv:2103.00020, section 2.3) that learned from the real pairs that
the model learned from, too. Neither is the model.
"""

import csv
import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain.words import FIRST_WORD, PADDING, token_ids, vocabulary
from genstudio.metrics.features import random_features

CHOICES = 10
_WITHHELD = 0.08
# The same subject as somebody else: on one side of the split with the others.
_WHO = re.compile(r"\b(man|men|woman|women|person|people|boy|girl|older|adult|male|female|sign)\b")
_EPOCHS = 60
_PAIRS_AT_A_TIME = 128
_MOST_SHIFT_PX = 3


@dataclass(frozen=True, slots=True)
class Captioned:
    """Pictures, uint8 (N, S, S, 3), and the caption of each."""

    images_NHWC: np.ndarray
    captions: Sequence[str]


def read_captioned(folder: Path, size: int) -> tuple[Captioned, Captioned]:
    """Pairs to learn from, and those withheld.

    Args:
        folder: With ``train/captions.csv`` and ``test/captions.csv``, or one ``captions.csv`` that
            is split by a hash of the subject.
        size: Side of the pictures in pixels.
    """
    if (folder / "train").is_dir():
        learned, withheld = (_rows(folder / name) for name in ("train", "test"))
        return _read(folder / "train", learned, size), _read(folder / "test", withheld, size)
    parts: tuple[list[tuple[str, str]], list[tuple[str, str]]] = [], []
    for name, caption in _rows(folder):
        subject = " ".join(_WHO.sub("", caption).split())
        number = int.from_bytes(hashlib.sha256(subject.encode()).digest()[:4], "big")
        parts[number < _WITHHELD * 2**32].append((name, caption))
    return _read(folder / "images", parts[0], size), _read(folder / "images", parts[1], size)


def _rows(folder: Path) -> list[tuple[str, str]]:
    with (folder / "captions.csv").open(encoding="utf-8", newline="") as file:
        return [
            (row["file"], row["text" if "text" in row else "caption"])
            for row in csv.DictReader(file)
        ]


def _read(folder: Path, rows: Sequence[tuple[str, str]], size: int) -> Captioned:
    images = [
        np.asarray(
            Image.open(folder / name).convert("RGB").resize((size, size), Image.Resampling.BOX)
        )
        for name, _ in rows
    ]
    return Captioned(np.stack(images), [caption for _, caption in rows])


def chosen_rate(likeness: Tensor) -> float:
    """How often each row's own column is the likest among it and nine others, over all nines.

    Exact: of the n - 1 others, c are at least as like, and none of these may be among the nine.

    Args:
        likeness: (N, N), higher is more alike.
    """
    own = likeness.diagonal()[:, None]
    liker = (likeness >= own).sum(dim=1) - 1
    others, rivals = len(likeness) - 1, CHOICES - 1
    sets = math.comb(others, rivals)
    rates = [math.comb(others - int(c), rivals) / sets for c in liker]
    return sum(rates) / len(rates)


class CaptionJudge:
    """Says how often the caption of a picture is told among ten.

    Attributes:
        withheld: The pairs whose captions are asked.
        ceilings: Of real withheld pictures: of both judges.
    """

    def __init__(self, learned: Captioned, withheld: Captioned) -> None:
        self.withheld = withheld
        self._features = random_features()(withheld.images_NHWC)
        self._words = vocabulary(learned.captions)
        torch.manual_seed(0)
        self._matcher = Matcher(len(self._words) + FIRST_WORD)
        self._matcher.learn(_floats(learned.images_NHWC), self._ids(learned.captions))
        self.ceilings = {
            # Moved and mirrored, as nobody draws the same picture twice.
            "real, changed, by features": self._by_features(_changed(withheld.images_NHWC)),
            "real, by a reader": self._by_reader(withheld.images_NHWC),
        }

    def __call__(self, drawn_NHWC: np.ndarray) -> dict[str, float]:
        """Judge one picture for each withheld caption, in order."""
        # Each is taken for one of the next caption: what pictures of no matter what give.
        shuffled = np.roll(drawn_NHWC, 1, axis=0)
        return {
            "by features": self._by_features(drawn_NHWC),
            "by features, prompts shuffled": self._by_features(shuffled),
            "by a reader": self._by_reader(drawn_NHWC),
            "by a reader, prompts shuffled": self._by_reader(shuffled),
            **self.ceilings,
        }

    def _by_features(self, images_NHWC: np.ndarray) -> float:
        return chosen_rate(-torch.cdist(random_features()(images_NHWC), self._features))

    @torch.no_grad()
    def _by_reader(self, images_NHWC: np.ndarray) -> float:
        self._matcher.eval()
        return chosen_rate(self._matcher(_floats(images_NHWC), self._ids(self.withheld.captions)))

    def _ids(self, captions: Sequence[str]) -> Tensor:
        return torch.tensor([token_ids(it, self._words) for it in captions])


class Matcher(nn.Module):
    """Pictures in [-1, 1] (N, 3, S, S) and ids of words (M, T) => likeness (N, M)."""

    def __init__(self, num_ids: int, width: int = 128) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise((3, 32, 64, 128)):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.3))
        self.picture = nn.Linear(4 * 128, width)
        self.words = nn.Embedding(num_ids, width, padding_idx=PADDING)
        self.caption = nn.Linear(width, width)
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, images_NCHW: Tensor, ids: Tensor) -> Tensor:
        """Compare each picture with each caption."""
        pictures = functional.normalize(self.picture(self.body(images_NCHW)), dim=1)
        # Words that were never learned say nothing.
        known = (ids >= FIRST_WORD)[:, :, None]
        words = (self.words(ids) * known).sum(dim=1) / known.sum(dim=1).clamp_min(1)
        captions = functional.normalize(self.caption(words), dim=1)
        return self.scale.exp().clamp_max(50) * pictures @ captions.T

    def learn(self, images_NCHW: Tensor, ids: Tensor) -> None:
        """Bring pictures and their captions together."""
        optimizer = torch.optim.AdamW(self.parameters(), lr=2e-3, weight_decay=0.1)
        count = len(images_NCHW) // _PAIRS_AT_A_TIME * _PAIRS_AT_A_TIME
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 3e-3, total_steps=_EPOCHS * (count // _PAIRS_AT_A_TIME)
        )
        for _ in range(_EPOCHS):
            for rows in torch.randperm(len(images_NCHW))[:count].split(_PAIRS_AT_A_TIME):
                across, down = torch.randint(-_MOST_SHIFT_PX, _MOST_SHIFT_PX + 1, (2,)).tolist()
                images = images_NCHW[rows].roll((across, down), (3, 2))
                hidden = (torch.rand(ids[rows].shape) < 0.2) & (ids[rows] != PADDING)
                likeness = self(images, ids[rows].masked_fill(hidden, PADDING))
                own = torch.arange(len(rows))
                loss = functional.cross_entropy(likeness, own)
                loss = (loss + functional.cross_entropy(likeness.T, own)) / 2
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()


def _changed(images_NHWC: np.ndarray) -> np.ndarray:
    """Moved by two pixels, mirrored, and a tenth paler."""
    moved = np.roll(images_NHWC[:, :, ::-1], (2, 2), axis=(1, 2)).astype(np.float32)
    return np.rint(255 - 0.9 * (255 - moved)).astype(np.uint8)


def _floats(images_NHWC: np.ndarray) -> Tensor:
    return torch.as_tensor(images_NHWC).permute(0, 3, 1, 2).float().div(127.5).sub(1)
