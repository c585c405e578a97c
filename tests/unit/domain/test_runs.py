"""Which checkpoint is the best, by what was measured of it."""

from pathlib import Path

from genstudio.domain.runs import CheckpointInfo, best_measured, best_step


def saved(*metrics: dict[str, float]) -> list[CheckpointInfo]:
    return [
        CheckpointInfo(path=Path(str(step)), step=step, images_seen=0, seconds=0, metrics=figures)
        for step, figures in enumerate(metrics, start=1)
    ]


def test_the_kernel_distance_decides_even_where_the_other_one_disagrees() -> None:
    checkpoints = saved({"SWD": 9, "KID": 1.0}, {"SWD": 3, "KID": 2.0}, {"SWD": 5, "KID": 3.0})

    assert best_step(checkpoints) == 1


def test_runs_that_only_have_the_older_figure_are_judged_by_it() -> None:
    assert best_step(saved({"SWD": 9}, {"SWD": 3}, {}, {"SWD": 5})) == 2


def test_old_and_new_checkpoints_are_compared_by_what_all_have() -> None:
    checkpoints = saved({"SWD": 3}, {"SWD": 5, "KID": -1.0}, {"SWD": 6, "KID": 4.0})

    assert best_step(checkpoints) == 1


def test_where_nothing_was_measured_none_is_the_best() -> None:
    assert best_measured(saved({}, {"FID": 1.0})) is None
    assert best_step(saved({})) is None


def taught(step: int, gain: float | None, *, is_within: bool = True) -> CheckpointInfo:
    metrics = {"KID": 1.0} if gain is None else {"gain in taste": gain}
    if gain is not None:
        metrics["lesson within bounds"] = float(is_within)
    return CheckpointInfo(
        path=Path(str(step)), step=step, images_seen=step, seconds=1.0, metrics=metrics
    )


def test_of_a_taught_run_what_is_liked_most_within_bounds_is_the_best() -> None:
    first = taught(1, None)
    assert best_step([first, taught(2, 0.3), taught(3, 0.9, is_within=False)]) == 2
    assert best_step([first, taught(2, 0.3), taught(3, 0.5), taught(4, 0.4)]) == 3
    assert best_step([first, taught(3, 0.9, is_within=False)]) == 1
