"""Kinds of results, and what goes in and comes out of operations, in plain words."""

from collections.abc import Collection, Sequence

from genstudio.artifacts.catalog import ARTIFACTS, kind_of_file
from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import inside, tr
from genstudio.domain.operations import InputSpec, OperationCard


def several(kind: str) -> str:
    """Things of a kind, such as "pictures"."""
    try:
        return ARTIFACTS.get(kind).card.noun[1]
    except GenStudioError:
        return kind  # Of a package that is missing.


def counted_files(names: Collection[str]) -> str:
    """How many files there are, and of what kind: "3 molecules"; several kinds are "results"."""
    # A gallery holds 100,000 of them, and few suffixes.
    suffixes = {name.rpartition(".")[2] for name in names}
    kinds = {
        kind.card.key if kind else "" for kind in map(kind_of_file, map(".{}".format, suffixes))
    }
    if kinds:
        key = kinds.pop() if len(kinds) == 1 else ""
        one, many = ARTIFACTS.get(key).card.noun if key else (tr("result"), tr("results"))
    else:
        one, many = tr("picture"), tr("pictures")
    return tr("{number:,} {what}", number=len(names), what=one if len(names) == 1 else many)


def way(card: OperationCard) -> str:
    """What goes into an operation and what comes out."""
    kinds = dict.fromkeys(several(spec.kind) for spec in card.inputs if spec.minimum)
    others = tr(" or ").join(map(several, card.others))
    made = tr(" and ").join(filter(None, (several(card.output), others)))
    if not kinds:
        return tr("From nothing → {several}", several=made)
    given = tr("your {kinds}", kinds=tr(" and ").join(kinds))
    return tr("From {given} → {several}", given=given, several=made)


def missing(specs: Sequence[InputSpec], counts: Sequence[int]) -> str:
    """What is still needed of the inputs, in a sentence; empty if they are complete.

    Args:
        specs: Inputs of an operation.
        counts: How many files each of them has.
    """
    for spec, count in zip(specs, counts, strict=True):
        if count < spec.minimum:
            what = inside(spec.title)
            if spec.minimum == 1:
                return tr("Still missing: {what}.", what=what)
            return tr("Still missing: {what}, at least {minimum}.", what=what, minimum=spec.minimum)
        if spec.maximum is not None and count > spec.maximum:
            return tr(
                "At most {maximum:,} can be taken; {count:,} are here.",
                maximum=spec.maximum,
                count=count,
            )
    return ""
