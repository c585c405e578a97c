"""Exploring: what is wanted last is drawn next, and places can be kept."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio.artifacts.image import save_picture
from genstudio.domain.errors import DatasetError, ProjectError, SettingsError
from genstudio.domain.events import Finished
from genstudio.domain.places import (
    Place,
    moves_text,
    parse_moves,
    parse_seeds,
    parse_styles,
    styles_text,
)
from genstudio.domain.progress import Progress, drain
from genstudio.domain.training import Budget
from genstudio.engine.trainer import NoCommands
from genstudio.services.explored import (
    DirectionsFound,
    Opened,
    PictureFound,
    PlaceShown,
    Refused,
    SeedShown,
    Shown,
)
from genstudio.services.exploring import Explorer
from genstudio.services.exploring_session import ExploringSession
from genstudio.services.generation import generate
from genstudio.services.jobs import JobEnded
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.remaking import remake
from genstudio.services.runs import Run
from genstudio.services.slots import forget_slot, keep_slot, read_slots, seed_of
from genstudio.services.training import resume_run

PATIENCE_S = 300


@pytest.fixture
def run(trained_run: Path, tmp_path: Path) -> Path:
    project = tmp_path / "Meadow"
    shutil.copytree(trained_run.parent.parent, project)
    return project / "runs" / trained_run.name


@pytest.fixture
def session(run: Path) -> Iterator[ExploringSession]:
    session = ExploringSession(run, "last", {})
    session.start()
    yield session
    session.close()
    session.join()


def until(session: ExploringSession, kind: type[Shown]) -> list[Shown | JobEnded]:
    told = [session.items.get(timeout=PATIENCE_S)]
    while not isinstance(told[-1], kind):
        assert not isinstance(told[-1], JobEnded), told[-1]
        told.append(session.items.get(timeout=PATIENCE_S))
    return told


def test_a_seed_alone_is_what_it_makes_everywhere(run: Path) -> None:
    explorer = Explorer(Run(run), "last")
    (made,) = generate(Run(run), [7], batch=1)
    picture = explorer.picture(Place(seeds=(7,)), explorer.settings({}))
    np.testing.assert_array_equal(picture, made.image_HWC)
    corner = Place(seeds=(1, 7, 3, 4), across=1.0, down=0.0)
    np.testing.assert_allclose(
        explorer.picture(corner, explorer.settings({})).astype(int), made.image_HWC, atol=1
    )


def test_directions_are_kept_for_the_weights_and_named(run: Path) -> None:
    explorer = Explorer(Run(run), "last")
    told = list(explorer.find_directions())
    assert told
    found = drain(explorer.find_directions())
    explorer.name_direction(2, "lighter")

    again = Explorer(Run(run), "last")
    assert list(again.find_directions()) == []
    kept = drain(again.find_directions())
    np.testing.assert_array_equal(kept.steps_NZ, found.steps_NZ)
    assert again.names() == {2: "lighter"}
    moved = Place(seeds=(7,), moves={1: 3.0})
    here, there = (again.picture(place, again.settings({})) for place in (Place(seeds=(7,)), moved))
    assert (here != there).any()
    with pytest.raises(SettingsError, match="no direction 400"):
        again.picture(Place(seeds=(7,), moves={400: 1.0}), again.settings({}))


@pytest.mark.parametrize("damage", [b"", b"no tensors", None])
def test_a_damaged_cache_of_directions_is_made_anew(run: Path, damage: bytes | None) -> None:
    first = Explorer(Run(run), "last")
    drain(first.find_directions())
    (cache,) = (run.parent.parent / "directions").glob("*.safetensors")
    content = cache.read_bytes()
    if damage is None:
        cache.unlink()
    else:
        cache.write_bytes(damage)
    drain(Explorer(Run(run), "last").find_directions())
    assert cache.read_bytes() == content


def test_a_session_draws_places_and_seeds_and_finds_directions(session: ExploringSession) -> None:
    assert isinstance(until(session, Opened)[-1], Opened)
    session.show_seeds([3, 4])
    session.show_place(Place(seeds=(5,)))
    told = until(session, DirectionsFound)
    # Whatever comes first: on a busy machine it may be the directions.
    while len([it for it in told if isinstance(it, PlaceShown | SeedShown)]) < 3:
        told.append(session.items.get(timeout=PATIENCE_S))
    drawn = [it for it in told if isinstance(it, PlaceShown | SeedShown)]
    assert {type(it) for it in drawn} == {PlaceShown, SeedShown}
    assert [it.seed for it in drawn if isinstance(it, SeedShown)] == [3, 4]
    assert any(isinstance(it, Progress) for it in told)

    session.show_place(Place(seeds=(5,), moves={1: 2.0}))
    shown = until(session, PlaceShown)[-1]
    assert isinstance(shown, PlaceShown)
    assert shown.place.moves == {1: 2.0}


def test_only_the_newest_of_many_places_is_sure_to_be_drawn(session: ExploringSession) -> None:
    until(session, DirectionsFound)
    with session._wake:  # As if it were busy with another picture.
        for step in range(100):
            session._place = Place(seeds=(1, 2), across=step / 99)
        session._wake.notify()
    shown = until(session, PlaceShown)
    assert [it.place.across for it in shown if isinstance(it, PlaceShown)] == [1.0]


def test_a_wrong_wish_is_told_and_the_session_goes_on(session: ExploringSession) -> None:
    until(session, DirectionsFound)
    session.draw_with({"nonsense": 1})
    session.show_place(Place(seeds=(5,)))
    assert isinstance(until(session, Refused)[-1], Refused)
    session.draw_with({})
    session.show_place(Place(seeds=(5,)))
    until(session, PlaceShown)


def test_a_run_that_is_gone_ends_it_with_the_reason(tmp_path: Path) -> None:
    session = ExploringSession(tmp_path / "runs" / "none", "last", {})
    session.start()
    ending = session.items.get(timeout=PATIENCE_S)
    session.join()
    assert isinstance(ending, JobEnded)
    assert ending.error is not None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"seeds": "1, 2, 3"}, "no place between seeds"),
        ({"seeds": "one"}, "names no seeds"),
        ({"seeds": "1", "moves": "up"}, "no move along a direction"),
        ({"seeds": "1", "moves": "1:11"}, "no place between seeds"),
        ({"seeds": "1", "moves": "0:1"}, "no place between seeds"),
        ({"seeds": str(2**63)}, "no place between seeds"),
        ({"seeds": "1", "styles": "sky:3"}, "takes no zone of a seed"),
        ({"seeds": "1", "styles": "form:3"}, "has no zones"),
        ({"seeds": "1", "corners": "1"}, "Pictures and corners do not fit"),
    ],
)
def test_what_is_no_place_is_refused_in_words(
    run: Path, settings: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        list(perform("explore", run=run, settings=settings, checkpoint="last"))


def test_the_place_in_a_recipe_is_the_place(run: Path) -> None:
    values = {"seeds": "1, 2, 3, 4", "across": 0.25, "down": 0.75, "moves": "2:-1.5, 1:0.5"}
    made = next(
        step
        for step in perform("explore", run=run, settings=values, checkpoint="last")
        if isinstance(step, Made)
    )
    assert {name: made.recipe.sampling[name] for name in values} == values


def test_moves_and_seeds_are_read_as_they_are_written() -> None:
    moves = {4: -0.5, 1: 1.5, 7: 0.0}
    assert moves_text(moves) == "1:1.5, 4:-0.5"
    assert parse_moves(moves_text(moves)) == ({1: 1.5, 4: -0.5}, {})
    assert parse_moves("") == ({}, {})
    zone_moves = {"colour": {2: 1.0}, "form": {1: -3.0}}
    written = moves_text(moves, zone_moves)
    assert written == "1:1.5, 4:-0.5, colour 2:1, form 1:-3"
    assert parse_moves(written) == ({1: 1.5, 4: -0.5}, zone_moves)
    styles = {"form": 3, "texture": 2**62}
    assert parse_styles(styles_text(styles)) == styles
    assert parse_seeds(" 3,17 , 5") == (3, 17, 5)
    place = Place(seeds=(1,), moves={2: 0.0, 1: 1.0})
    assert place.moves == {1: 1.0}
    assert place.with_values(across=0.5).across == 0.5


def picture_of_mine(folder: Path) -> Path:
    path = folder / "mine.png"
    pixels = np.zeros((40, 48, 3), np.uint8)
    pixels[10:30, 8:40] = (240, 90, 20)
    Image.fromarray(pixels).save(path)
    return path


def test_a_picture_of_ones_own_is_a_place_that_is_made_again(run: Path, tmp_path: Path) -> None:
    mine = picture_of_mine(tmp_path)
    values = {"seeds": "3, 4", "across": 0.25, "corners": "2"}
    made = next(
        step
        for step in perform(
            "explore", run=run, inputs={"pictures": [mine]}, settings=values, checkpoint="last"
        )
        if isinstance(step, Made)
    )
    assert [it.name for it in made.recipe.inputs] == ["mine.png"]
    assert made.name == "3-mine"
    saved = tmp_path / "result.png"
    save_picture(made.artifact.data, saved, made.recipe)
    assert drain(remake(saved, projects=[run.parent.parent], inputs=[tmp_path])).is_same
    mine.write_bytes(b"another")
    with pytest.raises(ProjectError, match="made from is not here"):
        drain(remake(saved, projects=[run.parent.parent], inputs=[tmp_path]))

    explorer = Explorer(Run(run), "last")
    with pytest.raises(SettingsError, match="picture of this place is not here"):
        explorer.picture(Place(seeds=(3,), pictures={0: "unknown"}), explorer.settings({}))
    with pytest.raises(DatasetError):
        drain(explorer.find_picture(tmp_path / "none.png"))


def test_a_session_finds_a_picture_and_goes_on_when_it_is_none(
    session: ExploringSession, tmp_path: Path
) -> None:
    until(session, DirectionsFound)
    mine = picture_of_mine(tmp_path)
    session.find_picture(mine)
    found = until(session, PictureFound)[-1]
    assert isinstance(found, PictureFound)
    assert found.path == mine
    assert found.image_HWC is not None
    session.show_place(Place(seeds=(1,), pictures={0: found.content_hash}))
    shown = until(session, PlaceShown)[-1]
    assert isinstance(shown, PlaceShown)
    np.testing.assert_array_equal(shown.image_HWC, found.image_HWC)

    session.find_picture(tmp_path / "none.png")
    told = until(session, Refused)
    assert [it.content_hash for it in told if isinstance(it, PictureFound)] == [""]


def test_a_newer_checkpoint_is_taken_over_and_the_place_stays(run: Path) -> None:
    session = ExploringSession(run, "last", {}, follows=True)
    session.start()
    until(session, DirectionsFound)
    place = Place(seeds=(1, 2), across=0.5, moves={1: 1.0})
    session.show_place(place)
    before = until(session, PlaceShown)[-1]
    *_, ended = resume_run(run, NoCommands(), budget=Budget(unit="steps", amount=6))
    assert isinstance(ended, Finished)
    newer = until(session, Opened)[-1]
    shown = until(session, PlaceShown)[-1]
    session.close()
    session.join()
    assert isinstance(newer, Opened)
    assert (newer.step, newer.is_newer) == (6, True)
    assert isinstance(before, PlaceShown)
    assert isinstance(shown, PlaceShown)
    assert shown.place == place
    assert (shown.image_HWC != before.image_HWC).any()


def test_places_are_kept_under_names(run: Path) -> None:
    place = Place(seeds=(1, 2), across=0.5, zone_moves={"colour": {1: 2.0}}, styles={"form": 7})
    assert read_slots(run) == {}
    keep_slot(run, "  red   hills ", place)
    keep_slot(run, "plain", Place(seeds=(3,)))
    assert read_slots(run) == {"red hills": place, "plain": Place(seeds=(3,))}
    assert forget_slot(run, "plain") == {"red hills": place}
    with pytest.raises(SettingsError, match="needs a name"):
        keep_slot(run, " ", place)
    for number in range(63):
        keep_slot(run, str(number), place)
    with pytest.raises(SettingsError, match="64 kept places"):
        keep_slot(run, "one more", place)
    (run.parent.parent / "places" / f"{run.name}.json").write_text("{")
    assert read_slots(run) == {}


def test_the_seed_of_a_picture_is_that_of_its_recipe(run: Path, tmp_path: Path) -> None:
    (made,) = generate(Run(run), [41])
    path = tmp_path / "made.png"
    save_picture(made.image_HWC, path, made.recipe)
    assert seed_of(path, run) == 41
    with pytest.raises(SettingsError, match="no picture of this run"):
        seed_of(path, run.with_name("another"))
    between = {"operation": "explore", "seed": None, "sampling": {"seeds": "1, 2"}}
    save_picture(made.image_HWC, path, made.recipe.model_copy(update=between))
    with pytest.raises(SettingsError, match="no seed of its own"):
        seed_of(path, run)
