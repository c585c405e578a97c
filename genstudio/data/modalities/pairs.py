"""Modality "pairs": what goes in and what should come out, example by example.

Either two folders whose files have the same names (any names of folders; the first in order is the
input), or pictures whose left and right halves belong together.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import ClassVar, Final

import numpy as np

from genstudio.data.advice import review
from genstudio.data.cache import PictureCache
from genstudio.data.dataset import Dataset, Field
from genstudio.data.modalities.folders import Matches, TwoFolders, match, named, two_folders
from genstudio.data.modalities.protocol import Arrangement, Modality
from genstudio.domain.datasets import (
    FOLDERS,
    HALVES,
    Advice,
    Manifest,
    PictureInfo,
    Remark,
    ScanReport,
)
from genstudio.domain.errors import DatasetError
from genstudio.domain.fields import EXAMPLES, IMAGE, DataSpec, FieldSpec
from genstudio.domain.language import tr, trn
from genstudio.domain.modalities import PAIRS, ModalityCard

# Two classes may share some names by chance, as numbered photographs do.
_MOSTLY = 0.8
_SURE = 0.95
_FEWEST_PAIRS = 2


class Pairs:
    """Pictures that belong together two by two."""

    card: ClassVar[ModalityCard] = ModalityCard(
        key=PAIRS,
        title="Pairs of pictures",
        folder="Two folders whose files have the same names, or pictures whose left and right "
        "halves belong together.",
        roles=("input", "target"),
    )

    def arrange(self, report: ScanReport) -> Arrangement:
        """Find pairs in two folders, else in the halves of each picture."""
        folders = two_folders(picture.name for picture in report.pictures)
        if folders is not None:
            return _of_folders(report, folders)
        return _of_halves(report)

    def review(self, report: ScanReport) -> ScanReport:
        """A pair is seen twice where both its pictures are; halves are wide by nature."""
        arrangement = self.arrange(report)
        if arrangement.layout == HALVES:
            void = {Remark.ODD_ASPECT: arrangement.used}
        else:
            void = {Remark.DUPLICATE: _first_of_each(report)}
        return review(report, void, arrangement.num_examples)

    def held_out_from(self, manifest: Manifest) -> Manifest:
        """The inputs: what is held out of them is held out with its partner."""
        if manifest.layout == HALVES:
            return manifest
        inputs = {first for first, _ in _matched(name for name, _ in manifest.pictures).pairs}
        kept = tuple(row for row in manifest.pictures if row[0] in inputs)
        return manifest.model_copy(update={"pictures": kept})

    def spec(
        self,
        size: int,
        channels: int,
        classes: Mapping[str, int],
        words: Mapping[str, int] | None = None,
        *,
        layout: str = "",
    ) -> DataSpec:
        """Fields "input" and "target"."""
        del classes, words, layout
        shape = (size, size, channels)
        fields = {role: FieldSpec(name=role, type=IMAGE, shape=shape) for role in self.card.roles}
        return DataSpec(size=size, channels=channels, modality=PAIRS, fields=fields)

    def dataset(
        self,
        manifest: Manifest,
        cache: PictureCache,
        held_out: Collection[str],
        classes: Mapping[str, int],
        *,
        is_reversed: bool = False,
        words: Mapping[str, int] | None = None,
    ) -> Dataset:
        """Fields "input" and "target", in one group."""
        del classes, words
        if manifest.layout == HALVES:
            size = cache.images_NHWC.shape[1]
            sides = cache.images_NHWC[:, :, :size], cache.images_NHWC[:, :, size:]
            names: Sequence[str] = cache.names
            fields = [(values, None) for values in sides]
        else:
            pairs = _matched(cache.names).pairs
            row_of = {name: row for row, name in enumerate(cache.names)}
            names = [first for first, _ in pairs]
            rows = np.array([[row_of[name] for name in pair] for pair in pairs], np.int64)
            fields = [(cache.images_NHWC, rows[:, column]) for column in (0, 1)]
        if is_reversed:
            fields.reverse()
        if len(names) < _FEWEST_PAIRS:
            raise DatasetError(
                tr("There are too few pairs"),
                tr("{num_names} can be read on both sides.", num_names=len(names)),
                tr("Choose a folder with more of them."),
            )
        out = frozenset(held_out)
        return Dataset(
            modality=PAIRS,
            fields={
                name: Field(spec=_spec(name, values), values=values, rows=rows)
                for name, (values, rows) in zip(self.card.roles, fields, strict=True)
            },
            held_out={EXAMPLES: np.flatnonzero([name in out for name in names])},
            names={EXAMPLES: names},
        )


def _spec(name: str, values: np.ndarray) -> FieldSpec:
    return FieldSpec(name=name, type=IMAGE, shape=tuple(values.shape[1:]))


def _matched(names: Iterable[str]) -> Matches:
    folders = two_folders(names)
    return Matches((), (), ()) if folders is None else match(folders)


def _of_folders(report: ScanReport, folders: TwoFolders) -> Arrangement:
    matches = match(folders)
    count = len(matches.pairs)
    share = count / max(1, len(folders.first), len(folders.second))
    missing = _missing(folders, matches)
    if count < _FEWEST_PAIRS:
        words = " ".join(remark.reason for remark in missing)
        return Arrangement(
            likelihood=0.0,
            num_examples=count,
            fault=tr(
                "The files of “{folders}” and “{folders2}” have other names: {count} belong "
                "together. {words}",
                folders=folders.folders[0],
                folders2=folders.folders[1],
                count=count,
                words=words,
            ).strip(),
            hint=tr(
                "Give the two pictures of a pair the same name, one in each folder. Pictures that "
                "do not belong together one by one are two sets."
            ),
        )
    alike = _share_of_like_shapes(report.pictures, matches)
    likelihood = _SURE if share >= _MOSTLY and alike >= _MOSTLY else 0.3 * share
    used = frozenset(name for pair in matches.pairs for name in pair)
    return Arrangement(
        likelihood=likelihood,
        num_examples=count,
        layout=FOLDERS,
        used=used,
        remarks=(_way(count, *folders.folders), *missing),
        turned=_way(count, *reversed(folders.folders)),
    )


def _way(count: int, before: str, after: str) -> Advice:
    return Advice(
        title=trn(
            "{number:,} pair: “{folders}” → “{folders2}”",
            "{number:,} pairs: “{folders}” → “{folders2}”",
            count,
            folders=before,
            folders2=after,
        ),
        reason=tr(
            "Pictures of “{before}” go in, those of “{after}” should come out. “The other way "
            "round” on the Train page turns that.",
            before=before,
            after=after,
        ),
    )


def _first_of_each(report: ScanReport) -> frozenset[str]:
    """Names of both pictures of every pair that does not look like one before it."""
    original = {it.name: it.duplicate_of or it.name for it in report.pictures}
    first_of: dict[tuple[str, str], tuple[str, str]] = {}
    for pair in _matched(original).pairs:
        first_of.setdefault((original[pair[0]], original[pair[1]]), pair)
    return frozenset(name for pair in first_of.values() for name in pair)


def _missing(folders: TwoFolders, matches: Matches) -> tuple[Advice, ...]:
    sides = zip(
        folders.folders, reversed(folders.folders), (matches.only_first, matches.only_second),
        strict=True,
    )  # fmt: skip
    remarks = [
        Advice(
            title=trn(
                "{number:,} of “{own}” has no partner in “{other}”",
                "{number:,} of “{own}” have no partner in “{other}”",
                len(names),
                own=own,
                other=other,
            ),
            reason=tr("They are left out: {named}.", named=named(names)),
        )
        for own, other, names in sides
        if names
    ]
    if folders.beside:
        remarks.append(
            Advice(
                title=trn(
                    "{number:,} picture lies beside the two folders",
                    "{number:,} pictures lie beside the two folders",
                    len(folders.beside),
                ),
                reason=tr("They are left out: {named}.", named=named(folders.beside)),
            )
        )
    return tuple(remarks)


def _share_of_like_shapes(pictures: Sequence[PictureInfo], matches: Matches) -> float:
    shape = {picture.name: picture.width / picture.height for picture in pictures}
    alike = sum(abs(shape[one] / shape[other] - 1) < 0.02 for one, other in matches.pairs)
    return alike / len(matches.pairs)


def _of_halves(report: ScanReport) -> Arrangement:
    wide = [picture for picture in report.pictures if abs(picture.width - 2 * picture.height) <= 1]
    count = len(wide)
    if count < _FEWEST_PAIRS:
        return Arrangement(
            likelihood=0.0,
            num_examples=count,
            fault=trn(
                "There are no two folders, and {number} picture is twice as wide as high.",
                "There are no two folders, and {number} pictures are twice as wide as high.",
                count,
            ),
            hint=tr(
                "Put what goes in into one folder and what should come out into another, with the "
                "same names; or join the two pictures of a pair side by side."
            ),
        )
    others = len(report.pictures) - count
    remarks = [
        Advice(
            title=trn(
                "{number:,} picture of two halves: left → right",
                "{number:,} pictures of two halves: left → right",
                count,
            ),
            reason=tr("The left half goes in, the right one should come out."),
        )
    ]
    if others:
        remarks.append(
            Advice(
                title=trn(
                    "{number:,} picture is not twice as wide as high",
                    "{number:,} pictures are not twice as wide as high",
                    others,
                ),
                reason=tr("They are left out."),
            )
        )
    if odd := sum(picture.width % 2 for picture in wide):
        remarks.append(
            Advice(
                title=trn(
                    "{number:,} picture has an odd width",
                    "{number:,} pictures have an odd width",
                    odd,
                ),
                reason=tr("Their middle column of pixels belongs to neither half and is left out."),
            )
        )
    return Arrangement(
        likelihood=_SURE if count >= _MOSTLY * len(report.pictures) else 0.1,
        num_examples=count,
        layout=HALVES,
        used=frozenset(picture.name for picture in wide),
        remarks=tuple(remarks),
    )


MODALITY: Final[Modality] = Pairs()
