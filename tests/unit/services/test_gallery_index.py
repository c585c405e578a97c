"""The gallery is made again from its files whenever its index is not what it should be."""

import os
import sqlite3
import struct
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from gallery_helpers import fill, pixels, recipe, seeds  # beside the tests, which are no package
from PIL import Image

from genstudio.artifacts.image import save_picture
from genstudio.domain.errors import ProjectError
from genstudio.services import gallery as gallery_module
from genstudio.services import gallery_files, gallery_index
from genstudio.services.gallery import Gallery
from genstudio.services.projects import Project


def test_a_linked_folder_does_not_lead_out_of_the_gallery(
    gallery: Gallery, project: Project, tmp_path: Path, trash: Path
) -> None:
    fill(gallery, 1)
    outside = tmp_path / "outside"
    save_picture(pixels(), outside / "own.png", recipe(seed=9))
    (project.gallery / "link").symlink_to(outside, target_is_directory=True)
    (project.gallery / "link.png").symlink_to(outside / "own.png")

    assert gallery.sync() == 0
    with gallery._writing() as database:
        row = ("link/own.png", "x", recipe().model_dump_json(), "", 0)
        database.execute(gallery_module._SAVE, row)
    with pytest.raises(ProjectError):
        gallery.remove("link/own.png")
    assert (outside / "own.png").exists()


# Keeping up with the files


def test_new_files_are_found_and_vanished_ones_forgotten(
    gallery: Gallery, project: Project
) -> None:
    first, second = fill(gallery, 1, 2)
    gallery.rate(second, 5)
    (project.gallery / first).unlink()
    save_picture(pixels(), project.gallery / "Frühling" / "found.png", recipe(seed=3))
    Image.new("RGB", (4, 4)).save(project.gallery / "no-recipe.png")
    (project.gallery / "notes.txt").write_text("hello")
    (project.gallery / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n")

    assert gallery.sync() == 2

    assert {item.name: item.rating for item in gallery.items()} == {
        "Frühling/found.png": 0,
        second: 5,
    }
    assert gallery.items("frühling")[0].recipe == recipe(seed=3)
    assert gallery.sync() == 0


def test_a_folder_that_cannot_be_read_forgets_nothing(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(gallery, 1)

    def locked(_: object) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(gallery_files.os, "scandir", locked)

    with pytest.raises(ProjectError):
        gallery.sync()
    assert gallery.count() == 1


def test_a_lost_index_is_made_again_from_the_files_in_their_order(project: Project) -> None:
    with Gallery(project) as gallery:
        fill(gallery, 5, 9, 7)
    (project.path / "library.sqlite").unlink()

    with Gallery(project) as gallery:
        assert not gallery.repaired
        assert seeds(gallery) == [7, 9, 5]
        # The pictures are known for what they are.
        gallery.add(pixels(9), recipe(seed=9))
        assert gallery.count() == 3


def damage_header(index: Path) -> None:
    index.write_bytes(b"no database at all" * 500)


def damage_pages(index: Path) -> None:
    content = bytearray(index.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    index.write_bytes(content)


def truncate(index: Path) -> None:
    index.write_bytes(index.read_bytes()[:5000])


def name_a_table_by_no_text(index: Path) -> None:
    content = index.read_bytes().replace(b"CREATE TABLE tags", b"CREATE TABEL tags")
    index.write_bytes(content.replace(b"tags", b"t\xffgs"))


def change(*statements: str) -> Callable[[Path], None]:
    """Damage that SQL can do."""

    def damage(index: Path) -> None:
        with closing(sqlite3.connect(index)) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        damage_header,
        damage_pages,
        truncate,
        name_a_table_by_no_text,
        # What a stranger's index does when it is used: none of this is ours.
        change(
            "ALTER TABLE pictures RENAME TO real",
            "CREATE VIEW pictures AS SELECT name, identity, recipe, search, 5 AS rating, added_ns"
            " FROM real",
        ),
        change("CREATE TRIGGER t AFTER UPDATE ON pictures BEGIN DELETE FROM pictures; END"),
        change("CREATE TABLE more (anything)"),
        change("DROP TABLE tags"),
        change("DROP INDEX pictures_by_identity"),
        change("ALTER TABLE tags ADD COLUMN more"),
    ],
)
def test_an_index_that_is_not_as_we_make_it_is_kept_aside_and_made_again(
    project: Project, damage: Callable[[Path], None]
) -> None:
    with Gallery(project) as gallery:
        fill(gallery, 1, 2)
    index = project.path / "library.sqlite"
    damage(index)
    damaged = index.read_bytes()

    with Gallery(project) as gallery:
        assert gallery.repaired
        assert seeds(gallery) == [2, 1]
    (aside,) = project.path.glob("library.sqlite.damaged-*")
    assert aside.read_bytes() == damaged
    with Gallery(project) as gallery:
        assert not gallery.repaired


def journal_that_deletes(victim: Path, index: Path) -> bytes:
    """A journal to roll back of several databases, whose common file SQLite deletes afterwards.

    Its parts are those of https://sqlite.org/fileformat.html, section 3: a header that fills a
    sector, then the page of the lock, the name of the common file, its length and checksum.
    """
    page_bytes, sector_bytes = 4096, 512
    magic = bytes.fromhex("d9d505f920a163d7")
    pages = index.stat().st_size // page_bytes
    header = magic + struct.pack(">IIIII", 0, 0, pages, sector_bytes, page_bytes)
    name = str(victim).encode()
    checksum = sum(byte - 256 if byte > 127 else byte for byte in name) & 0xFFFFFFFF
    pointer = struct.pack(">I", 2**30 // page_bytes + 1) + name
    return (
        header.ljust(sector_bytes, b"\0")
        + pointer
        + struct.pack(">II", len(name), checksum)
        + magic
    )


def test_a_journal_that_names_another_file_is_set_aside_and_not_followed(
    project: Project, tmp_path: Path
) -> None:
    with Gallery(project) as gallery:
        fill(gallery, 1, 2)
    index = project.path / "library.sqlite"
    victim = tmp_path / "own.txt"
    victim.write_text("a person's own")
    hostile = journal_that_deletes(victim, index)
    index.with_name("library.sqlite-journal").write_bytes(hostile)

    with Gallery(project) as gallery:
        assert not gallery.repaired
        assert seeds(gallery) == [2, 1]

    assert victim.read_text() == "a person's own"
    (aside,) = project.path.glob("library.sqlite-journal.damaged-*")
    assert aside.read_bytes() == hostile


def test_a_picture_from_after_the_calendar_of_the_index_is_listed_as_the_newest(
    project: Project,
) -> None:
    year_2381_s = 13_000_000_000
    with Gallery(project) as gallery:
        first, _ = fill(gallery, 1, 2)
        os.utime(gallery.item(first).path, (year_2381_s, year_2381_s))
    (project.path / "library.sqlite").unlink()

    with Gallery(project) as gallery:
        assert seeds(gallery) == [1, 2]
        assert gallery.item(first).path.stat().st_mtime == year_2381_s


def test_an_index_of_a_newer_program_is_refused_and_left_alone(project: Project) -> None:
    index = project.path / "library.sqlite"
    with closing(sqlite3.connect(index)) as newer:
        newer.execute("CREATE TABLE pictures (anything)")
        newer.execute("PRAGMA user_version = 99")
    before = index.read_bytes()

    with pytest.raises(ProjectError, match="newer GenStudio"):
        Gallery(project)

    assert index.read_bytes() == before
    assert not list(project.path.glob("*damaged*"))


def test_a_recipe_in_the_index_that_cannot_be_read_is_explained(gallery: Gallery) -> None:
    fill(gallery, 1)
    with gallery._writing() as database:
        database.execute("UPDATE pictures SET recipe = '{}'")

    (item,) = gallery.items()
    with pytest.raises(ProjectError, match="damaged") as caught:
        _ = item.recipe
    assert caught.value.hint


# Several at once


def test_threads_and_programs_may_add_the_same_pictures_at_once(project: Project) -> None:
    with Gallery(project) as one, Gallery(project) as other:

        def add(gallery: Gallery) -> None:
            for seed in range(6):
                gallery.add(pixels(seed), recipe(seed=seed))
                gallery.items()

        threads = [threading.Thread(target=add, args=[which]) for which in (one, one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(seeds(one)) == sorted(seeds(other)) == list(range(6))
    assert len(list(project.gallery.iterdir())) == 6


def test_a_gallery_that_another_program_holds_is_explained(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_index, "_BUSY_TIMEOUT_S", 0.05)
    with (
        Gallery(project) as gallery,
        closing(sqlite3.connect(project.path / "library.sqlite")) as other,
    ):
        (name,) = fill(gallery, 1)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ProjectError, match="in use") as caught:
            gallery.rate(name, 1)
        other.rollback()
        assert caught.value.hint
        gallery.rate(name, 1)
        assert gallery.items()[0].rating == 1


def test_a_project_that_is_gone_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be written"):
        Gallery(Project(tmp_path / "gone", "gone"))
