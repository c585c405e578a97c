"""How far long work is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """So many of so many are done.

    Attributes:
        what: What is being done, for people.
        done: So many are.
        total: Of so many.
    """

    what: str
    done: int
    total: int
