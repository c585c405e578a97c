"""Pictures between a person's own ones: described by a model, and drawn again on the way."""

from collections.abc import Generator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from genstudio.data.decode import UnreadablePictureError
from genstudio.data.squares import decode_picture
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE
from genstudio.engine.threads import single_threaded
from genstudio.models.capabilities import Encodes
from genstudio.models.tasks import task_of
from genstudio.services.generation import load_model
from genstudio.services.runs import Run


@single_threaded
def blend(
    run: Run, pictures: Sequence[Path], *, count: int, checkpoint: str = "best"
) -> Generator[np.ndarray]:
    """Draw pictures on the way from one picture to the next.

    Args:
        run: A run whose architecture can describe pictures (ENCODE).
        pictures: One file or more; of one, it is redrawn as the model understands it.
        count: Pictures to draw for each stretch, both ends included; at least two.
        checkpoint: A step, "best" or "last".

    Yields:
        uint8 pictures of shape (height, width, channels), in order; ends that two stretches share
        are drawn once.

    Raises:
        SettingsError: The architecture cannot describe pictures.
        DatasetError: A file cannot be read as a picture.
        CheckpointError: There is no such checkpoint, or it is damaged.
    """
    model = load_model(run, run.checkpoint(checkpoint))
    if not isinstance(model, Encodes):
        raise SettingsError(
            tr("“{title}” cannot describe pictures", title=model.card.title),
            tr("It only learns to draw new ones."),
            tr("Train a VAE on these pictures."),
        )
    data = run.data
    images_NHWC = np.stack([_read(path, data.size, data.channels) for path in pictures])
    latents = model.encode(
        torch.as_tensor(images_NHWC).permute(0, 3, 1, 2).float().div(127.5).sub(1)
    )
    settings = task_of(model, GENERATE).settings()
    yield model.decode(latents[:1], settings)[0]
    for start, end in pairwise(latents):
        for step in range(1, count):
            yield model.decode(torch.lerp(start, end, step / (count - 1))[None], settings)[0]


def _read(path: Path, size: int, channels: int) -> np.ndarray:
    try:
        return decode_picture(path, size=size, channels=channels)
    except UnreadablePictureError as error:
        raise DatasetError(
            tr("{name} cannot be used", name=path.name), str(error), tr("Choose another picture.")
        ) from error
