"""Which checkpoints are kept: a rule that a person can say in one sentence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genstudio.domain.runs import CheckpointInfo
from genstudio.engine.retention import superfluous

PLENTY = 1e15
HOUR_S = 3600.0


def saved(
    *minutes: float, starred: set[int] = frozenset(), num_bytes: int = 1
) -> list[CheckpointInfo]:  # type: ignore[assignment]
    return [
        CheckpointInfo(
            path=Path(str(step)), step=step, images_seen=step, seconds=minute * 60,
            num_bytes=num_bytes, is_starred=step in starred,
        )
        for step, minute in enumerate(minutes)
    ]  # fmt: skip


def kept(checkpoints: list[CheckpointInfo], room_bytes: float = PLENTY) -> list[int]:
    removed = superfluous(checkpoints, room_bytes=room_bytes)
    return [info.step for info in checkpoints if info.step not in removed]


@pytest.mark.parametrize("count", range(4))
def test_few_are_all_kept(count: int) -> None:
    assert kept(saved(*range(count))) == list(range(count))


def test_of_one_hour_the_newest_three_are_kept() -> None:
    assert kept(saved(1, 2, 3, 4, 5)) == [2, 3, 4]


def test_of_each_hour_the_last_is_kept() -> None:
    assert kept(saved(10, 59, 61, 119, 121, 122, 123, 124)) == [1, 3, 5, 6, 7]


def test_a_star_keeps_for_ever() -> None:
    assert kept(saved(1, 2, 3, 4, 5, 6, starred={0}), room_bytes=0) == [0, 3, 4, 5]


def test_the_best_that_was_measured_is_kept_whenever_it_was() -> None:
    checkpoints = saved(1, 2, 3, 4, 5, 6)
    quality = [9.0, 2.0, None, 5.0, 3.0, 4.0]
    measured = [
        info if figure is None else info.model_copy(update={"metrics": {"SWD": figure}})
        for info, figure in zip(checkpoints, quality, strict=True)
    ]

    assert kept(measured, room_bytes=0) == [1, 3, 4, 5]
    # Also while those after it are not measured: they may turn out to be worse.
    assert kept([*measured[:2], *checkpoints[2:]], room_bytes=0) == [1, 3, 4, 5]


def test_where_there_is_little_room_what_stays_is_spread_over_the_run() -> None:
    night = saved(*(60 * hour for hour in range(12)))

    assert kept(night, room_bytes=6) == [2, 4, 6, 9, 10, 11]
    assert kept(night, room_bytes=0) == [9, 10, 11]


def test_saving_every_minute_for_two_days_stays_a_small_number() -> None:
    held: list[CheckpointInfo] = []
    for minute in range(1, 48 * 60 + 1):
        (new,) = saved(minute)
        held.append(new.model_copy(update={"step": minute}))
        removed = superfluous(held, room_bytes=PLENTY)
        held = [info for info in held if info.step not in removed]
    assert [info.step for info in held[:4]] == [59, 119, 179, 239]
    # The last hours of the newest three are among the hours.
    assert len(held) == 47 + 3


@given(
    minutes=st.lists(st.integers(0, 600), unique=True, max_size=30),
    starred=st.sets(st.integers(0, 29)),
    room=st.integers(0, 40),
)
def test_the_newest_three_and_the_starred_are_never_removed(
    minutes: list[int], starred: set[int], room: int
) -> None:
    checkpoints = saved(*sorted(minutes), starred=starred)
    left = kept(checkpoints, room_bytes=room)

    assert {info.step for info in checkpoints if info.is_starred} <= set(left)
    assert left[-3:] == [info.step for info in checkpoints][-3:]
    # Looking again changes nothing.
    again = [info for info in checkpoints if info.step in left]
    assert kept(again, room_bytes=room) == left
