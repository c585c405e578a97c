"""Each picture goes to the shape that its aspect fits best; no shape is larger than the square."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genstudio.data.shapes import bucket_sides, nearest_sides, origin

fuzzed = settings(max_examples=100, deadline=None, derandomize=True)
sizes = st.sampled_from([(32, 16), (64, 16), (256, 64), (512, 64), (1024, 64), (32, 64)])


@fuzzed
@given(of=sizes)
def test_shapes_have_no_more_pixels_than_the_square_and_no_strips(of: tuple[int, int]) -> None:
    size, step = of
    square, *others = bucket_sides(size, step)

    assert square == (size, size)
    assert len(set(others)) == len(others)
    for height, width in others:
        assert height % step == width % step == 0
        assert height * width <= size * size
        assert 1 / 2 <= height / width <= 2
        assert height != width
        assert (width, height) in others


def test_shapes_of_stable_diffusion() -> None:
    wide = [(448, 576), (384, 640), (320, 640)]

    assert bucket_sides(512, 64) == ((512, 512), *wide, *(it[::-1] for it in wide))
    assert (832, 1216) in bucket_sides(1024, 64)
    assert (704, 1408) in bucket_sides(1024, 64)
    assert bucket_sides(32, 64) == ((32, 32),)


@fuzzed
@given(of=sizes, width=st.integers(1, 9000), height=st.integers(1, 9000))
def test_no_other_shape_fits_better(of: tuple[int, int], width: int, height: int) -> None:
    buckets = bucket_sides(*of)
    chosen = nearest_sides(width, height, buckets)

    def misfit(sides: tuple[int, int]) -> float:
        ratio = sides[1] * height / (sides[0] * width)
        return max(ratio, 1 / ratio)

    assert misfit(chosen) <= min(map(misfit, buckets)) * (1 + 1e-6)
    assert nearest_sides(width, height, buckets) == chosen
    turned = nearest_sides(height, width, buckets)
    assert misfit((turned[1], turned[0])) == pytest.approx(misfit(chosen))


@pytest.mark.parametrize(
    ("picture", "sides"),
    [
        ((4000, 3000), (448, 576)),
        ((3000, 4000), (576, 448)),
        ((1920, 1080), (384, 640)),
        ((2000, 1000), (320, 640)),
        ((9000, 100), (320, 640)),
        ((510, 512), (512, 512)),
    ],
)
def test_known_pictures(picture: tuple[int, int], sides: tuple[int, int]) -> None:
    assert nearest_sides(*picture, bucket_sides(512, 64)) == sides


def test_a_picture_remembers_its_size_and_what_was_cut_off() -> None:
    assert origin(128, 64, (32, 64)) == (64, 128, 0, 0)
    # At half its size it is 100 wide; 18 are cut off on either side.
    assert origin(200, 64, (32, 64)) == (64, 200, 0, 18)
    assert origin(64, 200, (64, 32)) == (200, 64, 18, 0)
