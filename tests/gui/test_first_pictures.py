"""When a run has finished, its first pictures arrive in the Gallery, and nothing waits for them."""

from pathlib import Path

import pytest
from saved_runs import wait_for_end
from studio_driver import StudioDriver

from genstudio.domain.errors import ProjectError
from genstudio.domain.notices import Level, Notice
from genstudio.services import first_pictures
from genstudio.services.gallery import Gallery
from genstudio.services.projects import open_project

COUNT = 3


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_pictures, "COUNT", COUNT)


def train(studio: StudioDriver, pictures: Path) -> None:
    studio.open_pictures(pictures, 24)
    studio.set_up_small_run("Describe and redraw", steps=2)
    studio.click("train.start")
    studio.wait(lambda: studio.text("train.coach").startswith("Finished"))
    wait_for_end(studio)


def test_they_hang_in_the_gallery_when_they_are_made(studio: StudioDriver, pictures: Path) -> None:
    train(studio, pictures)

    studio.wait(lambda: studio.text("train.coach").endswith("hang in the Gallery."))
    assert studio.text("train.coach").startswith("Finished after ")
    studio.wait(lambda: studio.rows("gallery.grid") == COUNT)


def test_where_they_cannot_be_kept_the_run_is_finished_all_the_same(
    studio: StudioDriver, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ProjectError("The disk is full", "No space.", "Free some.")

    monkeypatch.setattr(Gallery, "hang", fail)
    notices: list[Notice] = []
    studio.window._states.first_pictures.noticed.connect(notices.append)
    train(studio, pictures)

    studio.wait(lambda: notices)
    (notice,) = notices
    assert notice.level is Level.WARNING
    assert notice.title == "The first pictures could not be hung: The disk is full"
    assert "finished and saved" in notice.message
    assert studio.text("train.coach").startswith("Finished")


def test_a_window_that_closes_meanwhile_keeps_what_hangs(
    studio: StudioDriver, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than can be made before it closes.
    monkeypatch.setattr(first_pictures, "COUNT", 100_000)
    train(studio, pictures)
    run = studio.window._training.runs[-1].path
    project = open_project(run.parent.parent)
    studio.wait(lambda: studio.rows("gallery.grid") > 0)

    studio.window.close()

    with Gallery(project) as gallery:
        seeds = sorted(item.recipe.seed for item in gallery.items())
    assert seeds == list(range(len(seeds)))
    assert seeds
