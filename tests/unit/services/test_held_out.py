"""Held-out pictures: never seen in training, on record, and the same after going on."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
from safetensors.numpy import load_file
from tiny_studio import ToyModel, of_kind, save_pictures, steps
from training_helpers import Start, ending, resume

from genstudio.domain import commands, events
from genstudio.domain.errors import ProjectError
from genstudio.models.protocol import Batch, Losses
from genstudio.services.runs import Run

pytestmark = pytest.mark.usefixtures("toy", "small_sheets", "few_first_pictures")
COUNT = 60
HELD_OUT = 12


@pytest.fixture(scope="module")
def greys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each has the grey of four times its number."""
    pictures = np.arange(0, 4 * COUNT, 4, dtype=np.uint8)[:, None, None, None]
    pictures = pictures.repeat(32, 1).repeat(32, 2).repeat(3, 3)
    return save_pictures(tmp_path_factory.mktemp("pictures") / "greys", pictures)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the pictures that the model was shown, in order."""
    names: list[str] = []
    real = ToyModel.losses

    def watch(toy: ToyModel, phase: str, batch: Batch, step: int) -> Losses:
        if phase == "mix":
            greys = batch.images_NCHW[:, 0, 0, 0].add(1).mul(127.5).round().int()
            names.extend(f"{grey // 4:02}.png" for grey in greys.tolist())
        return real(toy, phase, batch, step)

    monkeypatch.setattr(ToyModel, "losses", watch)
    return names


def change(run: Path, **entries: Any) -> None:
    content = tomllib.loads((run / "run.toml").read_text())
    content = {name: value for name, value in {**content, **entries}.items() if value is not None}
    (run / "run.toml").write_text(tomli_w.dumps(content))


def test_no_held_out_picture_is_ever_seen(start: Start, greys: Path, seen: list[str]) -> None:
    told = start(folder=greys, budget=steps(36))
    run = Run(ending(told).run)

    assert len(run.held_out) == HELD_OUT
    assert of_kind(events.RunStarted, told)[0].num_images == COUNT - HELD_OUT
    everything = {f"{number:02}.png" for number in range(COUNT)}
    # Three times round, each time all of the others.
    assert set(seen) == everything - set(run.held_out)
    assert {seen.count(name) for name in set(seen)} == {3}


def test_the_seed_does_not_choose_them(start: Start, greys: Path) -> None:
    runs = [Run(ending(start(folder=greys, seed=seed)).run) for seed in (1, 2)]

    assert runs[0].held_out == runs[1].held_out


def test_none_are_held_out_where_that_is_wanted_or_there_are_few(start: Start, greys: Path) -> None:
    for told in (start(folder=greys, held_out=0.0), start()):
        assert Run(ending(told).run).held_out == ()


def test_going_on_is_exact_and_sees_none_of_them_either(
    start: Start, greys: Path, seen: list[str]
) -> None:
    whole = ending(start(folder=greys, budget=steps(16)))
    uninterrupted = seen.copy()
    seen.clear()
    stopped = ending(start(*[None] * 7, commands.Stop(), folder=greys, budget=steps(16)))
    assert 0 < stopped.step < 16
    finished = ending(resume(stopped.run))

    assert seen == uninterrupted
    assert not set(seen) & set(Run(finished.run).held_out)
    for name in ("weights", "ema", "optimizer"):
        one, other = (load_file(it.checkpoint / f"{name}.safetensors") for it in (whole, finished))
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[key], other[key]) for key in one)


def test_an_old_run_with_names_in_its_settings_goes_on_exactly(start: Start, greys: Path) -> None:
    whole = ending(start(folder=greys, budget=steps(16)))
    stopped = ending(start(*[None] * 7, commands.Stop(), folder=greys, budget=steps(16)))
    run = Run(stopped.run)
    assert not isinstance(run.file.held_out, tuple)
    change(run.path, format_version=1, held_out=list(run.held_out))
    (run.path / "held-out.json").unlink()
    finished = ending(resume(run.path))

    assert Run(run.path).held_out == run.held_out
    for name in ("weights", "ema", "optimizer"):
        one, other = (load_file(it.checkpoint / f"{name}.safetensors") for it in (whole, finished))
        assert all(np.array_equal(one[key], other[key]) for key in one)
    branch = Run(ending(resume(run.path, branch_from=16, budget=steps(20))).run)
    assert branch.held_out == run.held_out
    assert not isinstance(branch.file.held_out, tuple)


def test_a_branch_holds_out_the_same(start: Start, greys: Path) -> None:
    run = Run(ending(start(folder=greys)).run)
    branch = Run(ending(resume(run.path, branch_from=4, budget=steps(6))).run)

    assert branch.held_out == run.held_out


def test_a_run_from_before_there_were_any_learns_from_everything(
    start: Start, greys: Path, seen: list[str]
) -> None:
    run = ending(start(folder=greys)).run
    settings = Run(run).settings.model_dump(mode="json", exclude={"held_out"})
    change(run, held_out=None, settings=settings)
    told = resume(run, budget=steps(40))

    assert of_kind(events.RunStarted, told)[0].num_images == COUNT
    assert len(set(seen)) == COUNT


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (["nobody.png"], "such as nobody.png"),
        (None, "no longer says"),
        ([f"{number:02}.png" for number in range(COUNT - 1)], "too few"),
    ],
    ids=["strangers", "gone", "everything"],
)
def test_a_record_that_was_tampered_with_is_told_in_words(
    start: Start, greys: Path, record: list[str] | None, words: str
) -> None:
    run = ending(start(folder=greys)).run
    change(run, held_out=record)
    failed = ending(resume(run, budget=steps(6)))

    assert isinstance(failed, events.Failed)
    assert words in failed.message
    assert "error in the program" not in failed.title
    assert failed.hint


def test_a_record_that_is_no_list_of_names_is_told_in_words(start: Start, greys: Path) -> None:
    run = ending(start(folder=greys)).run
    change(run, held_out=7)

    with pytest.raises(ProjectError, match="damaged"):
        Run(run)
