"""What is heard of a preview: its first results, one after the other, in one file."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.artifacts.protocol import Heard
from genstudio.data.sounds import Sound, write_sound
from genstudio.domain.artifacts import Artifact
from genstudio.domain.files import write_bytes

_MOST = 8
_PAUSE_S = 0.3


def save_heard(path: Path, results: Sequence[Artifact]) -> None:
    """Write the first eight results that can be heard, with pauses between; nothing if none can.

    Args:
        path: A FLAC file; replaced if it exists.
        results: What a preview shows.

    Raises:
        ProjectError: The disk is full or the folder cannot be written to.
    """
    sound = joined(results)
    if sound is None:
        return
    content = BytesIO()
    write_sound(sound, content, "FLAC")
    write_bytes(path, content.getvalue())


def joined(results: Sequence[Artifact], most: int = _MOST) -> Sound | None:
    """The first results that can be heard, with pauses between; None if none can."""
    sounds = [sound for it in results[:most] if (sound := _heard(it)) is not None]
    if not sounds:
        return None
    rate_hz = sounds[0].rate_hz
    pause = np.zeros(round(_PAUSE_S * rate_hz), np.float32)
    parts = [part for sound in sounds for part in (sound.samples, pause)]
    return Sound(np.concatenate(parts), rate_hz)


def _heard(artifact: Artifact) -> Sound | None:
    kind = ARTIFACTS.get(artifact.kind)
    return kind.as_sound(artifact) if isinstance(kind, Heard) else None
