"""The network of faces: computed as its authors' is, and boxes as its numbers say."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view

from genstudio.models.blocks.face_detector import (
    Face,
    FaceNetwork,
    boxes_of,
    faces_in,
    network_of,
    shared,
)

WIDTHS = (16, 32, 64, 128, 256, 512)


def weights(seed: int = 0) -> dict[str, torch.Tensor]:
    """As face-api.js keeps them: rows, columns, in, out."""
    generator = torch.Generator().manual_seed(seed)
    shapes: dict[str, tuple[int, ...]] = {"conv0/filters": (3, 3, 3, 16), "conv0/bias": (16,)}
    for at, (one, other) in enumerate(pairwise(WIDTHS), start=1):
        shapes[f"conv{at}/depthwise_filter"] = (3, 3, one, 1)
        shapes[f"conv{at}/pointwise_filter"] = (1, 1, one, other)
        shapes[f"conv{at}/bias"] = (other,)
    shapes |= {"conv8/filters": (1, 1, 512, 25), "conv8/bias": (25,)}
    return {name: 0.3 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def windows(x: np.ndarray) -> np.ndarray:
    """All 3 × 3 places of (H, W, C): (H - 2, W - 2, C, 3, 3)."""
    return sliding_window_view(x, (3, 3), axis=(0, 1))


def pooled(x: np.ndarray, step: int) -> np.ndarray:
    """The largest of 2 × 2, with room below and at the right where some are missing."""
    height, width, _ = x.shape
    padded = np.pad(x, ((0, 1), (0, 1), (0, 0)), constant_values=-np.inf)
    rows, columns = (range(0, side, step) for side in (height, width))
    cells = [[padded[r : r + 2, c : c + 2].max((0, 1)) for c in columns] for r in rows]
    return np.array(cells)


def leaky(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.1 * x)


def by_hand(pixels: np.ndarray, found: dict[str, torch.Tensor]) -> np.ndarray:
    """The same network in numpy, layer by layer as its source describes it."""
    own = {name: it.double().numpy() for name, it in found.items()}
    x = (pixels - np.array([117.001, 114.697, 97.404])) / 255
    x = leaky(np.einsum("hwcij,ijco->hwo", windows(x), own["conv0/filters"]) + own["conv0/bias"])
    for at in range(1, 6):
        x = np.pad(pooled(x, 2), ((1, 1), (1, 1), (0, 0)))
        x = np.einsum("hwcij,ijc->hwc", windows(x), own[f"conv{at}/depthwise_filter"][..., 0])
        x = leaky(x @ own[f"conv{at}/pointwise_filter"][0, 0] + own[f"conv{at}/bias"])
    return pooled(x, 1) @ own["conv8/filters"][0, 0] + own["conv8/bias"]


def test_it_computes_what_its_source_describes() -> None:
    found = weights()
    pixels = np.random.default_rng(0).uniform(0, 255, (64, 64, 3))
    expected = by_hand(pixels, found)
    with torch.no_grad():
        given = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
        (grid,) = network_of(found)(given).flatten(3).double().numpy()
    assert grid.shape == expected.shape == (2, 2, 25)
    assert np.abs(grid - expected).max() < 1e-4 * np.abs(expected).max()


def test_other_weights_are_refused() -> None:
    for wrong in (
        {name: it for name, it in weights().items() if name != "conv3/bias"},
        weights() | {"conv6/bias": torch.zeros(3)},
        weights() | {"conv3/bias": torch.zeros(3)},
    ):
        with pytest.raises(ValueError, match=r"."):
            network_of(wrong)


def test_boxes_lie_where_their_cell_and_numbers_say() -> None:
    found = torch.full((13, 13, 5, 5), -9.0)
    # The middle of the cell in row 3 and column 5, of the first usual size, twice as wide.
    found[3, 5, 0] = torch.tensor([0.0, 0.0, np.log(2), 0.0, 2.0])
    # The picture fills the upper half of the square.
    (face,) = boxes_of(found, 0.5, 1.0, 0.5)
    middle = (face.left + face.right) / 2, (face.top + face.bottom) / 2
    assert middle == pytest.approx((5.5 / 13, 2 * 3.5 / 13))
    assert face.right - face.left == pytest.approx(2 * 1.603231 / 13)
    assert face.bottom - face.top == pytest.approx(2 * 2.094468 / 13)
    assert face.score == pytest.approx(0.8808, abs=1e-4)


def test_of_boxes_on_one_face_the_surest_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    found = torch.full((1, 13, 13, 5, 5), -9.0)
    for column, score in ((5, 3.0), (5, 1.0), (9, 2.0)):
        found[0, 3, column, int(score == 1.0)] = torch.tensor(
            [0.0, 0.0, 0.0, 0.0, score] if score != 1.0 else [0.0, 0.0, -1.32, -1.22, score]
        )
    monkeypatch.setattr(FaceNetwork, "forward", lambda _self, _pixels: found)
    seen = faces_in(FaceNetwork(), torch.zeros(50, 50, 3, dtype=torch.uint8), side=416, least=0.5)
    assert [round(it.score, 3) for it in seen] == [0.953, 0.881]


def test_what_two_boxes_share() -> None:
    one, other = Face(0, 0, 2, 1, 0.9), Face(1, 0, 3, 1, 0.8)
    assert shared(one, other) == pytest.approx(1 / 3)
    assert shared(one, one) == pytest.approx(1)
    assert shared(one, Face(5, 5, 6, 6, 0.7)) == 0
