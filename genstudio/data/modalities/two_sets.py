"""Modality "two-sets": two folders of pictures that do not belong together one by one."""

from collections.abc import Collection, Mapping
from typing import ClassVar, Final

import numpy as np

from genstudio.data.advice import review
from genstudio.data.cache import PictureCache
from genstudio.data.dataset import Dataset, Field
from genstudio.data.modalities.folders import match, named, two_folders
from genstudio.data.modalities.protocol import Arrangement, Modality
from genstudio.domain.datasets import FOLDERS, Advice, Manifest, ScanReport
from genstudio.domain.errors import DatasetError
from genstudio.domain.fields import IMAGE, DataSpec, FieldSpec
from genstudio.domain.language import tr, trn
from genstudio.domain.modalities import TWO_SETS, ModalityCard

# One picture can show a style; what it is given to must be several.
_FEWEST = 2, 1
_FEW = 30
# Two folders may as well be two classes; names such as these say that they are not.
_USUAL_NAMES = frozenset(
    {"a", "b", "traina", "trainb", "input", "target", "source", "from", "to", "in", "out", "output",
     "x", "y", "before", "after", "content", "photos", "pictures", "style"}
)  # fmt: skip
_LIKELY, _POSSIBLE = 0.8, 0.4
_MOSTLY = 0.8


class TwoSets:
    """Pictures of one kind that shall become pictures of another."""

    card: ClassVar[ModalityCard] = ModalityCard(
        key=TWO_SETS,
        title="Two sets of pictures",
        folder="Two folders of pictures that do not belong together one by one.",
        roles=("input", "target"),
    )

    def arrange(self, report: ScanReport) -> Arrangement:
        """Take the first folder for what goes in, the second for what should come out."""
        folders = two_folders(picture.name for picture in report.pictures)
        if folders is None:
            return Arrangement(
                likelihood=0.0,
                fault=tr("There are not just two folders of pictures in it."),
                hint=tr("Put what goes in into one folder, and what it shall become into another."),
            )
        counts = len(folders.first), len(folders.second)
        if counts[0] < _FEWEST[0] or counts[1] < _FEWEST[1]:
            small = folders.folders[counts.index(min(counts))]
            return Arrangement(
                likelihood=0.0,
                num_examples=min(counts),
                fault=trn(
                    "“{small}” holds {number} picture.",
                    "“{small}” holds {number} pictures.",
                    min(counts),
                    small=small,
                ),
                hint=tr("Both sets need some dozens of pictures, better hundreds."),
            )
        is_named_so = {name.casefold() for name in folders.folders} <= _USUAL_NAMES
        is_paired = len(match(folders).pairs) >= _MOSTLY * max(counts)
        return Arrangement(
            likelihood=_LIKELY if is_named_so and not is_paired else _POSSIBLE,
            num_examples=min(counts),
            layout=FOLDERS,
            used=frozenset((*folders.first, *folders.second)),
            remarks=_remarks(folders.folders, counts, folders.beside),
            turned=_way((folders.folders[1], folders.folders[0]), (counts[1], counts[0])),
        )

    def review(self, report: ScanReport) -> ScanReport:
        """Without advice on classes."""
        return review(report, {}, self.arrange(report).num_examples)

    def held_out_from(self, manifest: Manifest) -> Manifest:
        """All of them; of each folder its share."""
        return manifest

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
        fields = {
            role: FieldSpec(name=role, type=IMAGE, shape=shape, group=role)
            for role in self.card.roles
        }
        return DataSpec(size=size, channels=channels, modality=TWO_SETS, fields=fields)

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
        """Fields "input" and "target", each in a group of its own."""
        del manifest, classes, words
        folders = two_folders(cache.names)
        if folders is None:
            raise DatasetError(
                tr("One of the two sets cannot be read"),
                tr("All pictures that can be decoded lie in one folder."),
                tr("Were they moved? Choose the folder again."),
            )
        row_of = {name: row for row, name in enumerate(cache.names)}
        sets = [folders.first, folders.second]
        if is_reversed:
            sets.reverse()
        out = frozenset(held_out)
        fields: dict[str, Field] = {}
        for role, names in zip(self.card.roles, sets, strict=True):
            spec = FieldSpec(
                name=role, type=IMAGE, shape=tuple(cache.images_NHWC.shape[1:]), group=role
            )
            rows = np.array([row_of[name] for name in names], np.int64)
            fields[role] = Field(spec=spec, values=cache.images_NHWC, rows=rows)
        by_role = dict(zip(self.card.roles, sets, strict=True))
        return Dataset(
            modality=TWO_SETS,
            fields=fields,
            held_out={
                role: np.flatnonzero([name in out for name in names])
                for role, names in by_role.items()
            },
            names=by_role,
        )


def _way(names: tuple[str, str], counts: tuple[int, int]) -> Advice:
    return Advice(
        title=tr(
            "Two sets: {counts:,} of “{names}” → {counts2:,} of “{names2}”",
            counts=counts[0],
            names=names[0],
            counts2=counts[1],
            names2=names[1],
        ),
        reason=tr(
            "Pictures of the first shall come to look like those of the second. “The other way "
            "round” on the Train page turns that."
        ),
    )


def _remarks(
    names: tuple[str, str], counts: tuple[int, int], beside: tuple[str, ...]
) -> tuple[Advice, ...]:
    remarks = [_way(names, counts)]
    for name, count in zip(names, counts, strict=True):
        if count < _FEW:
            remarks.append(
                Advice(
                    title=trn(
                        "“{name}” holds only {number} picture",
                        "“{name}” holds only {number} pictures",
                        count,
                        name=name,
                    ),
                    reason=tr(
                        "A model learns so few by heart; some hundreds of each are better. To "
                        "learn a style, one picture of it is enough."
                    ),
                )
            )
    if beside:
        remarks.append(
            Advice(
                title=trn(
                    "{number:,} picture lies beside the two folders",
                    "{number:,} pictures lie beside the two folders",
                    len(beside),
                ),
                reason=tr("They are left out: {named}.", named=named(beside)),
            )
        )
    return tuple(remarks)


MODALITY: Final[Modality] = TwoSets()
