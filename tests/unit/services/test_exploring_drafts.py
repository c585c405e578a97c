"""Exploring with a model that draws slowly: drafts while a hand moves, then the picture."""

import shutil
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from genstudio.domain.places import Place
from genstudio.domain.settings import Settings
from genstudio.engine.checkpoint import Checkpoint
from genstudio.models.capabilities import Drafts
from genstudio.models.vae.residual import ResidualVAE
from genstudio.services import exploring
from genstudio.services.explored import DirectionsFound, PlaceShown, Refused, SeedShown, Shown
from genstudio.services.exploring import Explorer
from genstudio.services.exploring_session import ExploringSession
from genstudio.services.generation import load_model
from genstudio.services.jobs import JobEnded
from genstudio.services.runs import Run

PATIENCE_S = 300
PARTS = 3


@pytest.fixture
def run(trained_run: Path, tmp_path: Path) -> Path:
    project = tmp_path / "Meadow"
    shutil.copytree(trained_run.parent.parent, project)
    return project / "runs" / trained_run.name


class Pauses:
    """What a slow model waits for at its first pause, once ``holds`` is set."""

    def __init__(self) -> None:
        self.holds = threading.Event()
        self.is_at_pause = threading.Event()
        self.may_go_on = threading.Event()
        self.drafts = 0

    def wait(self) -> None:
        if self.holds.is_set():
            self.holds.clear()
            self.is_at_pause.set()
            assert self.may_go_on.wait(PATIENCE_S)


class SlowVAE(ResidualVAE):
    """Draws in parts; its drafts are negatives."""

    pauses: Pauses

    def draft(self, latents: Tensor, settings: Settings) -> np.ndarray:
        self.pauses.drafts += 1
        return 255 - self.decode(latents, settings)

    def decode_in_parts(
        self, latents: Tensor, settings: Settings
    ) -> Generator[None, None, np.ndarray]:
        for _ in range(PARTS):
            self.pauses.wait()
            yield
        return self.decode(latents, settings)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    """The model of the run draws slowly."""
    pauses = Pauses()

    def load_slow(run: Run, checkpoint: Checkpoint) -> SlowVAE:
        model = load_model(run, checkpoint)
        model.__class__ = SlowVAE
        assert isinstance(model, SlowVAE)
        model.pauses = pauses
        return model

    monkeypatch.setattr(exploring, "load_model", load_slow)
    return pauses


@pytest.fixture
def session(run: Path, pauses: Pauses) -> Iterator[ExploringSession]:
    session = ExploringSession(run, "last", {})
    session.start()
    until_found(session)
    yield session
    session.close()
    session.join()


def told_by(session: ExploringSession) -> Shown:
    item = session.items.get(timeout=PATIENCE_S)
    assert not isinstance(item, JobEnded), item
    return item


def until_found(session: ExploringSession) -> None:
    while not isinstance(told_by(session), DirectionsFound):
        pass


def test_a_draft_is_followed_by_the_picture_that_is_made_of_the_place(
    session: ExploringSession, run: Path
) -> None:
    place = Place(seeds=(1, 2), across=0.3, moves={1: 1.0})
    session.show_place(place)
    draft, picture = told_by(session), told_by(session)
    assert isinstance(draft, PlaceShown)
    assert isinstance(picture, PlaceShown)
    assert (draft.place, draft.is_draft) == (place, True)
    assert (picture.place, picture.is_draft) == (place, False)

    explorer = Explorer(Run(run), "last")
    for _ in explorer.find_directions():
        pass
    made = explorer.picture(place, explorer.settings({}))
    np.testing.assert_array_equal(picture.image_HWC, made)
    np.testing.assert_array_equal(draft.image_HWC, 255 - made)


def test_a_picture_is_given_up_for_a_place_that_is_wanted_meanwhile(
    session: ExploringSession, pauses: Pauses
) -> None:
    pauses.holds.set()
    places = [Place(seeds=(seed,)) for seed in (1, 2, 3)]
    session.show_place(places[0])
    assert pauses.is_at_pause.wait(PATIENCE_S)
    session.show_place(places[1])
    session.show_place(places[2])
    pauses.may_go_on.set()
    shown = [told_by(session) for _ in range(3)]
    assert [(it.place, it.is_draft) for it in shown if isinstance(it, PlaceShown)] == [
        (places[0], True),
        (places[2], True),
        (places[2], False),
    ]


def test_a_seed_that_gave_way_to_a_place_is_drawn_after_it_without_a_draft(
    session: ExploringSession, pauses: Pauses
) -> None:
    pauses.holds.set()
    session.show_seeds([7, 8])
    assert pauses.is_at_pause.wait(PATIENCE_S)
    session.show_place(Place(seeds=(1,)))
    pauses.may_go_on.set()
    shown = [told_by(session) for _ in range(4)]
    assert [type(it) for it in shown] == [PlaceShown, PlaceShown, SeedShown, SeedShown]
    assert [it.seed for it in shown if isinstance(it, SeedShown)] == [7, 8]
    assert pauses.drafts == 1


def test_what_is_refused_meanwhile_keeps_no_picture_from_being_finished(
    session: ExploringSession, run: Path, pauses: Pauses
) -> None:
    pauses.holds.set()
    session.show_place(Place(seeds=(1,)))
    assert pauses.is_at_pause.wait(PATIENCE_S)
    # A file where a folder has to be: the name cannot be kept.
    shutil.rmtree(run.parent.parent / "directions")
    (run.parent.parent / "directions").write_text("")
    session.name_direction(1, "lighter")
    pauses.may_go_on.set()
    draft, refused, picture = (told_by(session) for _ in range(3))
    assert isinstance(draft, PlaceShown)
    assert isinstance(refused, Refused)
    assert isinstance(picture, PlaceShown)
    assert not picture.is_draft


def test_a_wrong_place_ends_the_one_before_and_the_session_goes_on(
    session: ExploringSession, pauses: Pauses
) -> None:
    pauses.holds.set()
    session.show_place(Place(seeds=(1,)))
    assert pauses.is_at_pause.wait(PATIENCE_S)
    session.show_place(Place(seeds=(1,), pictures={0: "unknown"}))
    pauses.may_go_on.set()
    told = [told_by(session), told_by(session)]
    assert [type(it) for it in told] == [PlaceShown, Refused]
    session.show_place(Place(seeds=(2,)))
    told = [told_by(session), told_by(session)]
    assert [it.is_draft for it in told if isinstance(it, PlaceShown)] == [True, False]


def test_models_that_draw_at_once_have_no_drafts(run: Path) -> None:
    explorer = Explorer(Run(run), "last")
    assert not isinstance(explorer._model, Drafts)
    place = Place(seeds=(3,))
    parts = explorer.picture_in_parts(place, explorer.settings({}))
    with pytest.raises(StopIteration) as end:
        next(parts)
    np.testing.assert_array_equal(end.value.value, explorer.picture(place, explorer.settings({})))
