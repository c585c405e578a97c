"""What a scanned folder is frozen as."""

from pathlib import Path

import pytest

from genstudio.data.modalities.catalog import MODALITIES
from genstudio.data.modalities.sound import SoundLayout
from genstudio.domain.datasets import Manifest
from genstudio.domain.language import ENGLISH, LANGUAGES, speak
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


@pytest.mark.parametrize("code", LANGUAGES)
def test_layouts_are_read_back_whatever_language_they_were_written_in(code: str) -> None:
    speak(code)
    try:
        sound = SoundLayout(8000, 2048)
        assert SoundLayout.parse(str(sound)) == sound
        assert str(sound) == "8000 Hz, 2048 samples"
        for key in MODALITIES.keys():  # noqa: SIM118  # a registry
            layout = MODALITIES.get(key).spec(32, 3, {}, {}).layout
            assert MODALITIES.get(key).spec(32, 3, {}, {}, layout=layout).layout == layout
        assert laid_out(manifest("notes", ""), DataOptions(bars=4)).layout == "4 bars"
    finally:
        speak(ENGLISH)
