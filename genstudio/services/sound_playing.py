"""Sounds and notes as the window plays them: read beside it, played in another process."""

import json
import queue
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from genstudio.artifacts.catalog import kind_of_input
from genstudio.artifacts.protocol import Drawn, Heard
from genstudio.data.note_pictures import draw_score
from genstudio.data.scores import TICKS_PER_BEAT, Score
from genstudio.data.sound_pictures import draw_sound
from genstudio.data.sounds import Sound, normalised, resampled, write_sound
from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr, tr_noop
from genstudio.services.playback import PlaybackStatus
from genstudio.services.sound_device import SOUND_PLAYER

_WIDTH_PX, _HEIGHT_PX = 1600, 640
_FAREWELL_S = 5.0
_DEVICE_RATE_HZ = 48_000
_LEAST_RATE_HZ = 44_100
_BAR_TICKS = 4 * TICKS_PER_BEAT
_GONE = tr_noop("The part of the program that plays sounds has ended.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listened:
    """What is to be heard and seen of a file.

    Attributes:
        sound: What is played; notes by the program's own synthesiser.
        picture_HWC: The wave above the spectrogram, or the piano roll; uint8.
        end_share: Share of the picture's width that is the end of the sound.
        words: What it is, in a line.
    """

    sound: Sound
    picture_HWC: np.ndarray
    end_share: float
    words: str


def is_heard(path: Path) -> bool:
    """Whether a file is of a kind that can be played, by its name."""
    return isinstance(kind_of_input(path), Heard)


class SoundReader:
    """Reads a file in a thread of its own.

    Args:
        path: A sound or notes; only read.

    Attributes:
        listened: What was read; None until it was.
        error: Why it cannot be read; empty while all is well.
    """

    def __init__(self, path: Path) -> None:
        self.listened: Listened | None = None
        self.error = ""
        self._path = path
        self._thread = threading.Thread(target=self._read, name="sound", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Leave no thread behind."""
        self._thread.join()

    def _read(self) -> None:
        try:
            self.listened = listen(self._path)
        except GenStudioError as error:
            self.error = str(error)


def listen(path: Path) -> Listened:
    """Read a sound or notes, and draw them.

    Raises:
        DatasetError: It cannot be read.
    """
    kind = kind_of_input(path)
    assert isinstance(kind, Heard), "others have viewers of their own"
    assert isinstance(kind, Drawn), "what is heard is drawn"
    artifact = kind.read(path)
    sound = kind.as_sound(artifact)
    if isinstance(artifact.data, Score):
        picture = draw_score(artifact.data, _WIDTH_PX, _HEIGHT_PX)
        # Whole bars are drawn, and the sound rings on after the last note.
        whole = -(-artifact.data.end // _BAR_TICKS) * _BAR_TICKS
        whole_s = float(artifact.data.seconds(np.array([whole]))[0])
        share = sound.seconds / max(whole_s, 1e-6)
    else:
        picture = draw_sound(sound, _WIDTH_PX, _HEIGHT_PX)
        share = 1.0
    return Listened(
        sound=_as_devices_play(sound),
        picture_HWC=picture,
        end_share=share,
        words=kind.words(artifact),
    )


def _as_devices_play(sound: Sound) -> Sound:
    """A sound of a low rate at that of devices.

    Where the system does not resample, miniaudio 1.71 does, by lines between samples: of a tone of
    3 kHz at 8,000 samples a second 0.6 is left, and a seventh of that is heard at 5 kHz as well.
    """
    if sound.rate_hz >= _LEAST_RATE_HZ:
        return sound
    played = resampled(sound, _DEVICE_RATE_HZ)
    # Between the samples a wave may be louder than at each of them.
    peak, _ = played.levels()
    return played if peak <= 1 else normalised(played, 1.0)


class SoundPlayer:
    """Plays one sound at a time, in a process that is started when the first one is played.

    Attributes:
        error: Why nothing can be played; empty while all is well.
    """

    def __init__(self) -> None:
        self.error = ""
        self._sound: Sound | None = None
        self._status = PlaybackStatus(0.0, 0.0, is_playing=False)
        self._process: subprocess.Popen[str] | None = None
        self._told: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._volume, self._loops = 1.0, False

    def open(self, sound: Sound) -> None:
        """Have another sound; the one before is silent."""
        if self._process is not None:
            self._send({"do": "stop"})
        self._sound = sound
        self._status = PlaybackStatus(0.0, 0.0, is_playing=False)
        if self._process is not None:
            self._hand_over()

    def play(self) -> None:
        """Play from where it is."""
        if self._sound is None:
            return
        self.error = ""
        if self._process is None:
            self._start()
            self._hand_over()
        self._send({"do": "play"})

    def pause(self) -> None:
        """Hold still."""
        self._send({"do": "pause"})

    def stop(self) -> None:
        """Hold still at the beginning."""
        self._status = PlaybackStatus(0.0, 0.0, is_playing=False)
        self._send({"do": "stop"})

    def seek(self, seconds: float) -> None:
        """Go on from there."""
        self._status = PlaybackStatus(seconds, self._status.level, self._status.is_playing)
        self._send({"do": "seek", "at_s": seconds})

    def set_volume(self, volume: float) -> None:
        """From 0 to 1."""
        self._volume = volume
        self._send({"do": "volume", "volume": volume})

    def set_loop(self, *, wanted: bool) -> None:
        """Begin again at the end, or stop there."""
        self._loops = wanted
        self._send({"do": "loop", "wanted": wanted})

    def status(self) -> PlaybackStatus:
        """How it is doing, as told last."""
        while True:
            try:
                message = self._told.get_nowait()
            except queue.Empty:
                return self._status
            if "error" in message:
                self.error = str(message["error"])
                self._status = PlaybackStatus(self._status.at_s, 0.0, is_playing=False)
            else:
                with suppress(KeyError, TypeError):
                    self._status = PlaybackStatus(**message)

    def shutdown(self) -> None:
        """Leave no process and no file behind."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            with suppress(OSError):
                process.stdin.close()
            try:
                process.wait(_FAREWELL_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if process is not None and process.stdout is not None:
            process.stdout.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _start(self) -> None:
        # A packaged program is started as itself, not as a module of an interpreter.
        program = [sys.executable] + ([] if hasattr(sys, "frozen") else ["-m", "genstudio"])
        self._folder = tempfile.TemporaryDirectory(prefix="genstudio-sound-")
        self._process = subprocess.Popen(
            [*program, SOUND_PLAYER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        self._thread = threading.Thread(
            target=self._listen_on, args=(self._process,), name="player", daemon=True
        )
        self._thread.start()
        self._send({"do": "volume", "volume": self._volume})
        self._send({"do": "loop", "wanted": self._loops})

    def _hand_over(self) -> None:
        assert self._sound is not None
        assert self._folder is not None
        path = Path(self._folder.name) / "sound.wav"
        write_sound(self._sound, path, "WAV")
        self._send({"do": "open", "path": str(path)})
        if self._status.at_s:
            self._send({"do": "seek", "at_s": self._status.at_s})

    def _send(self, message: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            self.error = tr(_GONE)

    def _listen_on(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with suppress(ValueError):
                found = json.loads(line)
                if isinstance(found, dict):
                    self._told.put(cast("dict[str, Any]", found))
        if self._process is process:
            self._told.put({"error": tr(_GONE)})
