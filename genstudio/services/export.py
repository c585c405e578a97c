"""Taking pictures out of the gallery: as files in a folder, or as a web page."""

import html
import io
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from string import Template
from typing import Final
from urllib.parse import quote, unquote

import numpy as np
from PIL import Image

from genstudio.artifacts.image import read_recipe, save_picture
from genstudio.domain.errors import GenStudioError, ProjectError, SettingsError
from genstudio.domain.files import explained, is_file, write_bytes, write_text
from genstudio.domain.recipes import Recipe
from genstudio.domain.resources import resource
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.outputs import (
    has_content,
    is_same_picture,
    numbered,
    refuse_pictures_folders,
)
from genstudio.services.projects import Project

_THUMBNAIL_PX: Final = 400
# Below this, a picture is shown as the pixels that it is, not blurred.
_SMALL_PX: Final = 256
_PAGE: Final = "index.html"
# Stands in every page that we write, and so tells ours from a person's own.
_OUR_MARK: Final = b'<meta name="generator" content="GenStudio">'

# The two addresses of a figure, as they are written below.
_LINK = re.compile(r'(?:<a href|<img src)="((?:images|thumbnails)/[^"]*)"')

_FIGURE = Template("""\
<li><figure>
<a href="$picture"><img src="$thumbnail" alt="Made by $model, step $step, seed $seed"
  width="$width" height="$height" class="$look" loading="lazy"></a>
<figcaption><strong>$model</strong> Step $step · Seed $seed<br>
<time datetime="$date">$date</time></figcaption>
</figure></li>""")


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """So many pictures of so many are exported."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A picture that could not be exported, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExportDone:
    """The last item of every export.

    Attributes:
        path: What to open.
        count: How many pictures it has.
        left_out: Those that are missing from it.
    """

    path: Path
    count: int
    left_out: tuple[LeftOut, ...] = ()


Exporter = Callable[[Sequence[GalleryItem], Path, str], Iterator[ExportProgress | ExportDone]]


def export_gallery(
    items: Sequence[GalleryItem], *, to: Path, kind: str, title: str
) -> Iterator[ExportProgress | ExportDone]:
    """Export pictures; the work is done as the result is iterated.

    Args:
        items: In the order to be shown.
        to: A folder, made if missing; nothing of a person's in it is overwritten.
        kind: One of :data:`EXPORTERS`.
        title: Heading of what is made.

    Raises:
        SettingsError: There is no such kind.
        ProjectError: There is nothing to export, no picture can be read, or ``to``
            cannot be written, is the gallery itself, or a folder that a run learned from.
    """
    exporter = EXPORTERS.get(kind)
    if exporter is None:
        known = ", ".join(EXPORTERS)
        raise SettingsError(f"There is no export as “{kind}”", "", f"Known kinds: {known}.")
    if not items:
        raise ProjectError(
            "There is nothing to export",
            "No picture was chosen.",
            "Make some pictures first, or search for others.",
        )
    to = to.expanduser().absolute()
    _refuse_target(to, items)
    return exporter(items, to, title)


def _refuse_target(to: Path, items: Sequence[GalleryItem]) -> None:
    galleries = {_gallery_folder(item).resolve() for item in items}
    if any(to.resolve().is_relative_to(gallery) for gallery in galleries):
        raise ProjectError(
            "The export cannot go into the gallery itself",
            f"{to} belongs to the project.",
            "Choose another folder.",
        )
    for gallery in galleries:
        refuse_pictures_folders(to, Project(gallery.parent, "").pictures_folders())
    with explained(to / _PAGE):
        nearest = next(path for path in (to, *to.parents) if path.exists())
    if not nearest.is_dir():
        raise ProjectError(f"{nearest} is a file", "An export needs a folder.", "Choose a folder.")


def _gallery_folder(item: GalleryItem) -> Path:
    return item.path.parents[len(PurePosixPath(item.name).parts) - 1]


def _export_folder(
    items: Sequence[GalleryItem], to: Path, _title: str
) -> Iterator[ExportProgress | ExportDone]:
    """Copy the files as they are, recipes and all."""
    left_out: list[LeftOut] = []
    for done, item in enumerate(items, start=1):
        try:
            content = _content(item)
        except _UnusablePictureError as error:
            left_out.append(LeftOut(item.name, error.title))
        else:
            _write(_place(to, item, content), content)
        yield ExportProgress(done, len(items))
    yield _done(to, items, left_out)


def _export_web(
    items: Sequence[GalleryItem], to: Path, title: str
) -> Iterator[ExportProgress | ExportDone]:
    """Make a page that needs nothing but the files beside it."""
    _refuse_foreign_page(to / _PAGE)
    former = _former_files(to)
    figures: list[str] = []
    left_out: list[LeftOut] = []
    for done, item in enumerate(items, start=1):
        try:
            figures.append(_hang(to, item))
        except _UnusablePictureError as error:
            left_out.append(LeftOut(item.name, error.title))
        yield ExportProgress(done, len(items))
    finished = _done(to / _PAGE, items, left_out)
    template = Template(resource("web/gallery.html").read_text(encoding="utf-8"))
    page = template.substitute(
        title=html.escape(title),
        count="1 picture" if finished.count == 1 else f"{finished.count} pictures",
        pictures="\n".join(figures),
    )
    write_text(to / _PAGE, page)
    for stale in former - _listed(to, page):
        stale.unlink(missing_ok=True)
    yield finished


def _done(path: Path, items: Sequence[GalleryItem], left_out: Sequence[LeftOut]) -> ExportDone:
    if len(left_out) == len(items):
        raise ProjectError(
            left_out[0].reason if len(items) == 1 else "None of these pictures can be read",
            "; ".join(f"{item.name}: {item.reason}" for item in left_out),
            "If they were moved or deleted outside of GenStudio, put them back.",
        )
    return ExportDone(path, len(items) - len(left_out), tuple(left_out))


def _hang(to: Path, item: GalleryItem) -> str:
    """Write a picture and its thumbnail; gives their part of the page."""
    content = _content(item)
    size, small_HWC = _thumbnail(content)
    recipe = item.recipe
    picture = _place(
        to / "images",
        item,
        content,
        beside=to / "thumbnails",
        is_ours=lambda path: is_same_picture(path, small_HWC, recipe),
    )
    thumbnail = to / "thumbnails" / picture.name
    _write(picture, content)
    if not os.path.lexists(thumbnail):
        save_picture(small_HWC, thumbnail, recipe)
    return _figure(recipe, picture.name, size, is_see_through=small_HWC.shape[-1] == 4)


def _former_files(to: Path) -> set[Path]:
    """Files that our page in a folder lists, as far as they are ours and unchanged since."""
    page = to / _PAGE
    if not is_file(page):
        return set()
    with explained(page):
        written_ns = page.stat().st_mtime_ns
        listed = _listed(to, page.read_text(encoding="utf-8", errors="replace"))
    return {path for path in listed if _is_unchanged(path, written_ns)}


def _is_unchanged(path: Path, written_ns: int) -> bool:
    try:
        is_older = not path.is_symlink() and path.stat().st_mtime_ns <= written_ns
        return is_older and read_recipe(path) is not None
    except (OSError, GenStudioError):
        return False


def _listed(to: Path, page: str) -> set[Path]:
    """Files that one of our pages shows; each lies right inside one of its two folders."""
    found = (unquote(html.unescape(link)) for link in _LINK.findall(page))
    names = (PurePosixPath(link) for link in found if "\0" not in link and "\\" not in link)
    return {to / name for name in names if len(name.parts) == 2 and name.name != ".."}


EXPORTERS: Final[dict[str, Exporter]] = {"folder": _export_folder, "web": _export_web}


def _place(
    folder: Path,
    item: GalleryItem,
    content: bytes,
    *,
    beside: Path | None = None,
    is_ours: Callable[[Path], bool] = lambda _: False,
) -> Path:
    """Where a picture goes: under its name, or a numbered one if another file has that name.

    Args:
        folder: Where it is wanted.
        item: The picture.
        content: What is to be written.
        beside: Another folder, in which the name must be free or taken by what ``is_ours``.
        is_ours: See above.
    """

    def fits(place: Path) -> bool:
        other = None if beside is None else beside / place.name
        is_free = not os.path.lexists(place) or has_content(place, content)
        return is_free and (other is None or not os.path.lexists(other) or is_ours(other))

    with explained(folder / item.path.name):
        return next(place for place in numbered(folder / item.path.name) if fits(place))


def _write(place: Path, content: bytes) -> None:
    if not os.path.lexists(place):
        write_bytes(place, content)


class _UnusablePictureError(ProjectError):
    """A picture of the gallery cannot be read; the others can be exported without it."""


def _content(item: GalleryItem) -> bytes:
    if not item.path.resolve().is_relative_to(_gallery_folder(item).resolve()):
        raise ProjectError(
            f"{item.path.name} is a link to a file outside of the gallery",
            f"{item.path} leads elsewhere, and is not exported.",
            "Remove it from the gallery.",
        )
    try:
        return item.path.read_bytes()
    except FileNotFoundError as error:
        raise _UnusablePictureError("It was moved or deleted outside of GenStudio") from error
    except OSError as error:
        raise _UnusablePictureError(f"It cannot be read: {error.strerror or error}") from error


def _refuse_foreign_page(page: Path) -> None:
    with explained(page):
        foreign = page.exists() and _OUR_MARK not in page.read_bytes()[:4096]
    if foreign:
        raise ProjectError(
            f"There is another {page.name} in that folder",
            f"{page} was not made by GenStudio, and is left alone.",
            "Choose an empty folder.",
        )


def _thumbnail(content: bytes) -> tuple[tuple[int, int], np.ndarray]:
    """A picture's own size, and a small version of it: uint8 (height, width, 3 or 4)."""
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
            size = picture.size
            small = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _UnusablePictureError("It is damaged, and cannot be opened as a picture") from error
    small.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
    return size, np.asarray(small)


def _figure(recipe: Recipe, name: str, size: tuple[int, int], *, is_see_through: bool) -> str:
    """A picture's part of the page."""
    look = "small" if max(size) < _SMALL_PX else "large"
    return _FIGURE.substitute(
        picture=quote(f"images/{name}"),
        thumbnail=quote(f"thumbnails/{name}"),
        width=size[0],
        height=size[1],
        look=f"{look} cut-out" if is_see_through else look,
        model=html.escape(recipe.model_key),
        step=recipe.step,
        seed=recipe.seed,
        date=recipe.created.date().isoformat(),
    )
