"""Modality "paired-materials": pictures, each with a file of another material: a sound or music.

The other material is any :class:`FileModality` that :data:`PARTNERS` names: it scans, lays out and
decodes its files as it does alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from genstudio.data.advice import advise, suggest_size
from genstudio.data.dataset import Dataset, Field
from genstudio.data.decode import UnreadablePictureError
from genstudio.data.formats import SUFFIXES, may_be_picture
from genstudio.data.modalities.folders import named
from genstudio.data.modalities.paired_layout import PARTNERS, PairedLayout, is_by_class
from genstudio.data.modalities.partners import CLASS, NAME, Partners, draw_pairs, find_partners
from genstudio.data.modalities.protocol import Arrangement, FileModality
from genstudio.data.row_cache import RowCache, build_rows
from genstudio.data.scan import scan_folder
from genstudio.data.squares import decode_picture
from genstudio.domain.datasets import Advice, Manifest, ScanReport
from genstudio.domain.errors import DatasetError
from genstudio.domain.fields import EXAMPLES, IMAGE, DataSpec, FieldSpec
from genstudio.domain.language import tr, trn
from genstudio.domain.modalities import PAIRED_MATERIALS, ModalityCard
from genstudio.domain.progress import Working
from genstudio.domain.training import DataOptions

# Raised whenever decoding gives other pixels.
_VERSION = 1
_FEWEST_PAIRS = 2
_FEW_PAIRS = 100
# Where fewer of the files have partners, a folder is more likely one of pictures or of sounds.
_MOSTLY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedRows(RowCache):
    """Decoded pictures with their names, and rows of their partners.

    Attributes:
        partner_names: Name of the file that each row of the other fields comes from, in order.
    """

    partner_names: tuple[str, ...]


class PairedMaterials:
    """A picture and its partner, each two an example."""

    card: ClassVar[ModalityCard] = ModalityCard(
        key=PAIRED_MATERIALS,
        title="Pictures with sounds or music",
        folder="Pictures with a sound or a MIDI file of the same name beside each, or two folders "
        "whose files have the same names, or two folders with the same folders inside them: then "
        "all that lies in folders of one name belongs together.",
        suffixes=(
            *sorted(SUFFIXES),
            *(it for own in PARTNERS.values() for it in own.card.suffixes),
        ),
        noun=("file", "files"),
        has_pictures=True,
    )

    def joined(self, by_material: Mapping[str, Sequence[str]]) -> Sequence[str]:
        """Names of all pictures and of their partners, where most have one."""
        pictures = by_material.get("", ())
        if not pictures or not any(by_material.get(key) for key in PARTNERS):
            return ()
        others = by_material.get(_likeliest(by_material), ())
        found = find_partners(pictures, others)
        is_mostly_paired = len(found.used) >= _MOSTLY * (len(pictures) + len(others))
        if len(found.groups) < _FEWEST_PAIRS or not is_mostly_paired:
            return ()
        return [*pictures, *others]

    def scan(self, folder: Path, names: Sequence[str]) -> Working[ScanReport]:
        """Look at the pictures and at the files of the other material, as each is looked at."""
        by_material = _sorted_out(names)
        key = _likeliest(by_material)
        pictures = ScanReport(folder=folder, pictures=())
        if by_material.get(""):
            pictures = yield from scan_folder(folder)
        others = yield from PARTNERS[key].scan(folder, by_material.get(key, ()))
        unreadable = (*pictures.unreadable, *others.unreadable)
        count = len(pictures.pictures)
        told = advise(pictures.pictures, unreadable, {}, count, has_classes=False)
        return ScanReport(
            folder=folder,
            material=PAIRED_MATERIALS,
            pictures=(*pictures.pictures, *others.pictures),
            unreadable=unreadable,
            advice=(*told, *others.advice),
            suggested_size=suggest_size(pictures.pictures),
        )

    def arrange(self, report: ScanReport) -> Arrangement:
        """Find the partners among the files that can be used."""
        infos = {it.name: it for it in report.pictures}
        by_material = _sorted_out(infos)
        key = _likeliest(by_material)
        partner = PARTNERS[key].card
        found = find_partners(by_material.get("", ()), by_material.get(key, ()))
        used = found.used
        fault = ""
        if found.count < _FEWEST_PAIRS:
            fault = _fault(found, by_material, partner.noun[1])
        own = [it for it in report.pictures if it.name in used and not may_be_picture(it.name)]
        inside = PARTNERS[key].arrange(report.model_copy(update={"pictures": tuple(own)}))
        fault = fault or inside.fault
        if fault:
            return Arrangement(
                likelihood=0.0, num_examples=found.count, fault=fault, hint=self.card.folder
            )
        used -= {it.name for it in own} - inside.used
        layout = PairedLayout(
            by=found.by, size=report.suggested_size, partner=key, inside=inside.layout
        )
        return Arrangement(
            likelihood=1.0,
            num_examples=found.count,
            layout=str(layout),
            used=used,
            remarks=(*_remarks(found, partner), *inside.remarks),
        )

    def laid_out(self, layout: str, options: DataOptions) -> str:
        """With pictures of the size, and all else, that a person chose."""
        found = PairedLayout.parse(layout)
        inside = PARTNERS[found.partner].laid_out(found.inside, options)
        return str(
            PairedLayout(by=found.by, size=options.size, partner=found.partner, inside=inside)
        )

    def review(self, report: ScanReport) -> ScanReport:
        """All that the scan remarks."""
        return report

    def held_out_from(self, manifest: Manifest) -> Manifest:
        """The pictures, whose partners are held out with them; of classes, all files."""
        if is_by_class(manifest):
            return manifest
        kept = tuple(row for row in manifest.pictures if may_be_picture(row[0]))
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
        """Field "images", and those of the other material."""
        del channels, classes, words
        chosen = PairedLayout.parse(layout, size=size)
        inside = chosen.spec
        whole = PairedLayout(
            by=chosen.by, size=chosen.size, partner=chosen.partner, inside=inside.layout
        )
        return DataSpec(
            size=chosen.size,
            modality=PAIRED_MATERIALS,
            fields={"images": _images(chosen.size), **inside.fields},
            layout=str(whole),
        )

    def decode(self, manifest: Manifest, cache_dir: Path) -> Working[PairedRows]:
        """Pictures as uint8, and what the other material makes of its files."""
        layout = PairedLayout.parse(manifest.layout)
        by_material: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
        for row in manifest.pictures:
            by_material[may_be_picture(row[0])].append(row)

        def pixels_of(path: Path) -> Mapping[str, np.ndarray]:
            try:
                return {"images": decode_picture(path, size=layout.size)[None]}
            except UnreadablePictureError:
                return {}

        # Pictures are cached apart from their partners, so that another size reads only them anew.
        update = {"pictures": tuple(by_material[True]), "layout": f"{layout.size} px"}
        pictures = yield from build_rows(
            manifest.model_copy(update=update),
            cache_dir,
            pixels_of,
            version=_VERSION,
            what=tr("Reading the pictures"),
        )
        update = {
            "pictures": tuple(by_material[False]),
            "layout": layout.inside,
            "modality": layout.partner,
        }
        others = yield from PARTNERS[layout.partner].decode(
            manifest.model_copy(update=update), cache_dir
        )
        return PairedRows(
            fields={**pictures.fields, **others.fields},
            names=pictures.names,
            partner_names=others.names,
            key=f"{pictures.key}-{others.key}",
            skipped=(*pictures.skipped, *others.skipped),
            decoding=manifest.decoding,
        )

    def examples(
        self,
        manifest: Manifest,
        cache: RowCache,
        held_out: Collection[str],
        classes: Mapping[str, int],
    ) -> Dataset:
        """Pairs; no file of a held-out one is in one that is learned from."""
        del classes
        assert isinstance(cache, PairedRows), "it was decoded above"
        layout = PairedLayout.parse(manifest.layout)
        found = find_partners(
            list(dict.fromkeys(cache.names)), list(dict.fromkeys(cache.partner_names)), layout.by
        )
        rows_of = _rows_of(cache.names), _rows_of(cache.partner_names)
        out = frozenset(held_out)
        learned: list[np.ndarray] = []
        kept_aside: list[np.ndarray] = []
        for pictures, others in found.groups:
            if layout.by == NAME:
                parts = kept_aside if pictures[0] in out else learned
                parts.append(_drawn(rows_of, pictures, others))
                continue
            for parts, is_out in ((learned, False), (kept_aside, True)):
                own = [[it for it in side if (it in out) == is_out] for side in (pictures, others)]
                if all(own):
                    parts.append(_drawn(rows_of, *own))
        if sum(len(it) for it in learned) < _FEWEST_PAIRS:
            raise DatasetError(
                tr("There are too few pairs"),
                tr("Fewer than two can be read on both sides."),
                tr("Choose a folder with more of them."),
            )
        pairs = np.concatenate([*learned, *kept_aside])
        num_learned = sum(len(it) for it in learned)
        specs = {"images": _images(layout.size), **layout.spec.fields}
        names = [
            (cache.names[picture], cache.partner_names[other]) for picture, other in pairs.tolist()
        ]
        return Dataset(
            modality=PAIRED_MATERIALS,
            fields={
                name: Field(
                    spec=spec,
                    values=cache.fields[name],
                    rows=np.ascontiguousarray(pairs[:, 0 if name == "images" else 1]),
                )
                for name, spec in specs.items()
            },
            held_out={EXAMPLES: np.arange(num_learned, len(pairs))},
            names={
                EXAMPLES: [" + ".join(it) for it in names],
                **{name: [it[name != "images"] for it in names] for name in specs},
            },
            layout=manifest.layout,
        )

    def read_one(self, path: Path, layout: str) -> Mapping[str, np.ndarray]:
        """A picture, or a file of the other material, of a person's own."""
        chosen = PairedLayout.parse(layout)
        if not may_be_picture(path.name):
            return PARTNERS[chosen.partner].read_one(path, chosen.inside)
        try:
            return {"images": decode_picture(path, size=chosen.size)}
        except UnreadablePictureError as error:
            raise DatasetError(
                tr("{name} cannot be read", name=path.name),
                str(error),
                tr("Choose another picture."),
            ) from error


def _images(size: int) -> FieldSpec:
    return FieldSpec(name="images", type=IMAGE, shape=(size, size, 3))


def _sorted_out(names: Collection[str]) -> dict[str, list[str]]:
    """Key of a material, empty for pictures => names of its files."""
    found: dict[str, list[str]] = {}
    for name in names:
        low = name.lower()
        fitting = (it for it, own in PARTNERS.items() if low.endswith(own.card.suffixes))
        key = "" if may_be_picture(name) else next(fitting, None)
        if key is not None:
            found.setdefault(key, []).append(name)
    return found


def _likeliest(by_material: Mapping[str, Sequence[str]]) -> str:
    """Key of the material of which most files have a partner."""
    pictures = by_material.get("", ())
    counts = {key: len(find_partners(pictures, by_material.get(key, ())).used) for key in PARTNERS}
    return max(counts, key=lambda key: counts[key])


def _rows_of(names: Sequence[str]) -> Mapping[str, list[int]]:
    """Name of a file => its rows."""
    found: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        found.setdefault(name, []).append(row)
    return found


def _drawn(
    rows_of: tuple[Mapping[str, list[int]], Mapping[str, list[int]]],
    pictures: Sequence[str],
    others: Sequence[str],
) -> np.ndarray:
    """Pairs of rows, int64 (pairs, 2)."""
    first, second = (
        np.array([row for name in side for row in rows[name]], np.int64)
        for rows, side in zip(rows_of, (pictures, others), strict=True)
    )
    drawn = draw_pairs(len(first), len(second))
    return np.stack([first[drawn[:, 0]], second[drawn[:, 1]]], axis=1)


def _fault(found: Partners, by_material: Mapping[str, Sequence[str]], noun: str) -> str:
    pictures, others = (len(by_material.get(key, ())) for key in ("", _likeliest(by_material)))
    if not pictures or not others:
        missing = tr("pictures") if not pictures else noun
        return tr("There are no {missing} in it that can be used.", missing=missing)
    alone = named(found.alone or found.ambiguous)
    return tr(
        "{count} of its {pictures:,} pictures belong to one of its {others:,} {noun} by "
        "name or folder. Without a clear partner are: {alone}.",
        count=found.count,
        pictures=pictures,
        others=others,
        noun=noun,
        alone=alone,
    )


def _remarks(found: Partners, partner: ModalityCard) -> list[Advice]:
    noun = partner.noun[1]
    first, second = (sum(len(group[side]) for group in found.groups) for side in (0, 1))
    if found.by == CLASS:
        remarks = [
            Advice(
                title=tr(
                    "{first:,} pictures and {second:,} {noun} in {num_groups:,} "
                    "folders of the same "
                    "names",
                    first=first,
                    second=second,
                    noun=noun,
                    num_groups=len(found.groups),
                ),
                reason=tr(
                    "Pairs are drawn within a folder: every picture of it belongs to all of its "
                    "{noun}, and what they have in common is learned.",
                    noun=noun,
                ),
            )
        ]
    else:
        remarks = [
            Advice(
                title=trn(
                    "{number:,} pair of pictures and {noun}",
                    "{number:,} pairs of pictures and {noun}",
                    found.count,
                    noun=noun,
                ),
                reason=tr("They have the same names."),
            )
        ]
    if found.alone:
        what = tr("file has") if len(found.alone) == 1 else tr("files have")
        reason = tr("Left out, since no file or folder of the other kind is called like it: ")
        remarks.append(
            Advice(
                title=tr("{num_alone:,} {what} no partner", num_alone=len(found.alone), what=what),
                reason=f"{reason}{named(found.alone)}.",
            )
        )
    if found.ambiguous:
        what = tr("file has") if len(found.ambiguous) == 1 else tr("files have")
        remarks.append(
            Advice(
                title=tr(
                    "{num_ambiguous:,} {what} the name of another one",
                    num_ambiguous=len(found.ambiguous),
                    what=what,
                ),
                reason=tr(
                    "Left out, since nobody can say which of them belongs to the "
                    "other side: {named}.",
                    named=named(found.ambiguous),
                ),
            )
        )
    if found.count < _FEW_PAIRS:
        remarks.append(
            Advice(
                title=trn("{number:,} pair is little", "{number:,} pairs are few", found.count),
                reason=tr(
                    "A model soon knows so few by heart; from some hundred on it finds what "
                    "they have in common."
                ),
            )
        )
    return remarks


MODALITY: Final[FileModality] = PairedMaterials()
