"""Picking blindly: hidden and balanced sides, an exact test, and a file that only grows."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from genstudio.services.blind_picks import (
    BlindSession,
    Picked,
    PickTally,
    State,
    added_up,
    keep_tally,
    pick_words,
    sign_test,
    tallies_of,
)

GAN, VAE = State(run="gan", step=10), State(run="vae", step=20)


def tally(for_first: int, for_second: int, undecided: int = 0, **more: object) -> PickTally:
    values = {"first": GAN, "second": VAE, "when": datetime(2026, 11, 29, tzinfo=UTC)}
    return PickTally(
        for_first=for_first, for_second=for_second, undecided=undecided, **(values | more)
    )


def picked_through(session: BlindSession, choose: object) -> PickTally:
    while not session.is_over:
        session.pick(choose(*session.sides(("first", "second"))))
    return session.tally(GAN, VAE)


# --- the test ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wins", "losses", "expected"),
    [
        (12, 3, 0.03515625),
        (3, 12, 0.03515625),
        (6, 0, 0.03125),
        (5, 0, 0.0625),
        (15, 5, 0.04138947),
        (7, 7, 1.0),
        (1, 0, 1.0),
        (0, 0, 1.0),
    ],
)
def test_the_sign_test_is_exact(wins: int, losses: int, expected: float) -> None:
    assert sign_test(wins, losses) == pytest.approx(expected, rel=1e-6)


def test_huge_numbers_of_a_strangers_file_are_soon_tested() -> None:
    assert sign_test(500_000, 500_000) == 1
    assert sign_test(10**6, 0) == 0
    assert sign_test(520, 481) == pytest.approx(sign_test(520, 480), abs=0.02)


# --- a session --------------------------------------------------------------------------------


@pytest.mark.parametrize("num_pairs", [1, 2, 7, 20])
def test_sides_are_balanced_and_only_the_seed_knows_them(num_pairs: int) -> None:
    orders = set()
    for seed in range(20):
        session = BlindSession(num_pairs, seed)
        lefts = []
        while not session.is_over:
            lefts.append(session.sides(("first", "second"))[0])
            session.pick(Picked.NEITHER)
        assert abs(2 * lefts.count("first") - num_pairs) <= 1
        orders.add(tuple(lefts))
    assert len(orders) >= 2


def test_who_always_takes_one_is_believed() -> None:
    for seed in range(10):
        found = picked_through(
            BlindSession(12, seed),
            lambda left, _: Picked.LEFT if left == "second" else Picked.RIGHT,
        )
        assert (found.for_first, found.for_second) == (0, 12)
        assert found.is_claimed


def test_coins_and_sides_are_not_believed() -> None:
    generator = random.Random(7)
    claimed = 0
    for seed in range(200):
        found = picked_through(
            BlindSession(20, seed), lambda *_: generator.choice([Picked.LEFT, Picked.RIGHT])
        )
        claimed += found.is_claimed
    # At five per cent, by the exact test at most ten of 200 are expected.
    assert claimed <= 20
    # Who always presses the same key, takes each of them as often.
    found = picked_through(BlindSession(20, 3), lambda *_: Picked.LEFT)
    assert (found.for_first, found.for_second) == (10, 10)
    assert not found.is_claimed


def test_what_makes_no_difference_says_nothing() -> None:
    found = picked_through(BlindSession(8, 1), lambda *_: Picked.NEITHER)
    assert (found.decided, found.undecided, found.chance) == (0, 8, 1.0)


def test_a_pick_is_taken_back_and_the_pair_is_shown_again() -> None:
    session = BlindSession(4, 5)
    before = session.sides(("first", "second"))
    assert not session.undo()
    session.pick(Picked.LEFT)
    assert session.done == 1
    assert session.undo()
    assert session.done == 0
    assert session.sides(("first", "second")) == before
    session.pick(Picked.NEITHER)
    assert session.tally(GAN, VAE).undecided == 1


# --- the file ---------------------------------------------------------------------------------


def test_sessions_are_kept_and_damaged_lines_passed_over(tmp_path: Path) -> None:
    assert tallies_of(tmp_path) == []
    keep_tally(tmp_path, tally(12, 3))
    path = tmp_path / "blind_picks.jsonl"
    good = path.read_text()
    path.write_text(
        good
        + "no json\n"
        + good.replace('"for_first":12', '"for_first":-1')
        + good.replace('"for_first":12', '"for_first":99999999999')
        + good.replace("2026-11-29T00:00:00Z", "2026-11-29T00:00:00")
        + good[:40]
        + "\n"
    )
    keep_tally(tmp_path, tally(1, 2))
    assert [(it.for_first, it.for_second) for it in tallies_of(tmp_path)] == [(12, 3), (1, 2)]


def test_all_sessions_of_two_states_are_added_up() -> None:
    later = datetime(2026, 11, 30, tzinfo=UTC)
    turned = tally(9, 1, first=VAE, second=GAN, when=later)
    other = tally(5, 5, second=State(run="vae", step=21))
    same = tally(3, 3, second=GAN)
    (found,) = added_up([tally(12, 3, 1), turned, other, same], [GAN, VAE])
    assert (found.for_first, found.for_second, found.undecided) == (13, 12, 1)
    assert (found.first, found.second, found.sessions, found.when) == (GAN, VAE, 2, later)
    assert not found.is_claimed
    assert added_up([other], [GAN, VAE]) == ()


# --- words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "words", "no_words"),
    [
        (tally(3, 12), ["B was liked more than A in 12 of 15", "3.5 % of cases"], "No preference"),
        (tally(9, 6), ["A was liked more than B in 9 of 15", "No preference"], "so clear"),
        (tally(7, 7), ["7 of 14", "No preference", "100 %"], "so clear"),
        (tally(4, 0), ["4 of 4", "Too few", "6 pairs"], "so clear"),
        (tally(0, 0, 5), ["neither A nor B"], "so clear"),
    ],
)
def test_a_preference_is_claimed_only_where_chance_is_ruled_out(
    found: PickTally, words: list[str], no_words: str
) -> None:
    text = pick_words(found, "A", "B")
    assert all(word in text for word in words), text
    assert no_words not in text
