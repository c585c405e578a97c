"""Walks: how many frames there are, and where each of them is."""

import pytest

from genstudio.domain.places import Place
from genstudio.domain.walks import KeyFrame, Walk


def walk(*stops: tuple[float, str], is_loop: bool = True) -> Walk:
    frames = tuple(
        KeyFrame(place=Place(seeds=(at,)), seconds=seconds, pace=pace)  # type: ignore[arg-type]
        for at, (seconds, pace) in enumerate(stops)
    )
    return Walk(key_frames=frames, is_loop=is_loop)


def test_a_loop_leads_back_and_ends_before_its_beginning() -> None:
    ways = list(walk((1.0, "steady"), (0.5, "steady")).ways(10))
    assert len(ways) == 15
    assert ways[0] == (0, 1, 0.0)
    assert ways[5] == (0, 1, 0.5)
    assert ways[10] == (1, 0, 0.0)
    assert ways[14] == (1, 0, pytest.approx(0.8))


def test_without_a_loop_the_last_stays_in_view() -> None:
    ways = list(walk((1.0, "steady"), (0.5, "steady"), is_loop=False).ways(10))
    assert len(ways) == 15
    assert ways[9] == (0, 1, pytest.approx(0.9))
    assert ways[10:] == [(1, 1, 0.0)] * 5


def test_gentle_ways_begin_and_end_slowly_and_jumps_wait() -> None:
    shares = [share for _, _, share in walk((1.0, "gentle"), (1.0, "jump")).ways(100)]
    assert shares[1] < 0.001
    assert shares[50] == pytest.approx(0.5)
    assert shares[99] > 0.999
    assert set(shares[100:]) == {0.0}


def test_many_short_stops_are_all_reached() -> None:
    ways = list(walk(*[(0.1, "steady")] * 50).ways(30))
    assert len(ways) == 150
    assert [start for start, _, _ in ways] == sorted(start for start, _, _ in ways)
    assert {start for start, _, _ in ways} == set(range(50))


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), 4000])
def test_impossible_times_are_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds"):
        KeyFrame(place=Place(seeds=(1,)), seconds=seconds)
