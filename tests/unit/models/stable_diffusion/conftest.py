from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny_diffusion

from genstudio.models.stable_diffusion.drawing import Drawing, draw
from genstudio.models.stable_diffusion.folders import read_base
from genstudio.models.stable_diffusion.loading import LoadedBase, load_base

SIDE = 64


@pytest.fixture(scope="session", params=["SD", "XL"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("base") / request.param
    return tiny_diffusion.save_folder(place, is_xl=request.param == "XL")


@pytest.fixture
def loaded(folder: Path) -> LoadedBase:
    return load_base(read_base(folder))


@pytest.fixture
def drawn(loaded: LoadedBase) -> Callable[..., np.ndarray]:
    """Draws in a few steps; takes LoRAs, and what is to be another than usual."""

    def draw_one(loras: object = (), **changes: object) -> np.ndarray:
        usual = {"prompt": "a red cat", "size": (SIDE, SIDE), "steps": 4, "seed": 5}
        *_, last = draw(loaded, Drawing(**{**usual, **changes}), loras)
        return last.image_HWC

    return draw_one
