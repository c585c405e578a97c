"""Where a sound is played, how loud, and what comes next: the part of a player without a device."""

import threading
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

_FULL_SCALE = 2**15


@dataclass(frozen=True, slots=True)
class PlaybackStatus:
    """How a player is doing.

    Attributes:
        at_s: Place in the sound.
        level: Loudest sample of what was played last, from 0 to 1, after the volume.
        is_playing: Whether it sounds.
    """

    at_s: float
    level: float
    is_playing: bool


class Playback:
    """Hands out samples block by block, in a device's own thread; controlled from another one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._samples = np.zeros(0, np.int16)
        self._rate_hz = 1
        self._at = 0
        self._is_playing = False
        self._loops = False
        self._volume = 1.0
        self._level = 0.0

    def open(self, samples: np.ndarray, rate_hz: int) -> None:
        """Have another sound, at its beginning; it does not play yet.

        Args:
            samples: int16, one channel.
            rate_hz: Samples in a second.
        """
        with self._lock:
            self._samples, self._rate_hz = samples, rate_hz
            self._at, self._is_playing, self._level = 0, False, 0.0

    def play(self, *, wanted: bool) -> None:
        """Play, or hold still; at its end, from the beginning."""
        with self._lock:
            if wanted and self._at >= len(self._samples):
                self._at = 0
            self._is_playing = wanted and len(self._samples) > 0
            self._level = self._level if self._is_playing else 0.0

    def stop(self) -> None:
        """Hold still at the beginning."""
        with self._lock:
            self._at, self._is_playing, self._level = 0, False, 0.0

    def seek(self, seconds: float) -> None:
        """Go on from there."""
        with self._lock:
            self._at = min(max(0, round(seconds * self._rate_hz)), len(self._samples))

    def set_loop(self, *, wanted: bool) -> None:
        """Begin again at the end, or stop there."""
        with self._lock:
            self._loops = wanted

    def set_volume(self, volume: float) -> None:
        """From 0 to 1."""
        with self._lock:
            self._volume = min(max(volume, 0.0), 1.0)

    @property
    def status(self) -> PlaybackStatus:
        """How it is doing."""
        with self._lock:
            return PlaybackStatus(self._at / self._rate_hz, self._level, self._is_playing)

    def blocks(self) -> Generator[bytes, int, None]:
        """Samples for a device: is sent how many are wanted, and gives so many, int16."""
        count = yield b""
        while True:
            count = yield self._next(count).tobytes()

    def _next(self, count: int) -> np.ndarray:
        with self._lock:
            block = np.zeros(count, np.int16)
            filled = 0
            while self._is_playing and filled < count:
                part = self._samples[self._at : self._at + count - filled]
                block[filled : filled + len(part)] = part
                filled += len(part)
                self._at += len(part)
                if self._at >= len(self._samples):
                    self._is_playing = self._loops
                    self._at = 0 if self._loops else len(self._samples)
            played = np.rint(block * self._volume).astype(np.int16)
            peak = int(np.abs(played.astype(np.int32)).max(initial=0))
            self._level = peak / _FULL_SCALE if self._is_playing else 0.0
            return played
