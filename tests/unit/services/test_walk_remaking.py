"""The film of a walk is made again, or it is said why it cannot."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from genstudio.artifacts.animation import KIND as ANIMATION
from genstudio.artifacts.clip import KIND, said_of_clip
from genstudio.artifacts.image import SOURCE_TYPE, read_recipe, save_picture
from genstudio.cli import app
from genstudio.domain.errors import ProjectError
from genstudio.domain.films import Codec
from genstudio.domain.places import Place
from genstudio.domain.progress import drain
from genstudio.domain.recipes import Recipe
from genstudio.domain.walks import KeyFrame, Walk
from genstudio.services.exploring import Explorer
from genstudio.services.films import write_film
from genstudio.services.remaking import remake
from genstudio.services.runs import Run
from genstudio.services.walking import film_key_frames, film_walk

av = pytest.importorskip("av", reason="films need the extra “video”")


@pytest.fixture
def run(trained_run: Path, tmp_path: Path) -> Run:
    """A run in a project of its own."""
    project = shutil.copytree(trained_run.parent.parent, tmp_path / "Meadow")
    return Run(Path(project) / "runs" / trained_run.name)


@pytest.fixture
def walk() -> Walk:
    moved = Place(seeds=(4, 5), across=0.3, moves={1: 0.7})
    return Walk(
        key_frames=(
            KeyFrame(place=Place(seeds=(3,)), seconds=0.35, pace="gentle"),
            KeyFrame(place=moved, seconds=0.45, pace="steady"),
        ),
        is_loop=True,
    )


@pytest.mark.parametrize(
    ("name", "codec"), [("walk.mp4", "usual"), ("walk.webm", "usual"), ("walk.mp4", "av1")]
)
def test_a_walk_between_key_frames_is_made_again(
    run: Run, walk: Walk, tmp_path: Path, name: str, codec: Codec
) -> None:
    out = tmp_path / "elsewhere" / name
    drain(film_key_frames(Explorer(run, "last"), walk, out, fps=10, codec=codec))

    done = drain(remake(out, projects=[run.path.parent.parent]))

    assert done.is_same
    assert done.run == run.path
    assert Path(done.artifact.data) != out
    with av.open(str(done.artifact.data)) as film:
        assert ("av1" in film.streams.video[0].codec_context.codec.canonical_name) == (
            codec == "av1"
        )
        assert len(list(film.decode(video=0))) == 8


@pytest.mark.parametrize("is_loop", [False, True])
def test_a_walk_from_seed_to_seed_is_made_again(run: Run, tmp_path: Path, is_loop: bool) -> None:
    film = run.path.parent.parent / "results" / "walk.mp4"
    film.parent.mkdir()
    drain(
        film_walk(
            Explorer(run, "last"), [3, 17, 5], film, seconds=0.7, fps=10, is_loop=is_loop,
            easing="steady",
        )
    )  # fmt: skip
    again = tmp_path / "again.mp4"
    told = CliRunner().invoke(app, ["remake", str(film), "--out", str(again)])

    assert told.exit_code == 0, told.output
    assert "the same to the last pixel" in told.output
    assert KIND.is_same(KIND.read(film), KIND.read(again))
    assert KIND.read_recipe(again) == KIND.read_recipe(film)


def test_an_animated_picture_says_how_it_was_made_and_is_made_again(
    run: Run, walk: Walk, tmp_path: Path
) -> None:
    first = run.path.parent.parent / "results" / "walk.webp"
    first.parent.mkdir()
    drain(film_key_frames(Explorer(run, "last"), walk, first, fps=10))
    again = tmp_path / "again.webp"
    told = CliRunner().invoke(app, ["remake", str(first), "--out", str(again)])

    assert told.exit_code == 0, told.output
    assert "the same to the last pixel" in told.output
    assert ANIMATION.is_same(ANIMATION.read(first), ANIMATION.read(again))
    assert ANIMATION.read_recipe(first) is not None
    assert SOURCE_TYPE.encode() in first.read_bytes()

    changed = tmp_path / "changed" / "walk.webp"
    changed.parent.mkdir()
    with Image.open(first) as film:
        film.save(changed, save_all=True, quality=5, xmp=film.info["xmp"])
    assert not drain(remake(changed, projects=[run.path.parent.parent])).is_same


@pytest.mark.parametrize(
    ("xmp", "trouble"),
    [
        (b"", "says nothing of how it was made"),
        (b"<genstudio:recipe>{}</genstudio:recipe>", "is damaged"),
        (b"<genstudio:recipe>" + b" " * 70_000 + b"</genstudio:recipe>", "is damaged"),
    ],
)
def test_a_stranger_s_animation_is_refused(tmp_path: Path, xmp: bytes, trouble: str) -> None:
    path = tmp_path / "walk.webp"
    Image.new("RGB", (8, 8)).save(path, xmp=xmp)
    with pytest.raises(ProjectError, match=trouble):
        drain(remake(path))


def test_another_film_is_not_taken_for_the_same(run: Run, walk: Walk, tmp_path: Path) -> None:
    out = tmp_path / "walk.mp4"
    drain(film_key_frames(Explorer(run, "last"), walk, out, fps=10))
    recipe = KIND.read_recipe(out)
    assert recipe is not None
    sampling = {**recipe.sampling, "loop": False}
    other = tmp_path / "other.mp4"
    frames = iter([np.zeros((16, 16, 3), np.uint8)] * 8)
    changed = recipe.model_copy(update={"sampling": sampling})
    drain(write_film(frames, other, count=8, fps=10, recipe=changed))

    assert not drain(remake(other, projects=[run.path.parent.parent])).is_same


def test_single_frames_are_made_again(run: Run, walk: Walk, tmp_path: Path) -> None:
    explorer = Explorer(run, "last")
    by_places = drain(film_key_frames(explorer, walk, tmp_path / "places", fps=10))
    by_seeds = drain(film_walk(explorer, [3, 17], tmp_path / "seeds", seconds=0.5, fps=10))
    for picture in (*sorted(by_places.iterdir())[::3], sorted(by_seeds.iterdir())[2]):
        done = drain(remake(picture, projects=[run.path.parent.parent]))
        assert done.is_same
        np.testing.assert_array_equal(done.artifact.data, np.asarray(Image.open(picture)))


def test_what_is_gone_is_named(run: Run, walk: Walk, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere" / "walk.mp4"
    drain(film_key_frames(Explorer(run, "last"), walk, out, fps=10))
    project = run.path.parent.parent
    with pytest.raises(ProjectError, match="The run that made it is not here"):
        drain(remake(out))
    recipe = KIND.read_recipe(out)
    assert recipe is not None
    for change, words in (
        ({"step": 123}, "no longer there"),
        ({"weights_sha256": "00" * 32}, "other weights"),
        ({"sampling": {"frames": 8, "fps": 10}}, "cannot be made again"),
        ({"sampling": {**recipe.sampling, "fps": "many"}}, "is damaged"),
        ({"sampling": {**recipe.sampling, "frames": 10**9}}, "is damaged"),
        ({"sampling": {**recipe.sampling, "key_frames": [{"place": 3}]}}, "is damaged"),
    ):
        with pytest.raises(ProjectError, match=words):
            drain(remake(with_recipe(out, recipe, change, tmp_path), projects=[project]))


def with_recipe(film: Path, recipe: Recipe, change: dict[str, object], folder: Path) -> Path:
    told = said_of_clip(recipe.model_copy(update=change))
    path = folder / "changed.mp4"
    with av.open(str(film)) as given, av.open(str(path), "w", format="mp4") as made:
        made.metadata.update(told)
        stream = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    return path


def test_a_frame_that_the_walk_does_not_have_is_told(run: Run, walk: Walk, tmp_path: Path) -> None:
    folder = drain(film_key_frames(Explorer(run, "last"), walk, tmp_path / "places", fps=10))
    picture = sorted(folder.iterdir())[0]
    recipe = read_recipe(picture)
    assert recipe is not None
    wrong = tmp_path / "wrong.png"
    save_picture(np.asarray(Image.open(picture)), wrong, recipe.model_copy(update={"position": 8}))
    with pytest.raises(ProjectError, match="is damaged"):
        drain(remake(wrong, projects=[run.path.parent.parent]))


def test_a_walk_that_leads_on_from_a_picture_needs_it_again(run: Run, tmp_path: Path) -> None:
    mine = tmp_path / "mine.png"
    pixels = np.zeros((40, 48, 3), np.uint8)
    pixels[10:30, 8:40] = (240, 90, 20)
    Image.fromarray(pixels).save(mine)
    explorer = Explorer(run, "last")
    content = drain(explorer.find_picture(mine))
    there = Place(seeds=(3,), pictures={0: content})
    walk = Walk(
        key_frames=(
            KeyFrame(place=there, seconds=0.3),
            KeyFrame(place=Place(seeds=(5,)), seconds=0.3),
        )
    )
    out = tmp_path / "elsewhere" / "walk.mp4"
    drain(film_key_frames(explorer, walk, out, fps=10, pictures=[mine]))

    project = run.path.parent.parent
    with pytest.raises(ProjectError, match="What it was made from is not here"):
        drain(remake(out, projects=[project]))
    assert drain(remake(out, projects=[project], inputs=[mine])).is_same
