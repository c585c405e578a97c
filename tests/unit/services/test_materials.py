"""What a scanned folder is frozen as."""

from pathlib import Path

from genstudio.domain.datasets import Manifest
from genstudio.domain.training import DataOptions
from genstudio.services.materials import laid_out


def manifest(modality: str, layout: str) -> Manifest:
    return Manifest(folder=Path("/x"), pictures=(), modality=modality, layout=layout)


def test_a_persons_choices_decide_how_examples_of_files_are_laid_out() -> None:
    options = DataOptions(size=128, bars=8)
    pairs = "class; 64 px; sound: 8000 Hz, 4096 samples"

    assert laid_out(manifest("notes", "2 bars"), options).layout == "8 bars"
    assert laid_out(manifest("paired-materials", pairs), options).layout == (
        "class; 128 px; sound: 8000 Hz, 4096 samples"
    )
    assert laid_out(manifest("pairs", "halves"), options).layout == "halves"
