"""Decoded pictures: the same pixels as from the files, made once, whole or not at all."""

import errno
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from genstudio.data import cache
from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.decode import DECODING_VERSION, UnreadablePictureError
from genstudio.data.scan import scan_folder, usable_manifest
from genstudio.data.squares import decode_picture
from genstudio.domain.datasets import Manifest, ScanReport
from genstudio.domain.errors import DatasetError, ProjectError
from genstudio.domain.progress import Progress, drain, with_result


@pytest.fixture
def manifest(flowers: Path) -> Manifest:
    return manifest_of(flowers)


def manifest_of(folder: Path) -> Manifest:
    report = drain(scan_folder(folder, workers=1))
    assert isinstance(report, ScanReport)
    return usable_manifest(report)


def built(manifest: Manifest, cache_dir: Path, *, size: int = 32, workers: int = 2) -> PictureCache:
    found = drain(build_cache(manifest, size=size, cache_dir=cache_dir, workers=workers))
    assert isinstance(found, PictureCache)
    return found


def own_pictures(flowers: Path, folder: Path, count: int = 4) -> Path:
    folder.mkdir()
    for path in sorted(flowers.iterdir())[:count]:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_the_pixels_are_those_of_the_files_in_their_order(
    manifest: Manifest, tmp_path: Path
) -> None:
    found = built(manifest, tmp_path, size=64, workers=4)

    assert found.images_NHWC.shape == (16, 64, 64, 3)
    for (name, _), picture in zip(manifest.pictures, found.images_NHWC, strict=True):
        np.testing.assert_array_equal(picture, decode_picture(manifest.folder / name, size=64))


def test_progress_is_told_picture_by_picture(manifest: Manifest, tmp_path: Path) -> None:
    *progress, _ = with_result(build_cache(manifest, size=32, cache_dir=tmp_path))

    assert progress == [Progress("Reading the pictures", done, 16) for done in range(1, 17)]


def test_training_cannot_change_the_decoded_pictures(manifest: Manifest, tmp_path: Path) -> None:
    images_NHWC = built(manifest, tmp_path).images_NHWC

    assert isinstance(images_NHWC, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        images_NHWC[0] = 0


def test_the_second_time_they_are_there_at_once(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = built(manifest, tmp_path)
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    # Even if the pictures are out of reach and the disk is full by now.
    monkeypatch.setattr(cache, "decode_picture", None)
    monkeypatch.setattr(cache, "free_disk_bytes", lambda _: 0)

    (second,) = with_result(build_cache(manifest, size=32, cache_dir=tmp_path))

    assert isinstance(second, PictureCache)
    assert second.key == first.key
    np.testing.assert_array_equal(second.images_NHWC, first.images_NHWC)
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


def test_the_key_follows_size_content_and_order_and_not_the_names(
    manifest: Manifest, tmp_path: Path
) -> None:
    def key(pictures: tuple[tuple[str, str], ...], size: int = 32) -> str:
        changed = manifest.model_copy(update={"pictures": pictures})
        return cache._key(changed, (len(changed.pictures), size, size, 3))

    pictures = manifest.pictures
    renamed = tuple((f"other {name}", content_hash) for name, content_hash in pictures)
    repainted = ((pictures[0][0], "0" * 32), *pictures[1:])

    assert key(renamed) == key(pictures)
    keys = [
        key(pictures),
        key(pictures, 64),
        key(repainted),
        key(pictures[::-1]),
        key(pictures[1:]),
    ]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("after", [0, 1, 15])
def test_a_build_that_is_given_up_goes_on_from_there(
    manifest: Manifest, tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads_before = set(threading.enumerate())
    building = build_cache(manifest, size=32, cache_dir=tmp_path / "cache", workers=2)
    for _ in range(after):
        next(building)

    building.close()
    assert set(threading.enumerate()) == threads_before

    decoded: list[Path] = []

    def noted(path: Path, **how: Any) -> np.ndarray:
        decoded.append(path)
        return decode_picture(path, **how)

    monkeypatch.setattr(cache, "decode_picture", noted)
    found = built(manifest, tmp_path / "cache")

    assert len(decoded) == 16 - after
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [found.key]
    assert {path.name for path in (tmp_path / "cache" / found.key).iterdir()} == {
        "pixels.npy", "complete.json",
    }  # fmt: skip
    for (name, _), picture in zip(manifest.pictures, found.images_NHWC, strict=True):
        np.testing.assert_array_equal(picture, decode_picture(manifest.folder / name, size=32))


@pytest.mark.parametrize(
    "note",
    [
        "",
        "[]",
        json.dumps({"done": 17, "skipped": []}),
        json.dumps({"done": -1, "skipped": []}),
        json.dumps({"done": 3, "skipped": ["15.png"]}),
        json.dumps({"done": 1e999, "skipped": []}),
    ],
)
def test_what_is_left_of_a_build_is_not_believed_blindly(
    manifest: Manifest, tmp_path: Path, note: str
) -> None:
    building = build_cache(manifest, size=32, cache_dir=tmp_path, workers=2)
    next(building)
    building.close()
    (left,) = tmp_path.glob(".left-*")
    (left / "progress.json").write_text(note)

    found = built(manifest, tmp_path)

    for (name, _), picture in zip(manifest.pictures, found.images_NHWC, strict=True):
        np.testing.assert_array_equal(picture, decode_picture(manifest.folder / name, size=32))


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
@pytest.mark.parametrize("linked", ["folder", "pixels"])
def test_what_is_left_of_a_build_leads_nowhere_else(
    manifest: Manifest, tmp_path: Path, linked: str
) -> None:
    building = build_cache(manifest, size=32, cache_dir=tmp_path / "cache", workers=2)
    next(building)
    building.close()
    (left,) = (tmp_path / "cache").glob(".left-*")
    moved = left if linked == "folder" else left / "pixels.npy"
    moved.rename(tmp_path / "elsewhere")
    moved.symlink_to(tmp_path / "elsewhere")
    own = tmp_path / "elsewhere" / "pixels.npy" if linked == "folder" else tmp_path / "elsewhere"
    before = own.read_bytes()

    built(manifest, tmp_path / "cache")

    assert own.read_bytes() == before


def test_what_is_left_of_another_set_is_cleared_away(manifest: Manifest, tmp_path: Path) -> None:
    building = build_cache(manifest, size=64, cache_dir=tmp_path, workers=2)
    next(building)
    building.close()

    found = built(manifest, tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [found.key]


def test_a_build_that_is_given_up_decodes_no_more_pictures(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[Path] = []

    def slowly(path: Path, **how: Any) -> np.ndarray:
        decoded.append(path)
        if len(decoded) > 1:
            time.sleep(0.1)
        return decode_picture(path, **how)

    monkeypatch.setattr(cache, "decode_picture", slowly)
    building = build_cache(manifest, size=32, cache_dir=tmp_path, workers=2)
    next(building)
    building.close()

    assert len(decoded) < 16


def truncated(folder: Path) -> None:
    os.truncate(folder / "pixels.npy", 500)


def emptied(folder: Path) -> None:
    os.truncate(folder / "pixels.npy", 0)


def other_numbers(folder: Path) -> None:
    np.save(folder / "pixels.npy", np.zeros((16, 32, 32, 3), np.float32))


def pickled(folder: Path) -> None:
    np.save(folder / "pixels.npy", np.array([{"run": "this"}] * 16), allow_pickle=True)


def zipped(folder: Path) -> None:
    np.savez(folder / "pixels.npz", np.zeros((16, 32, 32, 3), np.uint8))
    (folder / "pixels.npz").rename(folder / "pixels.npy")


def other_shape(folder: Path) -> None:
    np.save(folder / "pixels.npy", np.zeros((16, 8, 8, 3), np.uint8))


def with_header(header: bytes) -> Callable[[Path], None]:
    """Damage the description of the pixels, which numpy would parse as Python."""

    def damage(folder: Path) -> None:
        pixels = (folder / "pixels.npy").read_bytes()
        (folder / "pixels.npy").write_bytes(pixels[:10] + header.ljust(118) + pixels[128:])

    return damage


def longer(folder: Path) -> None:
    with (folder / "pixels.npy").open("ab") as file:
        file.write(bytes(32 * 32 * 3))


def piped(folder: Path) -> None:
    (folder / "pixels.npy").unlink()
    os.mkfifo(folder / "pixels.npy")


def without_end(folder: Path) -> None:
    (folder / "complete.json").unlink()


def with_end(content: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / "complete.json").write_text(content)

    return damage


@pytest.mark.parametrize(
    "damage",
    [truncated, emptied, other_numbers, pickled, zipped, other_shape, without_end, longer]
    + ([piped] if hasattr(os, "mkfifo") else [])
    + [with_header(header) for header in (b"(", b"'''", b"-" * 99 + b"1", b"[1L]", b"\0")]
    + [
        with_end(content)
        for content in (
            "", "{", "[]", "null", "{}", '{"count": 17, "skipped": []}',
            '{"count": 0, "skipped": []}', '{"count": -3, "skipped": []}',
            '{"count": "many", "skipped": []}', '{"count": 16, "skipped": 3}',
            '{"count": 1e999, "skipped": []}', "[" * 100_000,
        )
    ],
)  # fmt: skip
def test_a_damaged_cache_is_made_again(
    manifest: Manifest, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    first = built(manifest, tmp_path)
    pixels = np.array(first.images_NHWC)
    damage(tmp_path / first.key)

    again = built(manifest, tmp_path)

    assert again.key == first.key
    np.testing.assert_array_equal(again.images_NHWC, pixels)
    assert [path.name for path in tmp_path.iterdir()] == [first.key]


def rewritten(path: Path) -> None:
    path.write_text("tulips")


def repainted(path: Path) -> None:
    Image.new("RGB", (64, 64), "magenta").save(path)


def touched_up(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def locked(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("change", [rewritten, repainted, touched_up, Path.unlink, locked])
def test_a_picture_that_is_not_what_was_looked_through_is_refused_by_name(
    flowers: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    folder = own_pictures(flowers, tmp_path / "own")
    manifest = manifest_of(folder)
    original = (folder / "02.png").read_bytes()
    change(folder / "02.png")

    with pytest.raises(DatasetError, match="not those that were looked through") as caught:
        built(manifest, tmp_path / "cache")
    assert "02.png" in caught.value.message
    assert "Choose the folder again" in caught.value.hint
    assert list((tmp_path / "cache").iterdir()) == []

    if change is not locked:
        (folder / "02.png").write_bytes(original)
        assert len(built(manifest, tmp_path / "cache").images_NHWC) == 4


def test_a_file_that_changes_its_name_only_is_missed(flowers: Path, tmp_path: Path) -> None:
    folder = own_pictures(flowers, tmp_path / "own")
    manifest = manifest_of(folder)
    (folder / "00.png").rename(folder / "zero.png")

    with pytest.raises(DatasetError, match="not those") as caught:
        built(manifest, tmp_path / "cache")
    assert "00.png" in caught.value.message


def test_a_changed_picture_is_found_again_after_the_decoded_ones_were_cleared_away(
    flowers: Path, tmp_path: Path
) -> None:
    folder = own_pictures(flowers, tmp_path / "own")
    manifest = manifest_of(folder)
    first = built(manifest, tmp_path / "cache")
    repainted(folder / "01.png")
    # What is decoded is still what the manifest says.
    assert built(manifest, tmp_path / "cache").key == first.key
    shutil.rmtree(tmp_path / "cache" / first.key)

    with pytest.raises(DatasetError, match="not those"):
        built(manifest, tmp_path / "cache")


def test_pictures_that_cannot_be_decoded_after_all_are_left_out(
    flowers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = own_pictures(flowers, tmp_path / "own")
    manifest = manifest_of(folder)

    def failing(path: Path, **how: Any) -> np.ndarray:
        if path.name in ("00.png", "02.png"):
            raise UnreadablePictureError("It is damaged.")
        return decode_picture(path, **how)

    monkeypatch.setattr(cache, "decode_picture", failing)
    found = built(manifest, tmp_path / "cache")

    assert found.skipped == ("00.png", "02.png")
    assert len(found.images_NHWC) == 2
    for name, picture in zip(("01.png", "03.png"), found.images_NHWC, strict=True):
        np.testing.assert_array_equal(picture, decode_picture(folder / name, size=32))
    assert built(manifest, tmp_path / "cache").skipped == found.skipped


def test_fewer_than_two_pictures_are_refused_with_a_hint(
    flowers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(path: Path, **how: Any) -> np.ndarray:
        raise UnreadablePictureError("It does not fit into memory.")

    monkeypatch.setattr(cache, "decode_picture", failing)

    with pytest.raises(DatasetError, match="Fewer than two pictures") as caught:
        built(manifest_of(flowers), tmp_path / "cache")
    assert "16 of 16" in caught.value.message
    assert caught.value.hint
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_run_of_an_earlier_decoding_goes_on_with_its_own_pixels(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    current = DECODING_VERSION
    earlier = manifest.model_copy(update={"decoding": current - 1})
    fresh = built(earlier, tmp_path / "fresh")
    assert fresh.decoding == current, "it must be told that these are other pixels"
    assert built(manifest, tmp_path / "fresh").key == fresh.key

    shape = (16, 32, 32, 3)
    old_key = cache._key(manifest, shape, current - 1)
    (tmp_path / "fresh" / fresh.key).rename(tmp_path / "fresh" / old_key)
    kept = built(earlier, tmp_path / "fresh")
    assert (kept.key, kept.decoding) == (old_key, current - 1)
    assert built(manifest, tmp_path / "fresh").decoding == current


def test_a_manifest_says_which_decoding_it_is_learned_in(manifest: Manifest) -> None:
    assert manifest.decoding == DECODING_VERSION
    before = manifest.model_dump(exclude={"decoding"})
    assert Manifest.model_validate(before).decoding == 4


def test_a_disk_that_is_too_small_is_told_before_anything_is_written(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = 16 * 32 * 32 * 3 + cache._SPARE_BYTES
    monkeypatch.setattr(cache, "free_disk_bytes", lambda _: needed - 1)
    with pytest.raises(DatasetError, match="not enough space") as caught:
        built(manifest, tmp_path / "cache")
    assert "smaller size" in caught.value.hint
    assert not (tmp_path / "cache").exists()

    monkeypatch.setattr(cache, "free_disk_bytes", lambda _: needed)
    assert len(built(manifest, tmp_path / "cache").images_NHWC) == 16


def test_a_disk_that_fills_up_meanwhile_is_told_and_leaves_nothing(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(cache, "flush", full)

    with pytest.raises(ProjectError, match="The disk is full"):
        built(manifest, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_drive_that_does_not_keep_what_is_written_is_told(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        cache, "write_text", lambda path, _: path.write_text(json.dumps("forgotten"))
    )

    with pytest.raises(DatasetError, match="could not be read back"):
        built(manifest, tmp_path / "cache")


def test_what_a_killed_program_left_is_cleared_away_and_what_another_makes_is_not(
    manifest: Manifest, tmp_path: Path
) -> None:
    nobody, somebody = ".partial-abc-2147483647-1", f".partial-abc-{os.getpid()}-1"
    odd = {".partial-odd", f".partial-abc-{'9' * 30}-1"}
    for name in (nobody, somebody, *odd):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pixels.npy").write_bytes(b"half")

    found = built(manifest, tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {found.key, somebody, *odd}


def test_the_pictures_themselves_are_only_read(manifest: Manifest, tmp_path: Path) -> None:
    before = {
        path.name: (path.stat().st_mtime_ns, path.read_bytes())
        for path in manifest.folder.iterdir()
    }
    built(manifest, tmp_path)

    assert before == {
        path.name: (path.stat().st_mtime_ns, path.read_bytes())
        for path in manifest.folder.iterdir()
    }


def test_pictures_with_their_opacity_are_kept_beside_those_without(
    manifest: Manifest, tmp_path: Path
) -> None:
    plain = built(manifest, tmp_path)

    found = drain(build_cache(manifest, size=32, cache_dir=tmp_path, channels=4))

    assert isinstance(found, PictureCache)
    assert found.key != plain.key
    assert found.images_NHWC.shape == (16, 32, 32, 4)
    np.testing.assert_array_equal(found.images_NHWC[..., :3], plain.images_NHWC)
