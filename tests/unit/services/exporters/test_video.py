"""The gallery as a film: its length is exact, and it says where it comes from."""

from pathlib import Path

import numpy as np
import pytest
from hung_pictures import hung

from genstudio.artifacts.animation import KIND as ANIMATIONS
from genstudio.artifacts.clip import KIND as CLIPS
from genstudio.data.films import pyav
from genstudio.domain.errors import ProjectError
from genstudio.domain.progress import drain
from genstudio.domain.recipes import Recipe
from genstudio.services.export import export_gallery
from genstudio.services.exporters import video
from genstudio.services.films import write_film
from genstudio.services.projects import open_or_create
from genstudio.services.remaking import remake

pytest.importorskip("av")


def film(tmp_path: Path, name: str = "film.mp4", **options: object) -> list[np.ndarray]:
    items = hung(tmp_path / "Meadow" / "gallery", 3)
    done = drain(
        export_gallery(
            items,
            to=tmp_path / name,
            kind="video",
            title="Meadow",
            options={"side": 128, **options},
        )
    )
    assert done.count == 3
    with pyav().open(str(done.path)) as opened:
        return [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]


@pytest.mark.parametrize("codec", ["usual", "av1"])
def test_each_is_seen_as_long_as_was_said(tmp_path: Path, codec: str) -> None:
    frames = film(tmp_path, seconds=0.5, change="cut", codec=codec)
    assert len(frames) == 45
    shades = [int(frame[256, 256].mean()) for frame in frames]
    assert np.allclose([shades[at] for at in (7, 22, 37)], [0, 10, 20], atol=4)
    recipe = CLIPS.read_recipe(tmp_path / "film.mp4")
    assert recipe is not None
    assert recipe.operation == "film-of-gallery"


def test_soft_changes_lead_back_to_the_first(tmp_path: Path) -> None:
    frames = film(tmp_path, seconds=1.0, change="fade")
    assert len(frames) == 90
    shades = [float(frame[256, 256].mean()) for frame in frames]
    assert shades[0] < shades[22] < shades[29] + 1
    assert shades[-1] < shades[70]


def test_bare_films_say_nothing(tmp_path: Path) -> None:
    film(tmp_path, metadata="nothing", seconds=0.2)
    recipe = CLIPS.read_recipe(tmp_path / "film.mp4")
    assert recipe is None or not recipe.sampling


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return open_or_create(tmp_path / "Meadow").path


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("film.mp4", {"seconds": 0.2, "paper": "white"}),
        ("film.webm", {"seconds": 0.1, "change": "cut", "is_loop": False}),
        ("film.webp", {"seconds": 0.2, "is_loop": False}),
    ],
)
def test_a_film_of_the_gallery_is_made_again_from_what_hangs_there(
    project: Path, tmp_path: Path, name: str, options: dict[str, object]
) -> None:
    film_alone(tmp_path, name, **options)
    # Others may come, and it may hang in a folder by now.
    hung(project / "gallery", 5)
    (project / "gallery" / "best").mkdir()
    (project / "gallery" / "1.png").rename(project / "gallery" / "best" / "1.png")

    done = drain(remake(tmp_path / name, projects=[project]))

    assert done.is_same
    assert done.run is None


def film_alone(tmp_path: Path, name: str = "film.webp", **options: object) -> Path:
    items = hung(tmp_path / "Meadow" / "gallery", 3)
    out = tmp_path / name
    work = export_gallery(
        items, to=out, kind="video", title="Meadow", options={"side": 128, **options}
    )
    drain(work)
    return out


def test_what_is_gone_from_the_gallery_is_named(project: Path, tmp_path: Path) -> None:
    out = film_alone(tmp_path, seconds=0.1)
    kept = (project / "gallery" / "1.png").read_bytes()
    (project / "gallery" / "1.png").write_bytes(kept + b"changed")
    with pytest.raises(ProjectError, match=r"What it was made from is not here") as told:
        drain(remake(out, projects=[project]))
    assert "It was made from 1.png." in told.value.message
    # Where else it lies may be said.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "1.png").write_bytes(kept)
    assert drain(remake(out, projects=[project], inputs=[elsewhere])).is_same


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sampling": {}}, "is damaged"),
        ({"sampling": {"pictures": 4}}, "is damaged"),
        ({"sampling": {"seconds": 1e9}}, "is damaged"),
        ({"sampling": {"codec": "none"}}, "is damaged"),
        ({"inputs": ()}, "cannot be made again"),
    ],
)
def test_a_changed_recipe_of_a_film_is_refused_in_words(
    project: Path, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    recipe = ANIMATIONS.read_recipe(film_alone(tmp_path, seconds=0.1))
    assert recipe is not None
    sampling = change.get("sampling")
    if sampling:
        change = {"sampling": {**recipe.sampling, **sampling}}  # type: ignore[dict-item]
    other = film_with(recipe.model_copy(update=change), tmp_path / "other.webp")
    with pytest.raises(ProjectError, match=words):
        drain(remake(other, projects=[project]))


def film_with(recipe: Recipe, path: Path) -> Path:
    frames = iter([np.zeros((16, 16, 3), np.uint8)] * 2)
    return drain(write_film(frames, path, count=2, fps=30, recipe=recipe))


def test_another_film_with_this_recipe_is_not_the_same(project: Path, tmp_path: Path) -> None:
    recipe = ANIMATIONS.read_recipe(film_alone(tmp_path, seconds=0.1))
    assert recipe is not None
    other = film_with(recipe, tmp_path / "other.webp")
    assert not drain(remake(other, projects=[project])).is_same


def test_a_film_of_more_than_it_can_note_says_that_it_cannot_be_made_again(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "MOST_INPUTS", 2)
    out = film_alone(tmp_path, seconds=0.1)
    with pytest.raises(ProjectError, match="cannot be made again") as told:
        drain(remake(out, projects=[project]))
    assert "more than a film can note" in told.value.message
