"""Modality "captions": pictures with what is on them in words."""

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, Final

import numpy as np

from genstudio.data.advice import review
from genstudio.data.cache import PictureCache
from genstudio.data.captions import captions_from_folders
from genstudio.data.dataset import Dataset, Field
from genstudio.data.modalities.folders import named
from genstudio.data.modalities.protocol import Arrangement, Modality
from genstudio.data.split import held_out_index
from genstudio.domain.datasets import Advice, Manifest, ScanReport
from genstudio.domain.errors import DatasetError
from genstudio.domain.fields import EXAMPLES, IMAGE, TOKENS, DataSpec, FieldSpec
from genstudio.domain.language import tr
from genstudio.domain.modalities import CAPTIONS, ModalityCard
from genstudio.domain.words import MOST_TOKENS, token_ids, vocabulary, words_in

_FEWEST = 2
# Surer than plain pictures are of a folder, and surer than two sets.
_LIKELY, _SOME, _GUESSED = 0.9, 0.45, 0.2
_MOSTLY = 0.8
_MOST_WORDS_NAMED = 8
# A word must be seen on several pictures before it means one thing only.
_FEW_TIMES = 5
_TOKENS = FieldSpec(name="tokens", type=TOKENS, shape=(MOST_TOKENS,))


class Captions:
    """Pictures, each with a caption."""

    card: ClassVar[ModalityCard] = ModalityCard(
        key=CAPTIONS,
        title="Pictures with captions",
        folder="Pictures with a text file of the same name beside each, or a table captions.csv "
        "(file, text), or metadata.jsonl (file_name, text).",
    )

    def arrange(self, report: ScanReport) -> Arrangement:
        """Take every picture that has a caption; where none has, the folders' names are a start."""
        names = [picture.name for picture in report.pictures]
        captions, is_guessed = captions_of(report)
        if len(captions) < _FEWEST:
            return Arrangement(
                likelihood=0.0,
                num_examples=len(captions),
                fault=_fault(len(captions), report.captions.faults),
                hint=tr(
                    "Put a text file of the same name beside each picture, or a table "
                    "captions.csv with the columns “file” and “text” into the folder, or write "
                    "captions on the Dataset page."
                ),
            )
        share = len(captions) / len(names)
        likelihood = _GUESSED if is_guessed else _LIKELY if share >= _MOSTLY else _SOME
        return Arrangement(
            likelihood=likelihood,
            num_examples=len(captions),
            used=frozenset(captions),
            captions=captions,
            remarks=tuple(_remarks(report, names, captions, is_guessed=is_guessed)),
        )

    def review(self, report: ScanReport) -> ScanReport:
        """Without advice on classes."""
        return review(report, {}, self.arrange(report).num_examples)

    def held_out_from(self, manifest: Manifest) -> Manifest:
        """All of them."""
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
        """Fields "images" and "tokens"."""
        del classes, layout
        images = FieldSpec(name="images", type=IMAGE, shape=(size, size, channels))
        return DataSpec(
            size=size,
            channels=channels,
            modality=CAPTIONS,
            fields={"images": images, "tokens": _TOKENS},
            words=words or {},
        )

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
        """Pictures, and the words of each one's caption as ids of the vocabulary."""
        del classes, is_reversed
        known = words or {}
        caption_of = dict(manifest.captions)
        ids = [token_ids(caption_of.get(name, ""), known) for name in cache.names]
        if not ids:
            raise DatasetError(
                tr("There are no captions to learn from"),
                tr("None of the pictures that have one can be decoded."),
                tr("Were they moved? Choose the folder again."),
            )
        images = FieldSpec(name="images", type=IMAGE, shape=tuple(cache.images_NHWC.shape[1:]))
        return Dataset(
            modality=CAPTIONS,
            fields={
                "images": Field(spec=images, values=cache.images_NHWC, shapes=cache.shapes),
                "tokens": Field(spec=_TOKENS, values=np.array(ids, np.int64)),
            },
            held_out={EXAMPLES: held_out_index(cache.names, held_out)},
            names={EXAMPLES: cache.names},
            words=known,
        )


def captions_of(report: ScanReport) -> tuple[dict[str, str], bool]:
    """Captions of the pictures of a report by name, and whether all are the folders' names."""
    written = report.captions.texts
    captions = {it.name: written[it.name] for it in report.pictures if it.name in written}
    if captions:
        return captions, False
    return captions_from_folders(picture.name for picture in report.pictures), True


def _counted(count: int, one: str, several: str) -> str:
    return tr("{count:,} {value}", count=count, value=one if count == 1 else several)


def _fault(count: int, faults: Sequence[str]) -> str:
    found = tr("No picture has a caption.") if not count else tr("Only one picture has a caption.")
    return f"{found} {faults[0]}" if faults else found


def _remarks(
    report: ScanReport, names: Sequence[str], captions: Mapping[str, str], *, is_guessed: bool
) -> list[Advice]:
    known = vocabulary(captions.values())
    first = ", ".join([*known][:_MOST_WORDS_NAMED])
    remarks = [
        Advice(
            title=tr(
                "{num_captions:,} pictures with captions, {num_known:,} different words",
                num_captions=len(captions),
                num_known=len(known),
            ),
            reason=tr("The most frequent are: {first}.", first=first),
        )
    ]
    if is_guessed:
        remarks.append(
            Advice(
                title=tr("The captions are the names of the folders"),
                reason=tr("They are a start, and guesses: the Dataset page lets you write others."),
            )
        )
    if without := [name for name in names if name not in captions]:
        remarks.append(
            Advice(
                title=_counted(len(without), tr("picture has"), tr("pictures have"))
                + tr(" no caption"),
                reason=tr("They are left out: {named}.", named=named(without)),
            )
        )
    if orphans := report.captions.without_picture:
        remarks.append(
            Advice(
                title=_counted(len(orphans), tr("caption belongs"), tr("captions belong"))
                + tr(" to no picture"),
                reason=tr("They are passed over: {named}.", named=named(orphans)),
            )
        )
    rare = sum(count < _FEW_TIMES for count in known.values())
    if rare > len(known) / 2 and len(captions) >= _FEW_TIMES:
        remarks.append(
            Advice(
                title=_counted(rare, tr("word is"), tr("words are"))
                + tr(" on fewer than {few_times} pictures", few_times=_FEW_TIMES),
                reason=tr(
                    "Of a word that it saw so rarely a model learns little. Use the same word "
                    "for the same thing."
                ),
            )
        )
    if cut := sum(len(words_in(text)) > MOST_TOKENS for text in captions.values()):
        remarks.append(
            Advice(
                title=_counted(cut, tr("caption is"), tr("captions are"))
                + tr(" longer than {most_tokens} words", most_tokens=MOST_TOKENS),
                reason=tr("Only their beginnings are learned."),
            )
        )
    remarks += [
        Advice(title=tr("Captions could not be read as they are"), reason=fault)
        for fault in report.captions.faults
    ]
    return remarks


MODALITY: Final[Modality] = Captions()
