"""Scans: DICOM and NIfTI files, and deep TIFF and PNG, as slices of numbers in their own units.

A *window* is what of these units lies between black and white: its middle (centre) and its width.

Nothing of what such files say of a person is handed on but the group that a slice belongs to, which
whoever writes it down replaces by a number.
"""

import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from genstudio.data.decode import UnreadablePictureError, opened
from genstudio.data.formats import may_be_picture
from genstudio.domain.errors import DatasetError
from genstudio.domain.files import is_file
from genstudio.domain.language import tr
from genstudio.domain.pack_hints import how_to_get

Axis = Literal["left-right", "back-front", "bottom-top"]
AXES: Final = ("left-right", "back-front", "bottom-top")
Window = Literal[
    "as the file says",
    "99 of 100 values",
    "whole range",
    "CT: soft tissue",
    "CT: lung",
    "CT: bone",
    "CT: brain",
]
# Middle and width in Hounsfield units, as they are usual for reading computed tomography.
_OF_CT: Final = {
    "CT: soft tissue": (40.0, 400.0),
    "CT: lung": (-600.0, 1500.0),
    "CT: bone": (400.0, 1800.0),
    "CT: brain": (40.0, 80.0),
}
_NIFTI = (".nii", ".nii.gz")
_PICTURES = (".png", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg")
_DICOM_AT, _DICOM_MARK = 128, b"DICM"
_MOST_NUMBERS = 2**30
# Of very many files, so many tell what a folder holds.
_FILES_LOOKED_AT = 2000
_DICOM_ENDINGS = frozenset({"", ".dcm", ".dicom", ".dic", ".ima"})
_USUAL = (0.5, 99.5)
# Of a large volume, so many numbers tell what is usual.
_ASKED = 2**21
# What the libraries raise on files that are not what they say.
_BROKEN = (
    OSError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError, RuntimeError,
    EOFError, IndexError, OverflowError, MemoryError,
)  # fmt: skip


class UnreadableScanError(DatasetError):
    """A file cannot be used as a scan; the message says why, without what it says of a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One picture of a scan.

    Attributes:
        values_HW: float32, in the unit of the scan, such as Hounsfield units.
        window: Middle and width of what the file says should be shown; None if it says nothing.
        is_inverted: Whether high values are dark.
        group: What the file says it belongs to, such as a patient: never to be written down.
        usual: What 99 of 100 values of the whole file lie between, so that all its slices are shown
            alike; None where the file is this slice.
        extent: Least and largest value of the whole file; None as above.
    """

    values_HW: np.ndarray
    usual: tuple[float, float] | None = None
    extent: tuple[float, float] | None = None
    window: tuple[float, float] | None = None
    is_inverted: bool = False
    group: str = ""


def is_scan(path: Path) -> bool:
    """Whether a file may hold a scan, by its name and its first bytes."""
    name = path.name.lower()
    return name.endswith((*_NIFTI, *_PICTURES)) or is_dicom(path)


def holds_scans(folder: Path) -> bool:
    """Whether a folder, with those inside it, holds more DICOM and NIfTI files than pictures.

    Pictures of many greys are pictures first: whoever wants them in a window of grey says so.
    """
    scans = pictures = looked_at = 0
    for place, inside, names in os.walk(folder):
        inside[:] = sorted(it for it in inside if not it.startswith("."))
        for name in sorted(names):
            if name.startswith("."):
                continue
            looked_at += 1
            if may_be_picture(name):
                pictures += 1
            elif name.lower().endswith(_NIFTI) or _is_dicom_inside(Path(place, name)):
                scans += 1
        if looked_at >= _FILES_LOOKED_AT:
            break
    return scans > pictures


def _is_dicom_inside(path: Path) -> bool:
    # Devices write numbers with dots for names, whose end then looks like an ending.
    ending = path.suffix.lower()
    return (ending in _DICOM_ENDINGS or ending[1:].isdecimal()) and is_file(path) and is_dicom(path)


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM files do, whatever it is called."""
    try:
        with path.open("rb") as file:
            return file.read(_DICOM_AT + 4)[_DICOM_AT:] == _DICOM_MARK
    except OSError:
        return False


def read_slices(path: Path, axis: Axis = "bottom-top") -> Iterator[Slice]:
    """The slices of a scan, in order.

    Args:
        path: A DICOM file of one or more frames, a NIfTI volume, or a picture of any depth.
        axis: That a volume is cut along.

    Raises:
        UnreadableScanError: It cannot be used.
    """
    if not is_file(path):
        raise UnreadableScanError(tr("A scan cannot be read"), tr("It is no ordinary file."))
    if path.name.lower().endswith(_NIFTI):
        yield from _nifti(path, axis)
    elif is_dicom(path):
        yield from _dicom(path)
    elif path.name.lower().endswith(_PICTURES):
        yield Slice(values_HW=_picture(path))
    else:
        raise _unreadable(tr("It is neither DICOM nor NIfTI, and no picture."))


def shown(
    piece: Slice,
    window: tuple[float, float] | None = None,
    preset: Window = "as the file says",
) -> np.ndarray:
    """Grey of a slice, uint8 (height, width): what lies in a window, black to white.

    Args:
        piece: A slice.
        window: Middle and width, in the scan's unit; by default that of the preset.
        preset: Where the file says nothing of a window, "as the file says" is what 99 of 100 values
            lie in.
    """
    values_HW = piece.values_HW
    low, high = between(piece, window or _OF_CT.get(preset), preset)
    share = (values_HW - low) / max(high - low, 1e-6)
    grey = 1 - share if piece.is_inverted else share
    return np.rint(np.nan_to_num(grey).clip(0, 1) * 255).astype(np.uint8)


def between(
    piece: Slice, window: tuple[float, float] | None, preset: Window
) -> tuple[float, float]:
    """The least and the greatest value that are told apart; arguments as of :func:`shown`."""
    if window is None and preset == "as the file says":
        window = piece.window
    if window is not None:
        return window[0] - window[1] / 2, window[0] + window[1] / 2
    if preset == "whole range":
        return piece.extent or _extent(piece.values_HW)
    return piece.usual or _usual(piece.values_HW)


def _usual(values: np.ndarray) -> tuple[float, float]:
    some = values.reshape(-1)[:: max(1, values.size // _ASKED)]
    finite = some[np.isfinite(some)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, _USUAL)
    return float(low), float(high)


def _extent(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _library(load: Callable[[], Any]) -> Any:
    try:
        return load()
    except ImportError as error:
        raise UnreadableScanError(
            tr("Scans cannot be read here"),
            tr("The package {name} is not installed.", name=error.name),
            how_to_get("medical"),
        ) from error


def _dicom(path: Path) -> Iterator[Slice]:
    pydicom = _library(lambda: import_module("pydicom"))
    pixels = _library(lambda: import_module("pydicom.pixels"))
    with warnings.catch_warnings():
        # They warn of what does not keep to the standard; what cannot be used raises.
        warnings.simplefilter("ignore")
        try:
            data = pydicom.dcmread(path)
            if "PixelData" not in data and "FloatPixelData" not in data:
                raise _unreadable(tr("It holds no pixels."))
            frames = int(data.get("NumberOfFrames", 1) or 1)
            if frames * int(data.Rows) * int(data.Columns) > _MOST_NUMBERS:
                raise _unreadable(tr("It is larger than a picture may be."))
            found = np.asarray(data.pixel_array)
            is_colour = int(data.get("SamplesPerPixel", 1)) > 1
            window = _window(data)
            is_inverted = data.get("PhotometricInterpretation", "") == "MONOCHROME1"
            if not is_colour:
                found = np.asarray(pixels.apply_modality_lut(found, data))
            group = str(data.get("PatientID", "") or "")
        except UnreadableScanError:
            raise
        except _BROKEN as error:
            raise _unreadable(_why(error)) from error
    greys = found.mean(-1) if is_colour else found
    usual, extent = _usual(greys), _extent(greys)
    for grey_HW in greys.reshape(frames, *greys.shape[-2:]):
        yield Slice(
            values_HW=grey_HW.astype(np.float32),
            usual=usual,
            extent=extent,
            window=None if is_colour else window,
            is_inverted=is_inverted,
            group=group,
        )


def _why(error: Exception) -> str:
    """Why pydicom could not read it; of its message only what names no person."""
    text = str(error).lower()
    if isinstance(error, NotImplementedError) or "plugin" in text or "decompress" in text:
        return tr("Its pixels are compressed by a method that is not installed here.")
    if "length" in text or "bytes" in text or isinstance(error, EOFError):
        return tr("It holds fewer pixels than it says: the file is cut off or damaged.")
    return tr("It is not as DICOM files are ({name}).", name=type(error).__name__)


def _window(data: Any) -> tuple[float, float] | None:
    def first(value: Any) -> float | None:
        if value is None or value == "":
            return None
        values = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
        return float(values[0]) if len(values) else None

    middle, width = first(data.get("WindowCenter")), first(data.get("WindowWidth"))
    if middle is None or width is None or width <= 0:
        return None
    return middle, width


def _nifti(path: Path, axis: Axis) -> Iterator[Slice]:
    nibabel = _library(lambda: import_module("nibabel"))
    number = AXES.index(axis)
    try:
        image = nibabel.load(path)
        dtype = np.dtype(image.get_data_dtype())
        if dtype.kind not in "uif":
            what = tr("complex numbers") if dtype.kind == "c" else tr("colours or records")
            raise _unreadable(tr("It holds {what}, not one number for each place.", what=what))
        if len(image.shape) < 3 or np.prod(image.shape[:3], dtype=np.int64) > _MOST_NUMBERS:
            raise _unreadable(tr("It is no volume, or larger than one may be."))
        # Left-right, back-front and bottom-top are where they say only then.
        upright = nibabel.as_closest_canonical(image)
        volume = upright.slicer[..., 0] if upright.ndim > 3 else upright
        while volume.ndim > 3:
            volume = volume.slicer[..., 0]
        values = np.asarray(volume.dataobj, np.float32)
    except UnreadableScanError:
        raise
    except (*_BROKEN, nibabel.filebasedimages.ImageFileError) as error:
        raise _unreadable(
            tr("It is not as NIfTI files are ({name}).", name=type(error).__name__)
        ) from error
    usual, extent = _usual(values), _extent(values)
    for piece in np.moveaxis(values, number, 0):
        yield Slice(values_HW=np.ascontiguousarray(np.rot90(piece)), usual=usual, extent=extent)


def _picture(path: Path) -> np.ndarray:
    try:
        with opened(path) as image:
            values = np.asarray(image, np.float32)
    except UnreadablePictureError as error:
        raise _unreadable(str(error)) from error
    return values.mean(-1) if values.ndim == 3 else values


def _unreadable(why: str) -> UnreadableScanError:
    return UnreadableScanError(
        tr("A scan cannot be read"), why, tr("Leave it out, or export it anew.")
    )
