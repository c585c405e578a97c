"""Folders of sounds: what is said of them, and what is learned."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

soundfile = pytest.importorskip("soundfile", reason="sounds need the extra “sound”")

from genstudio.data.modalities.catalog import recognise  # noqa: E402
from genstudio.data.modalities.scanning import scan_material  # noqa: E402
from genstudio.data.modalities.sound import MODALITY, SoundLayout  # noqa: E402
from genstudio.data.row_cache import RowCache  # noqa: E402
from genstudio.domain.datasets import Manifest, ScanReport  # noqa: E402
from genstudio.domain.errors import DatasetError, SettingsError  # noqa: E402
from genstudio.domain.progress import drain  # noqa: E402
from genstudio.services.materials import choose_modality, freeze  # noqa: E402


def save(path: Path, seconds: float = 0.4, rate_hz: int = 8000, channels: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    samples = 0.4 * np.sin(2 * np.pi * (200 + len(path.name) * 10) * at)
    soundfile.write(path, np.repeat(samples[:, None], channels, axis=1), rate_hz)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(5):
        save(tmp_path / "drums" / f"kick {'x' * number}.wav")
    save(tmp_path / "bells" / "bell.flac", seconds=0.6, rate_hz=44100, channels=2)
    return tmp_path


def frozen(folder: Path) -> tuple[ScanReport, Manifest]:
    report = drain(scan_material(folder))
    return report, freeze(report, (), "sound")[0]


def test_a_folder_of_sounds_is_recognised_though_a_picture_lies_in_it(folder: Path) -> None:
    Image.new("RGB", (8, 8)).save(folder / "cover.png")
    report = drain(scan_material(folder))
    assert report.material == "sound"
    assert list(recognise(report)) == ["sound"]
    assert any(it.title.endswith("1 picture") for it in report.advice)
    assert all(it.words.endswith(("mono", "stereo")) for it in report.pictures)


def test_a_folder_with_more_pictures_is_one_of_pictures_unless_sounds_are_asked_for(
    folder: Path,
) -> None:
    for number in range(9):
        Image.new("RGB", (40, 40), (number * 20, 0, 0)).save(folder / f"{number}.png")
    assert drain(scan_material(folder)).material == ""
    assert drain(scan_material(folder, "sound")).material == "sound"


def test_what_cannot_be_used_is_named_with_the_reason(folder: Path) -> None:
    soundfile.write(folder / "one.wav", np.zeros(1), 8000)
    soundfile.write(folder / "nan.wav", np.full(9, np.nan), 8000, subtype="FLOAT")
    report = drain(scan_material(folder))
    assert {it.name for it in report.unreadable} == {"nan.wav", "one.wav"}
    assert "no numbers" in report.unreadable[0].reason


def test_all_are_brought_to_one_rate_length_and_level(folder: Path, tmp_path: Path) -> None:
    _, manifest = frozen(folder)
    layout = SoundLayout.parse(manifest.layout)
    assert layout.rate_hz == 8000
    cache = drain(MODALITY.decode(manifest, tmp_path / "cache"))
    rows = cache.fields["sounds"]
    assert rows.shape == (6, layout.samples)
    assert rows.dtype == np.int16
    np.testing.assert_allclose(np.abs(rows.astype(float)).max(1) / 2**15, 0.9, atol=1e-3)
    data = MODALITY.examples(manifest, cache, ["bells/bell.flac"], {"bells": 1, "drums": 5})
    assert data.spec.layout == manifest.layout
    assert (
        data.spec.fields["sounds"]
        == MODALITY.spec(0, 3, {}, layout=manifest.layout).fields["sounds"]
    )
    assert data.fields["labels"].values.tolist() == [0, 1, 1, 1, 1, 1]
    assert data.held_out_of().tolist() == [0]


def test_decoded_sounds_are_kept_and_damage_is_mended(folder: Path, tmp_path: Path) -> None:
    _, manifest = frozen(folder)
    first: RowCache = drain(MODALITY.decode(manifest, tmp_path / "cache"))
    (kept,) = (tmp_path / "cache").glob("*.safetensors")
    before = kept.stat().st_mtime_ns
    drain(MODALITY.decode(manifest, tmp_path / "cache"))
    assert kept.stat().st_mtime_ns == before
    kept.write_bytes(kept.read_bytes()[:100])
    again = drain(MODALITY.decode(manifest, tmp_path / "cache"))
    np.testing.assert_array_equal(first.fields["sounds"], again.fields["sounds"])


def test_a_file_that_was_changed_since_is_refused(folder: Path, tmp_path: Path) -> None:
    _, manifest = frozen(folder)
    save(folder / "drums" / "kick .wav", seconds=0.3)
    with pytest.raises(DatasetError, match="not those that were looked through"):
        drain(MODALITY.decode(manifest, tmp_path / "cache"))


def test_a_model_of_pictures_does_not_learn_from_sounds(folder: Path) -> None:
    from genstudio.models.catalog import model_class

    report = drain(scan_material(folder))
    with pytest.raises(DatasetError, match="learns from pictures"):
        choose_modality(report, model_class("residual-vae").card)


@pytest.mark.parametrize("text", ["8000", "7 Hz, 9 samples", "8000 Hz, 100 samples", "x" * 100])
def test_a_damaged_layout_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        SoundLayout.parse(text)
