"""Pictures that a model learned from, so to speak, and more of the same kind."""

import numpy as np
import pytest
from planted_pictures import COUNT, drawn_NHWC


@pytest.fixture(scope="session")
def real_NHWC() -> np.ndarray:
    return drawn_NHWC(2 * COUNT, seed=0)


@pytest.fixture(scope="session")
def good_NHWC() -> np.ndarray:
    return drawn_NHWC(COUNT, seed=1)
