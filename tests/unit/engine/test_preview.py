"""Sample sheets: fixed seeds, in rows, with a gap between the pictures."""

import numpy as np
import pytest
from tiny_studio import ToyConfig, ToyModel, flowers_NHWC

from genstudio.data.dataset import image_dataset
from genstudio.domain.training import SIZES
from genstudio.engine.preview import Sketch, preview_sheet, sheet_layout, tile
from genstudio.models.protocol import DataSpec

DATASET = image_dataset(flowers_NHWC())


@pytest.mark.parametrize("size", [*SIZES, 512])
def test_a_sheet_is_wider_than_high_and_fills_a_page(size: int) -> None:
    rows, columns = sheet_layout(size)

    assert 0 < rows < columns
    assert columns * size >= 384
    # Drawing it must not take longer than the training between two previews.
    assert rows * columns <= 100


def test_pictures_lie_row_by_row_with_a_gap_of_two_pixels() -> None:
    shades = [np.full((4, 4, 3), 10 * seed + 5, np.uint8) for seed in range(6)]
    sheet = tile(iter(shades), columns=3)

    assert (sheet.dtype, sheet.shape) == (np.uint8, (2 + 2 * 6, 2 + 3 * 6, 3))
    found = [sheet[4 + 6 * row, 4 + 6 * column, 0] for row in range(2) for column in range(3)]
    assert found == [5, 15, 25, 35, 45, 55]
    assert (sheet[:2] == 0).all()
    assert (sheet[:, 6:8] == 0).all()


def test_a_sheet_shows_the_first_seeds_with_the_default_sampling() -> None:
    toy = ToyModel(ToyConfig(), DataSpec(size=32))
    sheet = preview_sheet(toy, DATASET)
    rows, columns = sheet_layout(32)

    assert sheet.shape == (2 + rows * 34, 2 + columns * 34, 3)
    shade = sheet[3, 3, 0]
    # The toy changes the shade by the bits of the seed.
    assert [sheet[3, 3 + 34 * seed, 0] ^ shade for seed in range(4)] == [0, 1, 2, 3]
    assert sheet[3 + 34, 3, 0] ^ shade == columns


def test_a_sketch_is_done_with_its_last_picture_and_is_the_sheet_drawn_at_once() -> None:
    toy = ToyModel(ToyConfig(), DataSpec(size=32))
    rows, columns = sheet_layout(32)
    sketch = Sketch(toy, DATASET)
    *before, sheet = [sketch.draw_one() for _ in range(rows * columns)]

    assert before == [None] * (rows * columns - 1)
    assert np.array_equal(sheet, preview_sheet(toy, DATASET))


def test_a_single_picture_is_a_sheet_too() -> None:
    one = np.full((4, 4, 3), 9, np.uint8)

    assert (tile(iter([one]), columns=3)[:4, :4] == 9).all() or tile(iter([one]), 3).shape == (
        8, 8, 3,
    )  # fmt: skip
