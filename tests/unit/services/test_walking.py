"""Films of walks: their frames, length, colours and recipe are what was asked for."""

import importlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from genstudio.artifacts.clip import KIND as CLIPS
from genstudio.artifacts.image import read_recipe
from genstudio.cli import app
from genstudio.domain.errors import SettingsError
from genstudio.domain.films import Codec
from genstudio.domain.places import Place
from genstudio.domain.progress import drain
from genstudio.domain.recipes import Recipe
from genstudio.domain.walks import KeyFrame, Walk
from genstudio.services import films
from genstudio.services.exploring import Explorer
from genstudio.services.films import write_film
from genstudio.services.runs import Run
from genstudio.services.walk_files import keep_walk, kept_walk, walk_file
from genstudio.services.walking import film_key_frames, walk_places

av = pytest.importorskip("av", reason="films need the extra “video”")

RECIPE = Recipe(
    software="GenStudio", model_key="toy", run="r", project="p", step=2, weights_sha256="ab" * 32,
    size=32, sampling={"seeds": [3, 17]}, created=datetime(2026, 1, 31, tzinfo=UTC),
    operation="walk",
)  # fmt: skip
COLORS = [(220, 30, 40), (20, 200, 60), (30, 40, 210), (128, 128, 128), (250, 240, 20)]


def frames(count: int) -> Iterator[np.ndarray]:
    for number in range(count):
        frame = np.zeros((32, 32, 3), np.uint8)
        frame[:] = COLORS[number % len(COLORS)]
        yield frame


@pytest.mark.parametrize("codec", get_args(Codec))
@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize("fps", [10, 24, 30])
def test_a_film_is_as_long_as_it_should_be_and_has_its_colours(
    tmp_path: Path, suffix: str, fps: int, codec: Codec
) -> None:
    count = 25
    path = tmp_path / f"walk{suffix}"
    drain(write_film(frames(count), path, count=count, fps=fps, recipe=RECIPE, codec=codec))

    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        shown = list(film.decode(stream))
        assert [Fraction(it.pts) * it.time_base for it in shown] == [
            pytest.approx(Fraction(number, fps), abs=0.001) for number in range(count)
        ]
        assert float(film.duration / av.time_base) == pytest.approx(count / fps, abs=0.002)
        context = stream.codec_context
        assert context.color_primaries == context.color_trc == context.colorspace == 1
        assert context.color_range == 1
        assert ("av1" in context.codec.canonical_name) == (codec == "av1")
        for number, frame in enumerate(shown):
            pixels = frame.reformat(src_colorspace="ITU709", format="rgb24").to_ndarray()
            assert pixels.shape == (512, 512, 3)
            np.testing.assert_allclose(
                pixels[200:300, 200:300].mean((0, 1)), COLORS[number % len(COLORS)], atol=4
            )
    assert CLIPS.read_recipe(path) == RECIPE


@pytest.mark.parametrize("size", [(5, 160), (301, 513), (600, 601)])
def test_av1_takes_frames_of_every_shape(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "walk.mp4"
    given = [np.full((*size, 3), 40 * number, np.uint8) for number in range(5)]
    drain(write_film(iter(given), path, count=5, fps=30, recipe=RECIPE, codec="av1"))

    with av.open(str(path)) as film:
        made = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(made) == 5
    height, width = made[0].shape[:2]
    assert height * size[1] == width * size[0]
    assert min(height, width) >= 64
    assert [it.mean() for it in made] == pytest.approx([40 * number for number in range(5)], abs=3)


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only for root it wants to be urgent"
)
def test_an_encoder_of_av1_makes_no_thread_more_urgent(tmp_path: Path) -> None:
    path = tmp_path / "walk.mp4"
    before, seen = os.sched_getscheduler(0), set[int]()
    for _ in write_film(frames(3), path, count=3, fps=30, recipe=RECIPE, codec="av1"):
        for thread in Path("/proc/self/task").iterdir():
            with suppress(OSError):  # It has ended meanwhile.
                seen.add(os.sched_getscheduler(int(thread.name)))
    assert seen == {before}


def test_av1_is_refused_where_it_does_not_go_or_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("walk.webp", "walk"):
        with pytest.raises(SettingsError, match="does not go into"):
            drain(
                write_film(frames(2), tmp_path / name, count=2, fps=9, recipe=RECIPE, codec="av1")
            )
    monkeypatch.setattr(films, "AV1", ("no_such_encoder", {}))
    with pytest.raises(SettingsError, match="cannot be written here"):
        drain(write_film(frames(2), tmp_path / "a.mp4", count=2, fps=9, recipe=RECIPE, codec="av1"))
    assert list(tmp_path.iterdir()) == []


def test_av1_says_nothing_on_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    drain(write_film(frames(2), tmp_path / "a.mp4", count=2, fps=9, recipe=RECIPE, codec="av1"))
    assert capfd.readouterr().err == ""


def test_an_animated_webp_lasts_as_long(tmp_path: Path) -> None:
    path = tmp_path / "walk.webp"
    drain(write_film(frames(5), path, count=5, fps=24, recipe=RECIPE))
    lengths: list[int] = []
    with Image.open(path) as film:
        for number in range(5):
            film.seek(number)
            film.load()
            lengths.append(film.info["duration"])
    assert sum(lengths) == round(5 / 24 * 1000)


def test_single_pictures_carry_their_place(tmp_path: Path) -> None:
    drain(write_film(frames(3), tmp_path / "walk", count=3, fps=30, recipe=RECIPE))
    made = sorted((tmp_path / "walk").iterdir())
    assert [path.name for path in made] == ["00000.png", "00001.png", "00002.png"]
    last = read_recipe(made[2])
    assert last is not None
    assert last.position == 2


def test_what_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    for name in ("walk.mp4", "walk.webp"):
        with closing(
            write_film(frames(9), tmp_path / name, count=9, fps=30, recipe=RECIPE)
        ) as work:
            next(work)
    assert list(tmp_path.iterdir()) == []


def test_without_the_pack_and_with_an_unknown_suffix_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match=r"cannot be written as \.avi"):
        drain(write_film(frames(2), tmp_path / "a.avi", count=2, fps=30, recipe=RECIPE))

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("genstudio.data.films.import_module", missing)
    with pytest.raises(SettingsError, match="pack “video”") as caught:
        drain(write_film(frames(2), tmp_path / "a.mp4", count=2, fps=30, recipe=RECIPE))
    assert "webp" in caught.value.hint
    assert importlib.import_module("av") is av


def test_a_loop_closes_and_a_way_ends_where_it_should() -> None:
    way = list(walk_places([3, 17, 5], 9, is_loop=False, easing="steady"))
    assert way[0].seeds == (3, 17)
    assert [place.across for place in way] == [0, 0.25, 0.5, 0.75, 0, 0.25, 0.5, 0.75, 1]
    assert way[-1].seeds == (17, 5)

    loop = list(walk_places([3, 17, 5], 9, is_loop=True, easing="gentle"))
    assert loop[-1].seeds == (5, 3)
    assert loop[-1].across < 1
    eased = list(walk_places([3, 17], 5, is_loop=False, easing="gentle"))
    assert [place.across for place in eased] == pytest.approx([0, 0.15625, 0.5, 0.84375, 1])


def shown(path: Path) -> np.ndarray:
    with av.open(str(path)) as film:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)])


def test_from_the_terminal(trained_run: Path, tmp_path: Path) -> None:
    project = tmp_path / "Meadow"
    shutil.copytree(trained_run.parent.parent, project)
    run = str(project / "runs" / trained_run.name)
    runner = CliRunner()
    out = tmp_path / "out"
    walk = ["explore", run, "--walk", "3,17", "--seconds", "0.5", "--fps", "10", "--json"]
    small = runner.invoke(app, [*walk, "--codec", "av1", "--out", str(out / "small.webm")])
    assert small.exit_code == 0, small.output
    with av.open(str(out / "small.webm")) as film:
        assert "av1" in film.streams.video[0].codec_context.codec.canonical_name
    told = runner.invoke(app, [*walk, "--out", str(out / "walk.mp4")])
    assert told.exit_code == 0, told.output
    recipe = CLIPS.read_recipe(out / "walk.mp4")
    assert recipe is not None
    assert recipe.sampling["seeds"] == [3, 17]
    assert runner.invoke(app, [*walk, "--out", str(out / "walk.mp4")]).exit_code == 0
    np.testing.assert_array_equal(shown(out / "walk-2.mp4"), shown(out / "walk.mp4"))

    grid = ["explore", run, "--grid", "1,2,3,4", "--side", "3", "--out", str(out / "plane.png")]
    assert runner.invoke(app, grid).exit_code == 0
    with Image.open(out / "plane.png") as plane:
        assert plane.size == (96, 96)

    for wrong in (["--walk", "3"], ["--grid", "1,2"], ["--walk", "a,b"]):
        refused = runner.invoke(app, ["explore", run, *wrong, "--out", str(out / "x.mp4")])
        assert refused.exit_code == 1
    assert runner.invoke(app, ["explore", run, "--out", str(out)]).exit_code == 2


def test_key_frames_stand_where_they_are_and_between_them_it_goes_on(
    trained_run: Path, tmp_path: Path
) -> None:
    explorer = Explorer(Run(trained_run), "last")
    settings = explorer.settings({})
    places = [Place(seeds=(3,)), Place(seeds=(4, 5), across=0.25)]
    walk = Walk(
        key_frames=tuple(KeyFrame(place=it, seconds=0.5, pace="steady") for it in places),
        is_loop=True,
    )
    out = drain(film_key_frames(explorer, walk, tmp_path / "frames", fps=8))
    frames = [np.asarray(Image.open(path)) for path in sorted(out.glob("*.png"))]
    assert len(frames) == 8
    for at, place in ((0, places[0]), (4, places[1])):
        np.testing.assert_array_equal(frames[at], explorer.picture(place, settings))
    recipe = read_recipe(sorted(out.glob("*.png"))[0])
    assert recipe is not None
    assert recipe.sampling["key_frames"][0]["place"]["seeds"] == [3]


def test_a_walk_is_kept_for_its_run_and_read_by_the_command(
    trained_run: Path, tmp_path: Path
) -> None:
    project = Path(shutil.copytree(trained_run.parent.parent, tmp_path / "M"))
    run = project / "runs" / trained_run.name
    walk = Walk(key_frames=(KeyFrame(place=Place(seeds=(1,))), KeyFrame(place=Place(seeds=(2,)))))
    assert kept_walk(run) is None
    keep_walk(run, walk)
    assert kept_walk(run) == walk
    out = tmp_path / "out"
    command = ["explore", str(run), "--key-frames", str(walk_file(run)), "--out", str(out)]
    done = CliRunner().invoke(app, [*command, "--fps", "2", "--json"])
    assert done.exit_code == 0, done.output
    assert len(list(out.glob("*.png"))) == 8
    walk_file(run).write_text("{}", "utf-8")
    refused = CliRunner().invoke(app, [*command, "--json"])
    assert refused.exit_code == 1
    assert "no walk" in refused.output
