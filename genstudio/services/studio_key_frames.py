"""What the window asks about key frames: each as a job that runs beside it.

Importing this module does not import torch; the jobs do, in their own threads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from genstudio.data.films import FilmInfo
from genstudio.data.formats import may_be_picture
from genstudio.domain.errors import DatasetError, GenStudioError
from genstudio.domain.language import tr
from genstudio.domain.operations import CLIP_FRAMES
from genstudio.domain.progress import Progress
from genstudio.services.jobs import Job
from genstudio.services.studio_operations import OperationResult, perform_operation


@dataclass(frozen=True, slots=True)
class Painted:
    """A painted picture that belongs to a frame.

    Attributes:
        path: Its file.
        number: Of the frame, from 0.
        image_HWC: The picture, uint8 (height, width, 3).
    """

    path: Path
    number: int
    image_HWC: np.ndarray


@dataclass(frozen=True, slots=True)
class NotPainted:
    """A file that cannot be the painting of a frame, and why."""

    path: Path
    error: GenStudioError


def place_painted(
    clip: Path, pictures: Sequence[Path], info: FilmInfo, num_frames: int, at: int | None
) -> Job[Painted | NotPainted]:
    """Find of which frame each picture is: by its name, else ``at``, else by what is on it."""

    def items() -> Iterator[Painted | NotPainted]:
        key_frames = import_module("genstudio.services.operations.key_frames")
        for path in pictures:
            try:
                if not may_be_picture(path.name):
                    raise DatasetError(
                        tr("{name} is no picture", name=path.name),
                        tr("What is put on the timeline is a frame that you painted on."),
                        tr("Save it as .png or .jpg first."),
                    )
                number, image_HWC = key_frames.placed(clip, path, info, num_frames, at)
                yield Painted(path, number, image_HWC)
            except GenStudioError as error:
                yield NotPainted(path, error)

    return Job("key-frames", items)


def save_frame(clip: Path, number: int, folder: Path) -> Job[OperationResult | Progress]:
    """Save a frame to paint on, as large as it is; its name says which one it is."""
    return perform_operation(
        CLIP_FRAMES,
        out=folder,
        run=None,
        inputs={"input": [clip]},
        count=1,
        seed=0,
        settings={"frames": str(number), "largest_side": 8192},
    )
