"""The distance between sets of pictures: nothing for the same, more for worse."""

import pytest
import torch
from tiny_studio import flowers_NHWC

from genstudio.metrics.swd import SlicedWasserstein, laplacian_pyramid

COUNT = 48


@pytest.fixture(scope="module")
def flowers_NCHW() -> torch.Tensor:
    pixels = torch.from_numpy(flowers_NHWC(2 * COUNT, size=32)).permute(0, 3, 1, 2)
    return pixels.float().div(127.5).sub(1)


@pytest.fixture(scope="module")
def distance(flowers_NCHW: torch.Tensor) -> SlicedWasserstein:
    return SlicedWasserstein(flowers_NCHW[:COUNT])


def blurred(pictures_NCHW: torch.Tensor, radius: int) -> torch.Tensor:
    return torch.nn.functional.avg_pool2d(pictures_NCHW, 2 * radius + 1, 1, radius)


def test_the_set_itself_is_at_no_distance(
    distance: SlicedWasserstein, flowers_NCHW: torch.Tensor
) -> None:
    assert distance(flowers_NCHW[:COUNT]) == 0
    other = distance(flowers_NCHW[COUNT:])
    assert other > 0
    assert distance(flowers_NCHW[COUNT:]) == other


def test_worse_pictures_are_further_away(
    distance: SlicedWasserstein, flowers_NCHW: torch.Tensor
) -> None:
    real = flowers_NCHW[COUNT:]
    floor = distance(real)
    noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(0))
    defects = {
        "slightly blurred": blurred(real, 1),
        "noisy": real + 0.2 * noise,
        "tinted": real + torch.tensor([0.4, 0.0, 0.0])[:, None, None],
        "pale": real * 0.5,
        "one of them only": real[:1].expand(COUNT, -1, -1, -1),
    }
    for name, pictures in defects.items():
        assert distance(pictures) > 1.2 * floor, name
    assert distance(blurred(real, 3)) > distance(blurred(real, 1))
    assert distance(noise) > 3 * floor


@pytest.mark.parametrize(("size", "sides"), [(16, [16]), (32, [32, 16]), (128, [128, 64, 32, 16])])
def test_a_pyramid_adds_up_to_the_picture(size: int, sides: list[int]) -> None:
    pictures = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    levels = laplacian_pyramid(pictures)

    assert [level.shape[-1] for level in levels] == sides
    whole = levels[-1]
    for level in reversed(levels[:-1]):
        whole = level + torch.nn.functional.interpolate(whole, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(whole, pictures)


def test_of_plain_pictures_nothing_is_divided_by_nothing() -> None:
    plain = torch.zeros(4, 3, 32, 32)

    assert SlicedWasserstein(plain)(plain) == 0


def test_distances_need_as_many_pictures(flowers_NCHW: torch.Tensor) -> None:
    with pytest.raises(AssertionError, match="as many"):
        SlicedWasserstein(flowers_NCHW[:4])(flowers_NCHW[:5])
