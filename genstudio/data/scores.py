"""Scores: the notes of a piece by instrument, read from MIDI files within limits, and written."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.files import is_file
from genstudio.domain.language import tr, trn

SUFFIXES = (".mid", ".midi")
TICKS_PER_BEAT = 480
DEFAULT_BPM = 120.0
_LARGEST_BYTES = 16 * 2**20
_MOST_NOTES = 200_000
_MOST_TICKS = 2**31
_DRUM_CHANNEL = 9
_NUM_CHANNELS = 16
_LONGEST_TEXT = 80 * 2**10
# Frames instead of beats are written with the topmost bit.
_SMPTE = 0x8000
_START, _LENGTH, _PITCH, _VELOCITY = range(4)


@dataclass(frozen=True, slots=True)
class Part:
    """What one instrument plays.

    Attributes:
        program: Of General MIDI, from 0 to 127.
        is_drums: Whether pitches are drums.
        notes: int64 of shape (notes, 4): start and length in ticks, pitch, velocity; by start.
    """

    program: int
    is_drums: bool
    notes: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A piece.

    Attributes:
        parts: Those with notes.
        tempi: Tick and beats a minute from then on, by tick; the first is at 0.
        metres: Tick, beats in a bar and the note that is a beat, by tick; the first is at 0.
        text: What the file says of itself where GenStudio writes how it was made.
        remarks: What was changed to read it, a sentence each.
    """

    parts: tuple[Part, ...]
    tempi: tuple[tuple[int, float], ...] = ((0, DEFAULT_BPM),)
    metres: tuple[tuple[int, int, int], ...] = ((0, 4, 4),)
    text: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def num_notes(self) -> int:
        """Notes of all parts."""
        return sum(len(part.notes) for part in self.parts)

    @property
    def end(self) -> int:
        """Tick at which the last note ends."""
        ends = (part.notes[:, _START] + part.notes[:, _LENGTH] for part in self.parts)
        return max((int(it.max()) for it in ends if len(it)), default=0)

    def seconds(self, ticks: np.ndarray) -> np.ndarray:
        """When ticks are, in seconds."""
        starts = np.array([tick for tick, _ in self.tempi], np.float64)
        per_tick = np.array([60 / bpm / TICKS_PER_BEAT for _, bpm in self.tempi])
        before = np.concatenate([[0], np.cumsum(np.diff(starts) * per_tick[:-1])])
        at = np.searchsorted(starts, ticks, side="right") - 1
        at = np.clip(at, 0, len(starts) - 1)
        return before[at] + (ticks - starts[at]) * per_tick[at]


class UnreadableScoreError(Exception):
    """A file cannot be used as a score; the message says why in a sentence."""


def mido() -> Any:
    """The library that reads and writes MIDI.

    Raises:
        SettingsError: It is not installed.
    """
    try:
        return import_module("mido")
    except ImportError as error:
        raise SettingsError(
            tr("Notes need the pack “sound”"),
            tr("The part of GenStudio that reads and writes MIDI is not installed."),
            tr("Install genstudio[sound]."),
        ) from error


def read_score(path: Path) -> Score:
    """Read a MIDI file of type 0 or 1.

    Raises:
        UnreadableScoreError: It cannot be used: no notes, too many, of type 2, in time code.
        SettingsError: The library is not installed.
    """
    if not path.exists():
        raise UnreadableScoreError(tr("It is not there any more."))
    if not is_file(path):  # Reading a pipe would wait for ever.
        raise UnreadableScoreError(tr("It is not an ordinary file."))
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise UnreadableScoreError(tr("It is far too large for a piece of music."))
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableScoreError(
            tr("It cannot be read: {strerror}.", strerror=error.strerror)
        ) from error
    return parse_score(content)


def parse_score(content: bytes) -> Score:
    """Read the bytes of a MIDI file; see :func:`read_score`."""
    library = mido()
    if content[:4] != b"MThd" or len(content) < 14:
        raise UnreadableScoreError(tr("It is no MIDI file, or cut short."))
    if int.from_bytes(content[8:10], "big") == 2:
        raise UnreadableScoreError(
            tr(
                "It is a MIDI file of type 2: pieces beside each other, and "
                "nobody knows in what order."
            )
        )
    division = int.from_bytes(content[12:14], "big")
    if division & _SMPTE or division == 0:
        raise UnreadableScoreError(tr("Its time is in frames of a film (SMPTE), not in beats."))
    try:
        file = library.MidiFile(file=BytesIO(content), clip=True, charset="utf-8")
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError) as error:
        raise UnreadableScoreError(tr("It is damaged, and cannot be read to its end.")) from error
    return _Reader(division).read(file.tracks)


class _Reader:
    """Puts the messages of all tracks together; times become ticks of ours."""

    def __init__(self, division: int) -> None:
        self._scale = TICKS_PER_BEAT / division
        self._notes: defaultdict[tuple[int, int, int], list[tuple[int, int, int, int]]] = (
            defaultdict(list)
        )
        self._tempi: dict[int, float] = {}
        self._metres: dict[int, tuple[int, int]] = {}
        self._text = ""
        self._count = 0
        self._num_unended = 0

    def read(self, tracks: Iterable[Iterable[Any]]) -> Score:
        for number, track in enumerate(tracks):
            self._read_track(number, track)
        parts = [
            Part(program, channel == _DRUM_CHANNEL, np.array(sorted(notes), np.int64))
            for (_, channel, program), notes in self._notes.items()
        ]
        if not parts:
            raise UnreadableScoreError(tr("There are no notes in it."))
        remarks: list[str] = []
        if self._num_unended:
            remarks.append(
                trn(
                    "{number:,} note has no end and ends with its track.",
                    "{number:,} notes have no end and end with their track.",
                    self._num_unended,
                )
            )
        tempi = self._tempi if 0 in self._tempi else {0: DEFAULT_BPM} | self._tempi
        metres = self._metres if 0 in self._metres else {0: (4, 4)} | self._metres
        return Score(
            parts=tuple(parts),
            tempi=tuple(sorted(tempi.items())),
            metres=tuple((tick, *metre) for tick, metre in sorted(metres.items())),
            text=self._text,
            remarks=tuple(remarks),
        )

    def _read_track(self, number: int, track: Iterable[Any]) -> None:
        ticks = 0
        programs = [0] * _NUM_CHANNELS
        # Of notes of one pitch that overlap, the first that began ends first.
        sounding: defaultdict[tuple[int, int], list[tuple[int, int, int]]] = defaultdict(list)

        def end_note(channel: int, pitch: int) -> None:
            if begun := sounding[channel, pitch]:
                start, velocity, program = begun.pop(0)
                self._take(number, channel, program, (start, ticks - start, pitch, velocity))

        exact = 0
        for message in track:
            exact += message.time
            ticks = min(round(exact * self._scale), _MOST_TICKS)
            match message.type:
                case "note_on" if message.velocity:
                    program = programs[message.channel]
                    entry = ticks, message.velocity, program
                    sounding[message.channel, message.note].append(entry)
                case "note_on" | "note_off":
                    end_note(message.channel, message.note)
                case "program_change":
                    programs[message.channel] = message.program
                case "set_tempo" if message.tempo > 0:
                    self._tempi[ticks] = float(np.clip(60e6 / message.tempo, 5, 1000))
                case "time_signature":
                    self._metres[ticks] = message.numerator, message.denominator
                case "text" if message.text.startswith("{"):
                    self._text = self._text or message.text[:_LONGEST_TEXT]
                case _:
                    pass
        for (channel, pitch), begun in list(sounding.items()):
            self._num_unended += len(begun)
            for _ in list(begun):
                end_note(channel, pitch)

    def _take(
        self, number: int, channel: int, program: int, note: tuple[int, int, int, int]
    ) -> None:
        start, length, pitch, velocity = note
        self._count += 1
        if self._count > _MOST_NOTES:
            raise UnreadableScoreError(
                tr("It has more than {most_notes:,} notes.", most_notes=_MOST_NOTES)
            )
        self._notes[number, channel, program].append((start, max(1, length), pitch, velocity))


def score_bytes(score: Score, texts: Sequence[str] = ()) -> bytes:
    """A MIDI file of type 1, a track for each part, with texts at its beginning.

    A seventeenth instrument would share a channel with another: parts beyond the fifteenth that
    are no drums play what is left over.
    """
    library = mido()
    file = library.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    told: list[tuple[int, Any]] = [
        (tick, library.MetaMessage("set_tempo", tempo=round(60e6 / bpm)))
        for tick, bpm in score.tempi
    ]
    told += [
        (tick, library.MetaMessage("time_signature", numerator=beats, denominator=unit))
        for tick, beats, unit in score.metres
    ]
    head = [library.MetaMessage("text", text=text) for text in texts]
    file.tracks.append(library.MidiTrack([*head, *_with_times(told)]))
    channels = [it for it in range(_NUM_CHANNELS) if it != _DRUM_CHANNEL]
    for number, part in enumerate(score.parts):
        channel = _DRUM_CHANNEL if part.is_drums else channels[number % len(channels)]
        events: list[tuple[int, int, Any]] = []
        for start, length, pitch, velocity in part.notes.tolist():
            on = library.Message("note_on", channel=channel, note=pitch, velocity=velocity)
            off = library.Message("note_off", channel=channel, note=pitch, velocity=0)
            # What ends comes before what begins at the same time.
            events += [(max(0, start), 1, on), (max(0, start) + max(1, length), 0, off)]
        events.sort(key=lambda it: it[:2])
        program = library.Message("program_change", channel=channel, program=part.program)
        timed = _with_times([(tick, message) for tick, _, message in events])
        file.tracks.append(library.MidiTrack([program, *timed]))
    made = BytesIO()
    file.save(file=made)
    return made.getvalue()


def _with_times(events: Iterable[tuple[int, Any]]) -> list[Any]:
    """Messages with the ticks since the one before."""
    found: list[Any] = []
    before = 0
    for tick, message in sorted(events, key=lambda it: it[0]):
        found.append(message.copy(time=tick - before))
        before = tick
    return found


def unreadable_score(path: Path, why: str) -> DatasetError:
    """What is raised where a person named the file."""
    return DatasetError(
        tr("{name} cannot be read as notes", name=path.name), why, tr("Choose another MIDI file.")
    )
