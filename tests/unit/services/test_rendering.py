"""Scores are played by a soundfont where a person has one, and it is said where that fails."""

import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_studio import scale_score

from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.services.rendering import played


def test_without_a_soundfont_the_own_synthesiser_plays() -> None:
    peak, mean = played(scale_score()).levels()
    assert 0.85 < peak < 0.95
    assert mean > 0.01


def test_a_soundfont_that_is_none_is_told(tmp_path: Path) -> None:
    pytest.importorskip("tinysoundfont", reason="soundfonts need the extra “soundfont”")
    broken = tmp_path / "broken.sf2"
    broken.write_bytes(b"no font")
    with pytest.raises(DatasetError, match=r"broken\.sf2"):
        played(scale_score(), broken)
    with pytest.raises(DatasetError, match=r"missing\.sf2"):
        played(scale_score(), tmp_path / "missing.sf2")


def test_without_the_library_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "tinysoundfont", None)
    with pytest.raises(SettingsError, match="soundfont"):
        played(scale_score(), tmp_path / "any.sf2")


def test_what_is_played_is_what_a_file_of_16_bits_holds() -> None:
    samples = played(scale_score()).samples
    scaled = samples.astype(np.float64) * 2**15
    np.testing.assert_array_equal(scaled, np.rint(scaled))
