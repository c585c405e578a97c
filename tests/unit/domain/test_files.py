"""Files are replaced as a whole or not at all, and what prevents it is said in words."""

import errno
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from genstudio.domain import files
from genstudio.domain.errors import ProjectError
from genstudio.domain.files import explained, flush, free_disk_bytes, replacing, write_text
from genstudio.domain.resources import resource


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def raising(code: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def test_a_new_file_appears_with_the_folders_that_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "Wiese" / "草地" / "notes.txt"

    write_text(path, "Mohn – 罂粟")

    assert path.read_bytes() == "Mohn – 罂粟".encode()
    assert names(path.parent) == ["notes.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_others_may_read_what_was_written(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "a")

    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o644


def test_the_old_file_stands_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"

    assert path.read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: BaseException
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half of the ne")
            raise error

    with pytest.raises(type(error)):
        write()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("moment", ["write_bytes", "chmod", "replace"])
@pytest.mark.parametrize(
    ("code", "title"),
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EFBIG, "The disk is full"),
        (errno.EROFS, "The folder cannot be written to"),
        (errno.EACCES, "The folder cannot be written to"),
    ],
)
def test_a_full_or_locked_disk_is_explained_and_the_old_file_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, code: int, title: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with monkeypatch.context() as patch:
        patch.setattr(Path, moment, raising(code))
        with pytest.raises(ProjectError, match=title) as caught:
            write_text(path, "new")

    assert caught.value.hint
    assert "a.txt" in caught.value.message
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_disk_that_fills_up_while_it_is_flushed_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(files, "flush", raising(errno.ENOSPC))

    with pytest.raises(ProjectError, match="The disk is full"):
        write_text(path, "new")

    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("below", ["notes.txt/a.toml", "notes.txt/project/runs/a.toml"])
def test_a_file_where_a_folder_should_be_is_explained(tmp_path: Path, below: str) -> None:
    (tmp_path / "notes.txt").write_text("tulips")

    with pytest.raises(ProjectError) as caught:
        write_text(tmp_path / below, "new")

    assert "notes.txt" in str(caught.value)
    assert caught.value.hint
    assert (tmp_path / "notes.txt").read_text() == "tulips"


def test_a_name_that_is_too_long_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        write_text(tmp_path / ("x" * 300) / "a.txt", "new")

    assert caught.value.hint


def test_other_errors_of_the_system_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError), explained(tmp_path / "a.txt"):
        raise TimeoutError(errno.ETIMEDOUT, "late")


def test_files_and_folders_are_put_on_the_disk_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    write_text(tmp_path / "a.txt", "a")

    inodes = [(tmp_path / "a.txt").stat().st_ino]
    if sys.platform != "win32":
        inodes.append(tmp_path.stat().st_ino)
    assert synced == inodes


def test_flushing_leaves_no_file_open_even_if_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    real_open = os.open

    def watched_open(*arguments: object) -> int:
        opened.append(real_open(*arguments))  # type: ignore[arg-type]
        return opened[-1]

    (tmp_path / "a.txt").write_text("a")
    monkeypatch.setattr(os, "open", watched_open)
    monkeypatch.setattr(os, "fsync", raising(errno.EIO))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        flush(tmp_path / "a.txt")

    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        os.fstat(opened[0])


def test_free_space_is_known_before_the_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    class Usage:
        free = 123

    def usage(path: Path) -> Usage:
        asked.append(path)
        return Usage()

    monkeypatch.setattr(files.shutil, "disk_usage", usage)
    monkeypatch.chdir(tmp_path)

    assert free_disk_bytes(tmp_path / "new" / "project") == 123
    assert free_disk_bytes(Path("new") / "project") == 123
    assert free_disk_bytes(tmp_path) == 123
    assert asked == [tmp_path] * 3


def test_free_space_is_a_number_of_bytes(tmp_path: Path) -> None:
    assert free_disk_bytes(tmp_path) > 0


def test_a_missing_resource_says_that_the_installation_is_incomplete() -> None:
    assert resource("presets").is_dir()
    with pytest.raises(FileNotFoundError, match="missing from this installation"):
        resource("presets/unheard-of.toml")
