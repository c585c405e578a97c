"""The measures on pictures of people, where such are at hand beside the project."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from planted_pictures import noisy

from genstudio.data.decode import SUFFIXES
from genstudio.data.squares import decode_picture
from genstudio.domain.reports import Figure
from genstudio.metrics.report import judge

DATA = Path(__file__).parents[4] / "shared" / "data"
COUNT = 300
DRAWS = 5
# A set, the size that it is looked at, and kinds that a model may forget: folders of the set.
SETS = [
    ("emoji128", 64, ()),
    ("dcss_tiles32", 32, ("dngn",)),
    ("sign_digits", 64, ("0", "1", "2")),
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not there"),
]
Pictures = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module", params=SETS, ids=[name for name, _, _ in SETS])
def pictures(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Made, real, and those of the made that are of a kind that is not forgotten."""
    name, size, forgotten = request.param
    if not (DATA / name).is_dir():
        pytest.skip(f"{DATA / name} is not there")
    paths = sorted(path for path in (DATA / name).rglob("*") if path.suffix.lower() in SUFFIXES)
    order = np.random.default_rng(0).permutation(len(paths))[: 5 * COUNT]
    images = np.stack([decode_picture(paths[index], size=size) for index in order])
    is_kept = np.array([paths[index].parent.name not in forgotten for index in order])
    made, real = images[: 2 * COUNT], images[2 * COUNT :]
    return made[:COUNT], real, made[is_kept[: 2 * COUNT]][:COUNT]


def sds(figure: Figure) -> float:
    return (figure.value - figure.floor) / figure.floor_sd


def blurred(images_NHWC: np.ndarray) -> np.ndarray:
    blur = ImageFilter.GaussianBlur(1)
    return np.stack([np.asarray(Image.fromarray(image).filter(blur)) for image in images_NHWC])


def test_real_pictures_are_within_two_deviations_of_the_floor(
    pictures: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    made, real, _ = pictures
    everything = np.concatenate([made, real])
    off: list[list[float]] = []
    for draw in range(DRAWS):
        drawn = everything[np.random.default_rng(draw).permutation(len(everything))]
        good = judge(drawn[:COUNT], drawn[COUNT:], count=COUNT)
        off.append([abs(sds(it)) for it in (good.kid, good.swd, good.coverage, good.density)])
        assert good.coverage.value > 0.93

    # One draw in twenty lies further out by chance.
    is_close = np.array(off) <= 2
    assert (is_close.sum(axis=0) >= DRAWS - 1).all(), off


def test_blur_noise_and_collapse_are_off_the_floor(
    pictures: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    made, real, _ = pictures
    blur = judge(blurred(made), real, count=COUNT)
    noise = judge(noisy(made, 0.1), real, count=COUNT)
    collapse = judge(made[np.arange(COUNT) % 15], real, count=COUNT)
    assert sds(blur.swd) > 4
    assert sds(blur.kid) > 4
    assert sds(noise.coverage) < -4
    assert sds(noise.swd) > 1
    assert sds(collapse.kid) > 4
    assert collapse.coverage.value < 0.3


def test_forgotten_classes_lower_coverage_and_not_density(
    pictures: tuple[np.ndarray, np.ndarray, np.ndarray], request: pytest.FixtureRequest
) -> None:
    _, real, kept = pictures
    if "emoji128" in request.node.name:
        pytest.skip("emoji are of one kind")
    fewer = judge(kept, real, count=COUNT)

    assert sds(fewer.kid) > 2
    assert sds(fewer.coverage) < -2
    assert fewer.density.value > 0.9


def test_planted_copies_are_counted(pictures: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    made, real, _ = pictures
    training, held_out = real[90:], real[:90]
    floor = judge(made, real, training_NHWC=training, held_out_NHWC=held_out, count=COUNT).copying
    made = np.concatenate([noisy(training[:60], 0.02), made[60:]])
    copied = judge(made, real, training_NHWC=training, held_out_NHWC=held_out, count=COUNT).copying

    assert floor is not None
    assert copied is not None
    assert 0.18 <= copied.value <= 0.25 + floor.value
