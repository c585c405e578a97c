"""Pictures with captions: what is recognised, what is told, what is learned from."""

from pathlib import Path

import numpy as np
from PIL import Image

from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.modalities.catalog import MODALITIES, recognise
from genstudio.data.scan import scan_folder
from genstudio.domain.datasets import ScanReport
from genstudio.domain.progress import drain
from genstudio.domain.words import FIRST_WORD, PADDING, UNKNOWN
from genstudio.services.materials import freeze, held_out_names, vocabulary_of

CAPTIONS = MODALITIES.get("captions")


def pictures(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (40, 40, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(path)
    return folder


def scanned(folder: Path) -> ScanReport:
    report = drain(scan_folder(folder))
    assert isinstance(report, ScanReport)
    return report


def test_pictures_with_captions_are_recognised_and_counted(tmp_path: Path) -> None:
    folder = pictures(tmp_path, "a.png", "b.png", "c.png", "d.png", "e.png")
    for name, text in {"a": "red circle", "b": "red", "c": "blue", "d": "red"}.items():
        (folder / f"{name}.txt").write_text(text)
    (folder / "gone.txt").write_text("of a picture that is not there")

    report = scanned(folder)
    found = recognise(report)

    assert next(iter(found)) == "captions"
    arrangement = found["captions"]
    assert arrangement.num_examples == 4
    told = [remark.title for remark in arrangement.remarks]
    assert told[0] == "4 pictures with captions, 3 different words"
    assert arrangement.remarks[0].reason == "The most frequent are: red, blue, circle."
    assert "1 pictures have no caption" in told
    assert "1 captions belong to no picture" in told
    assert report.passed_over == {"TXT": 1}


def test_a_few_captions_leave_a_folder_of_pictures_what_it_is(tmp_path: Path) -> None:
    folder = pictures(tmp_path, *(f"{number}.png" for number in range(6)))
    (folder / "captions.csv").write_text("file,text\n1.png,red\n2.png,blue\n")

    assert list(recognise(scanned(folder))) == ["images", "captions"]


def test_folders_are_a_start_and_called_guesses(tmp_path: Path) -> None:
    folder = pictures(tmp_path, "red/1.png", "red/2.png", "blue/1.png", "grey/1.png")
    found = recognise(scanned(folder))

    assert list(found) == ["images", "captions"]
    assert found["captions"].captions["blue/1.png"] == "blue"
    assert any("guesses" in remark.reason for remark in found["captions"].remarks)


def test_without_captions_it_says_what_to_do(tmp_path: Path) -> None:
    arrangement = CAPTIONS.arrange(scanned(pictures(tmp_path, "1.png", "2.png")))

    assert arrangement.fault == "No picture has a caption."
    assert "captions.csv" in arrangement.hint


def test_a_table_that_cannot_be_read_says_so_in_the_fault(tmp_path: Path) -> None:
    folder = pictures(tmp_path, "1.png", "2.png")
    (folder / "captions.csv").write_text("a,b\n1.png,red\n")

    assert "captions.csv: Its first row" in CAPTIONS.arrange(scanned(folder)).fault


def test_tokens_are_the_words_that_were_learned(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "pictures", *(f"{number:02}.png" for number in range(60)))
    for number in range(60):
        (folder / f"{number:02}.txt").write_text(f"red thing{number}")
    report = scanned(folder)
    manifest, _ = freeze(report, ["00.png"], "captions")
    held_out = held_out_names(manifest, report, 0.1, by_kind=False)
    words = vocabulary_of(manifest, held_out)
    cache = drain(build_cache(manifest, size=32, cache_dir=tmp_path / "cache"))
    assert isinstance(cache, PictureCache)

    data = CAPTIONS.dataset(manifest, cache, held_out, {}, words=words)

    assert len(held_out) == 11
    assert words["red"] == 48
    assert next(iter(words)) == "red"
    assert data.spec.words == words
    tokens = data.fields["tokens"].values
    assert (tokens[:, 0] == FIRST_WORD).all()
    assert (tokens[:, 2:] == PADDING).all()
    unknown = np.flatnonzero(tokens[:, 1] == UNKNOWN)
    np.testing.assert_array_equal(unknown, data.held_out_of())
    (shown,) = data.conditions(["tokens"], 13).values()
    assert len(shown) == 13
    np.testing.assert_array_equal(shown[0], tokens[data.held_out_of()[0]])
