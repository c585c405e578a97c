"""Where new files go: never over what is there, and never among the pictures of a training set."""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

from genstudio.artifacts.catalog import ARTIFACTS, suffix_of
from genstudio.artifacts.image import identity, read_recipe, save_marked, save_picture
from genstudio.data.decode import PARSER_ERRORS
from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.errors import GenStudioError, ProjectError
from genstudio.domain.files import is_file, read_file
from genstudio.domain.language import tr
from genstudio.domain.recipes import Recipe

_LARGEST_COMPARED_BYTES = 2**30
_UNREADABLE = (*PARSER_ERRORS, Image.DecompressionBombError, MemoryError, Warning)


def refuse_pictures_folders(out: Path, folders: Iterable[Path]) -> None:
    """Keep new files out of the folders that runs learned from.

    Raises:
        ProjectError: ``out`` is one of these folders, or lies in one.
    """
    for folder in folders:
        if _lies_in(out, folder):
            raise ProjectError(
                tr("Nothing is written into the pictures that a run learned from"),
                tr(
                    "{out} belongs to {folder}, and GenStudio changes nothing in there.",
                    out=out,
                    folder=folder,
                ),
                tr("Choose another folder, such as a new one beside it."),
            )


def free_place(path: Path, is_ours: Callable[[Path], bool] = lambda _: False) -> Path:
    """The path itself, or a numbered one beside it, where nothing else is overwritten.

    Args:
        path: Where a file would best be written to.
        is_ours: Whether an existing file is the very one that is to be written.
    """
    return next(place for place in numbered(path) if not os.path.lexists(place) or is_ours(place))


def numbered(path: Path) -> Iterator[Path]:
    """The path itself, then with -2, -3 and so on at the end of its stem."""
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def save_generated(image_HWC: np.ndarray, path: Path, recipe: Recipe) -> Path:
    """Write a generated picture with its recipe inside; gives where it went.

    Raises:
        ProjectError: The disk is full or the folder cannot be written to.
    """
    place = free_place(path, lambda found: is_same_picture(found, image_HWC, recipe))
    save_picture(image_HWC, place, recipe)
    return place


def save_artifact(artifact: Artifact, path: Path, recipe: Recipe) -> Path:
    """Write what was made with its recipe inside, never over another file; gives where it went.

    Args:
        artifact: Of any kind in the catalogue.
        path: Where it is wanted; another suffix than the kind's own gives way to it.
        recipe: How to make it again.

    Raises:
        ProjectError: The disk is full or the folder cannot be written to.
    """
    kind = ARTIFACTS.get(artifact.kind)
    own = suffix_of(artifact)
    stem = path.name
    for suffix in {*kind.card.suffixes, own}:
        stem = stem.removesuffix(suffix)
    wanted = path.with_name(f"{stem}{own}")
    place = free_place(wanted, lambda found: is_same_artifact(found, artifact, recipe))
    kind.write(artifact, place, recipe)
    return place


def save_drawn(image_HWC: np.ndarray, path: Path, software: str) -> Path:
    """Write a picture that no recipe can make again; gives where it went.

    Raises:
        ProjectError: The disk is full or the folder cannot be written to.
    """
    place = free_place(path, lambda found: has_pixels(found, image_HWC))
    if not os.path.lexists(place):
        save_marked(image_HWC, place, software)
    return place


def is_same_artifact(path: Path, artifact: Artifact, recipe: Recipe) -> bool:
    """Whether a file is this artifact, by its recipe and its content."""
    if artifact.kind == IMAGE:
        return is_same_picture(path, artifact.data, recipe)
    kind = ARTIFACTS.get(artifact.kind)
    try:
        found = kind.read_recipe(path)
        return (
            found is not None
            and identity(found) == identity(recipe)
            and kind.is_same(kind.read(path), artifact)
        )
    except GenStudioError:
        return False  # Somebody else's.


def is_same_picture(path: Path, image_HWC: np.ndarray, recipe: Recipe) -> bool:
    """Whether a file is this picture, by its recipe and its pixels: it may have been retouched."""
    try:
        found = read_recipe(path)
    except GenStudioError:
        return False  # Somebody else's.
    return found is not None and identity(found) == identity(recipe) and has_pixels(path, image_HWC)


def has_content(path: Path, content: bytes) -> bool:
    """Whether a file holds exactly these bytes."""
    try:
        return is_file(path) and read_file(path, largest_bytes=len(content)) == content
    except OSError:
        return False


def has_pixels(path: Path, image_HWC: np.ndarray) -> bool:
    """Whether a file is a picture of exactly these pixels, uint8 (height, width, channels)."""
    pixels = image_HWC[..., 0] if image_HWC.shape[-1] == 1 else image_HWC
    try:
        if not is_file(path) or path.stat().st_size > _LARGEST_COMPARED_BYTES:
            return False
        with Image.open(path, formats=("PNG",)) as found:
            return found.size == pixels.shape[1::-1] and np.array_equal(np.asarray(found), pixels)
    except _UNREADABLE:
        return False


def _lies_in(path: Path, folder: Path) -> bool:
    """Whether a path leads into a folder, whatever links and the case of letters say."""
    real = path.expanduser().absolute().resolve()
    try:
        if real.is_relative_to(folder.resolve()):
            return True
        return any(above.exists() and above.samefile(folder) for above in (real, *real.parents))
    except OSError:
        return False  # The folder is gone: nothing in it can be overwritten.
