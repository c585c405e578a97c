"""What a device is given: the samples in order, over and over, as loud as is wanted."""

import io
import json
import wave
from pathlib import Path

import numpy as np
import pytest

from genstudio.services import sound_device
from genstudio.services.playback import Playback


def ramp(count: int = 100) -> np.ndarray:
    return (np.arange(count) * 100).astype(np.int16)


@pytest.fixture
def playback() -> Playback:
    made = Playback()
    made.open(ramp(), 50)
    return made


def given(playback: Playback, count: int) -> np.ndarray:
    blocks = playback.blocks()
    next(blocks)
    return np.frombuffer(blocks.send(count), np.int16)


def test_nothing_is_heard_before_it_plays_and_after_its_end(playback: Playback) -> None:
    assert not given(playback, 10).any()
    playback.play(wanted=True)
    assert given(playback, 60).tolist() == ramp()[:60].tolist()
    assert playback.status.at_s == pytest.approx(1.2)
    assert given(playback, 60).tolist() == [*ramp()[60:].tolist(), *[0] * 20]
    assert not playback.status.is_playing
    playback.play(wanted=True)
    assert given(playback, 3).tolist() == [0, 100, 200]


def test_a_loop_goes_on_without_a_gap(playback: Playback) -> None:
    playback.set_loop(wanted=True)
    playback.play(wanted=True)
    found = given(playback, 250)
    assert found[100:200].tolist() == ramp().tolist()
    assert playback.status.is_playing


def test_it_goes_where_it_is_sent_and_stays_inside(playback: Playback) -> None:
    playback.seek(1.0)
    playback.play(wanted=True)
    assert given(playback, 2).tolist() == [5000, 5100]
    playback.seek(99)
    assert playback.status.at_s == 2
    playback.seek(-1)
    assert playback.status.at_s == 0


def test_the_level_is_that_of_what_is_heard(playback: Playback) -> None:
    playback.set_volume(0.5)
    playback.play(wanted=True)
    assert given(playback, 100).max() == 4950
    assert playback.status.level == 0 or playback.status.level == pytest.approx(4950 / 2**15)
    playback.stop()
    assert playback.status.at_s == 0


def test_without_a_sound_nothing_plays() -> None:
    playback = Playback()
    playback.play(wanted=True)
    assert not playback.status.is_playing


def test_the_process_answers_every_line_and_passes_over_nonsense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 50, 0, "NONE", ""))
        file.writeframes(ramp().tobytes())
    monkeypatch.setattr(sound_device._Device, "_open_device", lambda _: "no ears")
    lines = [
        json.dumps({"do": "open", "path": str(path)}), "nonsense", "[1]",
        json.dumps({"do": "seek", "at_s": 1.0}), json.dumps({"do": "play"}),
    ]  # fmt: skip
    told = io.StringIO()
    sound_device.run_sound_player(io.StringIO("\n".join(lines)), told)
    answers = [json.loads(line) for line in told.getvalue().splitlines()]
    assert {"error": "no ears"} in answers
    assert [it["at_s"] for it in answers if "at_s" in it] == [0, 1, 1]


def test_a_machine_without_any_sound_system_says_so_instead_of_playing_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    miniaudio = pytest.importorskip("miniaudio")
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 50, 0, "NONE", ""))
        file.writeframes(ramp().tobytes())

    def opened(*, backends: list[object] | None = None, **_: object) -> object:
        """As miniaudio has it: the device that is none is the last of those that are tried."""
        assert not backends or miniaudio.Backend.NULL not in backends, "nobody would hear it"
        raise miniaudio.MiniaudioError("failed to init device", -401)

    monkeypatch.setattr(miniaudio, "PlaybackDevice", opened)
    lines = [json.dumps({"do": "open", "path": str(path)}), json.dumps({"do": "play"})]
    told = io.StringIO()
    sound_device.run_sound_player(io.StringIO("\n".join(lines)), told)
    assert {"error": sound_device.NO_DEVICE} in [
        json.loads(line) for line in told.getvalue().splitlines()
    ]
