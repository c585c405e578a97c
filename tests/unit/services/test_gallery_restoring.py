"""A picture that was moved to the trash comes back as it was, or not at all."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest
from gallery_helpers import (  # beside the tests, which are no package
    contents,
    fill,
    pixels,
    recipe,
    remove,
    rows,
    seeds,
)

from genstudio.artifacts.image import save_picture
from genstudio.domain.errors import ProjectError
from genstudio.services import kept_pictures
from genstudio.services.gallery import Gallery
from genstudio.services.projects import Project


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
