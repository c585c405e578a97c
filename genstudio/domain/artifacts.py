"""One result of a model or an operation, of whatever kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

IMAGE: Final = "image"
CLIP: Final = "clip"
SOUND: Final = "sound"
NOTES: Final = "notes"
LORA: Final = "lora"
MOLECULE: Final = "molecule"
TEXT: Final = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One thing that was made.

    Attributes:
        kind: Key of an artifact kind, such as "image".
        data: For images, uint8 of shape (height, width, 3), or 4 channels with the opacity, in
            which colours are as a picture file has them and lie over nothing. For clips, the path
            of a film without a recipe, which is there until the next artifact is asked for. For
            sounds, a :class:`genstudio.data.sounds.Sound`; for notes, a
            :class:`genstudio.data.scores.Score`; for molecules, the SMILES; for texts, the text;
            for LoRAs, name of a tensor => float16.
        seed: Makes the same artifact again; None where none was needed.
        values: Numbers that belong to it, such as an anomaly score.
        parts: Further artifacts that belong to it, such as a heat map.
    """

    kind: str
    data: Any
    seed: int | None = None
    values: Mapping[str, float | str] = field(default_factory=dict[str, float | str])
    parts: Mapping[str, "Artifact"] = field(default_factory=dict[str, "Artifact"])


def apart(artifact: Artifact) -> tuple[Artifact, ...]:
    """An artifact and its parts, each by itself."""
    return replace(artifact, parts={}), *artifact.parts.values()
