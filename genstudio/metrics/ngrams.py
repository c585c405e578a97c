"""A 5-gram model with Kneser-Ney smoothing: what a language model has to beat.

Source: Chen & Goodman 1999, An empirical study of smoothing techniques for language modeling
(doi:10.1006/csla.1999.0128), interpolated Kneser-Ney, eqs. 23 to 27, one discount for each order.
"""

import numpy as np

from genstudio.domain.words import PADDING

ORDER = 5
# Ids fit into so many bits, and five of them into an integer.
_BITS = 12
_MOST_IDS = 2**_BITS


class KneserNey:
    """Probabilities of ids after up to four others, counted in rows of examples.

    Args:
        rows: Ids, (N, T), padded at the end.
        num_ids: How many there are, at most 4,096.
    """

    def __init__(self, rows: np.ndarray, num_ids: int) -> None:
        assert num_ids <= _MOST_IDS
        self._num_ids = num_ids
        grams, counts = np.unique(_packed(rows, ORDER), return_counts=True)
        orders = [_Order(grams, counts)]
        for _ in range(ORDER - 1):
            # Of lower orders, what counts is after how many different ids something stands.
            without_first = grams & ((1 << (_BITS * (ORDER - len(orders)))) - 1)
            grams, counts = np.unique(without_first, return_counts=True)
            orders.append(_Order(grams, counts))
        self._orders = orders[::-1]

    def nats(self, rows: np.ndarray) -> np.ndarray:
        """Negative log-likelihood of each id but the first of each row: (N, T - 1), 0 of padding.

        Each is predicted from up to four ids before it in its row.
        """
        wanted = rows[:, 1:].astype(np.int64)
        shares = np.full(wanted.shape, 1 / self._num_ids)
        context = np.zeros_like(wanted)
        for number, order in enumerate(self._orders):
            if number > wanted.shape[1]:
                break
            if number:
                before = np.zeros_like(wanted)
                before[:, number - 1 :] = rows[:, : rows.shape[1] - number]
                context |= before << (_BITS * (number - 1))
            has_context = np.arange(wanted.shape[1]) >= number - 1
            found = order.shares(context, wanted, shares)
            shares = np.where(has_context, found, shares)
        return np.where(wanted == PADDING, 0.0, -np.log(shares))


class _Order:
    """Counts of n-grams, and of what stands before their last id."""

    def __init__(self, grams: np.ndarray, counts: np.ndarray) -> None:
        self._grams, self._counts = grams, counts
        once, twice = int((counts == 1).sum()), int((counts == 2).sum())
        self._discount = once / (once + 2 * twice) if once and twice else 0.75
        contexts, starts = np.unique(grams >> _BITS, return_index=True)
        self._contexts = contexts
        self._sums = np.add.reduceat(counts, starts) if len(counts) else counts
        self._followers = np.diff(np.append(starts, len(grams)))

    def shares(self, context: np.ndarray, wanted: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """Probabilities, interpolated with those of the next lower order."""
        at, is_known = _found(self._contexts, context)
        place, is_seen = _found(self._grams, (context << _BITS) | wanted)
        if not len(self._grams):
            return lower
        counts = np.where(is_seen, self._counts[place], 0)
        own = np.maximum(counts - self._discount, 0) + self._discount * self._followers[at] * lower
        return np.where(is_known, own / self._sums[at], lower)


def _packed(rows: np.ndarray, order: int) -> np.ndarray:
    """All runs of so many ids without padding, each as one integer."""
    length = rows.shape[1] - order + 1
    packed = np.zeros((len(rows), max(length, 0)), np.int64)
    is_whole = np.ones(packed.shape, bool)
    for number in range(order):
        part = rows[:, number : number + packed.shape[1]].astype(np.int64)
        packed = (packed << _BITS) | part
        is_whole &= part != PADDING
    return packed[is_whole]


def _found(among: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of values in a sorted array, and whether they are there."""
    if not len(among):
        return np.zeros_like(wanted), np.zeros(wanted.shape, bool)
    at = np.minimum(np.searchsorted(among, wanted), len(among) - 1)
    return at, among[at] == wanted
