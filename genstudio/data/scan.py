"""Looks through a folder of pictures and says in plain words what is in it; reads only."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from genstudio.data.decode import (
    DECODING_VERSION,
    SUFFIXES,
    UnreadablePictureError,
    has_transparency,
    is_animated,
    opened,
    shrink_factor,
    to_opacity,
    to_rgb,
    upright_size,
)
from genstudio.data.kinds import are_worth_telling_apart, kinds_of
from genstudio.data.threads import map_in_threads
from genstudio.domain.datasets import (
    Advice,
    Manifest,
    PictureInfo,
    Remark,
    ScanProgress,
    ScanReport,
    UnreadablePicture,
    are_mostly_cut_out,
)
from genstudio.domain.errors import DatasetError
from genstudio.domain.training import SIZES

_TINY_SIDE = 32
_ODD_ASPECT = 2.0
_LOOKED_AT_SIDE = 256
# Even a soft painting has some edge steeper than this; a picture out of focus has none.
_SHARP_EDGE = 6.0
_FINGERPRINT_SIDE = 16
# Pictures look the same when their fingerprints differ by at most so many grey levels, on
# average and at every point: what saving again or resizing leaves.
_SAME_ON_AVERAGE = 1.5
_SAME_ANYWHERE = 20
_SKIPPED_FOLDERS = frozenset({"__MACOSX"})
# A first run is quick at this size, and shows whether a larger one is worth the time.
_LARGEST_SUGGESTED = 64
_FEW_PICTURES = 100
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """A picture with what it looks like: RGB uint8 of 16 × 16."""

    info: PictureInfo
    fingerprint: np.ndarray


def scan_folder(folder: Path, *, workers: int | None = None) -> Iterator[ScanProgress | ScanReport]:
    """Look at every picture in a folder and the folders inside it.

    Args:
        folder: The user's folder; nothing in it is changed.
        workers: Threads; by default one for each processor.

    Yields:
        Progress, and the report as the last item.

    Raises:
        DatasetError: The folder is missing, cannot be read, or holds no pictures.
    """
    # It is written down, and looked for from elsewhere.
    folder = folder.absolute()
    names = picture_names(folder)
    looked: list[_Looked] = []
    unreadable: list[UnreadablePicture] = []
    results = map_in_threads(lambda name: _look_at(folder, name), names, workers=workers)
    for done, result in enumerate(results, start=1):
        found = None
        if isinstance(result, _Looked):
            looked.append(result)
            found = result.info
        else:
            unreadable.append(result)
        yield ScanProgress(done=done, total=len(names), found=found)
    pictures = _with_duplicates(looked)
    yield ScanReport(
        folder=folder,
        pictures=tuple(pictures),
        unreadable=tuple(unreadable),
        advice=tuple(_advice(pictures, unreadable)),
        suggested_size=_suggested_size(pictures),
    )


def usable_manifest(report: ScanReport, excluded: Iterable[str] = ()) -> Manifest:
    """Freeze which pictures a run learns from.

    Raises:
        DatasetError: Fewer than two are left.
    """
    out = set(excluded)
    kept = tuple((p.name, p.content_hash) for p in report.pictures if p.name not in out)
    if len(kept) < 2:
        hint = "Choose a folder with more of them; some hundreds make a good start."
        if report.unreadable:
            hint += f" {len(report.unreadable)} could not be read: {report.unreadable[0].name}."
        if out:
            hint += f" {len(out)} are excluded."
        raise DatasetError(
            "At least two pictures are needed",
            f"{len(kept)} of the files in {report.folder} can be used.",
            hint,
        )
    return Manifest(
        folder=report.folder,
        pictures=kept,
        excluded=tuple(sorted(out)),
        decoding=DECODING_VERSION,
    )


def duplicates(report: ScanReport) -> dict[str, str]:
    """Name => name of the first picture that looks the same, for those that are not the first."""
    return {p.name: p.duplicate_of for p in report.pictures if p.duplicate_of is not None}


def picture_names(folder: Path) -> list[str]:
    """Paths of the pictures in a folder and the folders inside it, relative to it, in order.

    Raises:
        DatasetError: The folder is missing, cannot be read, or holds no pictures.
    """
    if not folder.exists():
        raise DatasetError(
            f"There is no folder {folder}", "", "Check the spelling, or whether a drive is missing."
        )
    if not folder.is_dir():
        raise DatasetError(f"{folder} is a file", "", "Choose the folder that the pictures are in.")
    names: list[str] = []
    others = 0
    try:
        os.listdir(folder)  # noqa: PTH208  # os.walk would pass over a locked folder in silence
        for root, folders, files in os.walk(folder):
            folders[:] = [
                name for name in folders if name[0] != "." and name not in _SKIPPED_FOLDERS
            ]
            inside = Path(root).relative_to(folder).as_posix()
            prefix = "" if inside == "." else f"{inside}/"
            found = [prefix + name for name in files if _may_be_picture(name)]
            names += found
            others += len(files) - len(found)
    except OSError as error:
        raise DatasetError(
            f"The folder {folder} cannot be read", f"{error.strerror}.", "Check its permissions."
        ) from error
    if not names:
        what = f"It holds {others} other files." if others else "It is empty."
        kinds = ", ".join(sorted(suffix[1:].upper() for suffix in SUFFIXES))
        raise DatasetError(
            f"There are no pictures in {folder}", what, f"Kinds that can be read: {kinds}."
        )
    return sorted(names)


def _may_be_picture(name: str) -> bool:
    # A Path for each of very many files would take longer than finding them.
    _, dot, suffix = name.rpartition(".")
    return name[0] != "." and dot + suffix.lower() in SUFFIXES


def _look_at(folder: Path, name: str) -> _Looked | UnreadablePicture:
    path = folder / name
    try:
        _refuse_strange(path, name)
        digest = _content_hash(path)
        with opened(path) as image:
            width, height = upright_size(image)
            remarks = set(_remarks_on_shape(width, height))
            if is_animated(image):
                remarks.add(Remark.ANIMATED)
            image.draft("RGB", (_LOOKED_AT_SIDE, _LOOKED_AT_SIDE))
            factor = shrink_factor(image.size, _LOOKED_AT_SIDE)
            rgb = to_rgb(image, factor=factor)
            if has_transparency(image) and _is_see_through(to_opacity(image, factor=factor)):
                remarks.add(Remark.TRANSPARENT)
            rgb.thumbnail((_LOOKED_AT_SIDE, _LOOKED_AT_SIDE), reducing_gap=2.0)
            if _is_blurred(np.asarray(rgb.convert("L"))):
                remarks.add(Remark.BLURRED)
            fingerprint = np.asarray(rgb.resize((_FINGERPRINT_SIDE, _FINGERPRINT_SIDE)))
    except UnreadablePictureError as error:
        # A name that is no text could be neither shown nor written down.
        shown = name.encode("utf-8", "replace").decode("utf-8")
        return UnreadablePicture(name=shown, reason=str(error))
    info = PictureInfo(
        name=name, width=width, height=height, content_hash=digest, remarks=frozenset(remarks)
    )
    return _Looked(info=info, fingerprint=fingerprint)


def _is_see_through(opacity: Image.Image) -> bool:
    """Whether something shows through; many programs save an opacity that is full everywhere."""
    return bool(np.asarray(opacity).min() < 255)


def _refuse_strange(path: Path, name: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise UnreadablePictureError("Its name is not text that can be read: give it another one.")
    # Reading a pipe would wait for ever.
    if path.exists() and not path.is_file():
        raise UnreadablePictureError("It is not an ordinary file.")


def _content_hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        raise UnreadablePictureError(f"It cannot be read: {error.strerror}.") from error


def _remarks_on_shape(width: int, height: int) -> Iterator[Remark]:
    if min(width, height) < _TINY_SIDE:
        yield Remark.TINY
    if max(width, height) >= _ODD_ASPECT * min(width, height):
        yield Remark.ODD_ASPECT


def _is_blurred(grey_HW: np.ndarray) -> bool:
    """Whether nothing in a picture is sharp: the steepest of the second differences are flat."""
    if min(grey_HW.shape) < 2 * _TINY_SIDE:
        return False  # Too small to tell.
    grey = grey_HW.astype(np.float32)
    middle = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * middle
    return bool(np.percentile(np.abs(laplacian), 99.5) < _SHARP_EDGE)


def _with_duplicates(looked: list[_Looked]) -> list[PictureInfo]:
    """Mark each picture that looks like an earlier one.

    The mean difference of two pictures is at least the difference of their means, of the
    whole as of each quarter; comparing those first leaves few pairs to compare in full. What is
    marked already is only compared where no original fits: of thousands of frames of one scene,
    each would have thousands to be compared with.
    """
    if not looked:
        return []
    prints = np.stack([picture.fingerprint for picture in looked]).astype(np.int16)
    quarters = prints.reshape(-1, 2, 8, 2, 8, 3).mean(axis=(2, 4)).reshape(len(looked), -1)
    means = quarters.mean(axis=1)
    by_mean = np.argsort(means, kind="stable")
    low = np.searchsorted(means[by_mean], means - _SAME_ON_AVERAGE)
    high = np.searchsorted(means[by_mean], means + _SAME_ON_AVERAGE, side="right")
    originals = np.arange(len(looked))
    for index in range(len(looked)):
        near = by_mean[low[index] : high[index]]
        near = near[near < index]
        is_original = originals[near] == near
        for some in (near[is_original], near[~is_original]):
            same = _those_alike(index, some, prints, quarters)
            if same.size:
                originals[index] = originals[same.min()]
                break
    return [
        picture.info if first == index else _marked(picture.info, looked[first].info)
        for index, (picture, first) in enumerate(zip(looked, originals, strict=True))
    ]


def _those_alike(
    index: int, others: np.ndarray, prints: np.ndarray, quarters: np.ndarray
) -> np.ndarray:
    """Indices of those pictures that look like one picture."""
    difference = np.abs(quarters[others] - quarters[index]).mean(axis=1)
    others = others[difference <= _SAME_ON_AVERAGE]
    difference = np.abs(prints[others] - prints[index])
    same = (difference.mean(axis=(1, 2, 3)) <= _SAME_ON_AVERAGE) & (
        difference.max(axis=(1, 2, 3), initial=0) <= _SAME_ANYWHERE
    )
    return others[same]


def _marked(info: PictureInfo, original: PictureInfo) -> PictureInfo:
    remarks = info.remarks | {Remark.DUPLICATE}
    return info.model_copy(update={"remarks": remarks, "duplicate_of": original.name})


def _suggested_size(pictures: list[PictureInfo]) -> int:
    if not pictures:
        return SIZES[0]
    typical = float(np.percentile([min(p.width, p.height) for p in pictures], 25))
    fitting = [size for size in SIZES if size <= min(typical, _LARGEST_SUGGESTED)]
    return fitting[-1] if fitting else SIZES[0]


def _advice(pictures: list[PictureInfo], unreadable: list[UnreadablePicture]) -> Iterator[Advice]:
    size = _suggested_size(pictures)
    yield Advice(
        title=f"Begin with {size} px",
        reason="Small pictures show within minutes whether the set works; go larger after that.",
    )
    if len(pictures) < _FEW_PICTURES:
        yield Advice(
            title="More pictures would help",
            reason=f"With {len(pictures)} a model soon repeats what it was shown; from some "
            "hundred on it invents.",
        )
    kinds = kinds_of(picture.name for picture in pictures)
    if are_worth_telling_apart(kinds):
        named = ", ".join([*kinds][:_MOST_NAMED]) + (" …" if len(kinds) > _MOST_NAMED else "")
        yield Advice(
            title=f"{len(kinds)} folders can be told apart",
            reason="Each can be a kind of its own (class label), and new pictures can be asked "
            f"for by kind: {named}",
        )
    if are_mostly_cut_out(pictures):
        yield Advice(
            title="Most pictures are cut out",
            reason="Most of this set is cut out, so new pictures are, too (alpha channel). The "
            "Train page can lay all on white instead.",
            topic=Remark.TRANSPARENT.value,
        )
    duplicates = sum(picture.duplicate_of is not None for picture in pictures)
    if duplicates:
        yield Advice(
            title="Some pictures look the same" if duplicates > 1 else "Two pictures look the same",
            reason=f"{duplicates} look like an earlier one. Excluding them keeps the model from "
            "favouring what it sees twice.",
            topic=Remark.DUPLICATE.value,
        )
    if unreadable:
        yield Advice(
            title="Some files cannot be read" if len(unreadable) > 1 else "A file cannot be read",
            reason=f"{len(unreadable)} will be left out; the rest is used.",
            topic="unreadable",
        )
