"""The gallery keeps pictures with their recipes, finds them, rates and tags them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gallery_helpers import (  # beside the tests, which are no package
    RUN,
    fill,
    pixels,
    recipe,
    seeds,
)
from PIL import Image

from genstudio.artifacts import image
from genstudio.artifacts.image import read_recipe
from genstudio.domain.errors import ProjectError, SettingsError
from genstudio.services import gallery as gallery_module
from genstudio.services import trash as trash_module
from genstudio.services.gallery import Gallery
from genstudio.services.projects import Project

# Adding


def test_an_added_picture_lies_in_the_folder_with_its_recipe(
    gallery: Gallery, project: Project
) -> None:
    item = gallery.add(pixels(), recipe())

    assert item.name == f"{RUN}-000001200-0000000007.png"
    assert item.path == project.gallery / item.name
    assert (item.recipe, item.rating, item.tags) == (recipe(), 0, ())
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


def test_names_sort_by_step_and_seed_in_every_program(gallery: Gallery) -> None:
    places = [(step, seed) for step in (9, 10, 100) for seed in (2, 10, 2**31 - 1)]
    names = [
        gallery.add(pixels(seed), recipe(step=step, seed=seed)).name
        for step, seed in reversed(places)
    ]

    assert sorted(names) == names[::-1]


def test_a_name_that_a_file_has_already_is_not_used(gallery: Gallery, project: Project) -> None:
    project.gallery.mkdir(exist_ok=True)
    own = project.gallery / f"{RUN}-000001200-0000000007.png"
    own.write_bytes(b"a person's own")

    item = gallery.add(pixels(), recipe())

    assert item.name == f"{RUN}-000001200-0000000007-2.png"
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

    monkeypatch.setattr(image, "save_picture", fail)

    with pytest.raises(ProjectError, match="full"):
        gallery.add(pixels(), recipe())
    assert gallery.count() == 0


# Listing


def test_pictures_are_listed_newest_first_up_to_a_limit(gallery: Gallery) -> None:
    fill(gallery, 3, 1, 2)

    assert seeds(gallery) == [2, 1, 3]
    assert seeds(gallery, limit=2) == [2, 1]
    assert seeds(gallery, limit=0) == []


def test_pictures_are_found_by_the_kind_that_was_asked_for(gallery: Gallery) -> None:
    gallery.add(pixels(1), recipe(seed=11, sampling={"kind": "Größe & <Öl>", "truncation": 0.5}))
    gallery.add(pixels(2), recipe(seed=22, sampling={"kind": ""}))

    assert seeds(gallery, "größe <öl>") == [11]


def test_every_word_of_a_query_must_match_somewhere(gallery: Gallery) -> None:
    mohn = gallery.add(pixels(1), recipe(seed=11, model_key="self-supervised-gan"))
    gallery.add(pixels(2), recipe(seed=22, model_key="residual-vae", run="Sommer"))
    gallery.tag(mohn.name, ["Rote Blüten", "50%_off\\"])

    assert seeds(gallery, "residual") == [22]
    assert seeds(gallery, "self-supervised") == [11]
    assert seeds(gallery, "SUPERVISED gan") == [11]
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
