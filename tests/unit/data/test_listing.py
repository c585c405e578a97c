"""The files in a folder that are pictures: all of them, each once, in the order of people."""

import os
import random
import sys
import tracemalloc
from pathlib import Path

import pytest

from genstudio.data.listing import list_pictures, natural_key
from genstudio.domain.errors import DatasetError

links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_what_systems_and_programs_keep_is_not_looked_into(tmp_path: Path) -> None:
    touch(tmp_path, "art0.jpg", "art1.jpg", "in/art2.jpg")
    for folder in (
        "@eaDir/art0.jpg", "in/@eaDir/art2.jpg", "#recycle", "#Recycle/x", "#snapshot",
        "$RECYCLE.BIN/S-1", "RECYCLER", "System Volume Information", "lost+found",
        "@Recently-Snapshot", "@Recycle", ".@__thumb", "@__thumb", "Network Trash Folder",
        "Temporary Items", "Lightroom Previews.lrdata", "Catalog Smart Previews.lrdata",
        "Photos Library.photoslibrary/originals/1", "iPhoto.photolibrary", "A.aplibrary/Thumbnails",
        "__MACOSX", ".thumbnails", "found.000", "FOUND.001",
    ):  # fmt: skip
        touch(tmp_path, f"{folder}/SYNOPHOTO_THUMB_XL.jpg")

    assert list_pictures(tmp_path).names == ["art0.jpg", "art1.jpg", "in/art2.jpg"]


@pytest.mark.parametrize("name", ["recycle", "found", "lost", "snapshot", "Foundlings.lrdatas"])
def test_folders_of_a_persons_own_are_looked_into(tmp_path: Path, name: str) -> None:
    touch(tmp_path, f"{name}/a.png")

    assert list_pictures(tmp_path).names == [f"{name}/a.png"]


def test_a_folder_of_a_program_that_was_chosen_itself_is_looked_into(tmp_path: Path) -> None:
    touch(tmp_path, "Photos.photoslibrary/originals/a.jpg")

    assert list_pictures(tmp_path / "Photos.photoslibrary").names == ["originals/a.jpg"]


# Order


def test_numbers_in_names_count_as_numbers(tmp_path: Path) -> None:
    names = [f"frame{number}.png" for number in range(1, 13)]
    touch(tmp_path, *random.Random(0).sample(names, len(names)))

    assert list_pictures(tmp_path).names == names


@pytest.mark.parametrize(
    "names",
    [
        ["a.png", "B.png", "c.png"],
        ["2/10.png", "10/9.png", "10/10.png"],
        ["v1.2.png", "v1.10.png", "v2.1.png"],
        ["img007.png", "img7.png", "img008.png"],
        ["0.png", "00.png", "1.png", "01.png", "x.png"],
        ["IMG_9.JPG", "img_10.jpg", "IMG_11.JPG"],
        ["9" * 20 + ".png", "1" + "0" * 20 + ".png"],
        ["é2.png", "é10.png"],
    ],
)
def test_names_come_as_people_count(names: list[str]) -> None:
    shuffled = sorted(random.Random(1).sample(names, len(names)))

    assert sorted(shuffled, key=natural_key) == sorted(
        names, key=lambda name: (natural_key(name), name)
    )
    assert [natural_key(name) for name in names] == sorted(map(natural_key, names))


# Links


@links
def test_linked_folders_are_looked_into(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere", "sub/0.png", "sub/deep/1.png", "2.png")
    touch(tmp_path / "set", "own.png")
    (tmp_path / "set" / "linked").symlink_to(tmp_path / "elsewhere" / "sub")
    (tmp_path / "set" / "file.png").symlink_to(tmp_path / "elsewhere" / "2.png")

    assert list_pictures(tmp_path / "set").names == [
        "file.png", "linked/0.png", "linked/deep/1.png", "own.png",
    ]  # fmt: skip


@links
def test_a_folder_of_links_only_is_not_empty(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere", "0.png")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "linked").symlink_to(tmp_path / "elsewhere")

    assert list_pictures(tmp_path / "set").names == ["linked/0.png"]


@links
def test_links_in_circles_end_and_no_picture_is_there_twice(tmp_path: Path) -> None:
    touch(tmp_path / "set", "a/0.png", "z/1.png")
    touch(tmp_path / "elsewhere", "2.png")
    (tmp_path / "set" / "a" / "again").symlink_to(tmp_path / "set")
    (tmp_path / "set" / "b").symlink_to(tmp_path / "set" / "z")
    (tmp_path / "set" / "c").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "d").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "set")
    (tmp_path / "elsewhere" / "self").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "set" / "loop").symlink_to(tmp_path / "set" / "loop")

    names = list_pictures(tmp_path / "set").names

    assert names[:2] == ["a/0.png", "c/2.png"]
    assert names[2:] == ["z/1.png"]


@links
def test_a_link_to_what_is_around_the_folder_is_not_followed(tmp_path: Path) -> None:
    touch(tmp_path, "neighbour/0.png", "set/1.png")
    (tmp_path / "set" / "up").symlink_to(tmp_path)
    (tmp_path / "set" / "all").symlink_to("/")

    assert list_pictures(tmp_path / "set").names == ["1.png"]


@links
def test_a_link_to_what_a_system_keeps_is_not_followed(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/0.png", "set/1.png")
    (tmp_path / "set" / "@eaDir").symlink_to(tmp_path / "elsewhere")

    assert list_pictures(tmp_path / "set").names == ["1.png"]


# Size


def test_very_many_files_are_listed_in_memory_for_their_names(tmp_path: Path) -> None:
    count, length = 20_000, 200
    for number in range(count):
        name = f"{number:0{length}}.png"
        os.close(os.open(tmp_path / name, os.O_CREAT | os.O_WRONLY))
    tracemalloc.start()
    try:
        names = list_pictures(tmp_path).names
        kept_bytes, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(names) == count
    assert names[10] == f"{10:0{length}}.png"
    # The names themselves, and once more a key for each while they are sorted.
    assert kept_bytes < 1.5 * count * (length + 60)
    assert peak_bytes < 3 * count * (length + 60)


def test_a_folder_that_holds_one_that_is_locked_only_is_not_called_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "inner/0.png")
    real = os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith("inner"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", guarded)

    with pytest.raises(DatasetError) as caught:
        list_pictures(tmp_path)
    assert "inner/" in caught.value.message
