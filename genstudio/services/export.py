"""Taking pictures out of the gallery: as files in a folder, or as a web page."""

import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from string import Template
from typing import Final
from urllib.parse import quote

import numpy as np
from PIL import Image

from genstudio.domain.errors import ProjectError, SettingsError
from genstudio.domain.files import explained, write_bytes, write_text
from genstudio.domain.recipes import Recipe
from genstudio.domain.resources import resource
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.provenance import save_picture

_THUMBNAIL_PX: Final = 400
# Below this, a picture is shown as the pixels that it is, not blurred.
_SMALL_PX: Final = 256
_PAGE: Final = "index.html"
# Stands in every page that we write, and so tells ours from a person's own.
_OUR_MARK: Final = b'<meta name="generator" content="GenStudio">'

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
class ExportDone:
    """The last item of every export: what to open, and how many pictures it has."""

    path: Path
    count: int


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
        ProjectError: There is nothing to export, a picture is gone, or ``to``
            cannot be written or is the gallery itself.
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
    for done, item in enumerate(items, start=1):
        _copy_into(to, item)
        yield ExportProgress(done, len(items))
    yield ExportDone(to, len(items))


def _export_web(
    items: Sequence[GalleryItem], to: Path, title: str
) -> Iterator[ExportProgress | ExportDone]:
    """Make a page that needs nothing but the files beside it."""
    _refuse_foreign_page(to / _PAGE)
    figures: list[str] = []
    for done, item in enumerate(items, start=1):
        picture = _copy_into(to / "images", item)
        thumbnail = _save_thumbnail(item, to / "thumbnails" / picture.name)
        figures.append(_figure(item.recipe, picture.name, thumbnail))
        yield ExportProgress(done, len(items))
    template = Template(resource("web/gallery.html").read_text(encoding="utf-8"))
    page = template.substitute(
        title=html.escape(title),
        count="1 picture" if len(items) == 1 else f"{len(items)} pictures",
        pictures="\n".join(figures),
    )
    write_text(to / _PAGE, page)
    yield ExportDone(to / _PAGE, len(items))


EXPORTERS: Final[dict[str, Exporter]] = {"folder": _export_folder, "web": _export_web}


def _copy_into(folder: Path, item: GalleryItem) -> Path:
    """Copy a picture under its name, or a numbered one if another file has that name."""
    content = _content(item)
    target, number = folder / item.path.name, 1
    with explained(target):
        while target.exists():
            if target.is_file() and target.read_bytes() == content:
                return target
            number += 1
            target = folder / f"{item.path.stem}-{number}{item.path.suffix}"
    write_bytes(target, content)
    return target


def _content(item: GalleryItem) -> bytes:
    if not item.path.resolve().is_relative_to(_gallery_folder(item).resolve()):
        raise ProjectError(
            f"{item.path.name} is a link to a file outside of the gallery",
            f"{item.path} leads elsewhere, and is not exported.",
            "Remove it from the gallery.",
        )
    try:
        return item.path.read_bytes()
    except OSError as error:
        raise ProjectError(
            f"{item.path.name} cannot be read",
            f"{item.path}: {error.strerror or error}.",
            "If it was moved or deleted, look through the gallery again.",
        ) from error


def _refuse_foreign_page(page: Path) -> None:
    with explained(page):
        foreign = page.exists() and _OUR_MARK not in page.read_bytes()[:4096]
    if foreign:
        raise ProjectError(
            f"There is another {page.name} in that folder",
            f"{page} was not made by GenStudio, and is left alone.",
            "Choose an empty folder.",
        )


@dataclass(frozen=True, slots=True)
class _Saved:
    """A picture's own size, and whether something shows through."""

    size: tuple[int, int]
    is_see_through: bool


def _save_thumbnail(item: GalleryItem, path: Path) -> _Saved:
    """Save a small version that carries its recipe, too."""
    try:
        with Image.open(item.path, formats=("PNG",)) as picture:
            size = picture.size
            small = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ProjectError(
            f"{item.path.name} is damaged",
            "It cannot be opened as a picture.",
            "Remove it from the gallery, or make it again.",
        ) from error
    small.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
    save_picture(np.asarray(small), path, item.recipe)
    return _Saved(size, small.mode == "RGBA")


def _figure(recipe: Recipe, name: str, saved: _Saved) -> str:
    """A picture's part of the page."""
    look = "small" if max(saved.size) < _SMALL_PX else "large"
    return _FIGURE.substitute(
        picture=quote(f"images/{name}"),
        thumbnail=quote(f"thumbnails/{name}"),
        width=saved.size[0],
        height=saved.size[1],
        look=f"{look} cut-out" if saved.is_see_through else look,
        model=html.escape(recipe.model_key),
        step=recipe.step,
        seed=recipe.seed,
        date=recipe.created.date().isoformat(),
    )
