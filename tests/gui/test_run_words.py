"""What is said of runs, and how far they go on."""

from pathlib import Path

import pytest

from genstudio.domain.runs import CheckpointInfo, RunState, RunSummary
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.ui.run_words import disk_size, duration, examples_words, preview_px, what_was_lost
from genstudio.ui.state.training import budget_after


def _summary(
    *,
    state: RunState,
    step: int = 0,
    budget: Budget | None = None,
    lost: tuple[int, float] = (0, 0),
) -> RunSummary:
    checkpoint = CheckpointInfo(path=Path("c"), step=step, images_seen=step, seconds=1)
    return RunSummary(
        path=Path("20260101-120000-gan"),
        settings=TrainingSettings(model_key="gan", budget=budget or Budget()),
        state=state,
        step=step,
        seconds=0,
        lost_steps=lost[0],
        lost_seconds=lost[1],
        losses=(),
        previews=(),
        checkpoints=(checkpoint,) if step else (),
    )


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (
            _summary(state=RunState.INTERRUPTED, step=900, lost=(35, 12.2)),
            (
                "This run was interrupted. It is saved up to step 900; "
                "what came after it, 12 seconds (35 steps), is lost and will be done again."
            ),
        ),
        (
            _summary(state=RunState.FAILED, step=9, lost=(1, 0.7)),
            (
                "This run has failed. It is saved up to step 9; "
                "what came after it, 1 second (1 step), is lost and will be done again."
            ),
        ),
        (
            _summary(state=RunState.INTERRUPTED, step=9),
            "This run was interrupted. It is saved up to step 9; nothing is lost.",
        ),
        (
            _summary(state=RunState.INTERRUPTED, lost=(3, 1)),
            "This run was interrupted before it was first saved; it begins again.",
        ),
    ],
)
def test_what_was_lost_is_said_in_plain_words(run: RunSummary, words: str) -> None:
    assert what_was_lost(run) == words


@pytest.mark.parametrize(
    ("layout", "words", "side"),
    [
        ("", "32 px", 32),
        ("4 bars", "4 bars", 128),
        ("8000 Hz, 6144 samples", "0.77 s at 8 kHz", 128),
        ("name; 32 px; sound: 8000 Hz, 2048 samples", "32 px", 128),
    ],
)
def test_examples_are_described_by_their_size_if_pictures_are_among_them(
    layout: str, words: str, side: int
) -> None:
    settings = TrainingSettings(model_key="vae", size=32, layout=layout)
    assert examples_words(settings) == words
    assert preview_px(settings) == side


def test_times_and_sizes_are_short() -> None:
    assert [duration(seconds) for seconds in (5, 720, 11_100)] == ["5 s", "12 min", "3:05 h"]
    assert [disk_size(size) for size in (0, 5 << 20, 3 << 30)] == ["0.1 MB", "5 MB", "3.0 GB"]


@pytest.mark.parametrize(
    ("state", "unit", "amount", "step", "expected"),
    [
        (RunState.STOPPED, "steps", 100, 40, "100 steps"),
        (RunState.STOPPED, "steps", 40, 40, "9 minutes"),
        (RunState.STOPPED, "images", 161, 40, "161 images"),
        (RunState.STOPPED, "images", 159, 40, "9 minutes"),
        (RunState.FINISHED, "minutes", 30, 20, "30 minutes"),
        (RunState.FINISHED, "minutes", 30, 60, "11 minutes"),
    ],
)
def test_a_budget_is_measured_where_the_run_goes_on(
    state: RunState, unit: str, amount: float, step: int, expected: str
) -> None:
    """Step s comes after 4 s pictures and s / 10 minutes; five minutes more are offered."""
    start = CheckpointInfo(path=Path("c"), step=step, images_seen=4 * step, seconds=6 * step)
    budget = Budget.model_validate({"unit": unit, "amount": amount})
    run = _summary(state=state, step=60, budget=budget)
    assert str(budget_after(run, start, Budget(unit="minutes", amount=5))) == expected


def test_a_run_that_begins_again_has_its_whole_budget() -> None:
    run = _summary(state=RunState.INTERRUPTED, budget=Budget(unit="steps", amount=9))
    assert budget_after(run, None, Budget(unit="minutes", amount=5)) == run.settings.budget


def test_molecules_in_selfies_have_no_colon_without_a_column() -> None:
    settings = TrainingSettings(model_key="smiles-vae", modality="molecules", layout="SELFIES:")
    assert examples_words(settings) == "SELFIES"
