"""Modality "texts": text files, cut into pieces of about a page, each an example."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from genstudio.data.dataset import Dataset, Field
from genstudio.data.modalities.folders import named
from genstudio.data.modalities.protocol import Arrangement, FileModality
from genstudio.data.plain_texts import (
    SUFFIXES,
    UnreadableTextError,
    num_words,
    piece_size,
    pieces_of,
    read_text,
)
from genstudio.data.row_cache import RowCache, keep_rows, open_rows, rows_key
from genstudio.data.split import held_out_index
from genstudio.data.text_pictures import draw_text
from genstudio.domain.byte_pairs import BOUNDARY, Tokeniser, token_counts
from genstudio.domain.datasets import (
    Advice,
    Manifest,
    PictureInfo,
    Remark,
    ScanReport,
    UnreadablePicture,
)
from genstudio.domain.errors import DatasetError
from genstudio.domain.fields import EXAMPLES, TEXT, DataSpec, FieldSpec
from genstudio.domain.language import tr, trn
from genstudio.domain.modalities import TEXTS, ModalityCard
from genstudio.domain.progress import Progress, Working
from genstudio.domain.training import DataOptions
from genstudio.domain.words import PADDING

# Raised whenever the same texts give other rows.
_VERSION = 1
_FEWEST_PIECES = 2
# Of fewer, nothing but they themselves could be learned.
FEWEST_WORDS: Final = 200
_WANTED_WORDS = 20_000
_MOST_CHARACTERS = 8_000_000
# Tokens that are read together, and the one that comes after them.
WINDOW: Final = 256
_PIECE_NUMBER = "#"
_WORDS_SHOWN = 12


class Texts:
    """Pieces of texts; what is learned is how each goes on."""

    card: ClassVar[ModalityCard] = ModalityCard(
        key=TEXTS,
        title="Texts",
        folder="Text files (.txt, .md) in UTF-8: many short ones, or one long one.",
        roles=("tokens",),
        suffixes=SUFFIXES,
        noun=("text", "texts"),
        fewest_split=10,
    )

    def scan(self, folder: Path, names: Sequence[str]) -> Working[ScanReport]:
        """Read every text, then cut all of them into pieces."""
        texts: dict[str, str] = {}
        unreadable: list[UnreadablePicture] = []
        left = _MOST_CHARACTERS
        too_many: list[str] = []
        for done, name in enumerate(names, start=1):
            if left <= 0:
                too_many.append(name)
                continue
            try:
                text = read_text(folder / name)
                if num_words(text):
                    texts[name] = text[:left]
                    left -= len(text)
                else:
                    unreadable.append(UnreadablePicture(name=name, reason=tr("It has no words.")))
            except UnreadableTextError as error:
                unreadable.append(UnreadablePicture(name=name, reason=str(error)))
            yield Progress(tr("Reading the texts"), done, len(names))
        found: list[PictureInfo] = []
        size = piece_size([len(text) for text in texts.values()])
        first_of: dict[str, str] = {}
        for done, (name, text) in enumerate(texts.items(), start=1):
            found += _infos(name, text, size, first_of)
            yield Progress(tr("Cutting the texts"), done, len(texts))
        return ScanReport(
            folder=folder,
            material=TEXTS,
            pictures=tuple(found),
            unreadable=tuple(unreadable),
            advice=tuple(_advice(texts, unreadable, found, too_many if left <= 0 else None)),
        )

    def arrange(self, report: ScanReport) -> Arrangement:
        """Take each piece once."""
        used = {it.name: it.words for it in report.pictures if Remark.DUPLICATE not in it.remarks}
        count = sum(map(num_words, used.values()))
        if len(used) < _FEWEST_PIECES or count < FEWEST_WORDS:
            return Arrangement(
                likelihood=0.0,
                num_examples=len(used) if count >= FEWEST_WORDS else min(len(used), 1),
                fault=_fault(report, count),
                hint=tr(
                    "{folder} {wanted_words:,} words or more give it a voice; "
                    "{fewest_words} are the "
                    "least.",
                    folder=self.card.folder,
                    wanted_words=_WANTED_WORDS,
                    fewest_words=FEWEST_WORDS,
                ),
            )
        return Arrangement(
            likelihood=1.0,
            num_examples=len(used),
            layout=f"{WINDOW} tokens",
            used=frozenset(used),
            captions=used,
            remarks=tuple(_remarks(used, count)),
        )

    def laid_out(self, layout: str, options: DataOptions) -> str:
        """As it is: nothing of it can be chosen."""
        del options
        return layout

    def review(self, report: ScanReport) -> ScanReport:
        """All that the scan remarks."""
        return report

    def held_out_from(self, manifest: Manifest) -> Manifest:
        """All of them."""
        return manifest

    def vocabulary(self, manifest: Manifest) -> dict[str, int]:
        """Tokens of all pieces, also of those that are held out: it is but their alphabet."""
        return token_counts(text for _, text in manifest.captions)

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
        del size, channels, classes, layout
        return DataSpec(modality=TEXTS, fields={"tokens": _TOKENS}, words=words or {})

    def decode(self, manifest: Manifest, cache_dir: Path) -> Working[RowCache]:
        """Rows of ids: those of the manifest, whatever became of the files.

        A piece longer than a row is several rows, each beginning with the last id of the one
        before.

        Raises:
            DatasetError: The manifest holds no texts.
        """
        key = rows_key(manifest, _VERSION)
        path = cache_dir / f"{key}.safetensors"
        if (found := open_rows(path, key, manifest)) is not None:
            return found
        if len(manifest.captions) < _FEWEST_PIECES:
            raise DatasetError(
                tr("There are no texts to learn from"),
                tr("The record of the set holds none."),
                tr("Choose the folder again."),
            )
        yield Progress(tr("Learning the parts of words"), 0, len(manifest.captions))
        tokeniser = Tokeniser(list(self.vocabulary(manifest)))
        last_of = {_file_of(name): name for name, _ in manifest.captions}
        rows: list[np.ndarray] = []
        names: list[str] = []
        for done, (name, text) in enumerate(manifest.captions, start=1):
            own = rows_of(tokeniser, text, is_end=last_of[_file_of(name)] == name)
            rows += own
            names += [name] * len(own)
            yield Progress(tr("Writing the texts as tokens"), done, len(manifest.captions))
        return keep_rows(manifest, path, key, {"tokens": np.stack(rows)}, names)

    def examples(
        self,
        manifest: Manifest,
        cache: RowCache,
        held_out: Collection[str],
        classes: Mapping[str, int],
    ) -> Dataset:
        """Ids of the tokens of each piece."""
        del classes
        return Dataset(
            modality=TEXTS,
            fields={"tokens": Field(spec=_TOKENS, values=cache.fields["tokens"])},
            held_out={EXAMPLES: held_out_index(cache.names, held_out)},
            names={EXAMPLES: cache.names},
            words=self.vocabulary(manifest),
        )

    def read_one(self, path: Path, layout: str) -> Mapping[str, np.ndarray]:
        """A text as code points: its run has the tokens."""
        del layout
        try:
            text = read_text(path)
        except UnreadableTextError as error:
            raise DatasetError(
                tr("{name} cannot be read as a text", name=path.name),
                str(error),
                tr("Choose another one."),
            ) from error
        return {"text": np.array([ord(character) for character in text], np.int64)}

    def draw(self, example: PictureInfo, side: int) -> np.ndarray:
        """Draw a piece of a report as a page: uint8 (side, side, 3)."""
        return draw_text(example.words, side)


_TOKENS = FieldSpec(name="tokens", type=TEXT, shape=(WINDOW + 1,))


def rows_of(tokeniser: Tokeniser, text: str, *, is_end: bool) -> list[np.ndarray]:
    """A piece as rows of ids, int16 (257,), padded at the end.

    Args:
        tokeniser: Of its run.
        text: The piece.
        is_end: Whether the text ends here, which is learned, too.
    """
    ids = [BOUNDARY, *tokeniser.ids(text)] + [BOUNDARY] * is_end
    rows: list[np.ndarray] = []
    for start in range(0, max(len(ids) - 1, 1), WINDOW):
        row = np.full(WINDOW + 1, PADDING, np.int16)
        part = ids[start : start + WINDOW + 1]
        row[: len(part)] = part
        rows.append(row)
    return rows


def _infos(name: str, text: str, size: int, first_of: dict[str, str]) -> Iterable[PictureInfo]:
    for number, piece in enumerate(pieces_of(text, size), start=1):
        digest = hashlib.blake2b(piece.encode(), digest_size=16).hexdigest()
        own = f"{name}{_PIECE_NUMBER}{number}"
        first = first_of.setdefault(digest, own)
        is_first = first == own
        yield PictureInfo(
            name=own,
            content_hash=digest,
            remarks=frozenset() if is_first else frozenset({Remark.DUPLICATE}),
            duplicate_of=None if is_first else first,
            words=piece,
            values={"words": float(num_words(piece))},
        )


def _file_of(name: str) -> str:
    return name.rpartition(_PIECE_NUMBER)[0]


def _fault(report: ScanReport, count: int) -> str:
    if report.pictures:
        all_ = sum(int(it.values["words"]) for it in report.pictures)
        return tr("Its texts have {all:,} words in all", all=all_) + (
            "."
            if all_ == count
            else tr(", and {count:,} without what is there twice.", count=count)
        )
    first = report.unreadable[0] if report.unreadable else None
    why = "" if first is None else f" {first.name}: {first.reason}"
    return tr("No text can be read in it.{why}", why=why)


def _advice(
    texts: Mapping[str, str],
    unreadable: Sequence[UnreadablePicture],
    found: Sequence[PictureInfo],
    too_many: Sequence[str] | None,
) -> Iterable[Advice]:
    if unreadable:
        count = len(unreadable)
        yield Advice(
            title=tr("{count:,} cannot be read", count=count)
            if count > 1
            else tr("One cannot be read"),
            reason=tr(
                "The first is {name}: {reason}",
                name=unreadable[0].name,
                reason=unreadable[0].reason,
            ),
            topic="unreadable",
        )
    doubled = [it.name for it in found if Remark.DUPLICATE in it.remarks]
    if doubled:
        yield Advice(
            title=trn(
                "{number:,} piece is there twice", "{number:,} pieces are there twice", len(doubled)
            ),
            reason=tr("Each is learned once: {named}.", named=named(doubled)),
            topic=Remark.DUPLICATE.value,
        )
    if too_many is not None:
        more = (
            trn(" {number:,} file is left out.", " {number:,} files are left out.", len(too_many))
            if too_many
            else ""
        )
        yield Advice(
            title=tr(
                "Only the first {most_characters:,} characters are learned",
                most_characters=_MOST_CHARACTERS,
            ),
            reason=trn(
                "{number:,} text holds them.{more}",
                "{number:,} texts hold them.{more}",
                len(texts),
                more=more,
            ),
        )


def _remarks(used: Mapping[str, str], count: int) -> Iterable[Advice]:
    files = len({_file_of(name) for name in used})
    yield Advice(
        title=trn(
            "{number:,} text with {count:,} words, in {num_used:,} pieces",
            "{number:,} texts with {count:,} words, in {num_used:,} pieces",
            files,
            count=count,
            num_used=len(used),
        ),
        reason=tr(
            "It begins: “{split} …”",
            split=" ".join(next(iter(used.values())).split()[:_WORDS_SHOWN]),
        ),
    )
    if count < _WANTED_WORDS:
        yield Advice(
            title=tr("{count:,} words are few", count=count),
            reason=tr(
                "A model of them soon knows whole sentences by heart; {wanted_words:,} or more "
                "give it a voice of its own.",
                wanted_words=_WANTED_WORDS,
            ),
        )


MODALITY: Final[FileModality] = Texts()
