import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from genstudio.services import kept_pictures
from genstudio.services.kept_pictures import KeptPictures, put_back

CONTENT = b"all the colours of the meadow"
WRITTEN_NS = 1_700_000_000_123_456_789


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    path.write_bytes(CONTENT)
    os.utime(path, ns=(WRITTEN_NS, WRITTEN_NS))
    return path


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[KeptPictures]:
    opened = KeptPictures(tmp_path)
    yield opened
    opened.close()


def folders(project: Path) -> list[Path]:
    return [path for path in project.iterdir() if path.is_dir()]


def refuse_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)


@pytest.mark.parametrize("has_links", [True, False])
def test_a_copy_outlives_the_picture_and_goes_with_the_keeper(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    if not has_links:
        refuse_links(monkeypatch)
    keeper = KeptPictures(tmp_path)
    kept = keeper.keep(picture)
    assert (kept.copy.stat().st_nlink > 1) == has_links
    picture.unlink()

    put_back(kept, picture)

    assert picture.read_bytes() == CONTENT
    assert picture.stat().st_mtime_ns == WRITTEN_NS
    keeper.close()
    assert list(tmp_path.iterdir()) == [picture]


def test_pictures_of_one_name_are_kept_apart(
    tmp_path: Path, picture: Path, keeper: KeptPictures
) -> None:
    first = keeper.keep(picture)
    picture.unlink()
    picture.write_bytes(b"another")
    second = keeper.keep(picture)

    assert first.copy.read_bytes() == CONTENT
    assert second.copy.read_bytes() == b"another"


def test_what_is_put_back_is_a_file_of_its_own(
    tmp_path: Path, picture: Path, keeper: KeptPictures
) -> None:
    kept = keeper.keep(picture)
    in_trash = picture.rename(tmp_path / "in-trash.png")
    put_back(kept, picture)

    in_trash.write_bytes(b"painted over")

    assert picture.read_bytes() == CONTENT


def test_nothing_is_made_before_something_is_kept(tmp_path: Path) -> None:
    keeper = KeptPictures(tmp_path)
    keeper.close()
    keeper.close()
    assert not list(tmp_path.iterdir())


def test_copies_that_another_keeper_holds_are_left_alone(
    tmp_path: Path, picture: Path, keeper: KeptPictures
) -> None:
    kept = keeper.keep(picture)

    KeptPictures(tmp_path).close()

    assert kept.copy.read_bytes() == CONTENT


def test_what_a_killed_program_left_is_deleted_by_the_next(tmp_path: Path, picture: Path) -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from genstudio.services.kept_pictures import KeptPictures\n"
        "keeper = KeptPictures(Path(sys.argv[1]))\n"
        "keeper.keep(Path(sys.argv[2]))\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path), str(picture)], check=False)
    assert folders(tmp_path)

    KeptPictures(tmp_path).close()

    assert list(tmp_path.iterdir()) == [picture]


def test_a_link_in_place_of_a_leftover_leads_nowhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "own.png").write_bytes(CONTENT)
    project = tmp_path / "project"
    project.mkdir()
    (project / f"{kept_pictures._PREFIX}x").symlink_to(elsewhere, target_is_directory=True)

    KeptPictures(project).close()

    assert [path.name for path in elsewhere.iterdir()] == ["own.png"]
