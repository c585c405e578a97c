"""Scans as a folder of pictures: what is written, and what is not."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio.data.scans import Slice, UnreadableScanError
from genstudio.domain.errors import DatasetError, ProjectError
from genstudio.domain.progress import drain
from genstudio.domain.settings import parse_settings
from genstudio.services import scans
from genstudio.services.scans import ScanOptions, import_scans


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Files that are read as scans of two patients, of whom one is broken."""
    folder = tmp_path / "Mrs Someone"
    for name in ("sick/one.nii", "sick/two.nii", "well/three.nii", "well/broken.nii"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")

    def read(path: Path, _axis: str = "") -> list[Slice]:
        if path.name == "broken.nii":
            raise UnreadableScanError("A scan cannot be read", "It holds no pixels.")
        group = "Someone" if "sick" in str(path) else "Other"
        seed = sum(path.name.encode())
        grain = np.random.default_rng(seed).normal(100, 50, (4, 8, 8)).astype(np.float32)
        return [*(Slice(values_HW=it, group=group) for it in grain), Slice(values_HW=grain[0] * 0)]

    monkeypatch.setattr(scans, "read_slices", read)
    return folder


def test_pictures_come_with_groups_and_without_names(fake: Path, tmp_path: Path) -> None:
    done = drain(import_scans([fake], tmp_path / "out", ScanOptions(every=2)))

    assert (done.pictures, done.groups) == (6, 2)
    assert done.left_out == {"It holds no pixels.": 1}
    assert "Not for diagnosis" in done.words
    files = sorted((tmp_path / "out").rglob("*"))
    for path in files:
        assert "Someone" not in path.name
        assert b"Someone" not in path.read_bytes()
    with (tmp_path / "out" / "groups.csv").open() as file:
        groups = {row["file"]: row["group"] for row in csv.DictReader(file)}
    assert sorted(groups) == sorted(it.name for it in files if it.suffix == ".png")
    assert sorted(groups.values()) == ["group-0001"] * 4 + ["group-0002"] * 2
    with Image.open(next(it for it in files if it.suffix == ".png")) as picture:
        assert picture.mode == "L"
    assert json.loads((tmp_path / "out" / "scans.json").read_text())["pictures"] == 6


def test_folders_are_classes_where_a_person_says_so(fake: Path, tmp_path: Path) -> None:
    options = ScanOptions(classes=True, groups="file")
    done = drain(import_scans([fake], tmp_path / "out", options))
    assert done.groups == 3
    assert {it.parent.name for it in (tmp_path / "out").rglob("*.png")} == {"sick", "well"}


def test_a_folder_with_something_in_it_is_left_alone(fake: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(ProjectError, match="holds something already"):
        drain(import_scans([fake], tmp_path / "out", ScanOptions()))
    assert [it.name for it in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_nothing_to_read_is_said(fake: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="There are no scans"):
        drain(import_scans([tmp_path / "nowhere"], tmp_path / "out", ScanOptions()))
    with pytest.raises(DatasetError, match="None of the scans can be used"):
        drain(import_scans([fake / "well" / "broken.nii"], tmp_path / "out", ScanOptions()))


def test_the_preview_is_the_middle_slice_in_the_window(fake: Path) -> None:
    dark = scans.preview([fake], ScanOptions(middle=1000, width=10))
    bright = scans.preview([fake], parse_settings(ScanOptions, {"middle": "-900", "width": "10"}))
    assert dark.pixels.shape == (8, 8, 3)
    assert dark.pixels.max() == 0
    assert (dark.low, dark.high) == (995, 1005)
    assert dark.least < dark.most < dark.low, "what there is, beside what is shown of it"
    assert bright.pixels.min() == 255


def test_a_table_says_what_belongs_together(fake: Path, tmp_path: Path) -> None:
    (fake / "groups.csv").write_text("file,group\nsick/one.nii,Mr Other\nwell/three.nii,Mr Other\n")
    done = drain(import_scans([fake], tmp_path / "out", ScanOptions(groups="table")))
    assert done.groups == 2, "what the table does not name is a group of its own"
    assert b"Other" not in (tmp_path / "out" / "groups.csv").read_bytes()
    (fake / "groups.csv").unlink()
    with pytest.raises(DatasetError, match=r"groups\.csv"):
        drain(import_scans([fake], tmp_path / "other", ScanOptions(groups="table")))


def test_the_preview_can_show_another_slice(fake: Path) -> None:
    first, middle = (scans.preview([fake], ScanOptions(), at).pixels for at in (0.0, 0.5))
    assert not np.array_equal(first, middle)
    # The last one is of one grey.
    assert np.ptp(scans.preview([fake], ScanOptions(), 1.0).pixels) == 0
