"""How long work will take is told from what was seen of it."""

from genstudio.domain.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_is_left_follows_the_pace_that_was_seen() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.left_s("learning", 10, 110) is None
    clock.now += 2
    assert pace.left_s("learning", 12, 110) is None, "too early to say"
    clock.now += 8
    # Ten things in ten seconds, ninety to go.
    assert pace.left_s("learning", 20, 110) == 90.0
    clock.now += 80
    assert pace.left_s("learning", 100, 110) is None, "nobody asks for ten seconds"


def test_other_work_and_work_begun_again_have_a_pace_of_their_own() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.left_s("learning", 0, 10)
    clock.now += 60
    assert pace.left_s("painting", 1, 1000) is None
    clock.now += 10
    assert pace.left_s("painting", 11, 1000) == 989.0
    assert pace.left_s("painting", 2, 1000) is None


def test_nothing_is_told_while_nothing_passes() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.left_s("learning", 3, 10)
    clock.now += 60
    assert pace.left_s("learning", 3, 10) is None
