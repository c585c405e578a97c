"""Steps on pictures of several shapes: one shape in each, nothing lost, the same for any share."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from genstudio.data.dataset import Dataset, image_dataset
from genstudio.data.shapes import Shapes
from genstudio.domain.fields import EXAMPLES, ORIGINS
from genstudio.engine.batches import Batches
from genstudio.engine.process_group import ProcessGroup

SIDES = [(8, 8), (4, 16), (16, 4)]
BUCKETS = np.array([0, 1, 2, 0, 1, 1, 0, 1, 0])


@pytest.fixture
def dataset() -> Dataset:
    """Nine pictures, each of one grey; the last one is held out."""
    own = BUCKETS.tolist()
    rows = np.array([np.sum(BUCKETS[:k] == BUCKETS[k]) if BUCKETS[k] else k for k in range(9)])
    images = tuple(
        np.stack([np.full((*SIDES[bucket], 3), k, np.uint8) for k in range(9) if own[k] == bucket])
        for bucket in (1, 2)
    )
    squares = np.stack([np.full((8, 8, 3), k, np.uint8) for k in range(9)])
    origins = np.arange(9)[:, None] * np.ones((1, 4), np.int64)
    shapes = Shapes(bucket_N=BUCKETS, row_N=rows, images=images, origins_N=origins)
    return image_dataset(squares, held_out=np.array([8]), shapes=shapes)


def batches_of(dataset: Dataset, group: ProcessGroup | None = None, batch: int = 2) -> Batches:
    group = group or ProcessGroup()
    device = torch.device("cpu")
    return Batches(dataset, group, device, batch=batch, seed=5, mirrors=True)


def seen_in(images_NCHW: torch.Tensor) -> list[int]:
    return ((images_NCHW[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


def test_each_step_has_one_shape_and_each_round_every_picture(dataset: Dataset) -> None:
    batches = batches_of(dataset)
    position, seen = 0, []
    while position < 8:
        batch = batches.after(position)
        examples = seen_in(batch.images_NCHW)
        buckets = set(BUCKETS[examples])
        assert len(buckets) == 1
        assert batch.images_NCHW.shape[-2:] == SIDES[buckets.pop()]
        assert batch.fields[ORIGINS][:, 0].tolist() == examples
        assert batch.step_size == len(batch) == batches.count_after(position)
        seen += examples
        position += batches.count_after(position)
    assert position == 8
    assert sorted(seen) == list(range(8))


def test_processes_share_a_step_and_none_has_nothing(dataset: Dataset) -> None:
    whole = batches_of(dataset)
    parts = [batches_of(dataset, ProcessGroup(rank, 2)) for rank in range(2)]
    position = 0
    while position < 16:
        alone, shares = whole.after(position), [it.after(position) for it in parts]
        assert all(len(it) for it in shares)
        found = seen_in(torch.cat([it.images_NCHW for it in shares]))
        assert set(found) == set(seen_in(alone.images_NCHW))
        assert all(it.step_size == len(found) for it in shares)
        counts = {it.count_after(position) for it in (whole, *parts)}
        assert counts == {len(alone)}
        position += counts.pop()


def test_of_a_single_shape_every_step_is_whole(dataset: Dataset) -> None:
    wide = replace(dataset, held_out={EXAMPLES: np.flatnonzero(BUCKETS != 1)})
    batches, seen = batches_of(wide, batch=3), []
    for position in range(0, 12, 3):
        batch = batches.after(position)
        assert batch.images_NCHW.shape == (3, 3, *SIDES[1])
        assert batches.count_after(position) == 3
        seen += seen_in(batch.images_NCHW)

    for start in range(0, 12, 4):
        assert sorted(seen[start : start + 4]) == [1, 4, 5, 7]


def test_others_see_the_squares(dataset: Dataset) -> None:
    spread = batches_of(dataset).spread(8)["images"]

    assert spread.shape == (8, 3, 8, 8)
    assert dataset.spec.size == 8


def test_without_shapes_steps_are_what_they_were(dataset: Dataset) -> None:
    own = replace(dataset.fields["images"], shapes=None)
    batches = batches_of(replace(dataset, fields={"images": own}), batch=3)

    for position in range(0, 24, 3):
        batch = batches.after(position)
        assert len(batch) == batch.step_size == batches.count_after(position) == 3
        assert set(batch.fields) == {"images"}
