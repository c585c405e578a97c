"""Sets some pictures aside that a model never sees, so that copies can be told from skill."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from genstudio.data.kinds import kind_of, kinds_of
from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import ProjectError
from genstudio.domain.language import tr

# Of fewer pictures none can be spared.
_FEWEST_PICTURES = 50
# Fewer than this tell little; more than this share would be missing in training.
_FEWEST_HELD_OUT = 50
_LARGEST_SHARE = 0.2


def choose_held_out(
    manifest: Manifest,
    share: float,
    duplicate_of: Mapping[str, str] | None = None,
    *,
    by_kind: bool = False,
    fewest: int = _FEWEST_PICTURES,
) -> tuple[str, ...]:
    """Choose the pictures of a set that are not learned from.

    What a file holds decides, not its name, its place or a seed: runs on the same pictures hold
    out the same ones, and pictures that are added later leave most of the others where they were.
    Pictures that look the same go the same way, or the held-out ones would be known after all.

    Args:
        manifest: The set.
        share: How many of them, from 0, which is none, to 0.2. At least 50 are chosen, but no
            more than a fifth, and none of fewer than 50.
        duplicate_of: Name => name of the first picture that looks the same.
        by_kind: Hold out of each kind (class label) its share, and never all of it.
        fewest: Of fewer, none is chosen.

    Returns:
        Names, in the order of the manifest.
    """
    count = len(manifest.pictures)
    if share <= 0 or count < fewest:
        return ()
    wanted = min(max(_FEWEST_HELD_OUT, round(share * count)), int(_LARGEST_SHARE * count))
    chosen: set[str] = set()
    left = Counter({"": wanted})
    if by_kind:
        left = _shares_of_kinds([name for name, _ in manifest.pictures], wanted)
    for group in _groups_in_order(manifest, duplicate_of or {}):
        needed = Counter(map(kind_of, group)) if by_kind else Counter({"": len(group)})
        if needed <= left:
            chosen.update(group)
            left -= needed
    return tuple(name for name, _ in manifest.pictures if name in chosen)


def _shares_of_kinds(names: Sequence[str], wanted: int) -> Counter[str]:
    """How many of each kind are held out: in proportion, and at least one of five or more."""
    return Counter(
        {
            kind: min(max(round(wanted * count / len(names)), 1), int(_LARGEST_SHARE * count))
            for kind, count in kinds_of(names).items()
        }
    )


def _groups_in_order(manifest: Manifest, duplicate_of: Mapping[str, str]) -> list[list[str]]:
    """Names of pictures that look the same, group by group, as the hash of the first has it."""
    hashes = dict(manifest.pictures)
    groups: defaultdict[bytes, list[str]] = defaultdict(list)
    for name, content_hash in manifest.pictures:
        # The first one may have been taken out of the set.
        leader = hashes.get(duplicate_of.get(name, name), content_hash)
        # Hashed once more, for these hashes may have been used to choose pictures before.
        rank = hashlib.blake2b(f"held out/{leader}".encode(), digest_size=16).digest()
        groups[rank].append(name)
    return [groups[rank] for rank in sorted(groups)]


def held_out_index(decoded: Sequence[str], held_out: Collection[str]) -> np.ndarray:
    """Where the held-out pictures are among the decoded ones: int64, ascending.

    Args:
        decoded: Names of the decoded pictures, in order.
        held_out: Names as they were chosen; those that could not be decoded are passed over.

    Raises:
        ProjectError: Fewer than two pictures are left to learn from.
    """
    out = frozenset(held_out)
    index = np.array([at for at, name in enumerate(decoded) if name in out], dtype=np.int64)
    if len(decoded) - len(index) < 2:
        raise ProjectError(
            tr("The run holds out almost all of its pictures"),
            tr(
                "{num_held_out} of {num_decoded} pictures are held out, and the rest is too few to "
                "learn from.",
                num_held_out=len(index),
                num_decoded=len(decoded),
            ),
            tr("If run.toml was changed, put the original back."),
        )
    return index
