"""A learned style: in a picture it is touched up, in a film it is what the network paints."""

import numpy as np
import torch
from torch import nn

from genstudio.data.samples import paint_flower
from genstudio.domain.fields import IMAGE, DataSpec, FieldSpec
from genstudio.domain.settings import Settings
from genstudio.models.protocol import Batch, Request
from genstudio.models.style.fast import FastStyle, FastStyleConfig

SIDE = 32


def model() -> FastStyle:
    fields = {name: FieldSpec(name=name, type=IMAGE, shape=(SIDE, SIDE, 3)) for name in
              ("input", "target")}  # fmt: skip
    made = FastStyle(FastStyleConfig(width=16, blocks=1), DataSpec(size=SIDE, fields=fields))
    given = torch.as_tensor(paint_flower(SIDE, seed=0, index=1).copy()).permute(2, 0, 1)[None]
    batch = Batch(fields={"input": given / 127.5 - 1, "target": 1 - given / 127.5}, images_seen=1)
    for step in range(16):
        made.losses("painter", batch, step)
    return made


def painted(it: FastStyle, settings: Settings) -> np.ndarray:
    inputs = {"input": [paint_flower(SIDE, seed=0, index=2)]}
    (artifact,) = it.run("translate", Request(settings=settings, inputs=inputs))
    return artifact.data


def test_pictures_are_touched_up_and_frames_of_films_are_not() -> None:
    it = model()
    (task,) = it.tasks
    alone = task.settings()
    in_films = task.settings.model_validate(task.in_bulk)
    touched_up = painted(it, alone)
    np.testing.assert_array_equal(touched_up, painted(it, alone))
    untouched = painted(it, in_films)
    assert (untouched != touched_up).any()
    # The network is next to the identity before it learned.
    given = paint_flower(SIDE, seed=0, index=2).astype(int)
    assert np.abs(untouched - given).mean() < np.abs(touched_up - given).mean()


def test_it_learns_from_parts_of_large_pictures() -> None:
    fields = {name: FieldSpec(name=name, type=IMAGE, shape=(192, 192, 3)) for name in
              ("input", "target")}  # fmt: skip
    it = FastStyle(FastStyleConfig(width=16, blocks=1), DataSpec(size=192, fields=fields))
    sides: list[tuple[int, ...]] = []

    def note(_module: nn.Module, given: tuple[torch.Tensor]) -> None:
        sides.append(tuple(given[0].shape[-2:]))

    it.network["painter"].register_forward_pre_hook(note)
    pictures = torch.rand(2, 3, 192, 192) * 2 - 1
    batch = Batch(fields={"input": pictures, "target": pictures}, images_seen=2)
    losses = it.losses("painter", batch, 0)
    assert sides == [(128, 128)]
    assert losses.total.isfinite()
