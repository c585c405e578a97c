"""Folders of pictures with sounds or notes: what is said of them, and what is learned."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_studio import save_pieces

soundfile = pytest.importorskip("soundfile", reason="sounds need the extra “sound”")

from genstudio.data.modalities.catalog import recognise  # noqa: E402
from genstudio.data.modalities.paired_layout import PairedLayout  # noqa: E402
from genstudio.data.modalities.paired_materials import MODALITY  # noqa: E402
from genstudio.data.modalities.scanning import scan_material  # noqa: E402
from genstudio.domain.errors import DatasetError, SettingsError  # noqa: E402
from genstudio.domain.fields import EXAMPLES  # noqa: E402
from genstudio.domain.progress import drain  # noqa: E402
from genstudio.domain.training import DataOptions  # noqa: E402
from genstudio.services.materials import freeze, held_out_names  # noqa: E402


def picture(path: Path, shade: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(shade).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(pixels).save(path)


def sound(path: Path, pitch: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    at = np.arange(2400) / 8000
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * (200 + 10 * pitch) * at), 8000)


@pytest.fixture
def named(tmp_path: Path) -> Path:
    for number in range(6):
        picture(tmp_path / f"{number}.png", number)
        sound(tmp_path / f"{number}.wav", number)
    return tmp_path


def classes_in(folder: Path, count: int = 4) -> Path:
    for at, name in enumerate(("cats", "dogs")):
        for number in range(count):
            picture(folder / "pictures" / name / f"p{number}.png", 100 * at + number)
            sound(folder / "sounds" / name / f"s{number}.wav", 100 * at + number)
    return folder


def test_pictures_with_sounds_are_recognised_and_what_is_left_out_is_told(named: Path) -> None:
    picture(named / "alone.png", 50)
    picture(named / "5.jpg", 51)
    (named / "2.wav").write_bytes(b"no sound")
    report = drain(scan_material(named))

    assert report.material == "paired-materials"
    arrangement = recognise(report)["paired-materials"]
    assert arrangement.num_examples == 4
    assert arrangement.used == {f"{it}.{end}" for it in (0, 1, 3, 4) for end in ("png", "wav")}
    told = " ".join(f"{it.title} {it.reason}" for it in arrangement.remarks)
    assert "4 pairs of pictures and sounds" in told
    assert "2 files have no partner" in told
    assert "alone.png" in told
    assert "3 files have the name of another one" in told
    assert [it.name for it in report.unreadable] == ["2.wav"]


def test_a_person_may_ask_for_one_of_the_two_or_a_model_for_pictures(named: Path) -> None:
    assert drain(scan_material(named, "sound")).material == "sound"
    assert drain(scan_material(named, "images")).material == ""
    assert drain(scan_material(named, joins=False)).material == ""


def test_a_folder_with_few_partners_is_no_set_of_pairs(named: Path) -> None:
    for number in range(10, 40):
        picture(named / f"{number}.png", number)
    assert drain(scan_material(named)).material == ""
    asked_for = drain(scan_material(named, "paired-materials"))
    assert MODALITY.arrange(asked_for).num_examples == 6


@pytest.mark.parametrize("left", ["png", "wav"])
def test_one_of_the_two_alone_is_refused_in_words(named: Path, left: str) -> None:
    for path in named.iterdir():
        if not path.name.endswith(left):
            path.unlink()
    report = drain(scan_material(named, "paired-materials"))
    arrangement = MODALITY.arrange(report)

    assert ("no sounds" if left == "png" else "no pictures") in arrangement.fault
    assert arrangement.hint


def test_partners_are_learned_and_held_out_together(named: Path, tmp_path: Path) -> None:
    report = drain(scan_material(named))
    manifest, _ = freeze(report, (), "paired-materials")
    layout = MODALITY.laid_out(manifest.layout, DataOptions(size=32))
    manifest = manifest.model_copy(update={"layout": layout})
    cache = drain(MODALITY.decode(manifest, tmp_path / "cache"))
    data = MODALITY.examples(manifest, cache, ["1.png", "4.png"], {})

    assert data.spec == MODALITY.spec(32, 3, {}, layout=layout)
    assert data.spec.size == 32
    assert [data.names[EXAMPLES][at] for at in data.held_out_of()] == [
        "1.png + 1.wav",
        "4.png + 4.wav",
    ]
    for at, name in enumerate(data.names[EXAMPLES]):
        first, second = (MODALITY.read_one(named / it, layout) for it in name.split(" + "))
        (pixels,), (samples,) = (data.fields[it].take(np.array([at])) for it in data.fields)
        assert np.array_equal(pixels, first["images"])
        assert np.array_equal(samples / np.float32(2**15), second["sounds"])
    again = drain(MODALITY.decode(manifest, tmp_path / "cache"))
    assert again.names == cache.names


def test_in_classes_no_held_out_file_is_learned_from_in_any_pair(tmp_path: Path) -> None:
    report = drain(scan_material(classes_in(tmp_path / "set", 30)))
    manifest, arrangement = freeze(report, (), "paired-materials")
    assert "in 2 folders of the same names" in arrangement.remarks[0].title
    out = held_out_names(manifest, report, 0.1, by_kind=False)
    assert {name.partition("/")[0] for name in out} == {"pictures", "sounds"}
    cache = drain(MODALITY.decode(manifest, tmp_path / "cache"))
    data = MODALITY.examples(manifest, cache, out, {})

    pairs = [it.split(" + ") for it in data.names[EXAMPLES]]
    assert all(it[0].split("/")[1] == it[1].split("/")[1] for it in pairs)
    held_out = set(data.held_out_of().tolist())
    assert held_out
    for at, pair in enumerate(pairs):
        assert {name in out for name in pair} == {at in held_out}


@pytest.mark.parametrize("text", ["x", "name; 33 px; sound: ", "name; 32 px; films: 3", "; ; "])
def test_a_damaged_layout_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="no layout of pairs"):
        PairedLayout.parse(text)


def test_a_layout_is_what_was_written() -> None:
    layout = PairedLayout(by="class", size=512, inside="44100 Hz, 131072 samples")
    assert PairedLayout.parse(str(layout)) == layout
    # A manifest has so much room for it.
    assert len(str(layout)) <= 60


def test_a_file_that_is_no_picture_is_refused_in_words(named: Path) -> None:
    (named / "bad.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"bad\.png"):
        MODALITY.read_one(named / "bad.png", "")


def test_pictures_with_pieces_are_recognised_and_their_phrases_belong_to_their_pictures(
    tmp_path: Path,
) -> None:
    save_pieces(tmp_path, 6)
    for number in range(6):
        picture(tmp_path / f"{number:02}.png", number)
    picture(tmp_path / "alone.png", 50)
    report = drain(scan_material(tmp_path))

    assert report.material == "paired-materials"
    arrangement = recognise(report)["paired-materials"]
    assert arrangement.num_examples == 6
    assert arrangement.layout == "name; 32 px; notes: 2 bars"
    assert "6 pairs of pictures and pieces" in " ".join(it.title for it in arrangement.remarks)
    manifest, _ = freeze(report, (), "paired-materials")
    layout = MODALITY.laid_out(manifest.layout, DataOptions(size=32, bars=4))
    assert layout == "name; 32 px; notes: 4 bars"
    manifest = manifest.model_copy(update={"layout": layout})
    cache = drain(MODALITY.decode(manifest, tmp_path.parent / f"{tmp_path.name}-cache"))
    dataset = MODALITY.examples(manifest, cache, ["02.png"], {})
    assert set(dataset.fields) == {"images", "notes", "instruments"}
    assert dataset.fields["notes"].take(slice(0, 1)).shape == (1, 64)
    assert dataset.count() == 6
    for name in dataset.names[EXAMPLES]:
        first, second = name.split(" + ")
        assert Path(first).stem == Path(second).stem
    held_out = {dataset.names["images"][at] for at in dataset.held_out_of()}
    assert held_out == {"02.png"}
    assert "02.png" not in {dataset.names["images"][at] for at in dataset.learned_from()}
