"""Pictures that go through a network tile by tile come out as if they had gone whole."""

import numpy as np
import pytest
import torch
from tiny_upscaler import PARAM, weights

from genstudio.models.upscaling import tiles
from genstudio.models.upscaling.ncnn_files import read_network
from genstudio.models.upscaling.network import UpscalingNetwork
from genstudio.models.upscaling.tiles import Tiling, spans


@pytest.fixture
def network() -> UpscalingNetwork:
    return UpscalingNetwork(read_network(PARAM, weights(strength=0.2)))


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)


def assembled(network: UpscalingNetwork, image: np.ndarray, factor: int = 4) -> np.ndarray:
    tiling = Tiling(network, image, factor)
    return np.concatenate(list(tiling.assemble(map(tiling.compute, tiling.tiles))))


def whole(network: UpscalingNetwork, image: np.ndarray) -> np.ndarray:
    given = torch.tensor(image).permute(2, 0, 1)[None] / 255
    made = network(given)[0].clamp(0, 1).permute(1, 2, 0).numpy()
    return np.rint(made * 255).astype(np.uint8)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (193, 7), (250, 400)])
def test_what_is_seen_around_a_tile_is_all_that_counts(
    network: UpscalingNetwork, size: tuple[int, int]
) -> None:
    image = picture(*size)

    made = assembled(network, image)

    assert made.shape == (size[0] * 4, size[1] * 4, 3)
    # The last bit depends on how large a tile was.
    assert np.abs(made.astype(int) - whole(network, image)).max() <= 1


def test_without_anything_around_there_are_seams(
    network: UpscalingNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.reach_px = 0
    image = picture(40, 400)

    difference = np.abs(assembled(network, image).astype(int) - whole(network, image))

    assert difference[:, 520:536].max() > 30


def test_networks_that_look_further_are_faded_from_tile_to_tile(
    network: UpscalingNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "_MOST_AROUND_PX", 4)
    network.reach_px = 100
    image = picture(250, 400)

    # What is seen is enough for this one, so fading must change nothing.
    assert np.abs(assembled(network, image).astype(int) - whole(network, image)).max() <= 1


@pytest.mark.parametrize("fading", [0, 16])
@pytest.mark.parametrize("length", [1, 191, 192, 193, 385, 1000])
def test_pieces_of_a_side_add_up_to_one_everywhere(length: int, fading: int) -> None:
    total = np.zeros(length * 4)
    for span in spans(length, 40, fading):
        assert 0 <= span.seen_start <= span.start < span.stop <= span.seen_stop <= length
        total[span.start * 4 : span.stop * 4] += span.weights(4)

    np.testing.assert_allclose(total, 1, atol=1e-6)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_less_is_the_mean_of_what_each_pixel_covers(network: UpscalingNetwork, factor: int) -> None:
    image = picture(12, 20)
    fine = whole(network, image).astype(float)
    # Each pixel in so many parts that both numbers fit.
    parts = fine.repeat(factor, axis=0).repeat(factor, axis=1)
    wanted = parts.reshape(12 * factor, 4, 20 * factor, 4, 3).mean(axis=(1, 3))

    assert np.abs(assembled(network, image, factor) - wanted).max() <= 1
