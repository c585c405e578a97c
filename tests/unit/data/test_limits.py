"""A small file cannot ask for more memory or time than a picture may cost."""

import threading
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from genstudio.data import limits
from genstudio.data.decode import UnreadablePictureError
from genstudio.data.limits import Room
from genstudio.data.squares import decode_picture


def saved(path: Path, side: int, **options: Any) -> Path:
    Image.new("RGB", (side, side)).save(path, **options)
    return path


@pytest.mark.parametrize(
    ("name", "options", "bytes_per_pixel"),
    [
        ("a.png", {}, 4),
        ("a.jpg", {}, 1),
        ("a.jpg", {"progressive": True}, 8),
        ("a.webp", {}, 18),
        ("a.avif", {}, 20),
        ("a.jp2", {}, 28),
        ("whole.tif", {"compression": "tiff_lzw", "tiffinfo": {278: 40}}, 12),
        ("strips.tif", {"compression": "tiff_lzw", "tiffinfo": {278: 10}}, 6),
    ],
)
def test_each_kind_has_as_many_pixels_as_its_decoder_has_memory_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    options: dict[str, Any],
    bytes_per_pixel: int,
) -> None:
    path = saved(tmp_path / name, 40, **options)
    monkeypatch.setattr(limits, "MAX_BYTES", 40 * 40 * bytes_per_pixel)
    decode_picture(path, size=8)

    monkeypatch.setattr(limits, "MAX_BYTES", 40 * 40 * bytes_per_pixel - 1)
    with pytest.raises(UnreadablePictureError, match="40 × 40 is more than a picture of its kind"):
        decode_picture(path, size=8)


def test_a_picture_that_is_drawn_again_and_again_is_refused(tmp_path: Path) -> None:
    file = BytesIO()
    Image.new("L", (600, 600)).save(file, "JPEG", progressive=True)
    content = file.getvalue()
    last_scan = content[content.rindex(b"\xff\xc4") : -2]
    path = tmp_path / "a.jpg"
    path.write_bytes(content[:-2] + last_scan * 20 + content[-2:])
    assert decode_picture(path, size=8).shape == (8, 8, 3)

    path.write_bytes(content[:-2] + last_scan * 20_000 + content[-2:])
    began_s = time.process_time()  # Takes minutes where it goes wrong.
    with pytest.raises(UnreadablePictureError, match="more passes than it may be"):
        decode_picture(path, size=8)
    assert time.process_time() - began_s < 10


def test_side_by_side_no_more_is_taken_than_there_is() -> None:
    room = Room(10)
    most, now = 0, 0
    lock = threading.Lock()

    def work(share: int) -> None:
        nonlocal most, now
        with room.taken(share):
            with lock:
                now += share
                most = max(most, now)
            time.sleep(0.002)
            with lock:
                now -= share

    threads = [threading.Thread(target=work, args=(share,)) for share in (3, 4, 5, 6, 2, 8) * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)

    assert now == 0
    assert 5 < most <= 10


def test_who_needs_more_than_there_is_works_alone() -> None:
    room = Room(10)
    waits = threading.Thread(target=lambda: room.taken(1).__enter__(), daemon=True)

    with room.taken(99):
        waits.start()
        waits.join(0.05)
        assert waits.is_alive()
    waits.join(600)
    assert not waits.is_alive()


def test_room_is_given_back_after_an_error() -> None:
    room = Room(10)
    with pytest.raises(ValueError, match="damaged"), room.taken(10):
        raise ValueError("damaged")
    with room.taken(10):
        pass
