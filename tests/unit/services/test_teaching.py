"""A run is taught by the choices of its project, in a branch; what is missing is said."""

from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from simulated_artist import compared, light
from tiny_studio import Script, of_kind
from training_helpers import Start, ending, fingerprint, resume

from genstudio.domain import commands, events, metric_names
from genstudio.domain.events import Event
from genstudio.domain.training import Budget
from genstudio.engine.teaching import TasteTeacher
from genstudio.services import teaching
from genstudio.services.choices import choose
from genstudio.services.gallery import Gallery
from genstudio.services.generation import generate
from genstudio.services.lessons import FILE
from genstudio.services.runs import Run
from genstudio.services.teaching import teach_run

pytestmark = pytest.mark.usefixtures("small_sheets", "few_first_pictures")
GAN: dict[str, Any] = {
    "model_key": "self-supervised-gan", "model": {"width": 32, "latent_size": 8}, "batch": 4,
}  # fmt: skip


@pytest.fixture
def base(start: Start, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that draws some pictures; teaching measures after every two steps."""
    monkeypatch.setattr(TasteTeacher, "every", 2)
    monkeypatch.setattr(teaching, "_NUM_UNTAUGHT", 24)
    return Run(ending(start(**GAN)).run)


def choose_all(run: Run, count: int, *, flips: float = 0.0) -> None:
    """Choices for what is lighter, between pictures of the run, spread over its contrasts."""
    names: list[str] = []
    images: list[np.ndarray] = []
    generator = np.random.default_rng(0)
    with Gallery(run.project()) as gallery:
        for it in generate(run, range(40)):
            # A young model draws much alike; a person would have waited.
            shade = np.uint8(generator.integers(0, 120))
            images.append(it.image_HWC // 2 + shade)
            names.append(gallery.add(images[-1], it.recipe).name)
    order = [int(at) for _ in range(1 + 2 * count // 40) for at in generator.permutation(40)]
    shuffled = np.stack([images[at] for at in order[: 2 * count]])
    for better, worse in compared(shuffled, light, flips=flips, seed=3):
        choose(run.project(), names[order[better]], names[order[worse]])


def teach(run: Run, *words: Any, steps: int = 4, **options: Any) -> list[Event]:
    """Teach for some steps: time would differ from machine to machine."""
    begun = run.checkpoint("best").state.step
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            teaching, "_budget", lambda *_: Budget(unit="steps", amount=float(begun + steps))
        )
        return list(teach_run(run.path, Script(*words), **options))


def test_a_branch_is_taught_and_the_run_stays_as_it_is(base: Run) -> None:
    choose_all(base, 200)
    before = fingerprint(base.path)
    told = teach(base)

    finished = ending(told)
    assert isinstance(finished, events.Finished)
    assert fingerprint(base.path) == before
    taught = Run(finished.run)
    assert taught.file.branched_from == f"{base.path.name}/4"
    assert len(taught.settings.lesson) == 64
    tensors = load_file(taught.path / FILE)
    assert tensors["weights"].shape[1] == 5
    assert any(name.startswith("anchor.generator.") for name in tensors)
    measured = [it.metrics for it in of_kind(events.MetricsReady, told)]
    assert any(metric_names.TASTE_GAIN in it for it in measured)
    state = taught.checkpoint("last").state
    assert state.teaching is not None
    assert state.teaching.before.keys() >= {"head 0", metric_names.COVERAGE}
    losses = of_kind(events.StepDone, told)[-1].losses
    assert {"taste", "off the anchor", "generator", "discriminator"} <= losses.keys()


def test_a_taught_run_goes_on_bit_for_bit(base: Run) -> None:
    choose_all(base, 200)
    whole = Run(ending(teach(base, steps=6)).run)

    stopped = ending(teach(base, None, None, None, commands.Stop(), steps=6))
    assert isinstance(stopped, events.Stopped)
    assert stopped.step < 10
    resumed = ending(resume(stopped.run, budget=Budget(unit="steps", amount=10.0)))
    assert resumed.step == 10
    one, other = whole.checkpoint("last"), Run(resumed.run).checkpoint("last")
    assert one.state.teaching == other.state.teaching
    for name in ("weights", "ema", "optimizer"):
        mine, theirs = one.tensors(name), other.tensors(name)
        assert mine.keys() == theirs.keys()
        assert all(bool((mine[key] == theirs[key]).all()) for key in mine), name


@pytest.mark.parametrize("count", [0, 199])
def test_too_few_choices_are_said_and_nothing_is_made(base: Run, count: int) -> None:
    if count:
        choose_all(base, count)
    failed = ending(teach(base))
    assert isinstance(failed, events.Failed)
    assert "too few choices" in failed.title
    assert "200 are needed" in failed.message
    assert "A or B" in failed.hint
    assert len(base.project().run_folders()) == 1


def test_choices_by_chance_are_refused_in_words(base: Run) -> None:
    choose_all(base, 220, flips=0.5)
    failed = ending(teach(base))
    assert isinstance(failed, events.Failed)
    assert "do not show a taste" in failed.title
    assert "do not agree with themselves" in failed.message
    assert len(base.project().run_folders()) == 1


def test_a_model_that_cannot_be_taught_says_so(toy: None, start: Start) -> None:
    del toy
    run = Run(ending(start()).run)
    failed = ending(list(teach_run(run.path, Script())))
    assert "cannot be taught" in failed.title


def test_a_damaged_lesson_is_refused(base: Run) -> None:
    choose_all(base, 200)
    taught = Run(ending(teach(base)).run)
    tensors = load_file(taught.path / FILE)
    save_file({**tensors, "weights": tensors["weights"] + 1}, taught.path / FILE)
    failed = ending(resume(taught.path, budget=Budget(unit="steps", amount=12.0)))
    assert isinstance(failed, events.Failed)
    assert "is damaged" in failed.title
    assert "lesson" in failed.title


def test_a_branch_of_a_taught_run_is_taught_on(base: Run) -> None:
    choose_all(base, 200)
    taught = Run(ending(teach(base)).run)
    told = resume(
        taught.path, branch_from=taught.store.steps()[-1], budget=Budget(unit="steps", amount=12.0)
    )
    branch = Run(ending(told).run)
    assert branch.settings.lesson == taught.settings.lesson
    assert "taste" in of_kind(events.StepDone, told)[-1].losses
