"""What can be picked blindly, and which two are proposed."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from genstudio.domain.runs import CheckpointInfo, RunState, RunSummary
from genstudio.domain.training import TrainingSettings
from genstudio.ui.pages.compare_blind import candidates_of, proposed


def entry(title: str, *, output: str = "image", makes: bool = True) -> Any:
    card = SimpleNamespace(title=title, output=output)
    return SimpleNamespace(card=card, sampling=object if makes else None)


ENTRIES = {
    "gan": entry("GAN"),
    "vae": entry("VAE"),
    "tunes": entry("Tunes", output="notes"),
    "translate": entry("Translate", makes=False),
}


def run(name: str, key: str, *steps: int, best: int = -1) -> RunSummary:
    path = Path("project/runs") / f"20261129-1{name}0000-{key}-0001"
    checkpoints = tuple(
        CheckpointInfo(
            path=path / str(step), step=step, images_seen=0, seconds=0,
            metrics={"KID": 1.0 if step == best else 2.0}, is_best=step == best,
        )
        for step in steps
    )  # fmt: skip
    return RunSummary(
        path=path, settings=TrainingSettings(model_key=key), state=RunState.FINISHED,
        step=steps[-1] if steps else 0, seconds=0, losses=(), previews=(), checkpoints=checkpoints,
    )  # fmt: skip


RUNS = [
    run("0", "vae", 10, 20, 30, best=20),
    run("1", "tunes", 10),
    run("2", "translate", 10),
    run("3", "unknown", 10),
    run("4", "gan", 5, 6, best=6),
    run("5", "gan"),
]


def test_points_of_runs_that_make_pictures_can_be_picked_newest_first() -> None:
    found = candidates_of(RUNS, ENTRIES)
    assert [(it.title, it.step) for it in found] == [
        ("GAN", 6), ("GAN", 5), ("VAE", 30), ("VAE", 20), ("VAE", 10),
    ]  # fmt: skip
    assert found[3].name == "VAE, 2026-11-29 10:00, step 20, the best so far"


@pytest.mark.parametrize(
    ("checked", "expected"),
    [
        ((4, 0), [("GAN", 6), ("VAE", 20)]),
        ((0, 4), [("VAE", 20), ("GAN", 6)]),
        ((0,), [("VAE", 20), ("VAE", 30)]),
        ((1,), [("GAN", 6), ("GAN", 5)]),
        ((), [("GAN", 6), ("GAN", 5)]),
    ],
)
def test_the_best_points_of_checked_runs_are_proposed(
    checked: tuple[int, ...], expected: list[tuple[str, int]]
) -> None:
    candidates = candidates_of(RUNS, ENTRIES)
    places = proposed(candidates, RUNS, [RUNS[at].path for at in checked])
    assert [(candidates[at].title, candidates[at].step) for at in places] == expected
