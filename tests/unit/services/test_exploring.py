"""Exploring: what is wanted last is drawn next, and places can be kept."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from genstudio.domain.errors import SettingsError
from genstudio.domain.places import Place, moves_text, parse_moves, parse_seeds
from genstudio.domain.progress import Progress, drain
from genstudio.services.exploring import Explorer
from genstudio.services.exploring_session import (
    DirectionsFound,
    ExploringSession,
    Opened,
    PlaceShown,
    Refused,
    SeedShown,
    Shown,
)
from genstudio.services.generation import generate
from genstudio.services.jobs import JobEnded
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.runs import Run

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
    (made,) = generate(Run(run), [7])
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
    assert parse_moves(moves_text(moves)) == {1: 1.5, 4: -0.5}
    assert parse_moves("") == {}
    assert parse_seeds(" 3,17 , 5") == (3, 17, 5)
    place = Place(seeds=(1,), moves={2: 0.0, 1: 1.0})
    assert place.moves == {1: 1.0}
    assert place.with_values(across=0.5).across == 0.5
