"""Which of two states of models a person likes more without knowing which is which.

Sign test: Dixon & Mood 1946, exact and two-sided; picks without a preference say nothing and are
left out of it, as there.
"""

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import Enum, auto
from math import comb, erfc
from pathlib import Path
from typing import Final, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from genstudio.domain.files import explained, read_file
from genstudio.domain.language import tr, trn
from genstudio.domain.values import Count

# Chance alone goes so far once in twenty times.
LARGEST_CHANCE: Final = 0.05
# From so many equal picks on, chance is ruled out: 2 / 2⁶ is 3 %.
FEWEST_PICKS: Final = 6
_FILE = "blind_picks.jsonl"
_LARGEST_BYTES = 2**24
_MOST_EXACT = 1000

T = TypeVar("T")


class Picked(Enum):
    """What a person said of a pair."""

    LEFT = auto()
    RIGHT = auto()
    NEITHER = auto()


class State(BaseModel):
    """A saved state of a run.

    Attributes:
        run: Name of its folder.
        step: Step of the checkpoint.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    run: str = Field(min_length=1, max_length=300)
    step: Count


class PickTally(BaseModel):
    """What came of picking between two states.

    Attributes:
        first: One of them.
        second: The other.
        for_first: Pairs in which the first one was liked more.
        for_second: Pairs in which the second one was.
        undecided: Pairs without a preference.
        when: In UTC; of several sessions, the last.
        sessions: That were added up.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    first: State
    second: State
    for_first: int = Field(ge=0, le=10**6)
    for_second: int = Field(ge=0, le=10**6)
    undecided: int = Field(ge=0, le=10**6)
    when: AwareDatetime
    sessions: int = Field(default=1, ge=1, le=10**6)

    @property
    def decided(self) -> int:
        """Pairs with a preference."""
        return self.for_first + self.for_second

    @property
    def chance(self) -> float:
        """How often chance alone leads at least as far away from half, from 0 to 1."""
        return sign_test(self.for_first, self.for_second)

    @property
    def is_claimed(self) -> bool:
        """Whether a preference can be claimed."""
        return self.chance <= LARGEST_CHANCE

    def turned(self) -> "PickTally":
        """The same with the second one as the first."""
        return self.model_copy(
            update={
                "first": self.second,
                "second": self.first,
                "for_first": self.for_second,
                "for_second": self.for_first,
            }
        )


def sign_test(wins: int, losses: int) -> float:
    """Two-sided binomial test of as many wins as losses: its p-value.

    Exact up to a thousand, which nobody picks; a stranger's file may say more, where the normal
    distribution is as good (with a correction for continuity).
    """
    count = wins + losses
    if count > _MOST_EXACT:
        return min(1.0, erfc(max(0, abs(wins - losses) - 1) / (2 * count) ** 0.5))
    fewer = sum(comb(count, number) for number in range(min(wins, losses) + 1))
    return min(1.0, 2 * fewer / 2**count)


class BlindSession:
    """Pairs whose sides are hidden until it is over; picks can be taken back.

    In half of the pairs the first one stands at the left, in an order that only the seed knows.

    Args:
        num_pairs: That can be shown.
        seed: Of the order.
    """

    def __init__(self, num_pairs: int, seed: int) -> None:
        generator = random.Random(seed)  # noqa: S311 - no secret depends on it.
        turned = [at % 2 == 0 for at in range(num_pairs)]
        if num_pairs % 2:
            turned[-1] = generator.random() < 0.5
        generator.shuffle(turned)
        self._turned = turned
        self._picks: list[Picked] = []

    @property
    def num_pairs(self) -> int:
        """Pairs in all."""
        return len(self._turned)

    @property
    def done(self) -> int:
        """Pairs that were answered."""
        return len(self._picks)

    @property
    def is_over(self) -> bool:
        """Whether all were answered."""
        return self.done == self.num_pairs

    def sides(self, pair: tuple[T, T]) -> tuple[T, T]:
        """The two of the pair at hand, as they stand: left and right.

        Args:
            pair: Of the first state, and of the second.
        """
        first, second = pair
        return (second, first) if self._turned[self.done] else (first, second)

    def pick(self, picked: Picked) -> None:
        """Answer the pair at hand."""
        assert not self.is_over, "all pairs were answered"
        self._picks.append(picked)

    def undo(self) -> bool:
        """Take the last answer back; False if there is none."""
        if not self._picks:
            return False
        self._picks.pop()
        return True

    def tally(self, first: State, second: State) -> PickTally:
        """What came of the pairs that were answered; ends the secret."""
        of_first = [
            (picked is Picked.RIGHT) == is_turned
            for picked, is_turned in zip(self._picks, self._turned, strict=False)
            if picked is not Picked.NEITHER
        ]
        return PickTally(
            first=first,
            second=second,
            for_first=sum(of_first),
            for_second=len(of_first) - sum(of_first),
            undecided=self.done - len(of_first),
            when=datetime.now(UTC).replace(microsecond=0),
        )


def keep_tally(project: Path, tally: PickTally) -> None:
    """Remember what came of a session, beside all others.

    Raises:
        ProjectError: The disk is full or the project cannot be written to.
    """
    path = project / _FILE
    with explained(path), path.open("a", encoding="utf-8") as file:
        file.write(tally.model_dump_json() + "\n")


def tallies_of(project: Path) -> list[PickTally]:
    """All sessions; damaged lines, as the last after a power cut, are left out."""
    try:
        content = read_file(project / _FILE, largest_bytes=_LARGEST_BYTES)
    except OSError:
        return []
    found: list[PickTally] = []
    for line in content.decode("utf-8", "replace").splitlines():
        try:
            found.append(PickTally.model_validate_json(line))
        except ValidationError:
            continue
    return found


def added_up(tallies: Iterable[PickTally], states: Sequence[State]) -> tuple[PickTally, ...]:
    """What came of all sessions between each two of some states, in the order of these.

    All of them, whoever won: to repeat a session until it comes out would prove nothing.
    """
    sums: dict[tuple[int, int], PickTally] = {}
    for tally in tallies:
        if tally.first not in states or tally.second not in states or tally.first == tally.second:
            continue
        at, other = states.index(tally.first), states.index(tally.second)
        ordered = tally if at < other else tally.turned()
        key = (min(at, other), max(at, other))
        before = sums.get(key)
        sums[key] = ordered if before is None else _sum(before, ordered)
    return tuple(sums[key] for key in sorted(sums))


def _sum(one: PickTally, other: PickTally) -> PickTally:
    return one.model_copy(
        update={
            "for_first": one.for_first + other.for_first,
            "for_second": one.for_second + other.for_second,
            "undecided": one.undecided + other.undecided,
            "when": max(one.when, other.when),
            "sessions": one.sessions + other.sessions,
        }
    )


def pick_words(tally: PickTally, first: str, second: str) -> str:
    """What came of picking blindly: a preference only where chance alone seldom makes one.

    Args:
        tally: Of a session, or of several.
        first: What the first state is called.
        second: What the second one is called.
    """
    if tally.decided == 0:
        return tr("Picked blindly, neither {first} nor {second} was liked more in any pair.",
                  first=first, second=second)  # fmt: skip
    wins, winner, loser = tally.for_first, first, second
    if tally.for_second > tally.for_first:
        wins, winner, loser = tally.for_second, second, first
    told = trn(
        "Picked blindly, {winner} was liked more than {loser} in {wins} of {number} pair.",
        "Picked blindly, {winner} was liked more than {loser} in {wins} of {number} pairs.",
        tally.decided,
        winner=winner,
        loser=loser,
        wins=wins,
    )
    if tally.is_claimed:
        ending = tr(
            "By chance alone, so clear a result comes in {chance:.1f} % of cases.",
            chance=100 * tally.chance,
        )
    elif tally.decided < FEWEST_PICKS:
        ending = tr(
            "Too few to claim a preference: that takes {fewest} pairs at least.",
            fewest=FEWEST_PICKS,
        )
    else:
        ending = tr(
            "No preference can be claimed: chance alone goes as far in {chance:.0f} % of cases.",
            chance=100 * tally.chance,
        )
    return f"{told} {ending}"
