"""Sample sheets on fixed seeds: the same latents at every step, so that progress shows."""

from collections.abc import Callable, Iterable

import numpy as np
import torch

from genstudio.data.vision import make_grid
from genstudio.models.protocol import Artifact, SampleRequest, TrainableModel
from genstudio.models.sampling import over_white


def sheet_layout(size: int) -> tuple[int, int]:
    """Rows and columns of a sheet, so that it is about 600 pixels wide or more."""
    columns = {32: 12, 64: 9, 128: 6, 256: 4, 512: 3}.get(size, 2)
    return max(1, columns * 2 // 3), columns


class Sketch:
    """A sheet of seeds 0, 1, 2, … with the model's default sampling, drawn picture by picture.

    Args:
        model: Must stay as it is until the sheet is done.
        size: Side of a picture in pixels.
        stream: Of the graphics card, to draw on beside what it works at; by default the usual one.
    """

    def __init__(
        self, model: TrainableModel, size: int, stream: torch.cuda.Stream | None = None
    ) -> None:
        rows, self._columns = sheet_layout(size)
        seeds = range(rows * self._columns)
        self._undrawn = len(seeds)
        self._artifacts = model.sample(SampleRequest(seeds=seeds, settings=model.Sampling()))
        self._drawn: list[Artifact] = []
        self._stream = stream
        if stream is not None:
            # The model's weights may still be on their way.
            stream.wait_stream(torch.cuda.current_stream(stream.device))

    def draw_one(self) -> np.ndarray | None:
        """Draw one more picture.

        Returns:
            None while some are left; then a uint8 array of shape (height, width, 3), row by row, a
            thin gap between pictures.
        """
        with torch.cuda.stream(self._stream):
            self._drawn.append(next(self._artifacts))
        self._undrawn -= 1
        return None if self._undrawn else tile(self._drawn, self._columns)


def preview_sheet(
    model: TrainableModel, size: int, *, after_each: Callable[[], object] = lambda: None
) -> np.ndarray:
    """Draw a whole :class:`Sketch` at once; ``after_each`` is called between two pictures."""
    sketch = Sketch(model, size)
    while (sheet_HWC := sketch.draw_one()) is None:
        after_each()
    return sheet_HWC


def tile(artifacts: Iterable[Artifact], columns: int) -> np.ndarray:
    """Put pictures of one size side by side, ``columns`` in a row; see-through parts are white."""
    pictures_NHWC = np.stack([over_white(artifact.image_HWC) for artifact in artifacts])
    grid = make_grid(torch.tensor(pictures_NHWC).permute(0, 3, 1, 2), nrow=columns, padding=2)
    return np.ascontiguousarray(grid.permute(1, 2, 0).numpy())
