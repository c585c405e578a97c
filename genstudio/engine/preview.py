"""Sample sheets on fixed seeds: the same latents at every step, so that progress shows."""

from collections.abc import Iterator

import numpy as np
import torch

from genstudio.data.vision import make_grid
from genstudio.models.protocol import Artifact, SampleRequest, TrainableModel
from genstudio.models.sampling import over_white


def sheet_layout(size: int) -> tuple[int, int]:
    """Rows and columns of a sheet, so that it is about 600 pixels wide or more."""
    columns = {32: 12, 64: 9, 128: 6, 256: 4, 512: 3}.get(size, 2)
    return max(1, columns * 2 // 3), columns


def preview_sheet(model: TrainableModel, size: int) -> np.ndarray:
    """Draw seeds 0, 1, 2, … with the model's default sampling.

    Returns:
        uint8 array of shape (height, width, 3), row by row, a thin gap between pictures.
    """
    rows, columns = sheet_layout(size)
    request = SampleRequest(seeds=range(rows * columns), settings=model.Sampling())
    return tile(model.sample(request), columns)


def tile(artifacts: Iterator[Artifact], columns: int) -> np.ndarray:
    """Put pictures of one size side by side, ``columns`` in a row; see-through parts are white."""
    pictures_NHWC = np.stack([over_white(artifact.image_HWC) for artifact in artifacts])
    grid = make_grid(torch.tensor(pictures_NHWC).permute(0, 3, 1, 2), nrow=columns, padding=2)
    return np.ascontiguousarray(grid.permute(1, 2, 0).numpy())
