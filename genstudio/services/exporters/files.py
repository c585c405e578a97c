"""What exporters share: reading what hangs in the gallery, and writing without overwriting."""

import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from PIL import Image

from genstudio.artifacts.catalog import kind_of_file
from genstudio.artifacts.protocol import Metadata
from genstudio.domain.artifacts import IMAGE
from genstudio.domain.errors import GenStudioError, ProjectError
from genstudio.domain.files import explained, write_bytes
from genstudio.domain.language import tr
from genstudio.services.exporters.protocol import ExportDone, LeftOut
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.outputs import has_content, numbered


class UnusableItemError(ProjectError):
    """A result in the gallery cannot be read; the others can be exported without it."""


def gallery_folder(item: GalleryItem) -> Path:
    """The folder of the gallery that an item hangs in."""
    return item.path.parents[len(PurePosixPath(item.name).parts) - 1]


def content_of(item: GalleryItem, metadata: Metadata) -> bytes:
    """The bytes of an item's file, with so much of what is known about it.

    Raises:
        UnusableItemError: It cannot be read.
        ProjectError: It is a link out of the gallery.
    """
    if not item.path.resolve().is_relative_to(gallery_folder(item).resolve()):
        raise ProjectError(
            tr("{name} is a link to a file outside of the gallery", name=item.path.name),
            tr("{path} leads elsewhere, and is not exported.", path=item.path),
            tr("Remove it from the gallery."),
        )
    try:
        content = item.path.read_bytes()
    except FileNotFoundError as error:
        raise UnusableItemError(tr("It was moved or deleted outside of GenStudio")) from error
    except OSError as error:
        raise UnusableItemError(
            tr("It cannot be read: {strerror}", strerror=error.strerror or error)
        ) from error
    kind = kind_of_file(item.path)
    if metadata == "everything" or kind is None:
        return content
    try:
        return kind.with_metadata(content, metadata)
    except GenStudioError as error:
        raise UnusableItemError(tr("It is damaged, and cannot be opened")) from error


def drawn(item: GalleryItem, content: bytes, side: int) -> Image.Image:
    """What a page or a sheet shows of a result: a picture whole, of other kinds a drawing.

    Args:
        item: Of the gallery.
        content: Of its file.
        side: Longest side that a drawing may have.

    Raises:
        UnusableItemError: It cannot be drawn.
    """
    kind = kind_of_file(item.path)
    if kind is None or kind.card.key == IMAGE:
        return opened_picture(content)
    try:
        return Image.fromarray(kind.thumbnail(item.path, side))
    except GenStudioError as error:
        raise UnusableItemError(tr("It is damaged, and cannot be opened")) from error


def opened_picture(content: bytes) -> Image.Image:
    """The pixels of a picture in the gallery: RGB, or RGBA where it has see-through parts.

    Raises:
        UnusableItemError: It is no picture.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
            return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnusableItemError(tr("It is damaged, and cannot be opened as a picture")) from error


def place_for(
    folder: Path,
    item: GalleryItem,
    content: bytes,
    *,
    beside: Path | None = None,
    is_ours: Callable[[Path], bool] = lambda _: False,
    is_there: Callable[[Path, bytes], bool] = has_content,
) -> Path:
    """Where a result goes: under its name, or a numbered one if another file has that name.

    Args:
        folder: Where it is wanted.
        item: The result.
        content: What is to be written.
        beside: Another folder, in which the name must be free or taken by what ``is_ours``.
        is_ours: See above.
        is_there: Whether a file holds such content already.
    """

    def fits(place: Path) -> bool:
        other = None if beside is None else beside / place.name
        is_free = not os.path.lexists(place) or is_there(place, content)
        return is_free and (other is None or not os.path.lexists(other) or is_ours(other))

    with explained(folder / item.path.name):
        return next(place for place in numbered(folder / item.path.name) if fits(place))


def write_once(place: Path, content: bytes) -> None:
    """Write a file unless it is there already."""
    if not os.path.lexists(place):
        write_bytes(place, content)


def finished(
    path: Path, items: Sequence[GalleryItem], left_out: Sequence[LeftOut], unsigned: int = 0
) -> ExportDone:
    """The end of an export.

    Raises:
        ProjectError: None of the items could be read.
    """
    if len(left_out) == len(items):
        raise ProjectError(
            left_out[0].reason if len(items) == 1 else tr("None of these pictures can be read"),
            "; ".join(f"{item.name}: {item.reason}" for item in left_out),
            tr("If they were moved or deleted outside of GenStudio, put them back."),
        )
    return ExportDone(path, len(items) - len(left_out), tuple(left_out), unsigned)
