"""Results become files while the next ones are made, and none takes another's place."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from gallery_helpers import pixels, recipe
from PIL import Image

from genstudio.domain.artifacts import CLIP, IMAGE, Artifact
from genstudio.domain.progress import Progress
from genstudio.services.operations import save
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import ResultFolder


def made(name: str, seed: int) -> Made:
    return Made(
        artifact=Artifact(kind=IMAGE, data=pixels(seed)), recipe=recipe(seed=seed), name=name
    )


def test_results_and_what_is_told_between_them_come_in_their_order(tmp_path: Path) -> None:
    def steps() -> Iterator[Made | Progress]:
        for number in range(60):
            yield made(f"picture{number}", number)
            yield Progress("Making", number + 1, 60)

    came = list(ResultFolder(tmp_path).kept(steps()))

    told = [step.done if isinstance(step, Progress) else step[1].name for step in came]
    assert told == [it for n in range(60) for it in (f"picture{n}.png", n + 1)]
    assert len(list(tmp_path.iterdir())) == 60


def test_names_that_become_each_other_never_take_the_same_place(tmp_path: Path) -> None:
    # A stranger's files push each name on to the next one's.
    for name in ("photo", "photo-2"):
        Image.new("RGB", (4, 4), "red").save(tmp_path / f"{name}.png")

    names = [f"photo{end}" for end in ("", "-2", "-3", "-4", "-5", "-6")] * 8
    steps = [made(name, seed) for seed, name in enumerate(names)]
    places = [
        step[1] for step in ResultFolder(tmp_path).kept(steps) if not isinstance(step, Progress)
    ]

    assert len(set(places)) == len(steps)
    assert len(list(tmp_path.iterdir())) == len(steps) + 2


def test_a_film_is_written_before_what_made_it_takes_it_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_gone = threading.Event()
    came_too_late: list[bool] = []

    def written(made: Made, folder: Path) -> Path:
        came_too_late.append(is_gone.wait(0.2))
        return folder / made.name

    monkeypatch.setattr(save, "save_made", written)

    def steps() -> Iterator[Made | Progress]:
        yield from (Progress("Painting", number, 40) for number in range(40))
        film = Artifact(kind=CLIP, data=tmp_path / "film.mp4")
        yield Made(artifact=film, recipe=recipe(seed=0), name="film")
        is_gone.set()

    list(ResultFolder(tmp_path).kept(steps()))

    assert came_too_late == [False]
