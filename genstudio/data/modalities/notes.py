"""Modality "notes": MIDI files, from whose voices phrases of some bars are learned."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from genstudio.data import phrases, scores
from genstudio.data.dataset import Dataset, Field
from genstudio.data.decode import content_hash_of, why_inaccessible
from genstudio.data.modalities.folders import named
from genstudio.data.modalities.protocol import Arrangement, FileModality
from genstudio.data.row_cache import RowCache, build_rows
from genstudio.data.split import held_out_index
from genstudio.data.threads import map_in_threads
from genstudio.domain.datasets import Advice, Manifest, PictureInfo, ScanReport, UnreadablePicture
from genstudio.domain.errors import SettingsError
from genstudio.domain.fields import EXAMPLES, DataSpec, FieldSpec
from genstudio.domain.fields import NOTES as NOTES_FIELD
from genstudio.domain.language import tr, trn
from genstudio.domain.modalities import NOTES, ModalityCard
from genstudio.domain.progress import Progress, Working
from genstudio.domain.training import DataOptions

# Raised whenever decoding gives other tokens.
_VERSION = 1
_FEWEST_FILES = 2
_BARS = (2, 4, 8, 16)
_INSTRUMENT = FieldSpec(name="instruments", type="label")


def bars_of(layout: str) -> int:
    """Bars of each phrase, as a run noted them.

    Raises:
        SettingsError: The note is damaged.
    """
    found = layout.removesuffix(" bars") if layout else str(_BARS[0])
    if found not in map(str, _BARS):
        raise SettingsError(
            tr("“{layout}” is no layout of phrases", layout=layout[:60]),
            "",
            tr("Put the original run.toml back."),
        )
    return int(found)


class Notes:
    """Phrases of MIDI files, each an example."""

    card: ClassVar[ModalityCard] = ModalityCard(
        key=NOTES,
        title="Notes",
        folder="MIDI files (.mid): pieces with one instrument or more.",
        roles=("notes",),
        suffixes=scores.SUFFIXES,
        noun=("piece", "pieces"),
        # Each holds many phrases.
        fewest_split=10,
    )

    def scan(self, folder: Path, names: Sequence[str]) -> Working[ScanReport]:
        """Read every piece."""
        scores.mido()
        found: list[PictureInfo] = []
        unusable: list[UnreadablePicture] = []
        told: list[tuple[str, str]] = []
        first_of: dict[str, str] = {}
        looked = map_in_threads(lambda name: _look_at(folder, name), names, workers=1)
        for done, (result, remarks) in enumerate(looked, start=1):
            if isinstance(result, PictureInfo):
                first = first_of.setdefault(result.content_hash, result.name)
                update = {"duplicate_of": None if first == result.name else first}
                found.append(result.model_copy(update=update))
                told += [(result.name, remark) for remark in remarks]
            else:
                unusable.append(result)
            item = result if isinstance(result, PictureInfo) else None
            yield Progress(tr("Reading the pieces"), done, len(names), item)
        return ScanReport(
            folder=folder,
            material=NOTES,
            pictures=tuple(found),
            unreadable=tuple(unusable),
            advice=tuple(_advice(found, told)),
        )

    def arrange(self, report: ScanReport) -> Arrangement:
        """Take every piece that has a phrase."""
        used = [it for it in report.pictures if it.values["phrases"] > 0]
        if len(used) < _FEWEST_FILES:
            first = report.unreadable[0] if report.unreadable else None
            why = f" {first.name}: {first.reason}" if first is not None else ""
            return Arrangement(
                likelihood=0.0,
                num_examples=len(used),
                fault=tr(
                    "{num_used} of its files hold phrases in bars of four quarters.{why}",
                    num_used=len(used),
                    why=why,
                ),
                hint=self.card.folder,
            )
        return Arrangement(
            likelihood=1.0,
            num_examples=int(sum(it.values["phrases"] for it in used)),
            layout=f"{_BARS[0]} bars",
            used=frozenset(it.name for it in used),
            remarks=tuple(_remarks(report.pictures)),
        )

    def laid_out(self, layout: str, options: DataOptions) -> str:
        """So many bars as a person chose."""
        del layout
        return f"{options.bars} bars"

    def review(self, report: ScanReport) -> ScanReport:
        """All that the scan remarks."""
        return report

    def held_out_from(self, manifest: Manifest) -> Manifest:
        """All of them: a piece is learned from or not."""
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
        """Fields "notes" and "instruments"."""
        del size, channels, classes, words
        bars = bars_of(layout)
        return DataSpec(modality=NOTES, fields=_fields(bars), layout=f"{bars} bars")

    def decode(self, manifest: Manifest, cache_dir: Path) -> Working[RowCache]:
        """Tokens of each phrase, int64, and the number of its group of instruments."""
        bars = bars_of(manifest.layout)

        def rows_of(path: Path) -> Mapping[str, np.ndarray]:
            try:
                found = list(phrases.phrases_of(scores.read_score(path), bars))
            except scores.UnreadableScoreError:
                found = []
            if not found:
                return {}
            return {
                "notes": np.stack([it.tokens for it in found]).astype(np.int64),
                "instruments": np.array([it.instrument for it in found], np.int64),
            }

        return (
            yield from build_rows(
                manifest, cache_dir, rows_of, version=_VERSION, what=tr("Reading the pieces")
            )
        )

    def examples(
        self,
        manifest: Manifest,
        cache: RowCache,
        held_out: Collection[str],
        classes: Mapping[str, int],
    ) -> Dataset:
        """Phrases, with their group of instruments."""
        del classes
        specs = _fields(bars_of(manifest.layout))
        return Dataset(
            modality=NOTES,
            fields={
                name: Field(spec=spec, values=cache.fields[name]) for name, spec in specs.items()
            },
            held_out={EXAMPLES: held_out_index(cache.names, held_out)},
            names={EXAMPLES: cache.names},
            layout=manifest.layout,
        )

    def read_one(self, path: Path, layout: str) -> Mapping[str, np.ndarray]:
        """The phrase of a person's own piece that has most notes, of its first voice with one."""
        bars = bars_of(layout)
        try:
            found = list(phrases.phrases_of(scores.read_score(path), bars))
        except scores.UnreadableScoreError as error:
            raise scores.unreadable_score(path, str(error)) from error
        if not found:
            why = tr(
                "No voice of it has {bars} bars of four quarters with a note in each.", bars=bars
            )
            raise scores.unreadable_score(path, why)
        best = found[0]
        return {"notes": best.tokens, "instruments": np.array(best.instrument, np.int64)}


def _fields(bars: int) -> dict[str, FieldSpec]:
    shape = (bars * phrases.STEPS_PER_BAR,)
    return {
        "notes": FieldSpec(name="notes", type=NOTES_FIELD, shape=shape),
        "instruments": _INSTRUMENT,
    }


def _look_at(folder: Path, name: str) -> tuple[PictureInfo | UnreadablePicture, tuple[str, ...]]:
    path = folder / name
    try:
        score = scores.read_score(path)
        with path.open("rb") as file:
            content_hash = content_hash_of(file)
    except scores.UnreadableScoreError as error:
        return UnreadablePicture(name=name, reason=str(error)), ()
    except OSError as error:
        return UnreadablePicture(name=name, reason=why_inaccessible(error)), ()
    metres = list(dict.fromkeys(f"{beats}/{unit}" for _, beats, unit in score.metres))
    bars = len(phrases.four_quarter_bars(score))
    count = sum(1 for _ in phrases.phrases_of(score, _BARS[0]))
    tempo = round(score.tempi[0][1])
    info = PictureInfo(
        name=name,
        content_hash=content_hash,
        words=trn(
            "{number} part, {bars} bars of 4/4, {metres}, {tempo} bpm",
            "{number} parts, {bars} bars of 4/4, {metres}, {tempo} bpm",
            len(score.parts),
            bars=bars,
            metres="  ".join(metres[:3]),
            tempo=tempo,
        ),
        values={
            "parts": float(len(score.parts)),
            "drums": float(sum(part.is_drums for part in score.parts)),
            "bars": float(bars),
            "all_bars": score.end / (4 * scores.TICKS_PER_BEAT),
            "notes": float(score.num_notes),
            "phrases": float(count),
            "bpm": score.tempi[0][1],
            "tempi": float(len({round(bpm) for _, bpm in score.tempi})),
        },
    )
    return info, score.remarks


def _advice(found: Sequence[PictureInfo], told: Sequence[tuple[str, str]]) -> list[Advice]:
    advice = [Advice(title=name, reason=remark) for name, remark in told[:5]]
    doubled = [it.name for it in found if it.duplicate_of]
    if doubled:
        what = tr("piece is there twice") if len(doubled) == 1 else tr("pieces are there twice")
        reason = tr("A model would favour them: {named}.", named=named(doubled))
        advice.append(
            Advice(
                title=tr("{num_doubled:,} {what}", num_doubled=len(doubled), what=what),
                reason=reason,
            )
        )
    without = [it.name for it in found if not it.values["phrases"]]
    if without:
        what = tr("piece is left out") if len(without) == 1 else tr("pieces are left out")
        reason = tr(
            "They have no two bars of four quarters with notes in them: {named}.",
            named=named(without),
        )
        advice.append(
            Advice(
                title=tr("{num_without:,} {what}", num_without=len(without), what=what),
                reason=reason,
            )
        )
    return advice


def _remarks(pieces: Sequence[PictureInfo]) -> list[Advice]:
    count = int(sum(it.values["phrases"] for it in pieces))
    bars = sum(it.values["bars"] for it in pieces)
    every = sum(it.values["all_bars"] for it in pieces)
    tempi = Counter(round(it.values["bpm"]) for it in pieces)
    slow, fast = min(tempi), max(tempi)
    remarks = [
        Advice(
            title=tr(
                "{num_pieces:,} pieces with {count:,} different phrases of two bars",
                num_pieces=len(pieces),
                count=count,
            ),
            reason=tr(
                "They begin at {slow} to {fast} beats a minute; each voice is learned by itself, "
                "its highest notes, on a grid of sixteenths.",
                slow=slow,
                fast=fast,
            ),
        )
    ]
    if bars < 0.95 * every:
        share = 1 - bars / every
        remarks.append(
            Advice(
                title=tr("{share:.0%} of the music is left out", share=share),
                reason=tr("Only bars of four quarters are learned; the rest has other metres."),
            )
        )
    drums = sum(it.values["drums"] for it in pieces)
    if drums:
        remarks.append(
            Advice(
                title=tr("{drums:.0f} parts of drums are left out", drums=drums),
                reason=tr("They have no pitch."),
            )
        )
    return remarks


MODALITY: Final[FileModality] = Notes()
