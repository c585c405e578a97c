"""Kinds of results, and what goes in and comes out of operations, in plain words."""

from collections.abc import Collection, Sequence

from genstudio.artifacts.catalog import ARTIFACTS, kind_of_file
from genstudio.domain.errors import GenStudioError
from genstudio.domain.operations import InputSpec, OperationCard


def several(kind: str) -> str:
    """Things of a kind, such as "pictures"."""
    try:
        title = ARTIFACTS.get(kind).card.title
        one = title.lower() if title.istitle() else title  # “LoRA” is written so.
    except GenStudioError:
        one = kind  # Of a package that is missing.
    return one if one.endswith("s") else f"{one}s"


def counted_files(names: Collection[str]) -> str:
    """How many files there are, and of what kind: "3 molecules"; several kinds are "results"."""
    # A gallery holds 100,000 of them, and few suffixes.
    suffixes = {name.rpartition(".")[2] for name in names}
    kinds = {
        kind.card.key if kind else "" for kind in map(kind_of_file, map(".{}".format, suffixes))
    }
    what = (
        several(kinds.pop() or "result") if len(kinds) == 1 else "results" if kinds else "pictures"
    )
    is_one = len(names) == 1 and what != "notes"
    return f"{len(names):,} {what.removesuffix('s') if is_one else what}"


def way(card: OperationCard) -> str:
    """What goes into an operation and what comes out."""
    kinds = dict.fromkeys(several(spec.kind) for spec in card.inputs if spec.minimum)
    given = f"your {' and '.join(kinds)}" if kinds else "nothing"
    made = " and ".join(map(several, (card.output, *card.others)))
    return f"From {given} → {made}"


def missing(specs: Sequence[InputSpec], counts: Sequence[int]) -> str:
    """What is still needed of the inputs, in a sentence; empty if they are complete.

    Args:
        specs: Inputs of an operation.
        counts: How many files each of them has.
    """
    for spec, count in zip(specs, counts, strict=True):
        if count < spec.minimum:
            least = "Add one" if spec.minimum == 1 else f"Add at least {spec.minimum}"
            return f"{least}: {spec.title[:1].lower()}{spec.title[1:]}."
        if spec.maximum is not None and count > spec.maximum:
            return f"At most {spec.maximum:,} can be taken; {count:,} are here."
    return ""
