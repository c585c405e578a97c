"""Squares are kept in the project, frozen into manifests, and learned; pictures are not touched."""

import json
import shutil
from pathlib import Path

import pytest

from genstudio.data.cache import build_cache
from genstudio.data.modalities.scanning import scan_material
from genstudio.domain.datasets import ScanReport
from genstudio.domain.errors import ProjectError
from genstudio.domain.modalities import IMAGES
from genstudio.domain.progress import drain
from genstudio.services import materials
from genstudio.services.crop_edits import (
    FILE,
    KeptCrops,
    crops_of,
    load_crops,
    save_crops,
    with_crops_of,
    words_of_gone,
)
from genstudio.services.folder_changes import changes_on_disk
from genstudio.services.manifest_changes import changes_since
from genstudio.services.manifests import load_manifest, save_manifest

TWO = ((0, 0, 10), (5, 5, 12))


@pytest.fixture
def report(flowers: Path) -> ScanReport:
    return drain(scan_material(flowers))


@pytest.fixture
def kept(report: ScanReport) -> dict[str, KeptCrops]:
    first = report.pictures[0]
    return {first.content_hash: KeptCrops(first.name, TWO)}


def test_they_come_back_by_what_is_in_the_picture(
    report: ScanReport, kept: dict[str, KeptCrops], tmp_path: Path
) -> None:
    assert load_crops(tmp_path) == {}
    save_crops(tmp_path, kept)
    assert load_crops(tmp_path) == kept
    assert with_crops_of(tmp_path, report).crops == {report.pictures[0].name: TWO}
    assert words_of_gone(report, kept) == ""


@pytest.mark.parametrize(
    "content", ["", "[]", '{"format_version": 1}\n["a", "b"]', '{"format_version": 99}\n', "{"]
)
def test_a_damaged_file_is_told_and_left_as_it_is(content: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    with pytest.raises(ProjectError):
        load_crops(tmp_path)
    assert (tmp_path / FILE).read_text(encoding="utf-8") == content


def test_crops_of_pictures_that_have_gone_are_told_and_kept(
    report: ScanReport, kept: dict[str, KeptCrops]
) -> None:
    kept["gone"] = KeptCrops("lost.png", TWO)
    kept["other"] = KeptCrops(report.pictures[1].name, TWO)
    told = words_of_gone(report, kept)
    assert "1 is not in this folder (lost.png)" in told
    assert f"1 was changed ({report.pictures[1].name})" in told
    assert set(crops_of(report, kept)) == {report.pictures[0].name}


def test_each_square_is_an_example_and_the_manifest_keeps_it(
    report: ScanReport, kept: dict[str, KeptCrops], tmp_path: Path
) -> None:
    plain, _ = materials.freeze(report, (), IMAGES)
    cropped = report.model_copy(update={"crops": crops_of(report, kept)})
    manifest, _ = materials.freeze(cropped, (), IMAGES)
    assert len(manifest.pictures) == len(plain.pictures) + 1
    assert manifest.crops == ((0, *TWO[0]), (1, *TWO[1]))
    save_manifest(tmp_path, manifest)
    assert load_manifest(tmp_path) == manifest

    cache = drain(build_cache(manifest, size=32, cache_dir=tmp_path / "cache"))
    before = drain(build_cache(plain, size=32, cache_dir=tmp_path / "cache"))
    assert len(cache.images_NHWC) == len(manifest.pictures)
    assert cache.key != before.key
    assert (cache.images_NHWC[2:] == before.images_NHWC[1:]).all()
    assert (cache.images_NHWC[0] != before.images_NHWC[0]).any()
    held_out = materials.held_out_names(manifest, report, 0.2, by_kind=False)
    assert len({*held_out}) <= len(plain.pictures)


def test_what_changed_since_a_run_is_told(report: ScanReport, kept: dict[str, KeptCrops]) -> None:
    manifest, _ = materials.freeze(report, (), IMAGES)
    assert not changes_since(manifest, report, ())
    names = [it.name for it in report.pictures]
    other = report.pictures[1].model_copy(update={"content_hash": "other"})
    now = report.model_copy(
        update={
            "pictures": (*report.pictures[2:], other, other.model_copy(update={"name": "new.png"})),
            "crops": {names[2]: TWO},
        }
    )
    changes = changes_since(manifest, now, {names[3]})
    assert changes.added == ("new.png",)
    assert changes.gone == (names[0],)
    assert changes.changed == (names[1],)
    assert changes.left_out == (names[3],)
    assert changes.cropped
    assert "1 new (new.png), 1 gone" in changes.sentence()
    cropped = report.model_copy(update={"crops": crops_of(report, kept)})
    frozen, _ = materials.freeze(cropped, (), IMAGES)
    assert not changes_since(frozen, cropped, ())


@pytest.fixture
def own_flowers(flowers: Path, tmp_path: Path) -> Path:
    """A copy of the pictures that all tests share, to be written to."""
    return Path(shutil.copytree(flowers, tmp_path / "own"))


def test_what_came_into_the_folder_or_left_it_is_seen(own_flowers: Path) -> None:
    report = drain(scan_material(own_flowers))
    assert not changes_on_disk(report)
    first, second = (it.name for it in report.pictures[:2])
    (own_flowers / "new.png").write_bytes((own_flowers / first).read_bytes())
    (own_flowers / second).unlink()
    changes = changes_on_disk(report)
    assert (changes.added, changes.gone) == (("new.png",), (second,))


def test_several_folders_are_one_set(own_flowers: Path) -> None:
    names = sorted(it.name for it in own_flowers.iterdir())
    for folder, name in (("a", names[0]), ("b", names[1]), ("c", names[2])):
        (own_flowers / folder).mkdir()
        (own_flowers / name).rename(own_flowers / folder / name)
    report = drain(scan_material(own_flowers, within=("a", "c")))
    assert [it.name for it in report.pictures] == [f"a/{names[0]}", f"c/{names[2]}"]
    assert report.within == ("a", "c")
    assert not changes_on_disk(report)
    manifest, _ = materials.freeze(report, (), IMAGES)
    assert manifest.within == ("a", "c")


def test_a_folder_that_is_gone_is_told_from_one_that_was_emptied(
    report: ScanReport, tmp_path: Path
) -> None:
    emptied = report.model_copy(update={"folder": tmp_path})
    changes = changes_on_disk(emptied)
    assert len(changes.gone) == len(report.pictures)
    assert not changes.unreachable
    gone = report.model_copy(update={"folder": tmp_path / "gone"})
    assert changes_on_disk(gone).unreachable


def test_a_folder_that_its_drive_cannot_say_anything_of_is_unreachable_too(
    report: ScanReport, tmp_path: Path
) -> None:
    # Of a drive that died, systems answer neither yes nor no; nor do they of such a name.
    silent = report.model_copy(update={"folder": tmp_path / ("drive" * 99)})
    changes = changes_on_disk(silent)
    assert changes.unreachable
    assert len(changes.gone) == len(report.pictures)


def test_a_row_is_written_as_json_writes_it(tmp_path: Path) -> None:
    kept = {"hash": KeptCrops('so "called"\\.png', ((1, 2, 3), (4, 5, 6)))}
    save_crops(tmp_path, kept)
    row = (tmp_path / FILE).read_text(encoding="utf-8").split("\n")[1]
    (it,) = kept.values()
    assert row == json.dumps(("hash", it.name, it.crops), ensure_ascii=False)
    assert load_crops(tmp_path) == kept
