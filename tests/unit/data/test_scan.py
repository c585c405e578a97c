"""A scan says in plain words what is in a folder, and leaves the folder as it is."""

import errno
import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from genstudio.data import advice, scan
from genstudio.data.samples import paint_flower
from genstudio.data.scan import scan_folder, usable_manifest
from genstudio.domain.datasets import GREYS, Remark, ScanReport
from genstudio.domain.errors import DatasetError
from genstudio.domain.progress import Progress, drain, with_result


def flower(index: int = 0, size: int = 96) -> Image.Image:
    return Image.fromarray(paint_flower(size, seed=0, index=index))


def put(folder: Path, name: str, image: Image.Image | None = None, **options: object) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (image or flower()).save(path, **options)  # type: ignore[arg-type]
    return path


def report_on(folder: Path) -> ScanReport:
    *progress, report = with_result(scan_folder(folder, workers=2))
    assert all(isinstance(item, Progress) for item in progress)
    assert isinstance(report, ScanReport)
    return report


def names_with(remark: Remark, folder: Path) -> list[str]:
    return [picture.name for picture in report_on(folder).with_remark(remark)]


# Finding pictures


def test_every_picture_is_counted_and_measured(tmp_path: Path) -> None:
    for index in range(3):
        put(tmp_path, f"{index}.png", flower(index))
    put(tmp_path, "wide.JPG", flower(3).resize((64, 48)))

    *progress, report = with_result(scan_folder(tmp_path))

    assert [(item.done, item.total) for item in progress] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert tuple(item.item for item in progress) == report.pictures
    assert [(p.name, p.width, p.height) for p in report.pictures] == [
        ("0.png", 96, 96), ("1.png", 96, 96), ("2.png", 96, 96), ("wide.JPG", 64, 48),
    ]  # fmt: skip
    assert report.folder == tmp_path
    assert report.unreadable == ()
    content = (tmp_path / "0.png").read_bytes()
    assert report.pictures[0].content_hash == hashlib.blake2b(content, digest_size=16).hexdigest()


def test_where_the_folder_is_holds_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "Meadow", "1.png")
    monkeypatch.chdir(tmp_path)

    assert report_on(Path("Meadow")).folder == tmp_path / "Meadow"


def test_folders_inside_are_looked_through_and_hidden_ones_are_not(tmp_path: Path) -> None:
    put(tmp_path, "b/c/2.png")
    put(tmp_path, "a/1.png")
    put(tmp_path, "a/._1.png")
    put(tmp_path, ".hidden.png")
    put(tmp_path, ".thumbnails/3.png")
    put(tmp_path, "__MACOSX/4.png")
    (tmp_path / "notes.txt").write_text("tulips")

    assert [picture.name for picture in report_on(tmp_path).pictures] == ["a/1.png", "b/c/2.png"]


@pytest.mark.parametrize(
    "name", ["Wiese im Mai.png", "草地/罂粟.png", "Мак.JPEG", "🌷.png", "é.png", "a\u202eb.png"]
)
def test_names_of_all_scripts_are_fine(tmp_path: Path, name: str) -> None:
    put(tmp_path, name)

    assert [picture.name for picture in report_on(tmp_path).pictures] == [name]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' names are always text")
def test_a_name_that_is_no_text_is_told_and_the_others_are_used(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    put(tmp_path, os.fsdecode(b"Bl\xfcte.png"))

    report = report_on(tmp_path)

    assert [picture.name for picture in report.pictures] == ["a.png"]
    (unreadable,) = report.unreadable
    assert unreadable.name == "Bl?te.png"
    assert "name" in unreadable.reason
    # It can be printed and sent.
    assert unreadable.model_dump_json()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow few names")
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    name=st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=40)
)
def test_whatever_a_picture_is_called_it_is_found_once(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("odd")
    put(folder, "0.png")
    put(folder, f"x{name}.png")

    report = report_on(folder)

    assert sorted(picture.name for picture in report.pictures) == sorted(["0.png", f"x{name}.png"])
    assert usable_manifest(report).model_dump_json()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes of this kind")
def test_a_pipe_with_a_pictures_name_does_not_keep_the_scan_waiting(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    os.mkfifo(tmp_path / "pipe.png")

    assert [item.name for item in report_on(tmp_path).unreadable] == ["pipe.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_to_nowhere_is_told_and_a_link_in_a_circle_is_not_followed(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "circle").symlink_to(tmp_path, target_is_directory=True)

    report = report_on(tmp_path)

    assert [picture.name for picture in report.pictures] == ["a.png"]
    assert [item.name for item in report.unreadable] == ["gone.png"]


# What is said about them


def test_unreadable_files_are_listed_with_the_reason_and_the_rest_is_used(tmp_path: Path) -> None:
    put(tmp_path, "1.png")
    whole = put(tmp_path, "2.png", flower(1))
    (tmp_path / "text.png").write_text("tulips, poppies")
    (tmp_path / "torn.png").write_bytes(whole.read_bytes()[:-500])
    (tmp_path / "empty.jpg").touch()

    report = report_on(tmp_path)

    assert [picture.name for picture in report.pictures] == ["1.png", "2.png"]
    assert [item.name for item in report.unreadable] == ["empty.jpg", "text.png", "torn.png"]
    assert all(item.reason.startswith("It is ") for item in report.unreadable)
    assert any("3 will be left out" in advice.reason for advice in report.advice)


def test_a_file_that_may_not_be_read_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a.png")
    put(tmp_path, "locked.png", flower(1))
    open_file = Path.open

    def guarded(path: Path, *arguments: object) -> object:
        if path.name == "locked.png":
            raise PermissionError(13, "Permission denied")
        return open_file(path, *arguments)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", guarded)

    (unreadable,) = report_on(tmp_path).unreadable
    assert (unreadable.name, unreadable.reason) == (
        "locked.png", "It may not be read (permission denied).",
    )  # fmt: skip


def test_the_same_picture_saved_again_or_resized_is_a_duplicate(tmp_path: Path) -> None:
    put(tmp_path, "1.png", flower(0))
    put(tmp_path, "2.jpg", flower(0), quality=85)
    put(tmp_path, "3.png", flower(0).resize((64, 64), Image.Resampling.LANCZOS))
    put(tmp_path, "4.png", flower(0))

    report = report_on(tmp_path)

    assert [picture.duplicate_of for picture in report.pictures] == [None] + ["1.png"] * 3
    assert names_with(Remark.DUPLICATE, tmp_path) == ["2.jpg", "3.png", "4.png"]
    assert any("3 look like another one" in advice.reason for advice in report.advice)


def test_pictures_of_the_same_kind_are_no_duplicates(tmp_path: Path) -> None:
    for index in range(12):
        put(tmp_path, f"{index:02}.png", flower(index))
    put(tmp_path, "mirrored.png", flower(0).transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    brush = flower(1)
    brush.paste((255, 255, 255), (0, 0, 24, 24))
    put(tmp_path, "signed.png", brush)

    assert names_with(Remark.DUPLICATE, tmp_path) == []


def test_duplicates_do_not_depend_on_the_number_of_threads(tmp_path: Path) -> None:
    for index in range(6):
        put(tmp_path, f"{index}.png", flower(index % 3))

    alone = drain(scan_folder(tmp_path, workers=1))
    many = drain(scan_folder(tmp_path, workers=4))

    assert alone == many


def test_of_pictures_that_look_the_same_the_largest_is_the_original(tmp_path: Path) -> None:
    large = flower(0, size=192)
    put(tmp_path, "0.png", large.resize((96, 96), Image.Resampling.LANCZOS))
    put(tmp_path, "1.png", large)
    put(tmp_path, "2.png", large.resize((160, 160), Image.Resampling.LANCZOS))

    report = report_on(tmp_path)

    assert [picture.name for picture in report.pictures] == ["0.png", "1.png", "2.png"]
    assert [picture.duplicate_of for picture in report.pictures] == ["1.png", None, "1.png"]


def cut_outs(folder: Path) -> None:
    for index in range(10):
        layer = Image.new("RGBA", (128, 128), (0, 0, 0, 0))
        box = (5 * index, 40, 60 + 5 * index, 60 + 6 * index)
        ImageDraw.Draw(layer).rectangle(box, fill="white")
        put(folder, f"{index}.png", layer)


def night_skies(folder: Path, lights: int = 150) -> None:
    generator = np.random.default_rng(3)
    for index in range(10):
        sky = np.full((512, 512, 3), 8, np.uint8)
        sky[tuple(generator.integers(0, 512, (2, lights)))] = 255
        put(folder, f"{index}.png", Image.fromarray(sky))


def few_stars(folder: Path) -> None:
    night_skies(folder, lights=15)


def drawings(folder: Path) -> None:
    generator = np.random.default_rng(4)
    for index in range(10):
        paper = Image.new("RGB", (256, 256), "white")
        draw = ImageDraw.Draw(paper)
        draw.line([tuple(map(int, at)) for at in generator.integers(0, 256, (4, 2))], fill="silver")
        put(folder, f"{index}.png", paper)


def weaves(folder: Path) -> None:
    generator = np.random.default_rng(5)
    for index in range(10):
        grain = generator.normal(128, 40, (256, 256, 1)).clip(0, 255).repeat(3, axis=2)
        put(folder, f"{index}.png", Image.fromarray(grain.astype(np.uint8)))


@pytest.mark.parametrize("paint", [cut_outs, night_skies, few_stars, drawings, weaves])
def test_pictures_that_only_have_much_in_common_are_neither_the_same_nor_blurred(
    tmp_path: Path, paint: Callable[[Path], None]
) -> None:
    paint(tmp_path)

    assert names_with(Remark.DUPLICATE, tmp_path) == []
    assert names_with(Remark.BLURRED, tmp_path) == []


@pytest.mark.parametrize("paint", [cut_outs, night_skies, drawings, weaves])
def test_copies_of_such_pictures_are_found(tmp_path: Path, paint: Callable[[Path], None]) -> None:
    paint(tmp_path)
    for path in list(tmp_path.iterdir())[:5]:
        with Image.open(path) as image:
            image.save(tmp_path / f"copy of {path.stem}.webp", quality=90)

    assert len(names_with(Remark.DUPLICATE, tmp_path)) == 5


def test_a_picture_out_of_focus_is_told_from_a_sharp_and_from_a_soft_one(tmp_path: Path) -> None:
    put(tmp_path, "sharp.png", flower(0))
    put(tmp_path, "soft.png", flower(0).filter(ImageFilter.GaussianBlur(0.5)))
    put(tmp_path, "out of focus.png", flower(0).filter(ImageFilter.GaussianBlur(6)))
    put(tmp_path, "too small to tell.png", Image.new("RGB", (40, 40), "teal"))

    assert names_with(Remark.BLURRED, tmp_path) == ["out of focus.png"]


def test_tiny_and_oddly_shaped_pictures_are_told(tmp_path: Path) -> None:
    put(tmp_path, "31.png", flower(0, size=64).resize((64, 31)))
    put(tmp_path, "32.png", flower(1, size=64).resize((60, 32)))
    put(tmp_path, "panorama.png", flower(2).resize((192, 96)))
    put(tmp_path, "tower.png", flower(3).resize((40, 90)))

    assert names_with(Remark.TINY, tmp_path) == ["31.png"]
    assert names_with(Remark.ODD_ASPECT, tmp_path) == ["31.png", "panorama.png", "tower.png"]


def test_a_turned_photo_is_measured_as_it_stands(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    put(tmp_path, "a.jpg", flower(0).resize((90, 60)), exif=exif)

    (picture,) = report_on(tmp_path).pictures

    assert (picture.width, picture.height) == (60, 90)


def test_see_through_and_moving_pictures_are_told(tmp_path: Path) -> None:
    layer = flower(0).convert("RGBA")
    layer.putalpha(128)
    put(tmp_path, "glass.png", layer)
    layer.putalpha(255)
    put(tmp_path, "opaque.png", layer)
    put(tmp_path, "film.gif", flower(1), save_all=True, append_images=[flower(2), flower(3)])

    assert names_with(Remark.TRANSPARENT, tmp_path) == ["glass.png"]
    assert names_with(Remark.ANIMATED, tmp_path) == ["film.gif"]


def test_a_set_that_is_mostly_cut_out_is_told(tmp_path: Path) -> None:
    layer = flower(0, size=32).convert("RGBA")
    put(tmp_path, "0.png", layer)
    layer.putalpha(0)
    put(tmp_path, "1.png", layer)
    told = [advice.topic for advice in report_on(tmp_path).advice]
    assert Remark.TRANSPARENT.value not in told, "half is not most"

    put(tmp_path, "2.png", layer.rotate(90))
    (advice,) = [it for it in report_on(tmp_path).advice if it.topic == Remark.TRANSPARENT.value]
    assert "cut out" in advice.title


def test_folders_that_can_be_told_apart_are_told_by_name(tmp_path: Path) -> None:
    for index in range(40):
        picture = flower(index, size=32)
        for kind in ("b", "a", "c & c", "d", "e"):
            put(tmp_path, f"{kind}/{index}.png", picture)
    told = {advice.title: advice.reason for advice in report_on(tmp_path).advice}
    assert told["5 folders can be told apart"].endswith("a, b, c & c, d …")
    (tmp_path / "a" / "0.png").unlink()
    (tmp_path / "b" / "0.png").unlink()
    assert "5 folders can be told apart" not in {it.title for it in report_on(tmp_path).advice}


@pytest.mark.parametrize(("side", "suggested"), [(20, 32), (40, 32), (64, 64), (300, 64)])
def test_the_size_to_begin_with_suits_the_pictures(
    tmp_path: Path, side: int, suggested: int
) -> None:
    for index in range(4):
        put(tmp_path, f"{index}.png", flower(index).resize((side, side)))

    report = report_on(tmp_path)

    assert report.suggested_size == suggested
    assert report.advice[0].title == f"Begin with {suggested} px"


def test_advice_on_too_few_pictures_goes_when_there_are_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(4):
        put(tmp_path, f"{index}.png", flower(index))
    assert any("With 4 a model" in it.reason for it in report_on(tmp_path).advice)
    monkeypatch.setattr(advice, "_FEW_EXAMPLES", 4)

    assert [it.title for it in report_on(tmp_path).advice] == ["Begin with 64 px"]


# What cannot be scanned


@pytest.mark.parametrize(
    ("make", "title"),
    [
        (lambda _: None, "There is no folder"),
        (lambda path: path.touch(), "is a file"),
        (lambda path: path.mkdir(), "There are no pictures in"),
        (lambda path: put(path, ".hidden.png"), "There are no pictures in"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_with_a_hint(
    tmp_path: Path, make: Callable[[Path], object], title: str
) -> None:
    make(tmp_path / "meadow")

    with pytest.raises(DatasetError, match=title) as caught:
        report_on(tmp_path / "meadow")
    assert "meadow" in caught.value.title
    assert caught.value.hint


def test_a_folder_of_other_files_is_refused_with_the_kinds_that_can_be_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "notes.txt").write_text("tulips")
    (tmp_path / "png").write_text("a file whose name only looks like it")
    (tmp_path / "photo.raw").write_bytes(b"raw")

    with pytest.raises(DatasetError) as caught:
        report_on(tmp_path)
    assert caught.value.message == "It holds 3 other files."
    assert "JPG" in caught.value.hint
    assert "PNG" in caught.value.hint


def test_a_locked_folder_is_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", locked)

    with pytest.raises(DatasetError, match="cannot be read") as caught:
        report_on(tmp_path)
    assert "permissions" in caught.value.hint


# What a run learns from


def test_excluded_pictures_are_left_out_of_what_a_run_learns_from(tmp_path: Path) -> None:
    for index in range(4):
        put(tmp_path, f"{index}.png", flower(index))
    report = report_on(tmp_path)

    manifest = usable_manifest(report, excluded=["3.png", "1.png"])

    assert manifest.folder == tmp_path
    assert manifest.pictures == tuple(
        (picture.name, picture.content_hash) for picture in report.pictures[::2]
    )
    assert manifest.excluded == ("1.png", "3.png")


def test_fewer_than_two_pictures_are_refused_and_it_is_said_where_the_others_went(
    tmp_path: Path,
) -> None:
    put(tmp_path, "1.png", flower(0))
    put(tmp_path, "2.png", flower(1))
    (tmp_path / "text.png").write_text("tulips")
    report = report_on(tmp_path)

    assert len(usable_manifest(report).pictures) == 2
    with pytest.raises(DatasetError, match="At least two pictures are needed") as caught:
        usable_manifest(report, excluded=["2.png"])
    assert "1 of the files" in caught.value.message
    assert "1 could not be read: text.png." in caught.value.hint
    assert "1 is excluded." in caught.value.hint


def test_a_folder_where_nothing_can_be_read_still_has_a_report(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("tulips")

    report = report_on(tmp_path)

    assert (len(report.pictures), len(report.unreadable), report.suggested_size) == (0, 1, 32)


# What is passed over


def test_files_of_other_kinds_are_counted_and_named(tmp_path: Path) -> None:
    for index in range(3):
        put(tmp_path, f"{index}.png", flower(index))
    for index in range(20):
        (tmp_path / f"IMG_{index}.HEIC").touch()
    others = "a.jxl b.heif c.dng in/d.nef in/e.cr2 f.svg g.psb h.kra i.clip j.xcf drawing"
    for name in others.split():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store", "._0.png"):
        (tmp_path / name).touch()

    report = report_on(tmp_path)

    kinds = ["JXL", "HEIF", "DNG", "NEF", "CR2", "SVG", "PSB", "KRA", "CLIP", "XCF", "no ending"]
    assert report.passed_over == {"HEIC": 20, **dict.fromkeys(kinds, 1)}
    (advice,) = [it for it in report.advice if "passed over" in it.title]
    assert advice.title == "20 HEIC and 11 other files are passed over"
    assert "20 HEIC, 1 CLIP, 1 CR2" in advice.reason


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (["a.heic"], "1 HEIC file is passed over"),
        (["a.heic", "b.HEIC"], "2 HEIC files are passed over"),
        (["a.heic", "b.HEIC", "c.jxl"], "2 HEIC and 1 other file are passed over"),
        (["drawing"], "1 file with no ending is passed over"),
    ],
)
def test_what_is_passed_over_is_told_in_one_line(
    tmp_path: Path, names: list[str], title: str
) -> None:
    put(tmp_path, "0.png")
    for name in names:
        (tmp_path / name).touch()

    assert title in [advice.title for advice in report_on(tmp_path).advice]


def test_kinds_that_can_be_read_by_now_are(tmp_path: Path) -> None:
    put(tmp_path, "a.pbm", Image.new("1", (64, 64), 1))
    put(tmp_path, "b.mpo", flower(0), save_all=True, append_images=[flower(1)])
    for name in ("c.j2k", "d.j2c", "e.jpf"):
        put(tmp_path, name, flower(2))
    put(tmp_path, "f.pfm", Image.new("F", (64, 64), 0.5))

    report = report_on(tmp_path)

    assert [item.name for item in report.unreadable] == []
    assert len(report.pictures) == 6
    assert report.passed_over == {}


# Entries that may not be examined


def test_a_file_that_may_not_be_examined_ends_no_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(3):
        put(tmp_path, f"{index}.png", flower(index))
    put(tmp_path, "inner/0.png", flower(3))
    real = os.stat

    def guarded(path: Any, *arguments: Any, **how: Any) -> os.stat_result:
        if str(path).endswith("inner/0.png"):
            raise PermissionError(errno.EACCES, "Permission denied")
        if str(path).endswith("2.png"):
            raise OSError(errno.EIO, "Input/output error")
        return real(path, *arguments, **how)

    monkeypatch.setattr(os, "stat", guarded)
    report = report_on(tmp_path)

    assert [picture.name for picture in report.pictures] == ["0.png", "1.png"]
    assert {item.name: item.reason for item in report.unreadable} == {
        "2.png": "It cannot be read: Input/output error.",
        "inner/0.png": "It may not be read (permission denied).",
    }


def test_a_folder_inside_that_cannot_be_looked_into_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "0.png", flower(0))
    put(tmp_path, "1.png", flower(1))
    put(tmp_path, "inner/0.png", flower(2))
    real = os.scandir

    def guarded(path: Any) -> Any:
        if str(path).endswith("inner"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", guarded)
    report = report_on(tmp_path)

    assert len(report.pictures) == 2
    (folder,) = report.unreadable
    assert (folder.name, folder.reason) == (
        "inner/", "The folder may not be read (permission denied).",
    )  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has other rights")
@pytest.mark.parametrize("rights", [0o600, 0o000, 0o200])
def test_folders_without_rights_end_no_scan(tmp_path: Path, rights: int) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    put(tmp_path, "0.png", flower(0))
    put(tmp_path, "inner/0.png", flower(2))
    (tmp_path / "inner").chmod(rights)
    try:
        report = report_on(tmp_path)
    finally:
        (tmp_path / "inner").chmod(0o700)

    assert [picture.name for picture in report.pictures] == ["0.png"]
    assert len(report.unreadable) == 1


# Leaving things as they are


def test_a_scan_that_is_given_up_leaves_no_thread(tmp_path: Path) -> None:
    for index in range(8):
        put(tmp_path, f"{index}.png", flower(index))
    before = set(threading.enumerate())
    scanning = scan_folder(tmp_path, workers=2)
    next(scanning)
    assert set(threading.enumerate()) - before

    scanning.close()  # type: ignore[attr-defined]  # a generator

    assert set(threading.enumerate()) == before


def test_a_scan_that_is_given_up_looks_at_no_more_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(60):
        put(tmp_path, f"{index}.png", Image.new("RGB", (8, 8)))
    looked_at: list[str] = []
    real = scan._look_at

    def slowly(folder: Path, name: str) -> object:
        looked_at.append(name)
        if len(looked_at) > 1:
            time.sleep(0.1)
        return real(folder, name)

    monkeypatch.setattr(scan, "_look_at", slowly)
    scanning = scan_folder(tmp_path, workers=2)
    next(scanning)
    scanning.close()  # type: ignore[attr-defined]  # a generator

    assert len(looked_at) < 60


def test_a_persons_files_are_only_read(tmp_path: Path) -> None:
    for index in range(3):
        put(tmp_path, f"in/{index}.jpg", flower(index))
    (tmp_path / "text.png").write_text("tulips")
    (tmp_path / "notes.txt").write_text("poppies")

    def state() -> dict[str, tuple[int, int, str]]:
        return {
            path.relative_to(tmp_path).as_posix(): (
                path.stat().st_mtime_ns,
                path.stat().st_mode,
                hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            )
            for path in [tmp_path, *tmp_path.rglob("*")]
        }

    before = state()
    report_on(tmp_path)

    assert state() == before


def test_the_pictures_of_an_animation_are_not_counted(tmp_path: Path) -> None:
    frame = b"\x2c" + bytes(4) + b"\1\0\1\0\0\2\2\x4c\1\0"
    head = b"GIF89a\x09\0\x09\0\x80\0\0" + bytes(6)
    (tmp_path / "a.gif").write_bytes(head + frame * 500_000 + b";")

    began_s = time.process_time()  # Takes minutes where it goes wrong.
    assert names_with(Remark.ANIMATED, tmp_path) == ["a.gif"]
    assert time.process_time() - began_s < 20


def test_grey_is_told_from_colour_whatever_it_is_saved_as(tmp_path: Path) -> None:
    grain = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    grey = Image.fromarray(grain)
    grey.save(tmp_path / "grey.png")
    grey.convert("RGB").save(tmp_path / "rgb.png")
    grey.convert("RGB").save(tmp_path / "rgb.jpg", quality=60)
    sepia = np.stack([grain, grain * 0.8, grain * 0.6], -1).astype(np.uint8)
    Image.fromarray(sepia).save(tmp_path / "sepia.png")
    assert names_with(Remark.GREY, tmp_path) == ["grey.png", "rgb.jpg", "rgb.png"]
    assert "All pictures are grey" not in {it.title for it in report_on(tmp_path).advice}
    (tmp_path / "sepia.png").unlink()
    assert "All pictures are grey" in {it.title for it in report_on(tmp_path).advice}


# Pictures of many greys


def many_greys(low: int, high: int, seed: int = 0) -> Image.Image:
    levels = np.random.default_rng(seed).uniform(low, high, (64, 64))
    return Image.fromarray(levels.astype(np.uint16))


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_many_greys_in_a_small_range_are_told_with_the_way_out(tmp_path: Path, ending: str) -> None:
    for number in range(3):
        put(tmp_path, f"{number}.{ending}", many_greys(300, 2600, number))
    report = report_on(tmp_path)

    (told,) = [it for it in report.advice if it.topic == GREYS]
    assert told.title == "3 pictures of many greys are faint"
    assert "65,535" in told.reason
    assert "Import scans" in told.reason
    low, high, white = report.pictures[0].greys or (0.0, 0.0, 0.0)
    assert 300 <= low < 330
    assert 2570 < high <= 2600
    assert white == 65535
    assert not report.with_remark(Remark.BLURRED), "what is hardly seen is not called blurred"


def test_many_greys_that_go_from_black_to_white_need_nothing(tmp_path: Path) -> None:
    put(tmp_path, "wide.png", many_greys(0, 65000))
    put(tmp_path, "eight bits.png", flower().convert("L"))
    report = report_on(tmp_path)

    (told,) = [it for it in report.advice if it.topic == GREYS]
    assert told.title == "1 picture has more than 256 greys"
    assert not any(picture.is_faint for picture in report.pictures)
    assert [picture.greys is None for picture in report.pictures] == [True, False]


def test_fractions_are_told_as_fractions(tmp_path: Path) -> None:
    levels = np.linspace(0.4, 0.5, 64 * 64, dtype=np.float32).reshape(64, 64)
    put(tmp_path, "faint.tif", Image.fromarray(levels))

    (told,) = [it for it in report_on(tmp_path).advice if it.topic == GREYS]
    assert "0.400" in told.reason or "0.401" in told.reason


def test_of_files_that_all_cannot_be_read_no_size_is_advised(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"")
    report = report_on(tmp_path)
    assert not report.pictures
    assert [it.topic for it in report.advice] == ["unreadable"]
    assert "Nothing is left" in report.advice[0].reason


def test_a_folder_that_goes_while_it_is_looked_through_is_told_and_not_its_files(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "drive"
    folder.mkdir()
    for number in range(60):
        put(folder, f"{number:02}.png", flower(number, 32))
    scanning = scan_folder(folder, workers=1)
    next(scanning)
    folder.rename(tmp_path / "unplugged")
    with pytest.raises(DatasetError, match="There is no folder"):
        drain(scanning)


def test_a_file_that_goes_while_its_folder_is_looked_through_is_listed(tmp_path: Path) -> None:
    for number in range(60):
        put(tmp_path, f"{number:02}.png", flower(number, 32))
    scanning = scan_folder(tmp_path, workers=1)
    next(scanning)
    (tmp_path / "59.png").unlink()
    report = drain(scanning)
    (gone,) = report.unreadable
    assert gone.name == "59.png"
    assert "moved or deleted" in gone.reason
