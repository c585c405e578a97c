"""What a scan advises, in plain words, and what of it matters to a modality."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from genstudio.data.formats import NO_ENDING
from genstudio.data.kinds import are_worth_telling_apart, kinds_of
from genstudio.domain.datasets import (
    GREYS,
    Advice,
    PictureInfo,
    Remark,
    ScanReport,
    UnreadablePicture,
    are_grey,
    are_mostly_cut_out,
)
from genstudio.domain.language import number_text, tr, trn
from genstudio.domain.training import SIZES

# A first run is quick at this size, and shows whether a larger one is worth the time.
_LARGEST_SUGGESTED = 64
_FEW_EXAMPLES = 100
_MOST_NAMED = 4
_MOST_NAMED_KINDS = 8


def suggest_size(pictures: Sequence[PictureInfo]) -> int:
    """Side in pixels to begin with: small, and not above that of most pictures."""
    if not pictures:
        return SIZES[0]
    typical = float(np.percentile([min(p.width, p.height) for p in pictures], 25))
    fitting = [size for size in SIZES if size <= min(typical, _LARGEST_SUGGESTED)]
    return fitting[-1] if fitting else SIZES[0]


def advise(
    pictures: Sequence[PictureInfo],
    unreadable: Sequence[UnreadablePicture],
    passed_over: Mapping[str, int],
    num_examples: int,
    *,
    has_classes: bool,
) -> tuple[Advice, ...]:
    """What is worth doing or knowing before a model learns from these.

    Args:
        pictures: What can be used.
        unreadable: What cannot.
        passed_over: How many other files there are, of each kind.
        num_examples: Examples that the pictures make.
        has_classes: Whether folders can be told apart as classes.
    """
    return tuple(_advice(pictures, unreadable, passed_over, num_examples, has_classes=has_classes))


def review(
    report: ScanReport,
    void: Mapping[Remark, Collection[str]],
    num_examples: int,
) -> ScanReport:
    """The report as it matters to examples that are no single pictures.

    Args:
        report: Of the folder as it is.
        void: Remark => names of the pictures on which it means nothing.
        num_examples: Examples that the pictures make.
    """
    pictures = tuple(_reviewed(picture, void) for picture in report.pictures)
    return report.model_copy(
        update={
            "pictures": pictures,
            "advice": advise(
                pictures, report.unreadable, report.passed_over, num_examples, has_classes=False
            ),
        }
    )


def _reviewed(picture: PictureInfo, void: Mapping[Remark, Collection[str]]) -> PictureInfo:
    gone = {remark for remark in picture.remarks if picture.name in void.get(remark, ())}
    if not gone:
        return picture
    update: dict[str, object] = {"remarks": picture.remarks - gone}
    if Remark.DUPLICATE in gone:
        update["duplicate_of"] = None
    return picture.model_copy(update=update)


def _advice(
    pictures: Sequence[PictureInfo],
    unreadable: Sequence[UnreadablePicture],
    passed_over: Mapping[str, int],
    num_examples: int,
    *,
    has_classes: bool,
) -> Iterator[Advice]:
    if not pictures:
        yield from _advice_on_others(unreadable, passed_over, is_all=True)
        return
    size = suggest_size(pictures)
    yield Advice(
        title=tr("Begin with {size} px", size=size),
        reason=tr(
            "Small pictures show within minutes whether the set works; go larger after that."
        ),
    )
    if num_examples < _FEW_EXAMPLES:
        yield Advice(
            title=tr("More pictures would help"),
            reason=tr(
                "With {num_examples} a model soon repeats what it was shown; from some hundred "
                "on it invents.",
                num_examples=num_examples,
            ),
        )
    kinds = kinds_of(picture.name for picture in pictures)
    if has_classes and are_worth_telling_apart(kinds):
        named = ", ".join([*kinds][:_MOST_NAMED]) + (" …" if len(kinds) > _MOST_NAMED else "")
        yield Advice(
            title=tr("{num_kinds} folders can be told apart", num_kinds=len(kinds)),
            reason=tr(
                "Each can be a kind of its own (class label), and new pictures can be asked for "
                "by kind: {named}",
                named=named,
            ),
        )
    yield from _advice_on_greys(pictures)
    if are_mostly_cut_out(pictures):
        yield Advice(
            title=tr("Most pictures are cut out"),
            reason=tr(
                "Most of this set is cut out, so new pictures are, too (alpha channel). The "
                "Train page can lay all on white instead."
            ),
            topic=Remark.TRANSPARENT.value,
        )
    elif are_grey(pictures):
        yield Advice(
            title=tr("All pictures are grey"),
            reason=tr(
                "So new ones are, too, of a single channel: nothing is spent on colours. The Train "
                "page can have them learned as colour pictures instead."
            ),
        )
    duplicates = sum(picture.duplicate_of is not None for picture in pictures)
    if duplicates:
        yield Advice(
            title=tr("Some pictures look the same")
            if duplicates > 1
            else tr("Two pictures look the same"),
            reason=tr(
                "{duplicates} look like another one. Excluding them keeps the model from "
                "favouring what it sees twice.",
                duplicates=duplicates,
            ),
            topic=Remark.DUPLICATE.value,
        )
    yield from _advice_on_others(unreadable, passed_over, is_all=False)


def _advice_on_others(
    unreadable: Sequence[UnreadablePicture], passed_over: Mapping[str, int], *, is_all: bool
) -> Iterator[Advice]:
    """What there is to say of files that are not learned from, which may be all there are."""
    if unreadable:
        rest = tr(
            "{num_unreadable} will be left out; the rest is used.", num_unreadable=len(unreadable)
        )
        yield Advice(
            title=tr("Some files cannot be read")
            if len(unreadable) > 1
            else tr("A file cannot be read"),
            reason=tr("Nothing is left that could be learned from.") if is_all else rest,
            topic="unreadable",
        )
    if passed_over:
        yield _advice_on_passed_over(passed_over)


def _advice_on_greys(pictures: Sequence[PictureInfo]) -> Iterator[Advice]:
    """What becomes of pictures of more than eight bits, and how to have it otherwise."""
    found = [picture for picture in pictures if picture.greys is not None]
    if not found:
        return
    faint = [picture for picture in found if picture.is_faint]
    greys = np.array([picture.greys for picture in faint or found])
    low, high = float(greys[:, 0].min()), float(greys[:, 1].max())
    white = float(np.median(greys[:, 2]))
    levels = {"white": white, "low": low, "high": high}
    told = {name: _grey(level, white) for name, level in levels.items()}
    if faint:
        yield Advice(
            title=trn(
                "{number:,} picture of many greys is faint",
                "{number:,} pictures of many greys are faint",
                len(faint),
            ),
            reason=tr(
                "0 becomes black and {white} white, and almost all of it lies between {low} and "
                "{high}: a model would see next to nothing. “Import scans” in the menu “Project” "
                "makes pictures of a range of your choice.",
                **told,
            ),
            topic=GREYS,
        )
        return
    yield Advice(
        title=trn(
            "{number:,} picture has more than 256 greys",
            "{number:,} pictures have more than 256 greys",
            len(found),
        ),
        reason=tr(
            "0 becomes black and {white} white; almost all of it lies between {low} and {high}. If "
            "only a part of this matters, “Import scans” in the menu “Project” makes pictures of a "
            "range of your choice.",
            **told,
        ),
        topic=GREYS,
    )


def _grey(level: float, white: float) -> str:
    return number_text(level, 0 if white > 1 else 3)


def _advice_on_passed_over(passed_over: Mapping[str, int]) -> Advice:
    kinds = sorted(passed_over.items(), key=lambda item: (-item[1], item[0]))
    first, count = kinds[0]
    others = sum(passed_over.values()) - count
    if others:
        title = tr(
            "{counted} and {others:,} other {files}",
            counted=_counted(first, count),
            others=others,
            files=_files(others),
        )
    else:
        title = f"{_counted(first, count)}{'' if first == NO_ENDING else f' {_files(count)}'}"
    named = ", ".join(_counted(kind, number) for kind, number in kinds[:_MOST_NAMED_KINDS])
    rest = " …" if len(kinds) > _MOST_NAMED_KINDS else ""
    return Advice(
        title=tr(
            "{title} {value} passed over",
            title=title,
            value=tr("is") if count + others == 1 else tr("are"),
        ),
        reason=trn(
            "It is of a kind that is not read as a picture: {named}{rest}. Save as PNG or JPEG "
            "what is to be learned from.",
            "They are of kinds that are not read as pictures: {named}{rest}. Save as PNG or "
            "JPEG what is to be learned from.",
            count + others,
            named=named,
            rest=rest,
        ),
    )


def _counted(kind: str, count: int) -> str:
    return (
        tr("{count:,} {files} with {kind}", count=count, files=_files(count), kind=tr(kind))
        if kind == NO_ENDING
        else tr("{count:,} {kind}", count=count, kind=tr(kind))
    )


def _files(count: int) -> str:
    return tr("file") if count == 1 else tr("files")
