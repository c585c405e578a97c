"""How far long work is, and what comes of it: one convention for all of it.

Long work is a generator that yields :class:`Progress` and returns its result. Whoever stops reading
it, or closes it, cancels the work.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """So many of so many are done.

    Attributes:
        what: What is being done, for people.
        done: So many are.
        total: Of so many.
        item: What was done last, where it is worth showing at once.
    """

    what: str
    done: int
    total: int
    item: object = None


Working: TypeAlias = Generator[Progress, None, T]


def drain(work: Working[T], tell: Callable[[Progress], object] = lambda _: None) -> T:
    """Do the work to its end and give its result.

    Args:
        work: What is done.
        tell: Called with all progress.
    """
    while True:
        try:
            tell(next(work))
        except StopIteration as end:
            return end.value


def relabelled(work: Working[T], words: Callable[[str], str]) -> Working[T]:
    """The same work, whose progress says in other words what is being done."""
    try:
        while True:
            try:
                progress = next(work)
            except StopIteration as end:
                return end.value
            yield replace(progress, what=words(progress.what))
    finally:
        work.close()


def with_result(work: Working[T]) -> Iterator[Progress | T]:
    """The progress and, as the last item, the result."""
    yield (yield from work)
