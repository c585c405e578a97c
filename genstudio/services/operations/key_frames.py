"""Which frames of a clip a person painted, and pairs of both to learn from."""

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from genstudio.data.films import FilmInfo, frames_at, opened_film
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.language import tr
from genstudio.models.style.key_frames import KeyFrame
from genstudio.models.style.optimisation import edge_correlation
from genstudio.services.operations.pictures import as_tensor, read_picture

# A number behind it tells it from another file of that name.
_NUMBER = re.compile(r"-f(\d{1,9})(?:-\d+)?$")
_COMPARED_PX = 96
_MOST_COMPARED = 400
_LIKE_SHAPES = 0.02
_UNPAINTED = 4
_FEWEST_FRAMES = 12
_LOOKED_AHEAD = 300


def frame_name(clip: Path, number: int) -> str:
    """Name of a frame on its own, from which its number is found again."""
    return f"{clip.stem}-f{number:06}"


def frame_numbers(clip: Path, painted: Sequence[Path], wanted: str) -> list[int]:
    """Of which frame each painted picture is.

    Args:
        clip: The film.
        painted: The pictures.
        wanted: Numbers that a person wrote, in the order of the pictures; may be empty. Then the
            names say it, and where one does not, the frame whose edges are most alike is taken.

    Raises:
        SettingsError: What was written is no list of that many numbers.
    """
    if wanted.strip():
        parts = re.split(r"[\s,;]+", wanted.strip())
        if len(parts) != len(painted) or not all(part.isdecimal() for part in parts):
            raise SettingsError(
                tr("“{wanted}” does not say which frames were painted", wanted=wanted),
                tr(
                    "There are {num_painted} painted pictures, in the order in which they stand.",
                    num_painted=len(painted),
                ),
                tr("Write a number for each, such as 0, 60, 120; frames are counted from 0."),
            )
        return [int(part) for part in parts]
    named = [_NUMBER.search(path.stem) for path in painted]
    unknown = [path for path, found in zip(painted, named, strict=True) if found is None]
    likeliest = dict(zip(unknown, _most_alike(clip, unknown), strict=True)) if unknown else {}
    return [
        int(found[1]) if found is not None else likeliest[path]
        for path, found in zip(painted, named, strict=True)
    ]


def key_frames(
    clip: Path, painted: Sequence[Path], numbers: Sequence[int], largest_side: int
) -> list[KeyFrame]:
    """Each painted picture beside its frame, of one size.

    Raises:
        DatasetError: A frame is not there, a picture cannot be read, or has another shape.
    """
    frames = frames_at(clip, list(numbers), largest_side)
    pairs: list[KeyFrame] = []
    for seen_HWC, path in zip(frames, painted, strict=True):
        painted_HWC = read_picture(path, for_what=tr("used as a painted frame"))
        height, width = seen_HWC.shape[:2]
        _refuse_other_shape(path, painted_HWC, width, height)
        resized = Image.fromarray(painted_HWC).resize((width, height), Image.Resampling.LANCZOS)
        pairs.append(KeyFrame(seen_HWC, np.asarray(resized)))
    return pairs


def unpainted_frames(clip: Path, numbers: Sequence[int], largest_side: int) -> list[np.ndarray]:
    """Some frames around the painted ones that were not painted, for looking at while it learns.

    Args:
        clip: The film.
        numbers: Of the frames that were painted.
        largest_side: That they are made small to.

    Returns:
        At most four: uint8 (height, width, 3). None of a film that has hardly any others.
    """
    last = max(numbers)
    with opened_film(clip) as film:
        # Further ahead would mean to read through a long film only for this.
        end = min(film.info.num_frames, last + _LOOKED_AHEAD)
        wanted = {round(it) for it in np.linspace(0, end - 1, _UNPAINTED + 2)[1:-1]} - {*numbers}
        if end < _FEWEST_FRAMES:
            return []
        ahead = itertools.takewhile(lambda it: it.number < end, film.frames(largest_side))
        return [it.image_HWC for it in ahead if it.number in wanted]


def placed(
    clip: Path, painted: Path, info: FilmInfo, num_frames: int, at: int | None
) -> tuple[int, np.ndarray]:
    """Of which frame a painted picture is, and the picture: uint8 (height, width, 3).

    Args:
        clip: The film.
        painted: The picture.
        info: What the film says of itself.
        num_frames: How many frames of it can be read.
        at: The frame where its name says none; None finds it by what is on it.

    Raises:
        DatasetError: There is no such frame, or the picture cannot be read, or has another shape.
    """
    painted_HWC = read_picture(painted, for_what=tr("used as a painted frame"))
    _refuse_other_shape(painted, painted_HWC, info.width, info.height)
    named = _NUMBER.search(painted.stem)
    if named is not None:
        number = int(named[1])
    else:
        number = at if at is not None else _most_alike(clip, [painted])[0]
    if number >= num_frames:
        raise DatasetError(
            tr("{name} has no frame {wanted:,}", name=clip.name, wanted=number),
            tr(
                "{painted} is called after it; the film has {count:,} frames, counted from 0.",
                painted=painted.name,
                count=num_frames,
            ),
            tr("Is it of another film? Else give it a name without a number of a frame."),
        )
    return number, painted_HWC


def _refuse_other_shape(path: Path, painted_HWC: np.ndarray, width: int, height: int) -> None:
    own_height, own_width = painted_HWC.shape[:2]
    if abs(own_width / own_height / (width / height) - 1) > _LIKE_SHAPES:
        raise DatasetError(
            tr("{name} has another shape than the film", name=path.name),
            tr(
                "It has {own_width} × {own_height} pixels, a frame of the film {width} × {height}.",
                own_width=own_width,
                own_height=own_height,
                width=width,
                height=height,
            ),
            tr("Paint on a frame as “Frames of a clip” gives it, without cutting it."),
        )


def _most_alike(clip: Path, pictures: Sequence[Path]) -> list[int]:
    """The frame whose edges each picture has most of: paint changes colours, but few outlines."""
    small = [
        _compared(read_picture(path, for_what=tr("used as a painted frame"))) for path in pictures
    ]
    best = [(-2.0, 0)] * len(small)
    with opened_film(clip) as film:
        every = max(1, film.info.num_frames // _MOST_COMPARED)
        for frame in film.frames(2 * _COMPARED_PX):
            if frame.number % every:
                continue
            seen = _compared(frame.image_HWC)
            for index, picture in enumerate(small):
                likeness = edge_correlation(picture, seen).item()
                best[index] = max(best[index], (likeness, -frame.number))
    return [-number for _, number in best]


def _compared(image_HWC: np.ndarray) -> torch.Tensor:
    resized = Image.fromarray(image_HWC).resize((_COMPARED_PX, _COMPARED_PX), Image.Resampling.BOX)
    return as_tensor(np.asarray(resized))
