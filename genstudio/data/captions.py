"""Captions that lie beside pictures: text files, tables and lines of JSON; reads only."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final, cast

from genstudio.data.kinds import kinds_of
from genstudio.data.listing import shown_name
from genstudio.domain.datasets import CaptionReport
from genstudio.domain.files import read_file
from genstudio.domain.language import quoted, tr, tr_noop, trn

LONGEST_CAPTION: Final = 2000
# Where captions come from, in the words of a report.
BESIDE, FROM_TABLE, FROM_LINES, FROM_FOLDERS = (
    tr_noop("text files"),
    tr_noop("a table"),
    tr_noop("JSON lines"),
    tr_noop("folder names"),
)

_LARGEST_TEXT_BYTES = 2**16
_LARGEST_TABLE_BYTES = 2**28
_TABLES = frozenset({"captions.csv", "captions.tsv", "metadata.csv"})
_LINES = frozenset({"metadata.jsonl", "captions.jsonl"})
_FILE_COLUMNS = ("file", "file_name", "filename", "image", "picture", "path", "name")
_TEXT_COLUMNS = ("text", "caption", "captions", "prompt", "description", "tags", "label")
_DELIMITERS = ",;\t"
_MOST_FAULTS = 20

# A file's name for a picture, and its caption.
_Row = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class FoundCaptions:
    """What was read.

    Attributes:
        report: The captions.
        files: Files that were read as captions, by their kind as listings count it.
    """

    report: CaptionReport
    files: Counter[str] = field(default_factory=Counter)


class _CaptionFileError(Exception):
    """A file of captions cannot be read; the message says why, in plain words."""


def read_captions(folder: Path, names: Sequence[str], texts: Sequence[str]) -> FoundCaptions:
    """Read the captions of pictures; the first of several of one picture counts.

    Text files beside pictures come before tables, and these before lines of JSON.

    Args:
        folder: The user's folder; nothing in it is changed.
        names: Pictures relative to it.
        texts: Files relative to it that may hold captions.
    """
    reading = _Reading(folder, names)
    reading.read_beside([name for name in texts if name.lower().endswith(".txt")])
    for source, known, parse in (
        (FROM_TABLE, _TABLES, _rows_of_table),
        (FROM_LINES, _LINES, _rows_of_lines),
    ):
        for name in texts:
            if PurePosixPath(name).name.lower() in known:
                reading.read_many(name, source, parse)
    return reading.found()


def captions_from_folders(names: Iterable[str]) -> dict[str, str]:
    """What the folders of pictures are called, as first captions; none where there is one folder.

    Args:
        names: Paths of pictures relative to their folder, with forward slashes.
    """
    known = list(names)
    if len(kinds_of(known)) < 2:
        return {}
    # Folders are few; paths taken apart for very many names would hold up a window.
    of_folder = {
        folder: _in_words(PurePosixPath(folder).parts) for folder in set(map(_folder_of, known))
    }
    guessed = {name: of_folder[_folder_of(name)] for name in known}
    return {name: text for name, text in guessed.items() if text}


def _folder_of(name: str) -> str:
    return name.rpartition("/")[0]


def checked_caption(text: str) -> str:
    """A caption in one line without spaces around it, cut where it is very long.

    Halves of characters (lone surrogates) are left out: programs that cut texts to a length leave
    them in JSON, and no file can hold them.
    """
    whole = text.encode("utf-8", "ignore").decode("utf-8")
    return " ".join(whole.split())[:LONGEST_CAPTION].rstrip()


def _in_words(folders: Sequence[str]) -> str:
    return checked_caption(" ".join(folders).replace("_", " ").replace("-", " "))


class _Reading:
    """Collects captions by the names of pictures."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder = folder
        self._names = frozenset(names)
        self._by_stem: dict[str, list[str]] = {}
        for name in names:
            self._by_stem.setdefault(str(PurePosixPath(name).with_suffix("")), []).append(name)
        self._by_file: dict[str, list[str]] = {}
        for name in names:
            self._by_file.setdefault(PurePosixPath(name).name, []).append(name)
        self._texts: dict[str, str] = {}
        self._sources: Counter[str] = Counter()
        self._files: Counter[str] = Counter()
        self._orphans: list[str] = []
        self._faults: list[str] = []
        self._num_long = 0

    def found(self) -> FoundCaptions:
        """All captions."""
        if self._num_long:
            self._faults.append(
                trn(
                    "{number:,} caption is longer than {longest_caption:,} characters; only its "
                    "beginning is used.",
                    "{number:,} captions are longer than {longest_caption:,} characters; only "
                    "their beginnings are used.",
                    self._num_long,
                    longest_caption=LONGEST_CAPTION,
                )
            )
        more = len(self._faults) - _MOST_FAULTS
        shown = self._faults[:_MOST_FAULTS] + (
            [tr("… and {more:,} more.", more=more)] if more > 0 else []
        )
        report = CaptionReport(
            texts=self._texts,
            sources=dict(self._sources.most_common()),
            # A stray text file in a folder without captions is about nothing.
            without_picture=tuple(self._orphans) if self._texts else (),
            faults=tuple(shown),
        )
        return FoundCaptions(report=report, files=self._files)

    def read_beside(self, files: Sequence[str]) -> None:
        """Read text files that have the name of a picture."""
        for name in files:
            pictures = self._by_stem.get(str(PurePosixPath(name).with_suffix("")))
            if pictures is None:
                self._orphans.append(name)
                continue
            self._files["TXT"] += 1
            try:
                text = self._decoded(name, _LARGEST_TEXT_BYTES)
            except _CaptionFileError as error:
                self._faults.append(f"{name}: {error}")
                continue
            for picture in pictures:
                self._take(picture, text, BESIDE)

    def read_many(self, name: str, source: str, parse: Callable[[str], Iterator[_Row]]) -> None:
        """Read a file that holds the captions of many pictures."""
        self._files[PurePosixPath(name).suffix[1:].upper()] += 1
        inside = PurePosixPath(name).parent
        try:
            for written, text in parse(self._decoded(name, _LARGEST_TABLE_BYTES)):
                picture = self._picture(inside, written)
                if picture is None:
                    self._orphans.append(shown_name(written[:LONGEST_CAPTION]))
                else:
                    self._take(picture, text, source)
        except _CaptionFileError as error:
            self._faults.append(f"{name}: {error}")

    def _take(self, picture: str, text: str, source: str) -> None:
        caption = checked_caption(text)
        if caption and picture not in self._texts:
            self._texts[picture] = caption
            self._sources[source] += 1
            self._num_long += len(text) > LONGEST_CAPTION

    def _picture(self, inside: PurePosixPath, written: str) -> str | None:
        """The picture that a table means: beside the table, or the only one of that name."""
        path = PurePosixPath(written.replace("\\", "/"))
        beside = str(inside / path)
        if beside in self._names:
            return beside
        prefix = "" if str(inside) == "." else f"{inside}/"
        same = [name for name in self._by_file.get(path.name, ()) if name.startswith(prefix)]
        return same[0] if len(same) == 1 else None

    def _decoded(self, name: str, largest_bytes: int) -> str:
        try:
            raw = read_file(self._folder / name, largest_bytes=largest_bytes)
        except OSError as error:
            raise _CaptionFileError(
                tr("It cannot be read: {strerror}.", strerror=error.strerror or error)
            ) from error
        try:
            if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                return raw.decode("utf-16")
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            self._faults.append(
                tr(
                    "{name}: It is not written in UTF-8, and was read as Western European "
                    "(Windows-1252); look whether its letters are right.",
                    name=name,
                )
            )
            return raw.decode("cp1252", "replace")


def _rows_of_table(content: str) -> Iterator[_Row]:
    first_line = content.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first_line.count)
    rows = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    try:
        header = [cell.strip().casefold() for cell in next(rows, [])]
        file_at, text_at = (_column(header, known) for known in (_FILE_COLUMNS, _TEXT_COLUMNS))
        if file_at is None or text_at is None:
            there = ", ".join(quoted(cell) for cell in header[:8]) or tr("no columns")
            raise _CaptionFileError(
                tr(
                    "Its first row must name a column “file” and a column "
                    "“text” (or “caption”); it "
                    "names {there}.",
                    there=there,
                )
            )
        for row in rows:
            if len(row) > max(file_at, text_at) and row[file_at].strip():
                yield row[file_at].strip(), row[text_at]
    except csv.Error as error:
        raise _CaptionFileError(
            tr("Row {line_num:,} is damaged ({error}).", line_num=rows.line_num, error=error)
        ) from error


def _column(header: Sequence[str], known: Sequence[str]) -> int | None:
    return next((header.index(name) for name in known if name in header), None)


def _rows_of_lines(content: str) -> Iterator[_Row]:
    # Other separators of lines may stand inside of strings.
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            parsed: Any = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _CaptionFileError(tr("Line {number:,} is not JSON.", number=number)) from error
        row = cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else {}
        file, text = (_value(row, known) for known in (_FILE_COLUMNS, _TEXT_COLUMNS))
        if file is None or text is None:
            raise _CaptionFileError(
                tr(
                    "Line {number:,} has no “file_name” or no “text” (or “caption”).",
                    number=number,
                )
            )
        yield file, text


def _value(row: dict[str, Any], known: Sequence[str]) -> str | None:
    return next((row[name] for name in known if isinstance(row.get(name), str)), None)
