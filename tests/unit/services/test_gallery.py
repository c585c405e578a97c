import errno
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from genstudio.domain.errors import ProjectError, SettingsError
from genstudio.domain.recipes import Recipe
from genstudio.services import gallery as gallery_module
from genstudio.services import gallery_index, kept_pictures
from genstudio.services import trash as trash_module
from genstudio.services.gallery import Gallery, RemovedPicture
from genstudio.services.projects import Project, open_or_create
from genstudio.services.provenance import read_recipe, save_picture

RUN = "20260131-154500-gan-3f2a"


def recipe(**changes: Any) -> Recipe:
    values: dict[str, Any] = {
        "software": "GenStudio 0.1.0",
        "model_key": "gan",
        "run": RUN,
        "project": "Meadow",
        "step": 1200,
        "weights_sha256": "ab" * 32,
        "seed": 7,
        "size": 8,
        "sampling": {"truncation": 0.7},
        "created": datetime(2026, 1, 31, 15, 45, tzinfo=UTC),
    }
    return Recipe(**{**values, **changes})


def pixels(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return open_or_create(tmp_path / "Meadow")


@pytest.fixture
def gallery(project: Project) -> Iterator[Gallery]:
    with Gallery(project) as opened:
        yield opened


@pytest.fixture
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "trash"
    folder.mkdir()
    monkeypatch.setattr(trash_module, "send2trash", lambda path: shutil.move(path, folder))
    return folder


def fill(gallery: Gallery, *seeds: int) -> list[str]:
    """Add pictures, each a second younger than the one before, and index them by that age."""
    names = []
    for age, seed in enumerate(seeds):
        item = gallery.add(pixels(seed), recipe(seed=seed))
        os.utime(item.path, (1_700_000_000 + age,) * 2)
        names.append(item.name)
    with gallery._writing() as database:
        for age, name in enumerate(names):
            database.execute("UPDATE pictures SET added_ns = ? WHERE name = ?", [age, name])
    return names


def seeds(gallery: Gallery, query: str = "", **filters: int) -> list[int]:
    return [item.recipe.seed for item in gallery.items(query, **filters)]


# Adding


def test_an_added_picture_lies_in_the_folder_with_its_recipe(
    gallery: Gallery, project: Project
) -> None:
    item = gallery.add(pixels(), recipe())

    assert item.name == f"{RUN}-1200-7.png"
    assert item.path == project.gallery / item.name
    assert (item.recipe, item.rating, item.tags) == (recipe(), 0, ())
    assert abs(item.added.timestamp() - item.path.stat().st_mtime) < 1e-3
    assert read_recipe(item.path) == recipe()
    with Image.open(item.path) as picture:
        np.testing.assert_array_equal(np.asarray(picture), pixels())
    assert gallery.items() == [item]


def test_the_same_recipe_is_not_saved_twice(gallery: Gallery) -> None:
    first = gallery.add(pixels(), recipe(sampling={"a": 1, "b": 2}))
    gallery.rate(first.name, 4)

    again = gallery.add(
        pixels(), recipe(sampling={"b": 2, "a": 1}, created=datetime(2027, 1, 1, tzinfo=UTC))
    )

    assert (again.name, again.rating) == (first.name, 4)
    assert gallery.count() == 1
    assert len(list(first.path.parent.iterdir())) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"run": "other"},
        {"step": 1300},
        {"seed": 8},
        {"size": 16},
        {"sampling": {"truncation": 0.8}},
        {"weights_sha256": "cd" * 32},
    ],
)
def test_any_other_recipe_is_another_picture(gallery: Gallery, change: dict[str, Any]) -> None:
    first = gallery.add(pixels(1), recipe())
    second = gallery.add(pixels(2), recipe(**change))

    assert first.name.casefold() != second.name.casefold()
    assert gallery.count() == 2
    assert read_recipe(first.path) == recipe()


def test_a_name_that_a_file_has_already_is_not_used(gallery: Gallery, project: Project) -> None:
    project.gallery.mkdir(exist_ok=True)
    own = project.gallery / f"{RUN}-1200-7.png"
    own.write_bytes(b"a person's own")

    item = gallery.add(pixels(), recipe())

    assert item.name == f"{RUN}-1200-7-2.png"
    assert own.read_bytes() == b"a person's own"


def test_a_run_named_like_a_path_stays_inside_the_gallery(
    gallery: Gallery, project: Project
) -> None:
    item = gallery.add(pixels(), recipe(run="../../etc/Käfer: <1>"))

    assert item.path.parent == project.gallery
    assert item.path.is_file()


def test_a_picture_that_was_deleted_outside_is_written_again_under_its_name(
    gallery: Gallery,
) -> None:
    item = gallery.add(pixels(), recipe())
    gallery.tag(item.name, ["keep"])
    item.path.unlink()

    again = gallery.add(pixels(), recipe())

    assert (again.name, again.tags) == (item.name, ("keep",))
    assert again.path.is_file()


def test_a_picture_that_cannot_be_saved_is_not_indexed(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ProjectError("The disk is full")

    monkeypatch.setattr(gallery_module, "save_picture", fail)

    with pytest.raises(ProjectError, match="full"):
        gallery.add(pixels(), recipe())
    assert gallery.count() == 0


# Listing


def test_pictures_are_listed_newest_first_up_to_a_limit(gallery: Gallery) -> None:
    fill(gallery, 3, 1, 2)

    assert seeds(gallery) == [2, 1, 3]
    assert seeds(gallery, limit=2) == [2, 1]
    assert seeds(gallery, limit=0) == []


def test_every_word_of_a_query_must_match_somewhere(gallery: Gallery) -> None:
    mohn = gallery.add(pixels(1), recipe(seed=11, model_key="residual-gan"))
    gallery.add(pixels(2), recipe(seed=22, model_key="residual-vae", run="Sommer"))
    gallery.tag(mohn.name, ["Rote Blüten", "50%_off\\"])

    assert seeds(gallery, "residual") == [22, 11]
    assert seeds(gallery, "RESIDUAL gan") == [11]
    assert seeds(gallery, "sommer 22") == [22]
    assert seeds(gallery, "sommer 11") == []
    assert seeds(gallery, "BLÜTEN rote") == [11]
    assert seeds(gallery, "vae blüten") == []
    assert seeds(gallery, mohn.name) == [11]
    assert seeds(gallery, "  ") == [22, 11]
    gallery.tag(mohn.name, ["Straße"])
    assert seeds(gallery, "STRASSE") == [11]


@pytest.mark.parametrize(("query", "found"), [("%", [1]), ("_", [1]), ("\\", [1]), ("'", [])])
def test_signs_that_mean_something_to_the_index_are_taken_as_they_are(
    gallery: Gallery, query: str, found: list[int]
) -> None:
    tagged, _ = fill(gallery, 1, 2)
    gallery.tag(tagged, ["50%_off\\"])

    assert seeds(gallery, query) == found


def test_a_very_long_query_finds_nothing(gallery: Gallery) -> None:
    fill(gallery, 1)

    assert seeds(gallery, "x" * 100_000) == []
    assert seeds(gallery, "gan " * 5_000) == [1]


def test_counting_agrees_with_listing(gallery: Gallery) -> None:
    names = fill(gallery, 1, 2, 3)
    gallery.rate(names[0], 3)
    gallery.rate(names[1], 5)
    gallery.tag(names[1], ["best"])

    for query, rating, expected in [("", 0, 3), ("", 3, 2), ("", 4, 1), ("best", 0, 1)]:
        assert gallery.count(query, minimum_rating=rating) == expected
        assert len(gallery.items(query, minimum_rating=rating)) == expected


# Rating, tagging, removing


def test_stars_go_from_none_to_five(gallery: Gallery) -> None:
    (name,) = fill(gallery, 1)

    gallery.rate(name, 5)
    assert gallery.items()[0].rating == 5
    gallery.rate(name, 0)
    assert gallery.items()[0].rating == 0
    for stars in (-1, 6):
        with pytest.raises(SettingsError):
            gallery.rate(name, stars)


def test_tags_are_replaced_kept_in_order_and_cleaned(gallery: Gallery) -> None:
    (name,) = fill(gallery, 1)

    gallery.tag(name, ["old"])
    gallery.tag(name, [" wild ", "Red", "", "red", "a b"])
    assert gallery.items()[0].tags == ("wild", "Red", "a b")
    gallery.tag(name, [])
    assert gallery.items()[0].tags == ()


def test_ratings_and_tags_are_there_after_opening_again(project: Project) -> None:
    with Gallery(project) as gallery:
        (name,) = fill(gallery, 1)
        gallery.rate(name, 2)
        gallery.tag(name, ["dew"])
        before = gallery.items()

    with Gallery(project) as gallery:
        assert not gallery.repaired
        assert gallery.items() == before


def test_a_removed_picture_goes_to_the_trash(gallery: Gallery, trash: Path) -> None:
    first, second = fill(gallery, 1, 2)
    gallery.tag(first, ["gone"])

    gallery.remove(first)

    assert seeds(gallery) == [2]
    assert gallery.count("gone") == 0
    assert [path.name for path in trash.iterdir()] == [first]
    assert gallery.sync() == 0
    with pytest.raises(ProjectError):
        gallery.remove(first)
    assert seeds(gallery) == [2], second


def test_a_picture_made_again_after_removal_begins_without_its_old_marks(
    gallery: Gallery, trash: Path
) -> None:
    (name,) = fill(gallery, 1)
    gallery.rate(name, 5)
    gallery.tag(name, ["old"])
    gallery.remove(name)

    again = gallery.add(pixels(1), recipe(seed=1))

    assert (again.name, again.rating, again.tags) == (name, 0, ())


def test_without_a_trash_the_picture_stays(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path) -> None:
        raise PermissionError("no trash here")

    monkeypatch.setattr(trash_module, "send2trash", fail)
    (name,) = fill(gallery, 1)

    with pytest.raises(ProjectError, match="trash") as caught:
        gallery.remove(name)

    assert caught.value.hint
    assert seeds(gallery) == [1]
    assert gallery.items()[0].path.is_file()


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../secret.png", "a/../../secret.png", "/etc/passwd", "a\0.png", "no.png"],
)
def test_names_that_lead_elsewhere_or_nowhere_are_refused(
    gallery: Gallery, project: Project, trash: Path, name: str
) -> None:
    fill(gallery, 1)
    secret = project.path / "secret.png"
    secret.write_bytes(b"private")

    for attempt in (
        lambda: gallery.remove(name),
        lambda: gallery.rate(name, 3),
        lambda: gallery.tag(name, ["x"]),
    ):
        with pytest.raises(ProjectError):
            attempt()
    assert secret.exists()
    assert not list(trash.iterdir())


def test_an_index_that_names_files_elsewhere_is_not_believed(
    gallery: Gallery, project: Project, trash: Path
) -> None:
    secret = project.path / "secret.png"
    secret.write_bytes(b"private")
    with gallery._writing() as database:
        row = ("../secret.png", "x", recipe().model_dump_json(), "", 0)
        database.execute(gallery_module._SAVE, row)

    with pytest.raises(ProjectError):
        gallery.items()
    with pytest.raises(ProjectError):
        gallery.remove("../secret.png")
    assert secret.exists()


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


# Restoring


def rows(gallery: Gallery) -> list[Any]:
    """All that the index knows, exactly."""
    with gallery._reading() as database:
        pictures = database.execute("SELECT rowid, * FROM pictures ORDER BY rowid").fetchall()
        tags = database.execute("SELECT name, tag, search FROM tags ORDER BY rowid").fetchall()
    return [pictures, tags]


def remove(gallery: Gallery, name: str) -> RemovedPicture:
    removed = gallery.remove(name)
    assert removed is not None
    return removed


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*.png")
    }


def test_a_restored_picture_is_as_it_was(gallery: Gallery, project: Project, trash: Path) -> None:
    name, *_ = fill(gallery, 1, 2, 3)
    gallery.rate(name, 4)
    gallery.tag(name, ["wild", "Straße", "a b"])
    before, files, items = rows(gallery), contents(project.gallery), gallery.items()

    removed = remove(gallery, name)
    (trash / name).unlink()  # A person may have emptied the trash.
    restored = gallery.restore(removed)

    assert rows(gallery) == before
    assert contents(project.gallery) == files
    assert gallery.items() == items
    assert restored == gallery.item(name)
    assert gallery.sync() == 0


def test_pictures_of_the_same_moment_keep_their_order(gallery: Gallery, trash: Path) -> None:
    names = fill(gallery, 1, 2, 3)
    with gallery._writing() as database:
        database.execute("UPDATE pictures SET added_ns = 0")
    first, last = remove(gallery, names[0]), remove(gallery, names[2])
    gallery.restore(first)
    gallery.restore(last)

    assert seeds(gallery) == [3, 2, 1]


def test_a_restored_picture_takes_no_newer_ones_place(gallery: Gallery, trash: Path) -> None:
    names = fill(gallery, 1, 2)
    removed = remove(gallery, names[1])
    newer = gallery.add(pixels(3), recipe(seed=3))

    gallery.restore(removed)

    assert {item.name for item in gallery.items()} == {*names, newer.name}


def test_a_picture_in_a_folder_that_went_with_it_comes_back(
    gallery: Gallery, project: Project, trash: Path
) -> None:
    save_picture(pixels(), project.gallery / "Frühling" / "found.png", recipe(seed=3))
    gallery.sync()
    removed = remove(gallery, "Frühling/found.png")
    (project.gallery / "Frühling").rmdir()

    gallery.restore(removed)

    assert seeds(gallery) == [3]
    assert (project.gallery / "Frühling" / "found.png").is_file()


def test_a_picture_whose_file_had_gone_is_only_forgotten(gallery: Gallery, trash: Path) -> None:
    first, second = fill(gallery, 1, 2)
    gallery.item(first).path.unlink()

    assert gallery.remove(first) is None

    assert [item.name for item in gallery.items()] == [second]
    assert not list(trash.iterdir())


def test_restoring_writes_over_nothing(gallery: Gallery, project: Project, trash: Path) -> None:
    by_file, by_link, by_index = fill(gallery, 1, 2, 3)
    removed = [remove(gallery, name) for name in (by_file, by_link, by_index)]
    (project.gallery / by_file).write_bytes(b"other")
    (project.gallery / by_link).symlink_to(project.path / "nowhere")
    gallery.add(pixels(3), recipe(seed=3)).path.unlink()
    before = rows(gallery)

    for picture in removed:
        with pytest.raises(ProjectError, match="could not be brought back") as caught:
            gallery.restore(picture)
        assert "trash" in caught.value.hint

    assert rows(gallery) == before
    assert (project.gallery / by_file).read_bytes() == b"other"
    assert (project.gallery / by_link).is_symlink()
    assert not (project.gallery / by_index).exists()


def test_a_picture_that_cannot_be_written_back_is_not_indexed(
    gallery: Gallery, project: Project, trash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (name,) = fill(gallery, 1)
    before = rows(gallery)
    removed = remove(gallery, name)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(kept_pictures.shutil, "copyfile", fail)
        with pytest.raises(ProjectError, match=f"{name} could not be brought back") as caught:
            gallery.restore(removed)

    assert caught.value.message == "The disk is full."
    assert gallery.count() == 0
    assert not list(project.gallery.iterdir())
    gallery.restore(removed)
    assert rows(gallery) == before


def test_a_picture_whose_copy_has_gone_is_not_restored(
    gallery: Gallery, project: Project, trash: Path
) -> None:
    (name,) = fill(gallery, 1)
    removed = remove(gallery, name)
    removed.kept.copy.unlink()

    with pytest.raises(ProjectError, match="could not be brought back") as caught:
        gallery.restore(removed)

    assert "trash" in caught.value.hint
    assert gallery.count() == 0
    assert not list(project.gallery.iterdir())


def test_restoring_does_not_lead_out_of_the_gallery(
    gallery: Gallery, project: Project, tmp_path: Path, trash: Path
) -> None:
    (name,) = fill(gallery, 1)
    removed = remove(gallery, name)
    outside = tmp_path / "outside"
    outside.mkdir()
    (project.gallery / "link").symlink_to(outside, target_is_directory=True)

    for elsewhere in ("../secret.png", "link/own.png", str(outside / "own.png")):
        with pytest.raises(ProjectError):
            gallery.restore(replace(removed, entry=replace(removed.entry, name=elsewhere)))

    assert not list(outside.iterdir())
    assert not (project.path / "secret.png").exists()


def test_a_picture_that_cannot_be_kept_stays(
    gallery: Gallery, trash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (name,) = fill(gallery, 1)
    before = rows(gallery)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kept_pictures.Path, "hardlink_to", fail)
    monkeypatch.setattr(kept_pictures.shutil, "copy2", fail)

    with pytest.raises(ProjectError, match="was not moved to the trash") as caught:
        gallery.remove(name)

    assert "No space left" in caught.value.message
    assert rows(gallery) == before
    assert gallery.item(name).path.is_file()
    assert not list(trash.iterdir())


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

    def locked(*_: object, onerror: Any, **__: object) -> Iterator[Any]:
        onerror(PermissionError(13, "Permission denied"))
        yield from ()

    monkeypatch.setattr(gallery_module.os, "walk", locked)

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


@pytest.mark.parametrize("damage", [damage_header, damage_pages, truncate])
def test_a_damaged_index_is_kept_aside_and_made_again(project: Project, damage: Any) -> None:
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

    with pytest.raises(ProjectError, match="damaged") as caught:
        gallery.items()
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
