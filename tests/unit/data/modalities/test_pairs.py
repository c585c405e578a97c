"""Pairs lie in two folders of the same names, or in the halves of each picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.modalities.catalog import MODALITIES, recognise
from genstudio.data.modalities.protocol import Arrangement
from genstudio.data.scan import scan_folder
from genstudio.domain.datasets import Manifest, Remark, ScanReport
from genstudio.domain.fields import EXAMPLES
from genstudio.domain.progress import drain
from genstudio.services.run_remarks import remarks_of

PAIRS = MODALITIES.get("pairs")


def put(folder: Path, name: str, shade: int, size: tuple[int, int] = (40, 40)) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(shade).integers(0, 40, (size[1], size[0], 3)) + shade
    Image.fromarray(pixels.astype(np.uint8)).save(path)


def scanned(folder: Path) -> ScanReport:
    report = drain(scan_folder(folder))
    assert isinstance(report, ScanReport)
    return report


def frozen(report: ScanReport, arrangement: Arrangement) -> Manifest:
    rows = [(p.name, p.content_hash) for p in report.pictures if p.name in arrangement.used]
    return Manifest(
        folder=report.folder,
        pictures=tuple(rows),
        decoding=5,
        modality="pairs",
        layout=arrangement.layout,
    )


def decoded(manifest: Manifest, folder: Path) -> PictureCache:
    cache = drain(build_cache(manifest, size=32, cache_dir=folder))
    assert isinstance(cache, PictureCache)
    return cache


@pytest.fixture
def two(tmp_path: Path) -> Path:
    folder = tmp_path / "drawings"
    for number in range(1, 13):
        put(folder, f"lines/{number}.png", 2 * number)
        put(folder, f"paint/{number}.jpg", 150 + 2 * number)
    return folder


def test_two_folders_of_the_same_names_are_pairs(two: Path) -> None:
    found = recognise(scanned(two))

    assert next(iter(found)) == "pairs"
    assert found["pairs"].num_examples == 12
    assert found["pairs"].layout == "folders"
    assert "lines” → “paint" in found["pairs"].remarks[0].title
    turned = found["pairs"].turned
    assert turned is not None
    assert "paint” → “lines" in turned.title
    told = remarks_of(found["pairs"], is_reversed=True)
    assert told[0].title == turned.title
    assert remarks_of(found["pairs"])[0].title == found["pairs"].remarks[0].title


def test_what_has_no_partner_is_named_with_its_side(two: Path) -> None:
    put(two, "lines/lonely.png", 3)
    (two / "paint" / "2.jpg").unlink()
    put(two, "beside.png", 5)
    arrangement = PAIRS.arrange(scanned(two))

    assert arrangement.num_examples == 11
    words = [f"{remark.title} {remark.reason}" for remark in arrangement.remarks]
    assert any("2 of “lines” have no partner" in told and "lonely.png" in told for told in words)
    assert any("1 picture lies beside" in told for told in words)
    assert not arrangement.used & {"lines/lonely.png", "lines/2.png", "beside.png"}


def test_folders_without_common_names_are_no_pairs_and_it_says_why(tmp_path: Path) -> None:
    for number in range(4):
        put(tmp_path, f"cats/cat{number}.png", number)
        put(tmp_path, f"dogs/dog{number}.png", 100 + number)
    report = scanned(tmp_path)
    arrangement = PAIRS.arrange(report)

    assert "other names: 0 belong together" in arrangement.fault
    assert "cat0.png" in arrangement.fault
    assert "same name" in arrangement.hint
    assert next(iter(recognise(report))) == "images"


def test_numbered_photographs_of_other_shapes_are_two_classes(tmp_path: Path) -> None:
    for number in range(6):
        put(tmp_path, f"cats/{number}.png", number, (40, 60))
        put(tmp_path, f"dogs/{number}.png", 100 + number, (60, 40))

    assert next(iter(recognise(scanned(tmp_path)))) == "images"


def test_each_input_keeps_its_target_and_both_are_held_out_together(
    two: Path, tmp_path: Path
) -> None:
    report = scanned(two)
    manifest = frozen(report, PAIRS.arrange(report))
    inputs = [name for name, _ in PAIRS.held_out_from(manifest).pictures]
    assert inputs == [f"lines/{number}.png" for number in range(1, 13)]
    data = PAIRS.dataset(
        manifest, decoded(manifest, tmp_path / "cache"), ["lines/2.png", "lines/12.png"], {}
    )

    assert data.groups == (EXAMPLES,)
    assert data.count() == 12
    assert data.held_out_of().tolist() == [1, 11]
    everything = np.arange(12)
    shades = data.fields["input"].take(everything).reshape(12, -1).mean(1)
    targets = data.fields["target"].take(everything).reshape(12, -1).mean(1)
    np.testing.assert_allclose(shades, 19.5 + 2 * np.arange(1, 13), atol=1.5)
    np.testing.assert_allclose(targets - shades, 150, atol=2.5)
    assert data.spec.fields["target"].shape == (32, 32, 3)


def test_the_other_way_round_the_roles_are_exchanged(two: Path, tmp_path: Path) -> None:
    report = scanned(two)
    manifest = frozen(report, PAIRS.arrange(report))
    cache = decoded(manifest, tmp_path / "cache")
    there, back = (PAIRS.dataset(manifest, cache, [], {}, is_reversed=it) for it in (False, True))

    first = np.arange(1)
    np.testing.assert_array_equal(
        there.fields["input"].take(first), back.fields["target"].take(first)
    )


@pytest.mark.parametrize("width", [80, 81, 79])
def test_halves_of_one_picture_are_a_pair(tmp_path: Path, width: int) -> None:
    folder = tmp_path / "halves"
    folder.mkdir()
    for number in range(5):
        pixels = np.zeros((40, width, 3), np.uint8)
        pixels[:, : width // 2] = 10 * number + np.arange(width // 2)[None, :, None] % 3
        pixels[:, width - width // 2 :] = 200
        pixels[number, 0] = 255
        Image.fromarray(pixels).save(folder / f"{number}.png")
    report = scanned(folder)
    found = recognise(report)
    assert next(iter(found)) == "pairs"
    arrangement = found["pairs"]
    assert arrangement.layout == "halves"
    is_told = any("odd width" in remark.title for remark in arrangement.remarks)
    assert is_told is (width % 2 == 1)
    manifest = frozen(report, arrangement)
    data = PAIRS.dataset(manifest, decoded(manifest, tmp_path / "cache"), ["3.png"], {})

    assert data.count() == 5
    assert data.held_out_of().tolist() == [3]
    targets = data.fields["target"].take(np.arange(5))
    assert targets.shape == (5, 32, 32, 3)
    assert targets[:, :, 2:].min() >= 199
    assert data.fields["input"].take(np.arange(5))[4, 16, 16].mean() == pytest.approx(41, abs=2)


def test_what_is_neither_two_folders_nor_halves_says_so(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path, f"{number}.png", number)
    arrangement = PAIRS.arrange(scanned(tmp_path))

    assert "no two folders" in arrangement.fault
    assert "side by side" in arrangement.hint


# What a scan remarks, as it matters to pairs


def remarked(report: ScanReport, remark: Remark) -> set[str]:
    return {picture.name for picture in report.with_remark(remark)}


def test_two_sides_that_look_alike_are_not_seen_twice(tmp_path: Path) -> None:
    for number in range(4):
        for side in ("grey", "warm"):
            put(tmp_path, f"{side}/{number}.png", 40 * number)
    report = scanned(tmp_path)
    assert remarked(report, Remark.DUPLICATE) == {f"warm/{number}.png" for number in range(4)}

    reviewed = PAIRS.review(report)

    assert remarked(reviewed, Remark.DUPLICATE) == set()
    titles = {advice.title for advice in reviewed.advice}
    assert titles == {"Begin with 32 px", "More pictures would help"}
    assert "With 4 a model" in " ".join(advice.reason for advice in reviewed.advice)


def test_a_pair_is_seen_twice_where_both_its_pictures_are(tmp_path: Path) -> None:
    for number, (line, colour) in enumerate([(10, 150), (60, 150), (10, 150), (10, 200)]):
        put(tmp_path, f"line/{number}.png", line)
        put(tmp_path, f"paint/{number}.png", colour)

    reviewed = PAIRS.review(scanned(tmp_path))

    assert remarked(reviewed, Remark.DUPLICATE) == {"line/2.png", "paint/2.png"}
    duplicates = {picture.name: picture.duplicate_of for picture in reviewed.pictures}
    assert duplicates["line/3.png"] is None
    assert duplicates["line/2.png"] == "line/0.png"


def test_halves_are_not_too_wide_but_other_pictures_are(tmp_path: Path) -> None:
    for number in range(5):
        put(tmp_path, f"{number}.png", 40 * number, (80, 40))
    put(tmp_path, "strip.png", 7, (200, 40))

    assert remarked(PAIRS.review(scanned(tmp_path)), Remark.ODD_ASPECT) == {"strip.png"}
