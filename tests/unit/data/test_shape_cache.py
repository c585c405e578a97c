"""Pictures are decoded into their shapes beside the squares, whole where the shape allows it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.shape_cache import with_shapes
from genstudio.data.squares import decode_shape
from genstudio.domain.datasets import Manifest
from genstudio.domain.progress import drain

SIZE, STEP = 64, 16
# Width and height => the shape that is wanted, height and width.
WANTED = {
    (90, 90): (64, 64),
    (160, 80): (32, 64),
    (200, 100): (32, 64),
    (100, 60): (48, 80),
    (60, 100): (80, 48),
}


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return manifest_of(tmp_path / "pictures")


def manifest_of(folder: Path) -> Manifest:
    """A picture of each size, whose halves are red and blue from left to right."""
    folder.mkdir()
    rows = []
    for number, (width, height) in enumerate(WANTED):
        picture = Image.new("RGB", (width, height), "red")
        picture.paste("blue", (width // 2, 0, width, height))
        picture.save(folder / f"{number}.png")
        rows.append((f"{number}.png", hash_of(folder / f"{number}.png")))
    return Manifest(folder=folder, pictures=tuple(rows), sizes=tuple(WANTED), modality="captions")


def hash_of(path: Path) -> str:
    from genstudio.data.decode import content_hash_of

    with path.open("rb") as file:
        return content_hash_of(file)


def built(manifest: Manifest, folder: Path) -> PictureCache:
    squares = drain(build_cache(manifest, size=SIZE, cache_dir=folder, workers=1))
    return drain(with_shapes(manifest, squares, step=STEP, cache_dir=folder))


def sides_of(cache: PictureCache) -> list[tuple[int, ...]]:
    shapes = cache.shapes
    assert shapes is not None
    arrays = [cache.images_NHWC, *shapes.images]
    return [
        arrays[bucket][row].shape[:2]
        for bucket, row in zip(shapes.bucket_N, shapes.row_N, strict=True)
    ]


def test_each_is_whole_in_its_shape(manifest: Manifest, tmp_path: Path) -> None:
    cache = built(manifest, tmp_path / "cache")
    shapes = cache.shapes

    assert sides_of(cache) == list(WANTED.values())
    assert shapes is not None
    for example, (name, _) in enumerate(manifest.pictures):
        if bucket := shapes.bucket_N[example]:
            picture = shapes.images[bucket - 1][shapes.row_N[example]]
            found = decode_shape(manifest.folder / name, sides=picture.shape[:2])
            np.testing.assert_array_equal(picture, found)
            assert tuple(picture[0, 0]) == (255, 0, 0)
            assert tuple(picture[-1, -1]) == (0, 0, 255)
    assert shapes.origins_N[:, :2].tolist() == [[h, w] for w, h in WANTED]
    assert shapes.origins_N[1].tolist() == [80, 160, 0, 0]


def test_they_are_decoded_once(manifest: Manifest, tmp_path: Path) -> None:
    first = built(manifest, tmp_path / "cache")
    for file in manifest.folder.iterdir():
        file.unlink()
    again = built(manifest, tmp_path / "cache")

    assert first.shapes is not None
    assert again.shapes is not None
    for one, other in zip(first.shapes.images, again.shapes.images, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(first.shapes.origins_N, again.shapes.origins_N)


def test_the_squares_are_those_that_there_were(manifest: Manifest, tmp_path: Path) -> None:
    squares = drain(build_cache(manifest, size=SIZE, cache_dir=tmp_path / "a", workers=1))
    cache = built(manifest, tmp_path / "b")

    assert cache.key == squares.key
    np.testing.assert_array_equal(cache.images_NHWC, squares.images_NHWC)


def test_a_square_that_a_person_chose_stays_one(manifest: Manifest, tmp_path: Path) -> None:
    chosen = manifest.model_copy(update={"crops": ((1, 10, 8, 32),)})
    cache = built(chosen, tmp_path / "cache")

    assert sides_of(cache)[1] == (64, 64)
    assert sides_of(cache)[2] == (32, 64)
    assert cache.shapes is not None
    # Of the whole picture, which was made twice as large.
    assert cache.shapes.origins_N[1].tolist() == [80, 160, 16, 20]


def test_what_cannot_be_decoded_is_left_out_of_both(manifest: Manifest, tmp_path: Path) -> None:
    broken = manifest.folder / "1.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    rows = tuple((name, hash_of(manifest.folder / name)) for name, _ in manifest.pictures)
    cache = built(manifest.model_copy(update={"pictures": rows}), tmp_path / "cache")

    assert cache.skipped == ("1.png",)
    assert sides_of(cache) == [WANTED[it] for number, it in enumerate(WANTED) if number != 1]


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_photo_is_read_at_a_fraction_and_upright(tmp_path: Path, orientation: int) -> None:
    picture = Image.new("RGB", (1200, 600), "red")
    picture.paste("blue", (600, 0, 1200, 600))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(tmp_path / "a.jpg", exif=exif, quality=95)

    sides = (32, 64) if orientation == 1 else (64, 32)
    found = decode_shape(tmp_path / "a.jpg", sides=sides).astype(int)

    assert found.shape == (*sides, 3)
    first, last = ((255, 0, 0), (0, 0, 255))
    assert np.abs(found[0, 0] - first).max() < 8
    assert np.abs(found[-1, -1] - last).max() < 8
