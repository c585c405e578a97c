"""Pairs for picking blindly: drawn on the same seeds, of one size, from two saved points."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_studio import small_settings

from genstudio.domain.errors import CheckpointError
from genstudio.domain.progress import Progress
from genstudio.domain.training import Budget
from genstudio.engine.trainer import NoCommands
from genstudio.services import studio_blind
from genstudio.services.generation import generate
from genstudio.services.jobs import JobEnded
from genstudio.services.runs import Run
from genstudio.services.studio_blind import BlindPairs, Candidate, draw_pairs, short_names
from genstudio.services.training import NewRun, resume_run, start_run


@pytest.fixture
def two_points(trained_run: Path, tmp_path: Path) -> Path:
    """A run with checkpoints at steps 4 and 6."""
    project = Path(shutil.copytree(trained_run.parent.parent, tmp_path / "Meadow"))
    run = project / "runs" / trained_run.name
    for _ in resume_run(run, NoCommands(), budget=Budget(unit="steps", amount=6)):
        pass
    return run


def ended(first: Candidate, second: Candidate, count: int) -> list[object]:
    job = draw_pairs(first, second, count)
    job.start()
    items: list[object] = []
    while not items or not isinstance(items[-1], JobEnded):
        items.append(job.items.get(timeout=60))
    assert job.join(60)
    return items


def test_two_points_of_a_run_draw_the_same_seeds(
    two_points: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio_blind.secrets, "randbits", lambda _: 5)
    first, second = (Candidate(two_points, step, f"step {step}", "VAE") for step in (4, 6))
    *progress, pairs, ending = ended(first, second, 3)
    assert isinstance(ending, JobEnded)
    assert ending.error is None
    assert isinstance(pairs, BlindPairs)
    assert len(pairs.pairs) == 3
    assert all(isinstance(it, Progress) for it in progress)
    assert (progress[-1].done, progress[-1].total) == (6, 6)
    assert len({it.what for it in progress}) == 1
    # The other way round, the same pictures on the other sides.
    turned = ended(second, first, 3)[-2]
    assert isinstance(turned, BlindPairs)
    for (one, other), (another, same) in zip(pairs.pairs, turned.pairs, strict=True):
        assert one.shape == other.shape == (32, 32, 3)
        assert np.array_equal(one, same)
        assert np.array_equal(other, another)
        assert not np.array_equal(one, other)


def test_seeds_are_new_each_time(two_points: Path) -> None:
    candidate = Candidate(two_points, 4, "step 4", "VAE")
    one, other = (ended(candidate, candidate, 1)[-2] for _ in range(2))
    assert isinstance(one, BlindPairs)
    assert isinstance(other, BlindPairs)
    assert np.array_equal(*one.pairs[0])
    assert not np.array_equal(one.pairs[0][0], other.pairs[0][0])


def test_pictures_of_other_sizes_are_as_large_and_keep_their_pixels(
    two_points: Path, flowers: Path
) -> None:
    request = NewRun(
        folder=flowers, project=two_points.parent.parent, settings=small_settings(size=64)
    )
    *_, finished = start_run(request, NoCommands())
    small = Candidate(two_points, 4, "small", "VAE")
    large = Candidate(finished.run, 4, "large", "VAE")
    pairs = ended(small, large, 2)[-2]
    assert isinstance(pairs, BlindPairs)
    for one, other in pairs.pairs:
        assert one.shape == other.shape == (64, 64, 3)
        assert np.array_equal(one[::2, ::2], one[1::2, 1::2])
    shapes = {made.image_HWC.shape for made in generate(Run(two_points), [1], checkpoint="4")}
    assert shapes == {(32, 32, 3)}


def test_a_point_that_is_gone_is_told(two_points: Path) -> None:
    gone = Candidate(two_points, 99, "gone", "VAE")
    (ending,) = ended(gone, gone, 2)
    assert isinstance(ending, JobEnded)
    assert isinstance(ending.error, CheckpointError)


def test_names_are_short_where_that_is_enough() -> None:
    gan, vae, later = (
        Candidate(Path("runs/a"), 1, "GAN, step 1", "GAN"),
        Candidate(Path("runs/b"), 1, "VAE, step 1", "VAE"),
        Candidate(Path("runs/b"), 2, "VAE, step 2", "VAE"),
    )
    assert short_names(gan, vae) == ("“GAN”", "“VAE”")
    assert short_names(vae, later) == ("“VAE, step 1”", "“VAE, step 2”")
