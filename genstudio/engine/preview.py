"""Preview sheets: the same seeds or inputs at every step, so that progress shows."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.artifacts.protocol import Drawn
from genstudio.data.dataset import Dataset
from genstudio.data.vision import make_grid
from genstudio.domain.artifacts import IMAGE, TEXT, Artifact, apart
from genstudio.domain.cards import CROSS
from genstudio.domain.settings import parse_settings
from genstudio.domain.training import DRAWING_PX
from genstudio.models.protocol import Request, TrainableModel
from genstudio.models.sampling import over_white

# Rows and columns of what takes long, and of pages of text.
_FEW = (1, 2)
_PAGES = (2, 2)
# Side of what stands on a sheet for a result that is no picture; words need more room.
_PAGE_PX = 320
_PREVIEW_WORDS = 40
# Thickness of the dark lines between pictures.
_GAP_PX = 2


def sheet_layout(size: int) -> tuple[int, int]:
    """Rows and columns of a sheet, so that it is about 600 pixels wide or more."""
    columns = {32: 12, 64: 9, 128: 6, 256: 4, 512: 3}.get(size, 2)
    return max(1, columns * 2 // 3), columns


class Sketch:
    """A sheet of what a model's first task makes with default settings, drawn one by one.

    A seeded task makes seeds 0, 1, 2, …, where it takes captions, those of held-out examples first;
    another one is given examples, held-out ones first, and
    each result stands between what went in and, where the examples have it, what should come out.
    What belongs to a picture in another material stands drawn beside it.

    Args:
        model: Must stay as it is until the sheet is done.
        dataset: What it learns from.
        stream: Of the graphics card, to draw on beside what it works at; by default the usual one.
    """

    def __init__(
        self, model: TrainableModel, dataset: Dataset, stream: torch.cuda.Stream | None = None
    ) -> None:
        self._side = dataset.spec.size or DRAWING_PX
        is_of_several = CROSS in model.card.capabilities
        if is_of_several:
            self._side = max(self._side, DRAWING_PX)
        layout = sheet_layout(self._side)
        rows, columns = _FEW if model.card.draws_slowly else layout
        task = model.tasks[0]
        settings = task.settings()
        if task.output == TEXT:
            rows, columns = min(_PAGES, layout)
            if "words" in task.settings.model_fields:
                settings = parse_settings(task.settings, {"words": _PREVIEW_WORDS})
        if task.is_seeded:
            self._beside = _Beside([], [])
            columns = max(2, columns // 2 * 2) if is_of_several else columns
            count = rows * columns // (2 if is_of_several else 1)
            conditions = dataset.conditions(task.conditions, count)
            request = Request(seeds=range(count), settings=settings, inputs=conditions)
        else:
            names = [given.name for given in task.inputs]
            fields = dataset.pictures_beside(names[0])
            width = len(fields) + 1
            examples = dataset.shown(fields[names[0]].spec.group, rows * max(1, columns // width))
            count, columns = len(examples), max(1, columns // width) * width
            inputs = {name: list(fields.pop(name).take(examples)) for name in names}
            targets = [list(field.take(examples)) for field in fields.values()]
            self._beside = _Beside(list(inputs.values()), targets)
            request = Request(settings=settings, inputs=inputs)
        self._columns = columns
        self._undrawn = count
        self._artifacts = model.run(task.key, request)
        self._cells: list[np.ndarray] = []
        self.results: list[Artifact] = []
        self._drawn = 0
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
            artifact = next(self._artifacts)
        if artifact.parts:
            whole = apart(artifact)
            self._cells.extend(_enlarged(_as_picture(it, self._side), self._side) for it in whole)
            # Words stand on the sheet, beside their picture.
            self.results.extend(it for it in whole if it.kind not in (IMAGE, TEXT))
        else:
            self._cells.extend(self._beside.row(self._drawn, _as_picture(artifact)))
            if artifact.kind != IMAGE:
                self.results.append(artifact)
        self._drawn += 1
        self._undrawn -= 1
        return None if self._undrawn else tile(self._cells, self._columns)


class _Beside:
    """Pictures that stand before and behind each result."""

    def __init__(
        self, before: Sequence[Sequence[np.ndarray]], behind: Sequence[Sequence[np.ndarray]]
    ) -> None:
        self._before = before
        self._behind = behind
        self.width = len(before) + 1 + len(behind)

    def row(self, number: int, result_HWC: np.ndarray) -> Iterator[np.ndarray]:
        yield from (pictures[number] for pictures in self._before)
        yield result_HWC
        yield from (pictures[number] for pictures in self._behind)


def _as_picture(artifact: Artifact, side: int | None = None) -> np.ndarray:
    if artifact.kind == IMAGE:
        return artifact.data
    kind = ARTIFACTS.get(artifact.kind)
    assert isinstance(kind, Drawn), "whatever can be learned can be shown"
    return kind.draw(artifact, side or (_PAGE_PX if artifact.kind == TEXT else DRAWING_PX))


def _enlarged(image_HWC: np.ndarray, side: int) -> np.ndarray:
    """Each pixel as a square, so that small pictures stand beside larger drawings."""
    factor = side // len(image_HWC)
    return image_HWC.repeat(factor, axis=0).repeat(factor, axis=1)


def preview_sheet(
    model: TrainableModel, dataset: Dataset, *, after_each: Callable[[], object] = lambda: None
) -> np.ndarray:
    """Draw a whole :class:`Sketch` at once; ``after_each`` is called between two pictures."""
    return drawn_sheet(model, dataset, after_each=after_each)[0]


def drawn_sheet(
    model: TrainableModel, dataset: Dataset, *, after_each: Callable[[], object] = lambda: None
) -> tuple[np.ndarray, tuple[Artifact, ...]]:
    """The same, and what is on it where that is more than its drawing."""
    sketch = Sketch(model, dataset)
    while (sheet_HWC := sketch.draw_one()) is None:
        after_each()
    return sheet_HWC, tuple(sketch.results)


def tile(pictures: Iterable[np.ndarray], columns: int) -> np.ndarray:
    """Put uint8 pictures of one size side by side, ``columns`` in a row, with dark lines between.

    See-through parts are white.
    """
    pictures_NHWC = np.stack([over_white(picture) for picture in pictures])
    pixels_NCHW = torch.tensor(pictures_NHWC).permute(0, 3, 1, 2)
    grid_CHW = make_grid(pixels_NCHW, nrow=columns, padding=_GAP_PX)
    return np.ascontiguousarray(grid_CHW.permute(1, 2, 0).numpy())
