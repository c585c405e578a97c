"""Texts read aloud by espeak-ng, where it is installed; nothing is fetched."""

import shutil
import subprocess
import tempfile
import wave
from pathlib import Path
from typing import Final

import numpy as np

from genstudio.data.sounds import Sound
from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr

_PROGRAM: Final = "espeak-ng"
_LONGEST_CHARACTERS = 50_000
_LONGEST_WAIT_S = 300
# Names of languages, as people write them => voices.
_VOICES: Final = {
    "english": "en", "german": "de", "deutsch": "de", "french": "fr", "français": "fr",
    "spanish": "es", "español": "es", "italian": "it", "italiano": "it", "portuguese": "pt",
    "dutch": "nl", "polish": "pl", "swedish": "sv", "russian": "ru",
}  # fmt: skip


def can_speak() -> bool:
    """Whether there is a voice on this machine."""
    return shutil.which(_PROGRAM) is not None


def spoken(text: str, *, language: str = "English", words_per_minute: int = 150) -> Sound:
    """Read a text aloud.

    Args:
        text: Plain; what is beyond 50,000 characters is not read.
        language: Its name in English, or its own.
        words_per_minute: How fast.

    Raises:
        SettingsError: espeak-ng is missing, or cannot read it.
    """
    program = shutil.which(_PROGRAM)
    if program is None:
        raise SettingsError(
            tr("There is no voice on this machine"),
            tr("Stories are read aloud by espeak-ng, which is not installed."),
            tr("Install it (Debian, Ubuntu: sudo apt install espeak-ng), or switch the voice off."),
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spoken.wav"
        voice = _VOICES.get(language.strip().casefold(), "en")
        command = [program, "--stdin", "-w", str(path), "-v", voice, "-s", str(words_per_minute)]
        try:
            subprocess.run(
                command,
                input=text[:_LONGEST_CHARACTERS].encode(),
                check=True,
                capture_output=True,
                timeout=_LONGEST_WAIT_S,
            )
            with wave.open(str(path)) as file:
                rate_hz = file.getframerate()
                content = file.readframes(file.getnframes())
        except (OSError, subprocess.SubprocessError, wave.Error, EOFError) as error:
            raise SettingsError(
                tr("The text cannot be read aloud"), str(error)[:200], tr("Switch the voice off.")
            ) from error
    samples = np.frombuffer(content, "<i2").astype(np.float32) / 32768
    return Sound(samples, rate_hz)
