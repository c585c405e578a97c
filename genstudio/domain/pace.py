"""How long work will take that tells how far it is."""

import time
from collections.abc import Callable

# What was seen before says little yet, and what ends sooner needs no word.
_LEAST_SEEN_S = 5.0
_LEAST_LEFT_S = 15.0


class Pace:
    """Watches how fast things get done.

    Args:
        clock: Gives seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._what = ""
        self._began_s = 0.0
        self._first = self._last = 0

    def left_s(self, what: str, done: int, total: int) -> float | None:
        """Note how far it is, and give the seconds that are left at this pace.

        Args:
            what: Is being done; other work has a pace of its own.
            done: So many things.
            total: Of so many.

        Returns:
            None as long as that cannot be told, or is so little that nobody would ask.
        """
        now = self._clock()
        if what != self._what or done < self._last:
            self._what, self._began_s, self._first = what, now, done
        self._last = done
        seen_s, passed = now - self._began_s, done - self._first
        if passed == 0 or seen_s < _LEAST_SEEN_S:
            return None
        left = seen_s / passed * (total - done)
        return left if left >= _LEAST_LEFT_S else None
