"""Modality "molecules": lists, tables and SDF files, in which each molecule is an example."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from genstudio.data import chemistry, selfies_notation
from genstudio.data.dataset import Dataset, Field
from genstudio.data.modalities.folders import named
from genstudio.data.modalities.protocol import Arrangement, FileModality
from genstudio.data.molecule_files import (
    SUFFIXES,
    Entry,
    TableReading,
    UnreadableFileError,
    first_molecule,
    read_entries,
)
from genstudio.data.row_cache import RowCache, keep_rows, open_rows, rows_key
from genstudio.data.split import held_out_index
from genstudio.domain.datasets import (
    Advice,
    Manifest,
    PictureInfo,
    Remark,
    ScanReport,
    UnreadablePicture,
)
from genstudio.domain.errors import DatasetError
from genstudio.domain.fields import EXAMPLES, SMILES, DataSpec, FieldSpec
from genstudio.domain.language import tr, trn
from genstudio.domain.modalities import MOLECULES, ModalityCard
from genstudio.domain.progress import Progress, Working
from genstudio.domain.smiles import (
    MOST_TOKENS,
    is_in_selfies,
    layout_with,
    numbered,
    token_counts,
    tokens_in,
)
from genstudio.domain.training import DataOptions
from genstudio.domain.words import FIRST_WORD

# Raised whenever the same molecules give other rows.
_VERSION = 1
_FEWEST = 2
_MOST = 200_000
# SMILES of each molecule: the canonical one, then others (enumeration).
SPELLINGS: Final = 4
_TOLD_EVERY = 100
_MOST_UNREADABLE_LISTED = 1000
_DRAWN_NUMBER = "#"
_UNUSED = frozenset({Remark.TOO_LONG, Remark.DUPLICATE})


class Molecules:
    """Molecules, each an example; what is learned is their SMILES."""

    card: ClassVar[ModalityCard] = ModalityCard(
        key=MOLECULES,
        title="Molecules",
        folder="Lists of SMILES (.smi), tables with a column of SMILES (.csv), or SDF files.",
        roles=("tokens",),
        suffixes=SUFFIXES,
        noun=("molecule", "molecules"),
    )

    def scan(self, folder: Path, names: Sequence[str]) -> Working[ScanReport]:
        """Read every molecule of every file."""
        return (yield from self.scan_column(folder, names, ""))

    def scan_column(self, folder: Path, names: Sequence[str], column: str) -> Working[ScanReport]:
        """The same, from the column of tables that a person chose.

        Args:
            folder: An absolute path.
            names: Files in it.
            column: The column of tables that a person chose; by default the likeliest.
        """
        chemistry.rdkit()
        scan = _Scan()
        for file, name in enumerate(names):
            reading = TableReading()
            try:
                for entry in read_entries(folder / name, reading, column=column):
                    found = scan.take(name, entry)
                    if scan.count % _TOLD_EVERY == 0 or found is None:
                        yield Progress(tr("Reading the molecules"), file, len(names), found)
            except UnreadableFileError as error:
                scan.unreadable.append(UnreadablePicture(name=name, reason=str(error)))
            if reading.column and reading.others:
                scan.columns.append((name, reading))
            yield Progress(tr("Reading the molecules"), file + 1, len(names))
        first = scan.columns[0][1] if scan.columns else None
        return ScanReport(
            folder=folder,
            material=MOLECULES,
            pictures=tuple(scan.found),
            unreadable=tuple(scan.unreadable),
            advice=tuple(scan.advice()),
            columns=tuple(first.all) if first is not None else (),
            column=first.column if first is not None else "",
        )

    def arrange(self, report: ScanReport) -> Arrangement:
        """Take each molecule once that is not too long."""
        usable = {it.name: it.words for it in report.pictures if not it.remarks & _UNUSED}
        used = dict(list(usable.items())[:_MOST])
        if len(used) < _FEWEST:
            return Arrangement(
                likelihood=0.0,
                num_examples=len(used),
                fault=_fault(report, len(used)),
                hint=tr(
                    "{folder} Another column of a table is chosen with --column.",
                    folder=self.card.folder,
                ),
            )
        remarks = list(_remarks(used))
        if len(usable) > _MOST:
            remarks.append(
                Advice(
                    title=tr("Only the first {most:,} molecules are learned", most=_MOST),
                    reason=tr("{num_usable:,} more are left out.", num_usable=len(usable) - _MOST),
                )
            )
        return Arrangement(
            likelihood=1.0,
            num_examples=len(used),
            # So that the same column is read when the project is opened again.
            layout=report.column[:60],
            used=frozenset(used),
            captions=used,
            remarks=tuple(remarks),
        )

    def laid_out(self, layout: str, options: DataOptions) -> str:
        """The column, and in which notation it is learned."""
        return layout_with(layout, is_selfies=options.notation == "SELFIES")[:60]

    def left_out(self, manifest: Manifest) -> tuple[frozenset[str], str]:
        """Those that SELFIES cannot write.

        Raises:
            SettingsError: Its package is not installed.
        """
        if not is_in_selfies(manifest.layout):
            return frozenset(), ""
        names = frozenset(
            name for name, smiles in manifest.captions if not selfies_notation.selfies_of(smiles)
        )
        return names, tr("SELFIES cannot write them within {most} symbols.", most=MOST_TOKENS)

    def review(self, report: ScanReport) -> ScanReport:
        """All that the scan remarks."""
        return report

    def held_out_from(self, manifest: Manifest) -> Manifest:
        """All of them."""
        return manifest

    def vocabulary(self, manifest: Manifest) -> dict[str, int]:
        """Tokens of all molecules, also of those that are held out: it is but their alphabet."""
        texts = (smiles for _, smiles in manifest.captions)
        if not is_in_selfies(manifest.layout):
            return token_counts(texts)
        return token_counts(map(selfies_notation.selfies_of, texts), is_selfies=True)

    def spec(
        self,
        size: int,
        channels: int,
        classes: Mapping[str, int],
        words: Mapping[str, int] | None = None,
        *,
        layout: str = "",
    ) -> DataSpec:
        """Field "tokens"."""
        del size, channels, classes
        return DataSpec(
            modality=MOLECULES,
            fields={"tokens": _TOKENS},
            words=words or {},
            layout=_notation_of(layout),
        )

    def decode(self, manifest: Manifest, cache_dir: Path) -> Working[RowCache]:
        """Several texts of each molecule as ids; those of the manifest, whatever became of files.

        Raises:
            DatasetError: The manifest holds no molecules.
            SettingsError: They are written as SELFIES, whose package is not installed.
        """
        key = rows_key(manifest, _VERSION)
        path = cache_dir / f"{key}.safetensors"
        if (found := open_rows(path, key, manifest)) is not None:
            return found
        if len(manifest.captions) < _FEWEST:
            raise DatasetError(
                tr("There are no molecules to learn from"),
                tr("The record of the set holds none."),
                tr("Choose the folder again."),
            )
        number = {
            token: id_ for id_, token in enumerate(self.vocabulary(manifest), start=FIRST_WORD)
        }
        names = [name for name, _ in manifest.captions]
        rows = np.zeros((len(names), SPELLINGS, MOST_TOKENS), np.int16)
        for row, (_, smiles) in enumerate(manifest.captions):
            spellings = _spellings(smiles)
            if is_in_selfies(manifest.layout):
                own = selfies_notation.selfies_of(smiles)
                spellings = [selfies_notation.selfies_of(it) or own for it in spellings]
            rows[row] = [numbered(text, number) for text in spellings]
            if row % _TOLD_EVERY == 0:
                yield Progress(tr("Writing the molecules as text"), row, len(names))
        yield Progress(tr("Writing the molecules as text"), len(names), len(names))
        return keep_rows(manifest, path, key, {"tokens": rows}, names)

    def examples(
        self,
        manifest: Manifest,
        cache: RowCache,
        held_out: Collection[str],
        classes: Mapping[str, int],
    ) -> Dataset:
        """Ids of the texts of each molecule."""
        del classes
        return Dataset(
            modality=MOLECULES,
            fields={"tokens": Field(spec=_TOKENS, values=cache.fields["tokens"])},
            held_out={EXAMPLES: held_out_index(cache.names, held_out)},
            names={EXAMPLES: cache.names},
            words=self.vocabulary(manifest),
            layout=_notation_of(manifest.layout),
        )

    def read_one(self, path: Path, layout: str) -> Mapping[str, np.ndarray]:
        """The SMILES of the first molecule of a file, as code points: its run has the alphabet."""
        del layout
        smiles = first_molecule(path)
        return {"smiles": np.array([ord(character) for character in smiles], np.int64)}

    def draw(self, example: PictureInfo, side: int) -> np.ndarray:
        """Draw a molecule of a report: uint8 (side, side, 3)."""
        return chemistry.draw(example.words, side)


_TOKENS = FieldSpec(name="tokens", type=SMILES, shape=(SPELLINGS, MOST_TOKENS))


class _Scan:
    """What was found so far."""

    def __init__(self) -> None:
        self.found: list[PictureInfo] = []
        self.unreadable: list[UnreadablePicture] = []
        self.columns: list[tuple[str, TableReading]] = []
        self.count = 0
        self._first_of: dict[str, str] = {}
        self._num_stereo = 0

    def take(self, file: str, entry: Entry) -> PictureInfo | None:
        """Note a place of a file; gives what can be used of it."""
        self.count += 1
        name = f"{file}{_DRAWN_NUMBER}{entry.number}"
        if entry.molecule is None:
            self.unreadable.append(UnreadablePicture(name=name, reason=entry.reason))
            return None
        smiles = entry.molecule.smiles
        remarks: set[Remark] = set()
        first = self._first_of.setdefault(smiles, name)
        if first != name:
            remarks.add(Remark.DUPLICATE)
        if len(tokens_in(smiles)) > MOST_TOKENS:
            remarks.add(Remark.TOO_LONG)
        if entry.molecule.was_salt:
            remarks.add(Remark.SALT)
        self._num_stereo += entry.molecule.num_stereo > 0
        info = PictureInfo(
            name=name,
            content_hash=hashlib.blake2b(smiles.encode(), digest_size=16).hexdigest(),
            remarks=frozenset(remarks),
            duplicate_of=None if first == name else first,
            words=smiles,
            values={"atoms": float(entry.molecule.num_atoms)},
        )
        self.found.append(info)
        return info

    def advice(self) -> list[Advice]:
        """What is worth knowing of all."""
        advice: list[Advice] = []
        count = len(self.unreadable)
        if count:
            advice.append(
                Advice(
                    title=tr("{count:,} cannot be read", count=count)
                    if count > 1
                    else tr("One cannot be read"),
                    reason=tr(
                        "The first is {name}: {reason}",
                        name=self.unreadable[0].name,
                        reason=self.unreadable[0].reason,
                    ),
                    topic="unreadable",
                )
            )
        told = (
            (Remark.DUPLICATE, tr("there more than once"), tr("Each is learned once.")),
            (
                Remark.TOO_LONG,
                tr("too long"),
                tr(
                    "Their SMILES have more than {most_tokens} tokens; they are left out.",
                    most_tokens=MOST_TOKENS,
                ),
            ),
            (
                Remark.SALT,
                tr("a salt or a mixture"),
                tr("Only the largest part of each is learned."),
            ),
        )
        for remark, what, reason in told:
            names = [it.name for it in self.found if remark in it.remarks]
            if names:
                advice.append(
                    Advice(
                        title=trn(
                            "{number:,} is {what}", "{number:,} are {what}", len(names), what=what
                        ),
                        reason=f"{reason} {tr('It is') if len(names) == 1 else tr('They are')}: "
                        f"{named(names)}.",
                        topic=remark.value,
                    )
                )
        if self._num_stereo:
            advice.append(
                Advice(
                    title=tr("One says how it lies in space")
                    if self._num_stereo == 1
                    else tr(
                        "{num_stereo:,} say how they lie in space", num_stereo=self._num_stereo
                    ),
                    reason=tr(
                        "Their stereochemistry is kept. What says that a sample is a mixture "
                        "of both forms (racemic) is not."
                    ),
                )
            )
        advice += [
            Advice(
                title=tr("{name}: the column “{column}” is read", name=name, column=reading.column),
                reason=tr("Its other columns are: {named}.", named=named(reading.others, 6)),
            )
            for name, reading in self.columns
        ]
        return advice


def _notation_of(layout: str) -> str:
    """What a model has to know of a layout: its columns have no part in that."""
    return layout_with("", is_selfies=is_in_selfies(layout))


def _fault(report: ScanReport, count: int) -> str:
    if report.pictures:
        return tr(
            "{count} of its {num_pictures:,} molecules can be learned from.",
            count=count,
            num_pictures=len(report.pictures),
        )
    first = report.unreadable[0] if report.unreadable else None
    why = "" if first is None else f" {first.name}: {first.reason}"
    return tr("No molecule can be read in it.{why}", why=why)


def _remarks(used: Mapping[str, str]) -> Iterable[Advice]:
    counts = token_counts(used.values())
    lengths = np.array([len(tokens_in(smiles)) for smiles in used.values()])
    yield Advice(
        title=tr(
            "{num_used:,} molecules of {min} to {max} tokens",
            num_used=len(used),
            min=lengths.min(),
            max=lengths.max(),
        ),
        reason=tr(
            "Their alphabet has {num_counts} tokens, half of the molecules at most {median} "
            "of them.",
            num_counts=len(counts),
            median=int(np.median(lengths)),
        ),
    )


def _spellings(smiles: str) -> list[str]:
    seed = int.from_bytes(hashlib.blake2b(smiles.encode(), digest_size=3).digest(), "big")
    others = chemistry.written_otherwise(smiles, SPELLINGS - 1, seed + 1)
    # A ring more than nine are open at once may need tokens that no canonical SMILES has.
    return [smiles, *(text if len(tokens_in(text)) <= MOST_TOKENS else smiles for text in others)]


MODALITY: Final[FileModality] = Molecules()
