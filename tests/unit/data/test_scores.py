"""MIDI files are read within limits, and written so that they are read the same."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_studio import scale_score

mido: Any = pytest.importorskip("mido", reason="notes need the extra “sound”")

from genstudio.data.scores import (  # noqa: E402
    Part,
    Score,
    UnreadableScoreError,
    parse_score,
    read_score,
    score_bytes,
)


def midi(messages: list[Any], *, division: int = 480, kind: int = 0) -> bytes:
    file = mido.MidiFile(type=kind, ticks_per_beat=division)
    file.tracks.append(mido.MidiTrack(messages))
    made = BytesIO()
    file.save(file=made)
    return made.getvalue()


def note(on: bool, pitch: int, ticks: int, velocity: int = 64, channel: int = 0) -> Any:
    kind = "note_on" if on else "note_off"
    return mido.Message(kind, note=pitch, velocity=velocity, time=ticks, channel=channel)


def test_what_is_written_is_read_back() -> None:
    score = scale_score(5)
    back = parse_score(score_bytes(score, ['{"ü": 1}', "made"]))
    assert back.text == '{"ü": 1}'
    assert [(it.program, it.is_drums) for it in back.parts] == [(5, False), (0, True)]
    for one, other in zip(back.parts, score.parts, strict=True):
        np.testing.assert_array_equal(one.notes, other.notes)
    assert [(tick, round(bpm)) for tick, bpm in back.tempi] == [(0, 100), (3840, 140)]


def test_seconds_follow_every_change_of_tempo() -> None:
    score = scale_score()
    found = score.seconds(np.array([0, 3840, 3840 + 480]))
    np.testing.assert_allclose(found, [0, 8 * 0.6, 8 * 0.6 + 60 / 140])


def test_other_divisions_become_ours_and_note_on_of_no_velocity_ends_a_note() -> None:
    messages = [note(True, 60, 0), note(True, 60, 96, velocity=0)]
    (part,) = parse_score(midi(messages, division=96)).parts
    assert part.notes.tolist() == [[0, 480, 60, 64]]


def test_overlapping_notes_of_one_pitch_both_end() -> None:
    messages = [note(True, 60, 0), note(True, 60, 100), note(False, 60, 100), note(False, 60, 100)]
    (part,) = parse_score(midi(messages)).parts
    assert part.notes[:, :2].tolist() == [[0, 200], [100, 200]]


def test_notes_without_an_end_end_with_their_track_and_it_is_said() -> None:
    messages = [note(True, 60, 0), mido.Message("control_change", time=500)]
    score = parse_score(midi(messages))
    assert score.parts[0].notes[0, 1] == 500
    assert "1 note has no end" in score.remarks[0]


def test_programs_that_change_on_a_channel_are_parts_of_their_own() -> None:
    messages = [
        note(True, 60, 0), note(False, 60, 10), mido.Message("program_change", program=40),
        note(True, 62, 0), note(False, 62, 10),
    ]  # fmt: skip
    assert [it.program for it in parse_score(midi(messages)).parts] == [0, 40]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no MIDI file"),
        (b"MThd" + bytes(5), "no MIDI file"),
        (midi([mido.Message("program_change")]), "no notes"),
        (midi([note(True, 60, 0), note(False, 60, 9)], kind=2), "type 2"),
        (midi([note(True, 60, 0)])[:12] + b"\xe7\x28" + midi([note(True, 60, 0)])[14:], "SMPTE"),
        (midi([note(True, 60, 0), note(False, 60, 9)])[:30], "damaged"),
    ],
)
def test_what_cannot_be_used_is_told(content: bytes, why: str) -> None:
    with pytest.raises(UnreadableScoreError, match=why):
        parse_score(content)


def test_a_million_notes_are_too_many_for_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genstudio.data.scores._MOST_NOTES", 10)
    content = midi([note(number % 2 == 0, 60, 1) for number in range(40)])
    with pytest.raises(UnreadableScoreError, match="more than 10 notes"):
        parse_score(content)


def test_a_huge_file_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.mid"
    with path.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(UnreadableScoreError, match="too large"):
        read_score(path)


def test_a_score_begins_at_nought_whatever_it_is_given() -> None:
    early = Part(0, is_drums=False, notes=np.array([[-100, 50, 60, 90]]))
    back = parse_score(score_bytes(Score(parts=(early,))))
    assert back.parts[0].notes[0, 0] == 0
