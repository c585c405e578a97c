"""Looks through a folder of pictures and says in plain words what is in it; reads only."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image, ImageChops

from genstudio.data.advice import advise, suggest_size
from genstudio.data.captions import read_captions
from genstudio.data.decode import (
    DECODING_VERSION,
    UnreadablePictureError,
    content_hash_of,
    greys_of,
    has_transparency,
    is_animated,
    opened,
    shrink_factor,
    to_opacity,
    to_rgb,
    upright_size,
    why_inaccessible,
)
from genstudio.data.likeness import Likeness, is_blurred, likeness_of, with_duplicates
from genstudio.data.listing import list_pictures, refuse_no_folder, shown_name
from genstudio.data.threads import map_in_threads
from genstudio.domain.datasets import (
    LOOKING,
    Manifest,
    PictureInfo,
    Remark,
    ScanReport,
    UnreadablePicture,
)
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr, trn
from genstudio.domain.progress import Progress, Working

_TINY_SIDE = 32
_ODD_ASPECT = 2.0
_LOOKED_AT_SIDE = 256
# Levels that red, green and blue may differ by in a grey picture: what JPEG adds. Sepia is more.
_GREY_SPREAD = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """A picture with what it looks like."""

    info: PictureInfo
    likeness: Likeness


def scan_folder(
    folder: Path, *, within: Sequence[str] = (), workers: int | None = None
) -> Working[ScanReport]:
    """Look at every picture in a folder and the folders inside it.

    Args:
        folder: The user's folder; nothing in it is changed.
        within: Folders inside it that alone are looked into; by default all.
        workers: Threads; by default one for each processor.

    Yields:
        Progress; its items are the pictures that can be used, as they are looked at.

    Returns:
        What was found.

    Raises:
        DatasetError: The folder is missing, cannot be read, or holds no pictures.
    """
    # It is written down, and looked for from elsewhere.
    folder = folder.absolute()
    listing = list_pictures(folder, within)
    names = listing.names
    looked: list[_Looked] = []
    unreadable = listing.unreadable
    results = map_in_threads(lambda name: _look_at(folder, name), names, workers=workers)
    for done, result in enumerate(results, start=1):
        found = None
        if isinstance(result, _Looked):
            looked.append(result)
            found = result.info
        else:
            unreadable.append(result)
        yield Progress(tr(LOOKING), done, len(names), found)
    if unreadable:
        refuse_no_folder(folder)  # Its drive may have gone meanwhile: that is no fault of files.
    likenesses = [it.likeness for it in looked]
    pictures = yield from with_duplicates([it.info for it in looked], likenesses)
    captions = read_captions(folder, [picture.name for picture in pictures], listing.texts)
    passed_over = listing.passed_over - captions.files
    return ScanReport(
        folder=folder,
        pictures=tuple(pictures),
        unreadable=tuple(unreadable),
        passed_over=dict(passed_over.most_common()),
        advice=advise(pictures, unreadable, passed_over, len(pictures), has_classes=True),
        suggested_size=suggest_size(pictures),
        captions=captions.report,
        within=tuple(within),
    )


def usable_manifest(report: ScanReport, excluded: Iterable[str] = ()) -> Manifest:
    """Freeze which pictures a run learns from.

    Raises:
        DatasetError: Fewer than two are left.
    """
    out = set(excluded)
    kept = tuple((p.name, p.content_hash) for p in report.pictures if p.name not in out)
    if len(kept) < 2:
        hint = tr("Choose a folder with more of them; some hundreds make a good start.")
        if report.unreadable:
            hint += tr(
                " {num_unreadable} could not be read: {name}.",
                num_unreadable=len(report.unreadable),
                name=report.unreadable[0].name,
            )
        if out:
            hint += trn(" {number} is excluded.", " {number} are excluded.", len(out))
        raise DatasetError(
            tr("At least two examples are needed")
            if report.material
            else tr("At least two pictures are needed"),
            tr(
                "{num_kept} of the files in {folder} can be used.",
                num_kept=len(kept),
                folder=report.folder,
            ),
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
    return list_pictures(folder).names


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
            greys = greys_of(image)
            rgb = to_rgb(image, factor=factor, resize=_at_looked_at_size)
            opacity = None
            if has_transparency(image):
                opacity = to_opacity(image, factor=factor)
                # Many programs save an opacity that is full everywhere.
                opacity = None if opacity.getextrema() == (255, 255) else opacity
    except UnreadablePictureError as error:
        # A name that is no text could be neither shown nor written down.
        return UnreadablePicture(name=shown_name(name), reason=str(error))
    if _is_grey(rgb):
        remarks.add(Remark.GREY)
    layers = [rgb.convert("L")]
    if opacity is not None:
        remarks.add(Remark.TRANSPARENT)
        opacity = _at_looked_at_size(opacity)
        layers.append(opacity)
    info = PictureInfo(name=name, width=width, height=height, content_hash=digest, greys=greys)
    # What is cut out of a plain colour is as sharp as its edge; what is faint has no edges to see.
    if not info.is_faint and all(is_blurred(np.asarray(layer)) for layer in layers):
        remarks.add(Remark.BLURRED)
    info = info.model_copy(update={"remarks": frozenset(remarks)})
    return _Looked(info=info, likeness=likeness_of(rgb, opacity))


def _at_looked_at_size(image: Image.Image) -> Image.Image:
    image.thumbnail((_LOOKED_AT_SIDE, _LOOKED_AT_SIDE), reducing_gap=2.0)
    return image


def _is_grey(rgb: Image.Image) -> bool:
    red, green, blue = rgb.split()
    pairs = (red, green), (green, blue), (blue, red)
    spreads = [ImageChops.difference(*pair).getextrema() for pair in pairs]
    return all(most <= _GREY_SPREAD for _, most in cast("list[tuple[int, int]]", spreads))


def _refuse_strange(path: Path, name: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise UnreadablePictureError(
            tr("Its name is not text that can be read: give it another one.")
        )
    try:
        is_ordinary = path.is_file() or not path.exists()
    except OSError as error:
        raise UnreadablePictureError(why_inaccessible(error)) from error
    # Reading a pipe would wait for ever.
    if not is_ordinary:
        raise UnreadablePictureError(tr("It is not an ordinary file."))


def _content_hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return content_hash_of(file)
    except OSError as error:
        raise UnreadablePictureError(why_inaccessible(error)) from error


def _remarks_on_shape(width: int, height: int) -> Iterator[Remark]:
    if min(width, height) < _TINY_SIDE:
        yield Remark.TINY
    if max(width, height) >= _ODD_ASPECT * min(width, height):
        yield Remark.ODD_ASPECT
