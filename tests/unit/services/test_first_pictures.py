"""What a finished run shows first: which pictures, when, and what if it is cut off."""

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
from tiny_studio import ToyModel
from training_helpers import FIRST_PICTURES, Start, ending

from genstudio.domain import events
from genstudio.domain.errors import ProjectError
from genstudio.domain.progress import Progress, drain
from genstudio.services import first_pictures
from genstudio.services.first_pictures import hang_first_pictures
from genstudio.services.gallery import Gallery
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.projects import open_project
from genstudio.services.runs import Run

pytestmark = pytest.mark.usefixtures("toy", "small_sheets", "few_first_pictures")


def hanging(project: Path) -> list[GalleryItem]:
    with Gallery(open_project(project)) as gallery:
        return gallery.items()


def test_a_run_is_finished_before_they_are_made(start: Start, new_project: Path) -> None:
    assert isinstance(ending(start()), events.Finished)
    assert hanging(new_project) == []


def test_they_are_made_on_the_seeds_of_its_previews(start: Start, new_project: Path) -> None:
    run = ending(start()).run
    told: list[Progress] = []

    assert drain(hang_first_pictures(run), told.append) == FIRST_PICTURES

    items = hanging(new_project)
    recipes = [item.recipe for item in items]
    assert sorted(recipe.seed for recipe in recipes) == list(range(FIRST_PICTURES))
    assert {(recipe.run, recipe.step, recipe.model_key) for recipe in recipes} == {
        (run.name, 4, "toy")
    }
    assert [(it.done, it.total) for it in told] == [
        (done, FIRST_PICTURES) for done in range(FIRST_PICTURES + 1)
    ]
    assert {it.item.name for it in told[1:]} == {item.name for item in items}  # type: ignore[attr-defined]


def test_the_model_that_was_trained_is_no_longer_in_memory_then(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = ToyModel.__init__
    built: list[weakref.ref[ToyModel]] = []

    def watched(toy: ToyModel, *arguments: Any) -> None:
        build(toy, *arguments)
        built.append(weakref.ref(toy))

    monkeypatch.setattr(ToyModel, "__init__", watched)
    run = ending(start()).run
    trained = list(built)
    # By chance it may be collected before.
    gc.disable()
    try:
        next(hang_first_pictures(run))
        assert trained
        assert [it() for it in trained] == [None] * len(trained)
    finally:
        gc.enable()


def test_what_hangs_when_it_is_given_up_stays_and_the_run_is_finished(
    start: Start, new_project: Path
) -> None:
    run = ending(start()).run
    work = hang_first_pictures(run)
    while next(work).done < 1:
        pass
    work.close()

    assert [item.recipe.seed for item in hanging(new_project)] == [0]
    assert Run(run).summary().step == 4


def test_a_full_disk_is_told_and_leaves_the_run_as_it_is(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ProjectError("The disk is full", "No space.", "Free some.")

    run = ending(start()).run
    monkeypatch.setattr(Gallery, "hang", fail)

    with pytest.raises(ProjectError, match="disk is full"):
        drain(hang_first_pictures(run))
    assert Run(run).checkpoint("last").state.step == 4


def test_a_model_that_makes_nothing_from_seeds_has_none(
    start: Start, new_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ending(start()).run
    monkeypatch.setattr(first_pictures, "find_task", lambda *_: None)

    assert drain(hang_first_pictures(run)) == 0
    assert hanging(new_project) == []
