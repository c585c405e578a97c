"""Figures of translations: what they must tell apart, on pictures with a known translation."""

import numpy as np
import pytest
import torch

from genstudio.metrics.swd import SlicedWasserstein
from genstudio.metrics.translation import kept, l1_distance

# What a translation must reach.
_EDGES = 0.7
_TIMES_FLOOR = 1.5


def shapes(seed: int, count: int = 24, side: int = 32) -> np.ndarray:
    """Dark and coloured rectangles on yellow."""
    generator = np.random.default_rng(seed)
    pictures = np.empty((count, side, side, 3), np.uint8)
    pictures[:] = 250, 230, 120
    for picture in pictures:
        for colour in ((200, 40, 30), (40, 90, 190), (40, 50, 45)):
            top, left = generator.integers(0, side * 3 // 4, 2)
            height, width = generator.integers(side // 4, side // 2, 2)
            picture[top : top + height, left : left + width] = colour
    return pictures


def translated(pictures_NHWC: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(pictures_NHWC[..., [2, 0, 1]])


def distance(made_NHWC: np.ndarray, wanted_NHWC: np.ndarray) -> float:
    made, wanted = (
        torch.from_numpy(it).permute(0, 3, 1, 2).float().div(127.5).sub(1)
        for it in (made_NHWC, wanted_NHWC)
    )
    return SlicedWasserstein(wanted)(made)


def test_l1_is_the_mean_difference_in_shares_of_the_range() -> None:
    black, white = np.zeros((2, 4, 4, 3), np.uint8), np.full((2, 4, 4, 3), 255, np.uint8)

    assert l1_distance(black, white) == l1_distance(white, black) == 1
    assert l1_distance(white, white) == 0
    assert l1_distance(black, np.full_like(black, 51)) == pytest.approx(0.2)


def test_the_exact_translation_passes() -> None:
    inputs, others = shapes(0), translated(shapes(1))
    floor = distance(translated(shapes(2)), others)

    assert kept(inputs, translated(inputs)).edge_iou > _EDGES
    assert kept(inputs, translated(inputs)).luminance_correlation > 0.5
    assert distance(translated(inputs), others) < _TIMES_FLOOR * floor


def test_what_changes_nothing_keeps_all_edges_but_has_not_the_look() -> None:
    inputs, others = shapes(0), translated(shapes(1))
    floor = distance(translated(shapes(2)), others)

    stayed = kept(inputs, inputs)
    assert stayed.edge_iou == pytest.approx(1)
    assert stayed.luminance_correlation == pytest.approx(1)
    assert distance(inputs, others) > _TIMES_FLOOR * floor


def test_what_is_always_the_same_has_the_look_but_not_the_edges() -> None:
    inputs, others = shapes(0), translated(shapes(1))
    for constant in (others[:1], np.full_like(others[:1], 128)):
        stayed = kept(inputs, constant.repeat(len(inputs), axis=0))
        assert stayed.edge_iou < _EDGES / 2
        assert abs(stayed.luminance_correlation) < 0.3


def test_a_negative_is_told_by_its_light_alone() -> None:
    inputs = shapes(0)
    stayed = kept(inputs, 255 - inputs)

    assert stayed.luminance_correlation == pytest.approx(-1, abs=1e-4)
    assert stayed.edge_iou > _EDGES


def test_contrast_and_a_pixel_of_movement_change_little() -> None:
    inputs = shapes(0)
    paler = (inputs * 0.4 + 100).astype(np.uint8)

    assert kept(inputs, paler).edge_iou > 0.85
    assert kept(inputs, paler).luminance_correlation > 0.99
    assert kept(inputs, np.roll(inputs, 1, axis=2)).edge_iou > 0.8
    assert kept(inputs, np.roll(inputs, 6, axis=2)).edge_iou < 0.4


def test_opacities_are_not_looked_at() -> None:
    inputs = shapes(0)
    with_opacity = np.concatenate([inputs, np.zeros_like(inputs[..., :1])], axis=3)

    assert kept(with_opacity, inputs) == kept(inputs, inputs)
