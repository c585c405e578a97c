"""Exporter "web": a page that shows the pictures in any browser."""

import html
import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from string import Template
from typing import ClassVar, Final
from urllib.parse import quote, unquote

import numpy as np

from genstudio.artifacts.catalog import ARTIFACTS, kind_of_file
from genstudio.artifacts.image import save_bare, save_marked, save_picture
from genstudio.artifacts.protocol import Heard
from genstudio.domain.artifacts import SOUND, Artifact
from genstudio.domain.errors import GenStudioError, ProjectError
from genstudio.domain.files import explained, is_file, write_bytes, write_text
from genstudio.domain.language import inside, language, tr, tr_noop, trn
from genstudio.domain.progress import Progress, Working
from genstudio.domain.recipes import Recipe
from genstudio.models.catalog import model_class
from genstudio.services.exporters.copies import is_marked_copy
from genstudio.services.exporters.files import (
    UnusableItemError,
    drawn,
    finished,
    place_for,
    write_once,
)
from genstudio.services.exporters.protocol import (
    ExportDone,
    Exporter,
    ExporterCard,
    ExportOptions,
    LeftOut,
)
from genstudio.services.exporters.signing import Finisher
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.operations.catalog import OPERATIONS
from genstudio.services.outputs import has_pixels, is_same_picture
from genstudio.services.report_pages import page_template

_THUMBNAIL_PX: Final = 400
# Below this, a picture is shown as the pixels that it is, not blurred.
_SMALL_PX: Final = 256
# What browsers play; notes are none of it.
_PLAYED: Final = frozenset({"audio/flac"})
# Of what is no picture itself, such as a clip.
_DRAWING_PX: Final = 1024
_PAGE: Final = "index.html"
# Stands in every page that we write, and so tells ours from a person's own.
_OUR_MARK: Final = b'<meta name="generator" content="GenStudio">'

# The two addresses of a figure, as they are written below.
_LINK = re.compile(r'(?:<a href|<img src|<audio src)="((?:images|thumbnails)/[^"]*)"')

_FIGURE = Template("""\
<li><figure>
<a href="$picture"><img src="$thumbnail" alt="$alt"
  width="$width" height="$height" class="$look" loading="lazy"></a>$sound$caption
</figure></li>""")
_SOUND = Template("""
<audio src="$heard" controls preload="none"></audio>
<a href="$file" download>$name</a>""")
_CAPTION = Template("""
<figcaption><strong>$model</strong> $step · $made<br>
<time datetime="$date">$date</time></figcaption>""")
_COPY = tr_noop("Nearly the same as a picture that was learned from")


class Web:
    """A page with the pictures and their thumbnails beside it."""

    card: ClassVar[ExporterCard] = ExporterCard(
        key="web",
        title="As a web page",
        summary="A page that opens in any browser and needs nothing but the files beside it.",
        icon="globe",
    )
    Options: ClassVar[type[ExportOptions]] = ExportOptions

    def export(
        self, items: Sequence[GalleryItem], to: Path, title: str, options: ExportOptions
    ) -> Working[ExportDone]:
        """Make the page; files that an earlier one of ours listed, and this does not, go."""
        _refuse_foreign_page(to / _PAGE)
        finisher = Finisher(options)
        former = _former_files(to)
        figures: list[str] = []
        left_out: list[LeftOut] = []
        for done, item in enumerate(items, start=1):
            try:
                figures.append(_hang(to, item, options, finisher))
            except UnusableItemError as error:
                left_out.append(LeftOut(item.name, error.title))
            yield Progress(tr("Exporting"), done, len(items))
        done = finished(to / _PAGE, items, left_out, finisher.unsigned)
        page = page_template("gallery.html").substitute(
            language=language(),
            title=html.escape(title),
            count=trn("{number} picture", "{number} pictures", done.count),
            pictures="\n".join(figures),
            recipes=_recipes_go_along(options),
        )
        write_text(to / _PAGE, page)
        for stale in former - _listed(to, page):
            stale.unlink(missing_ok=True)
        return done


def _hang(to: Path, item: GalleryItem, options: ExportOptions, finisher: Finisher) -> str:
    """Write a picture and its thumbnail; gives their part of the page."""
    content = finisher.content_of(item)
    picture = drawn(item, content, _DRAWING_PX)
    size = picture.size
    picture.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
    small_HWC = np.asarray(picture)
    recipe = item.recipe if options.metadata == "everything" else None

    def is_ours(path: Path) -> bool:
        if recipe is None:
            return has_pixels(path, small_HWC)
        return is_same_picture(path, small_HWC, recipe)

    place = place_for(
        to / "images",
        item,
        content,
        beside=to / "thumbnails",
        is_ours=is_ours,
        is_there=finisher.is_there,
    )
    write_once(place, content)
    thumbnail = to / "thumbnails" / _thumbnail_name(place.name)
    if not os.path.lexists(thumbnail):
        if recipe is not None:
            save_picture(small_HWC, thumbnail, recipe)
        elif options.metadata == "mark":
            save_marked(small_HWC, thumbnail, item.recipe.software)
        else:
            save_bare(small_HWC, thumbnail)
    heard = _heard_beside(item, place, options)
    return _figure(
        recipe,
        place.name,
        size,
        heard,
        is_see_through=small_HWC.shape[-1] == 4,
        is_copy=is_marked_copy(item),
    )


def _heard_beside(item: GalleryItem, place: Path, options: ExportOptions) -> str:
    """The name of what browsers can play of a result; notes are played into a file beside them."""
    kind = kind_of_file(item.path)
    if not isinstance(kind, Heard):
        return ""
    if kind.card.media_type in _PLAYED:
        return place.name
    played = place.with_name(f"{place.name}.flac")
    if not os.path.lexists(played):
        sounds = ARTIFACTS.get(SOUND)
        sound = kind.as_sound(kind.read(item.path))
        sounds.write(Artifact(kind=SOUND, data=sound), played, item.recipe)
        if options.metadata != "everything":
            write_bytes(played, sounds.with_metadata(played.read_bytes(), options.metadata))
    return played.name


def _thumbnail_name(name: str) -> str:
    """Thumbnails are pictures, whatever they show."""
    return name if name.endswith(".png") else f"{name}.png"


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
        kind = kind_of_file(path)
        return is_older and kind is not None and kind.read_recipe(path) is not None
    except (OSError, GenStudioError):
        return False


def _listed(to: Path, page: str) -> set[Path]:
    """Files that one of our pages shows; each lies right inside one of its two folders."""
    found = (unquote(html.unescape(link)) for link in _LINK.findall(page))
    names = (PurePosixPath(link) for link in found if "\0" not in link and "\\" not in link)
    return {to / name for name in names if len(name.parts) == 2 and name.name != ".."}


def _refuse_foreign_page(page: Path) -> None:
    with explained(page):
        foreign = page.exists() and _OUR_MARK not in page.read_bytes()[:4096]
    if foreign:
        raise ProjectError(
            tr("There is another {name} in that folder", name=page.name),
            tr("{page} was not made by GenStudio, and is left alone.", page=page),
            tr("Choose an empty folder."),
        )


def _maker(recipe: Recipe) -> str:
    """What it was made by: a model, or what was done; by its key, where that is not known here."""
    try:
        if recipe.model_key:
            return model_class(recipe.model_key).card.title
        return OPERATIONS.get(recipe.operation).card.title
    except GenStudioError:
        return recipe.model_key or recipe.operation


def _figure(
    recipe: Recipe | None,
    name: str,
    size: tuple[int, int],
    heard: str = "",
    *,
    is_see_through: bool,
    is_copy: bool,
) -> str:
    """A picture's part of the page."""
    look = "small" if max(size) < _SMALL_PX else "large"
    alt, caption = tr("Made by a trained model"), ""
    if recipe is not None:
        # What is made without a trained model is named by what was done.
        model = html.escape(_maker(recipe))
        made = html.escape(_made(recipe))
        alt = tr(
            "Made by {model}, step {step}, {made}",
            model=model,
            step=recipe.step,
            made=inside(made),
        )
        caption = _CAPTION.substitute(
            model=model,
            step=tr("Step {step:,}", step=recipe.step),
            made=made,
            date=recipe.created.date().isoformat(),
        )
        if is_copy:
            caption = caption.replace(
                "</figcaption>", f"<br>⚠ {html.escape(tr(_COPY))}</figcaption>"
            )
    file, sound = quote(f"images/{name}"), ""
    if heard:
        sound = _SOUND.substitute(heard=quote(f"images/{heard}"), file=file, name=html.escape(name))
    return _FIGURE.substitute(
        # A sound is shown by its drawing.
        picture=quote(f"thumbnails/{_thumbnail_name(name)}") if heard else file,
        sound=sound,
        thumbnail=quote(f"thumbnails/{_thumbnail_name(name)}"),
        width=size[0],
        height=size[1],
        look=f"{look} cut-out" if is_see_through else look,
        alt=alt,
        caption=caption,
    )


def _recipes_go_along(options: ExportOptions) -> str:
    if options.metadata != "everything":
        return ""
    return " " + html.escape(tr("Each carries its recipe inside its file."))


def _made(recipe: Recipe) -> str:
    return (
        tr("Seed {seed}", seed=recipe.seed)
        if recipe.seed is not None
        else recipe.operation.capitalize()
    )


EXPORTER: Final[Exporter] = Web()
