"""DICOM, NIfTI and deep pictures: the numbers, the windows, and what is refused in words."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, generate_uid

from genstudio.data.scans import (
    Slice,
    UnreadableScanError,
    holds_scans,
    is_scan,
    read_slices,
    shown,
)

RAMP = np.arange(12 * 10, dtype=np.int16).reshape(12, 10) - 40


def dicom(path: Path, values: np.ndarray, change: Callable[[Any], object] = lambda _: None) -> Path:
    """A small valid file; numbers as they are stored."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = pydicom.Dataset()
    data.file_meta = meta
    data.PatientID, data.PatientName = "P-4711", "Nobody^At^All"
    data.Rows, data.Columns = values.shape[-2:]
    if values.ndim == 3:
        data.NumberOfFrames = len(values)
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, int(values.dtype.kind == "i")
    data.PixelData = values.tobytes()
    change(data)
    data.save_as(path, enforce_file_format=True)
    return path


def only(path: Path) -> Slice:
    (piece,) = read_slices(path)
    return piece


def test_signed_numbers_are_rescaled_to_their_unit(tmp_path: Path) -> None:
    def rescaled(data: Any) -> None:
        data.RescaleSlope, data.RescaleIntercept = 2, -1000

    piece = only(dicom(tmp_path / "a", RAMP, rescaled))
    np.testing.assert_array_equal(piece.values_HW, RAMP * 2.0 - 1000)
    assert piece.group == "P-4711"


def test_monochrome1_is_inverted_once(tmp_path: Path) -> None:
    def inverted(data: Any) -> None:
        data.PhotometricInterpretation = "MONOCHROME1"

    plain = shown(only(dicom(tmp_path / "a", RAMP)), (20, 120))
    turned = shown(only(dicom(tmp_path / "b", RAMP, inverted)), (20, 120))
    np.testing.assert_allclose(turned.astype(int), 255 - plain.astype(int), atol=1)


def test_the_window_is_a_persons_or_the_files_or_what_most_lies_in(tmp_path: Path) -> None:
    def windowed(data: Any) -> None:
        data.WindowCenter, data.WindowWidth = [10, 99], [40, 1]

    piece = only(dicom(tmp_path / "a", RAMP, windowed))
    assert piece.window == (10, 40)
    own = shown(piece)
    assert (own[RAMP <= -10] == 0).all()
    assert (own[RAMP >= 30] == 255).all()
    assert own[RAMP == 10] == pytest.approx(128, abs=1)
    chosen = shown(piece, (0, 20))
    assert (chosen[RAMP >= 10] == 255).all()
    free = shown(Slice(values_HW=RAMP.astype(np.float32)))
    assert free.min() == 0
    assert free.max() == 255


def test_every_frame_is_a_slice(tmp_path: Path) -> None:
    frames = np.stack([RAMP, RAMP + 5, RAMP + 9])
    found = [piece.values_HW for piece in read_slices(dicom(tmp_path / "a", frames))]
    np.testing.assert_array_equal(np.stack(found), frames)


def _without_pixels(data: Any) -> None:
    del data.PixelData


def _cut_off(data: Any) -> None:
    data.PixelData = data.PixelData[:-50]


def _compressed(data: Any) -> None:
    data.file_meta.TransferSyntaxUID = JPEG2000Lossless
    data.PixelData = pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51 no codestream at all"])
    data["PixelData"].is_undefined_length = True


@pytest.mark.parametrize(
    ("change", "words"),
    [(_without_pixels, "no pixels"), (_cut_off, "fewer pixels"), (_compressed, "compressed")],
)
def test_dicom_that_cannot_be_used_is_refused_without_a_name(
    change: Callable[[Any], object], words: str, tmp_path: Path
) -> None:
    path = dicom(tmp_path / "a", RAMP, change)
    with pytest.raises(UnreadableScanError, match=words) as caught:
        list(read_slices(path))
    told = f"{caught.value.title} {caught.value.message} {caught.value.hint}"
    assert "4711" not in told
    assert "Nobody" not in told


@pytest.mark.parametrize(
    ("axis", "count", "shape"),
    [("left-right", 4, (6, 5)), ("back-front", 5, (6, 4)), ("bottom-top", 6, (5, 4))],
)
def test_a_volume_is_cut_along_an_axis(axis: Any, count: int, shape: Any, tmp_path: Path) -> None:
    values = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "a.nii.gz")
    pieces = [piece.values_HW for piece in read_slices(tmp_path / "a.nii.gz", axis)]
    assert len(pieces) == count
    assert pieces[0].shape == shape
    assert sum(float(piece.sum()) for piece in pieces) == values.sum()


def test_a_flipped_volume_is_brought_upright(tmp_path: Path) -> None:
    values = np.arange(2 * 2 * 2, dtype=np.int16).reshape(2, 2, 2)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "a.nii")
    flipped = np.diag([-1.0, 1, 1, 1])
    nibabel.save(nibabel.Nifti1Image(values[::-1].copy(), flipped), tmp_path / "b.nii")
    one, other = (
        [it.values_HW for it in read_slices(tmp_path / name)] for name in ("a.nii", "b.nii")
    )
    np.testing.assert_array_equal(np.stack(one), np.stack(other))


@pytest.mark.parametrize("kind", ["complex", "broken", "flat"])
def test_a_volume_that_cannot_be_used_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.nii"
    if kind == "broken":
        path.write_bytes(b"\0" * 400)
    else:
        values = np.zeros((4, 4, 4), np.complex64) if kind == "complex" else np.zeros((4, 4), "i2")
        nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)
    words = {"complex": "complex numbers", "broken": "not as NIfTI", "flat": "no volume"}[kind]
    with pytest.raises(UnreadableScanError, match=words):
        list(read_slices(path))


def test_deep_pictures_keep_their_numbers(tmp_path: Path) -> None:
    values = (np.arange(64, dtype=np.uint16) * 1000).reshape(8, 8)
    for name in ("a.png", "a.tif"):
        Image.fromarray(values).save(tmp_path / name)
        np.testing.assert_array_equal(only(tmp_path / name).values_HW, values)


def test_without_the_pack_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = dicom(tmp_path / "a", RAMP)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(UnreadableScanError, match="pydicom") as caught:
        list(read_slices(path))
    assert "genstudio[medical]" in caught.value.hint


def test_scans_are_known_by_what_they_hold(tmp_path: Path) -> None:
    assert is_scan(dicom(tmp_path / "IM00001", RAMP))
    (tmp_path / "notes").write_text("nothing")
    assert not is_scan(tmp_path / "notes")
    assert not is_scan(tmp_path / "missing")


def test_windows_of_names_are_those_of_the_numbers() -> None:
    piece = Slice(values_HW=RAMP.astype(np.float32), window=(10, 40))
    whole = shown(piece, preset="whole range")
    assert (whole[RAMP.min() == RAMP], whole[RAMP.max() == RAMP]) == (0, 255)
    assert shown(piece, preset="99 of 100 values")[RAMP == 10] != shown(piece)[RAMP == 10]
    tissue = shown(Slice(values_HW=np.array([[-160.0, 40.0, 240.0]], np.float32)),
                   preset="CT: soft tissue")  # fmt: skip
    assert tissue.tolist() == [[0, 128, 255]]
    # A width of a person's own counts before all of them.
    np.testing.assert_array_equal(shown(piece, (10, 40), "CT: bone"), shown(piece))


def test_slices_of_a_volume_are_shown_alike(tmp_path: Path) -> None:
    values = np.stack([np.full((4, 5), level, np.float32) for level in (0, 100, 200)], -1)
    values[0, 0, 0] = np.nan
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "a.nii")
    pieces = list(read_slices(tmp_path / "a.nii"))
    for preset in ("99 of 100 values", "whole range"):
        greys = [int(np.median(shown(piece, preset=preset))) for piece in pieces]
        assert greys == [0, 128, 255]


def test_a_folder_of_scans_is_known(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    (folder / "deep").mkdir(parents=True)
    assert not holds_scans(folder)
    dicom(folder / "deep" / "1.2.840.113619", RAMP)
    dicom(folder / "deep" / "IM0001", RAMP)
    assert holds_scans(folder)
    for number in range(3):
        Image.new("L", (8, 8)).save(folder / f"{number}.png")
    assert not holds_scans(folder), "pictures are more"
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "one.nii.gz").write_bytes(b"")
    assert holds_scans(tmp_path / "b")
