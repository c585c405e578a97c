"""Kinds of pictures: what the folders inside a folder of pictures are taken for (class labels)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr

# More would each have too few pictures, and make every list of them useless.
MOST_KINDS = 1000
# Of fewer, a model learns little more than these very pictures.
_FEWEST_OF_A_KIND = 40
# A stray folder, or some pictures beside the folders, spoil nothing.
_LEAST_SHARE_IN_LARGE_KINDS = 0.9
# Pictures that lie beside the folders.
_NO_FOLDER = "other"


def kinds_of(names: Iterable[str]) -> dict[str, int]:
    """Name of each kind => how many pictures there are of it, in order of the names.

    Args:
        names: Paths of pictures relative to their folder, with forward slashes.
    """
    # Not one by one with kind_of: calls for very many would hold up a window.
    parts = (name.partition("/") for name in names)
    found = Counter(folder if is_inside else _NO_FOLDER for folder, is_inside, _ in parts)
    return dict(sorted(found.items()))


def checked_kinds(names: Iterable[str]) -> dict[str, int]:
    """Kinds that a model can be taught to tell apart, as :func:`kinds_of` gives them.

    Raises:
        SettingsError: There are fewer than two, or too many.
    """
    kinds = kinds_of(names)
    if len(kinds) < 2:
        raise SettingsError(
            tr("There are no kinds to tell apart"),
            tr("All pictures lie in one folder."),
            tr(
                "Put each kind into a folder of its own inside the one you "
                "choose, or do not ask for "
                "kinds."
            ),
        )
    if len(kinds) > MOST_KINDS:
        raise SettingsError(
            tr("{num_kinds:,} folders are too many kinds", num_kinds=len(kinds)),
            tr("Up to {most_kinds:,} can be told apart.", most_kinds=MOST_KINDS),
            tr("Put pictures that belong together into one folder."),
        )
    return kinds


def are_worth_telling_apart(kinds: Mapping[str, int]) -> bool:
    """Whether there are enough pictures of each kind to learn what is special about it.

    Args:
        kinds: As :func:`kinds_of` gives them.
    """
    large = [count for count in kinds.values() if count >= _FEWEST_OF_A_KIND]
    is_most = sum(large) >= _LEAST_SHARE_IN_LARGE_KINDS * sum(kinds.values())
    return len(large) >= 2 and len(kinds) <= MOST_KINDS and is_most


def kind_index(names: Sequence[str], kinds: Iterable[str]) -> np.ndarray:
    """The number of each picture's kind: int64 of shape (N,).

    Raises:
        SettingsError: A picture is of none of these kinds.
    """
    known = list(kinds)
    numbers = {kind: number for number, kind in enumerate(known)}
    found = [numbers.get(kind_of(name), -1) for name in names]
    if -1 in found:
        raise SettingsError(
            tr("“{names}” is of none of the run's kinds", names=names[found.index(-1)]),
            tr(
                "They are {known}{value}.",
                known=", ".join(known[:8]),
                value=" …" if len(known) > 8 else "",
            ),
            tr("If run.toml was changed, put the original back."),
        )
    return np.array(found, np.int64)


def kind_of(name: str) -> str:
    """The kind that a picture is of by its path, relative to its folder."""
    folder, is_inside, _ = name.partition("/")
    return folder if is_inside else _NO_FOLDER
