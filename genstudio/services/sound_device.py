"""A process of its own that plays sounds: whatever a sound driver does, the window goes on.

It reads a JSON object from each line of its input, and writes how it is doing to its output in the
same way, twenty times a second while something plays.
"""

import json
import sys
import threading
import wave
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO, cast

import numpy as np

from genstudio.domain.language import tr, tr_noop
from genstudio.services.playback import Playback

# Name of the command that starts it.
SOUND_PLAYER = "sound-player"
NO_DEVICE = tr_noop("This machine has no sound device that could be opened.")
NO_LIBRARY = tr_noop("Playing needs the pack “sound”: install genstudio[sound].")
_TOLD_EVERY_S = 0.05


def run_sound_player(given: TextIO | None = None, told: TextIO | None = None) -> None:
    """Do what is said until the input ends.

    Args:
        given: Lines with ``{"do": "open", "path": …}``, play, pause, stop, seek (``at_s``), volume
            (``volume``), loop (``wanted``); standard input by default.
        told: Lines with a status, or ``{"error": …}``; standard output by default.
    """
    device = _Device(told or sys.stdout)
    with closing(device):
        for message in _messages(given or sys.stdin):
            device.do(message)


def _messages(lines: TextIO) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield cast("dict[str, Any]", found)


class _Device:
    """Plays what it is told to, on the default device."""

    def __init__(self, told: TextIO) -> None:
        self._told = told
        self._playback = Playback()
        self._device: Any = None
        self._rate_hz = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._tell_on, name="status", daemon=True)
        self._thread.start()

    def do(self, message: dict[str, Any]) -> None:
        match message.get("do"):
            case "open":
                self._open(Path(str(message["path"])))
            case "play":
                self._start()
            case "pause":
                self._playback.play(wanted=False)
            case "stop":
                self._playback.stop()
            case "seek":
                self._playback.seek(float(message["at_s"]))
            case "volume":
                self._playback.set_volume(float(message["volume"]))
            case "loop":
                self._playback.set_loop(wanted=bool(message["wanted"]))
            case _:
                pass
        self._tell(asdict(self._playback.status))

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        self._close_device()

    def _open(self, path: Path) -> None:
        with wave.open(str(path), "rb") as file:
            rate_hz = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        if rate_hz != self._rate_hz:
            self._close_device()
        self._rate_hz = rate_hz
        self._playback.open(samples, rate_hz)

    def _start(self) -> None:
        if self._device is None and (error := self._open_device()):
            self._tell({"error": error})
            return
        self._playback.play(wanted=True)

    def _open_device(self) -> str:
        """Open the default device; says why that failed."""
        try:
            miniaudio: Any = import_module("miniaudio")
        except (ImportError, OSError):
            return tr(NO_LIBRARY)
        # Else, where there is no sound system, it would play to a device that nobody hears.
        silent = (miniaudio.Backend.NULL, miniaudio.Backend.CUSTOM)
        try:
            self._device = miniaudio.PlaybackDevice(
                output_format=miniaudio.SampleFormat.SIGNED16,
                nchannels=1,
                sample_rate=self._rate_hz,
                app_name="GenStudio",
                backends=[it for it in miniaudio.Backend if it not in silent],
            )
            blocks = self._playback.blocks()
            next(blocks)
            self._device.start(blocks)
        except (miniaudio.MiniaudioError, OSError):
            self._close_device()
            return tr(NO_DEVICE)
        return ""

    def _close_device(self) -> None:
        if self._device is not None:
            self._device.close()
            self._device = None

    def _tell_on(self) -> None:
        was_playing = False
        while not self._is_over.wait(_TOLD_EVERY_S):
            status = self._playback.status
            if status.is_playing or was_playing:
                self._tell(asdict(status))
            was_playing = status.is_playing

    def _tell(self, message: dict[str, Any]) -> None:
        print(json.dumps(message), file=self._told, flush=True)  # to the window
