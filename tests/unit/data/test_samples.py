import errno
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio.data import samples
from genstudio.data.samples import make_sample_folder, paint_flower
from genstudio.domain.errors import ProjectError
from genstudio.domain.progress import Progress


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_folder_is_filled_with_pictures_of_the_size_asked_for(tmp_path: Path) -> None:
    progress = list(make_sample_folder(tmp_path / "new" / "flowers", count=3, size=32))

    assert progress == [Progress("Drawing flowers", done, 3) for done in (1, 2, 3)]
    names = ["flower-0001.png", "flower-0002.png", "flower-0003.png"]
    assert list(contents(tmp_path / "new" / "flowers")) == names
    for name in names:
        with Image.open(tmp_path / "new" / "flowers" / name) as picture:
            assert (picture.size, picture.mode) == ((32, 32), "RGB")


def test_the_same_seed_paints_the_same_and_another_seed_others() -> None:
    first = paint_flower(48, seed=3, index=7)

    np.testing.assert_array_equal(first, paint_flower(48, seed=3, index=7))
    assert np.abs(first.astype(int) - paint_flower(48, seed=4, index=7)).mean() > 2
    assert np.abs(first.astype(int) - paint_flower(48, seed=3, index=8)).mean() > 2


def test_a_picture_does_not_depend_on_how_many_are_made(tmp_path: Path) -> None:
    list(make_sample_folder(tmp_path / "few", count=2, size=32))
    list(make_sample_folder(tmp_path / "more", count=4, size=32))

    few, more = contents(tmp_path / "few"), contents(tmp_path / "more")
    assert few.items() <= more.items()


@pytest.mark.parametrize("index", range(12))
def test_every_flower_stands_out_in_the_middle_and_is_smooth_at_its_edges(index: int) -> None:
    picture = paint_flower(64, seed=0, index=index).astype(float)
    smaller = paint_flower(32, seed=0, index=index).astype(float)

    middle, corners = picture[16:40, 20:44], picture[:6, :6]
    assert np.abs(middle.mean((0, 1)) - corners.mean((0, 1))).max() > 20
    # The same flower at half the size is the picture seen from further away.
    halved = picture.reshape(32, 2, 32, 2, 3).mean((1, 3))
    assert np.abs(halved - smaller).mean() < 6


def test_flowers_are_of_many_kinds() -> None:
    hearts = np.array([paint_flower(32, seed=0, index=index)[13, 16] for index in range(40)])

    assert hearts.std(0).max() > 30


def test_an_interrupted_set_is_completed_without_painting_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    making = make_sample_folder(tmp_path, count=4, size=32)
    next(making)
    next(making)
    before = contents(tmp_path)
    painted: list[int] = []
    monkeypatch.setattr(samples, "paint_flower", counting(painted))

    list(make_sample_folder(tmp_path, count=4, size=32))

    assert painted == [3, 4]
    assert before.items() <= contents(tmp_path).items()


def counting(painted: list[int]) -> Callable[..., np.ndarray]:
    def paint(size: int, *, seed: int, index: int) -> np.ndarray:
        painted.append(index)
        return paint_flower(size, seed=seed, index=index)

    return paint


def test_a_torn_picture_is_painted_again(tmp_path: Path) -> None:
    list(make_sample_folder(tmp_path, count=2, size=32))
    whole = contents(tmp_path)
    torn = tmp_path / "flower-0002.png"
    torn.write_bytes(torn.read_bytes()[:-200])

    list(make_sample_folder(tmp_path, count=2, size=32))

    assert contents(tmp_path) == whole


def test_a_picture_of_a_persons_own_is_kept(tmp_path: Path) -> None:
    own = tmp_path / "flower-0001.png"
    Image.new("RGB", (5, 4), "teal").save(own)
    before = own.read_bytes()

    list(make_sample_folder(tmp_path, count=2, size=32))

    assert own.read_bytes() == before


@pytest.mark.parametrize(
    ("code", "title"),
    [(errno.ENOSPC, "The disk is full"), (errno.EROFS, "The folder cannot be written to")],
)
def test_what_stops_the_writing_is_explained_and_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, title: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, "no")

    monkeypatch.setattr(Image.Image, "save", fail)

    with pytest.raises(ProjectError, match=title):
        list(make_sample_folder(tmp_path, count=1, size=32))
    assert contents(tmp_path) == {}
