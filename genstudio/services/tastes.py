"""What a person likes, from the stars and choices of a project's gallery."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from genstudio.artifacts.catalog import kind_of_file
from genstudio.data.decode import UnreadablePictureError, decode_thumbnail
from genstudio.domain.artifacts import IMAGE
from genstudio.domain.files import is_file
from genstudio.domain.language import tr, trn
from genstudio.metrics.features import random_features
from genstudio.metrics.preferences import Taste, learn_taste, pairs_of_ratings
from genstudio.metrics.taste_features import LARGEST_SIDE, SMALLEST_SIDE, plain_statistics
from genstudio.services.choices import FEWEST, choices_of
from genstudio.services.gallery import Gallery
from genstudio.services.projects import Project

# The newest; more would not fit into a moment.
_MOST_RATED = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedTaste:
    """What was learned, and what it rests on.

    Attributes:
        taste: None where there is too little, or what there is does not agree with itself.
        side: Of the pictures that it looks at, in pixels.
        num_ratings: Pictures with stars.
        num_choices: Choices between two.
        words: What a person should know of it.
    """

    taste: Taste | None
    side: int
    num_ratings: int
    num_choices: int
    words: str

    @property
    def counted(self) -> str:
        """How much it rests on, in words."""
        return _counted(self.num_ratings, self.num_choices)

    def scores(self, images_NHWC: np.ndarray) -> Tensor:
        """How much the person will like pictures, uint8 (N, H, W, C): (N,)."""
        assert self.taste is not None
        return self.taste(features_of(images_NHWC, self.side))


def features_of(images_NHWC: Iterable[np.ndarray], side: int) -> Tensor:
    """Features (N, D) of pictures of any size, brought to ``side``; see-through parts on white."""
    squares_NHWC = np.stack([_squared(image, side) for image in images_NHWC])
    levels_NCHW = torch.as_tensor(squares_NHWC).permute(0, 3, 1, 2).float()
    statistics_N = plain_statistics(levels_NCHW / 127.5 - 1)
    return torch.cat([random_features()(squares_NHWC), statistics_N], dim=1)


def usual_side(size: int) -> int:
    """Of the pictures that a taste looks at, for a model of that size."""
    return min(max(size, SMALLEST_SIDE), LARGEST_SIDE)


def learn_project_taste(project: Project, size: int) -> LearnedTaste:
    """Learn from the gallery of a project.

    Args:
        project: With its gallery.
        size: Of the pictures that are to be liked.

    Raises:
        ProjectError: The gallery cannot be read.
    """
    side = usual_side(size)
    with Gallery(project, syncs=False) as gallery:
        stars = {it.name: it.rating for it in gallery.items(minimum_rating=1, limit=_MOST_RATED)}
    choices = choices_of(project)[-_MOST_RATED:]
    chosen = [name for it in choices for name in (it.better, it.worse)]
    names, features = _read(project.gallery, [*dict.fromkeys([*stars, *chosen])], side)
    at = {name: number for number, name in enumerate(names)}
    rated = [name for name in names if name in stars]
    implied = pairs_of_ratings([stars[name] for name in rated])
    by_stars = torch.tensor([at[name] for name in rated], dtype=torch.long)[implied]
    of_two = [(at[it.better], at[it.worse]) for it in choices if it.better in at and it.worse in at]
    pairs = torch.cat(
        [by_stars.reshape(-1, 2), torch.tensor(of_two, dtype=torch.long).reshape(-1, 2)]
    )
    return learned(features, pairs, side=side, num_ratings=len(rated), num_choices=len(of_two))


def learned(
    features_N: Tensor, pairs: Tensor, *, side: int, num_ratings: int, num_choices: int
) -> LearnedTaste:
    """Learn from comparisons, and say in words what came of it."""
    told = _counted(num_ratings, num_choices)
    taste = None
    if num_ratings + num_choices < FEWEST:
        words = tr(
            "{told} so far: from {fewest} on, your taste can be learned.", told=told, fewest=FEWEST
        )
    elif (taste := learn_taste(features_N, pairs)) is None:
        words = tr("{told}, but all say the same: give some more stars than others.", told=told)
    elif not taste.agreement.is_enough:
        words = tr(
            "{told} do not agree with themselves yet: of those kept back, {accuracy:.0%} are "
            "foretold, and chance has 50 %, so they are not followed.",
            told=told,
            accuracy=taste.agreement.accuracy,
        )
        taste = None
    else:
        words = tr(
            "Learned from {told}: {accuracy:.0%} of those kept back are foretold.",
            told=told,
            accuracy=taste.agreement.accuracy,
        )
    return LearnedTaste(
        taste=taste, side=side, num_ratings=num_ratings, num_choices=num_choices, words=words
    )


def _counted(num_ratings: int, num_choices: int) -> str:
    parts: list[str] = []
    if num_ratings or not num_choices:
        parts.append(trn("{number} rating", "{number} ratings", num_ratings))
    if num_choices:
        parts.append(
            trn("{number} choice between two", "{number} choices between two", num_choices)
        )
    return tr(" and ").join(parts)


def _read(folder: Path, names: Sequence[str], side: int) -> tuple[list[str], Tensor]:
    """Those pictures that can be read, and their features (N, D)."""
    read: list[str] = []
    images: list[np.ndarray] = []
    for name in names:
        path = folder / name
        is_inside = not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts
        kind = kind_of_file(path)
        if not is_inside or kind is None or kind.card.key != IMAGE or not is_file(path):
            continue
        try:
            images.append(decode_thumbnail(path, side=2 * side))
        except UnreadablePictureError:
            continue
        read.append(name)
    return read, features_of(images, side) if images else torch.empty(0, 1)


def _squared(image_HWC: np.ndarray, side: int) -> np.ndarray:
    """uint8 (side, side, 3)."""
    picture = Image.fromarray(image_HWC[..., 0] if image_HWC.shape[-1] == 1 else image_HWC)
    if picture.mode == "RGBA":
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(white, picture)
    picture = picture.convert("RGB")
    if picture.size != (side, side):
        picture = picture.resize((side, side), Image.Resampling.BOX)
    return np.asarray(picture)
