"""The catalogue of artifact kinds: a line each."""

from pathlib import Path
from typing import Final

from genstudio.artifacts.protocol import ArtifactKind, Varied
from genstudio.domain.artifacts import Artifact
from genstudio.domain.registry import Registry

ARTIFACTS: Final[Registry[ArtifactKind]] = Registry(
    "artifact kind",
    "genstudio.artifacts",
    {
        "image": "genstudio.artifacts.image:KIND",
        "clip": "genstudio.artifacts.clip:KIND",
        "notes": "genstudio.artifacts.notes:KIND",
        "sound": "genstudio.artifacts.sound:KIND",
        "lora": "genstudio.artifacts.lora:KIND",
        "molecule": "genstudio.artifacts.molecule:KIND",
        "text": "genstudio.artifacts.text:KIND",
    },
)


def kind_of_input(path: Path | str) -> ArtifactKind | None:
    """The kind as which operations take a file of a person's own; None if no kind has its suffix.

    Pictures are known by more than their suffix: see :mod:`genstudio.data.formats`.
    """
    name = str(path).lower()
    taking = (kind for kind in ARTIFACTS.usable() if name.endswith(kind.card.also_taken))
    return kind_of_file(path) or next(taking, None)


def kind_of_file(path: Path | str) -> ArtifactKind | None:
    """The kind whose files have such a suffix; None if no kind has it."""
    name = str(path).lower()
    return next((kind for kind in ARTIFACTS.usable() if name.endswith(kind.card.suffixes)), None)


def suffix_of(artifact: Artifact) -> str:
    """The suffix of the file that something becomes."""
    kind = ARTIFACTS.get(artifact.kind)
    return kind.suffix_of(artifact) if isinstance(kind, Varied) else kind.card.suffix
