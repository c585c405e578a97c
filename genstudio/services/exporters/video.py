"""Exporter "video": the pictures one after the other, as a film."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import ClassVar, Final, Literal

import numpy as np
from PIL import Image

import genstudio
from genstudio.artifacts.catalog import kind_of_file
from genstudio.artifacts.image import LARGEST_RECIPE_BYTES
from genstudio.data.decode import content_hash_of
from genstudio.domain.files import explained, write_bytes
from genstudio.domain.films import Codec
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working
from genstudio.domain.recipes import MOST_INPUTS, Recipe, RecipeInput
from genstudio.domain.settings import setting
from genstudio.services.exporters.files import (
    UnusableItemError,
    content_of,
    drawn,
    finished,
)
from genstudio.services.exporters.protocol import (
    ExportDone,
    Exporter,
    ExporterCard,
    ExportOptions,
    LeftOut,
)
from genstudio.services.exporters.signing import Finisher
from genstudio.services.films import SUFFIXES, codec_setting, write_film
from genstudio.services.gallery_items import GalleryItem

FILM_OF_GALLERY: Final = "film-of-gallery"
# Options that a recipe notes.
TOLD: Final = ("seconds", "change", "side", "paper", "codec", "is_loop")
_FPS: Final = 30
_PAPERS: Final = {"white": 255, "grey": 128, "black": 0}


class VideoOptions(ExportOptions):
    """How the film goes."""

    seconds: float = setting(
        2.0, title="How long each is seen", help="With the change to the next.", ge=0.1, le=60,
        unit="s",
    )  # fmt: skip
    change: Literal["fade", "cut"] = setting(
        "fade",
        title="Change",
        help="From each to the next: softly, within half of that time, or at once.",
    )
    side: int = setting(
        1024,
        title="Size of the film",
        help="Its longer side. Small pictures are enlarged by whole numbers.",
        ge=128,
        le=3840,
        unit="px",
    )
    paper: Literal["white", "grey", "black"] = setting(
        "black", title="Colour behind", help="What lies around pictures of other shapes."
    )
    codec: Codec = codec_setting()
    is_loop: bool = setting(
        True,
        title="In a circle",
        help="The last changes into the first, so that it can be repeated.",
    )


class Video:
    """One film."""

    card: ClassVar[ExporterCard] = ExporterCard(
        key="video",
        title="As a film",
        summary="All pictures one after the other in one film, with soft changes.",
        icon="film",
        suffixes=SUFFIXES,
    )
    Options: ClassVar[type[ExportOptions]] = VideoOptions

    def export(
        self, items: Sequence[GalleryItem], to: Path, title: str, options: ExportOptions
    ) -> Working[ExportDone]:
        """Film them; twice gone through, so that memory does not grow with their number."""
        assert isinstance(options, VideoOptions)
        finisher = Finisher(options)
        left_out: list[LeftOut] = []
        usable: list[GalleryItem] = []
        noted: list[RecipeInput] = []
        for item in items:
            try:
                content = content_of(item, "everything")
                drawn(item, content, options.side)
            except UnusableItemError as error:
                left_out.append(LeftOut(item.name, error.title))
                yield Progress(tr("Exporting"), len(left_out), len(items))
            else:
                usable.append(item)
                noted.append(
                    RecipeInput(name=item.path.name, content_hash=content_hash_of(BytesIO(content)))
                )
        finished(to, items, left_out)
        each = max(1, round(options.seconds * _FPS))
        recipe = _recipe(title, noted, options)
        for step in film_items(usable, to, options, recipe):
            if step.done % each == 0:  # One more picture is in it.
                yield Progress(tr("Exporting"), len(left_out) + step.done // each, len(items))
        with explained(to):
            content = to.read_bytes()
        kind = kind_of_file(to)
        told = content
        if options.metadata != "everything" and kind is not None:
            told = kind.with_metadata(content, options.metadata)
        told = finisher.finished(told, to)
        if told != content:
            write_bytes(to, told)
        return finished(to, items, left_out, finisher.unsigned)


def film_items(
    items: Sequence[GalleryItem], to: Path, options: VideoOptions, recipe: Recipe
) -> Working[Path]:
    """Film results one after the other.

    Args:
        items: One or more that can be drawn.
        to: See :func:`~genstudio.services.films.write_film`.
        options: How the film goes.
        recipe: Goes along in the file.

    Raises:
        UnusableItemError: One cannot be drawn any more.
        SettingsError: See :func:`~genstudio.services.films.write_film`.
        ProjectError: The same.
    """
    ratios: list[float] = []
    for item in items:
        picture = _read(item, options.side)
        ratios.append(picture.width / picture.height)
    each = max(1, round(options.seconds * _FPS))
    frames = _frames(items, _film_size(ratios, options.side), each, options)
    return (
        yield from write_film(
            frames, to, count=each * len(items), fps=_FPS, recipe=recipe, codec=options.codec
        )
    )


def _recipe(title: str, noted: Sequence[RecipeInput], options: VideoOptions) -> Recipe:
    """How it was made, as far as a person lets the film say so."""
    bare = Recipe(
        software=f"GenStudio {genstudio.__version__}",
        created=datetime.now(UTC).replace(microsecond=0),
        operation=FILM_OF_GALLERY,
    )
    if options.metadata != "everything":
        return bare
    told = {name: getattr(options, name) for name in TOLD}
    sampling = {"title": title, "pictures": len(noted), **told}
    recipe = bare.model_copy(update={"sampling": sampling})
    full = recipe.model_copy(update={"inputs": tuple(noted)})
    is_small = len(full.model_dump_json().encode()) <= LARGEST_RECIPE_BYTES
    # Else it cannot be made again, and says so.
    return full if len(noted) <= MOST_INPUTS and is_small else recipe


def _read(item: GalleryItem, side: int) -> Image.Image:
    return drawn(item, content_of(item, "everything"), side)


def _film_size(ratios: Sequence[float], side: int) -> tuple[int, int]:
    """Width and height, both even, of the shape that most pictures have."""
    ratio = float(np.median(ratios))
    width, height = (side, side / ratio) if ratio >= 1 else (side * ratio, side)
    return max(2, round(width / 2) * 2), max(2, round(height / 2) * 2)


def _frames(
    items: Sequence[GalleryItem], size: tuple[int, int], each: int, options: VideoOptions
) -> Iterator[np.ndarray]:
    changing = each // 2 if options.change == "fade" else 0
    first = _frame(items[0], size, options)
    now = first
    for number in range(len(items)):
        is_last = number == len(items) - 1
        for _ in range(each - changing):
            yield now
        if is_last and not options.is_loop:
            for _ in range(changing):
                yield now
            return
        following = first if is_last else _frame(items[number + 1], size, options)
        for step in range(changing):
            share = (step + 1) / (changing + 1)
            share = share * share * (3 - 2 * share)
            mixed = now.astype(np.float32) * (1 - share) + following.astype(np.float32) * share
            yield np.rint(mixed).astype(np.uint8)
        now = following


def _frame(item: GalleryItem, size: tuple[int, int], options: VideoOptions) -> np.ndarray:
    """A picture in the middle of a frame: uint8 (height, width, 3)."""
    picture = _read(item, options.side)
    factor = min(size[0] / picture.width, size[1] / picture.height)
    if factor >= 1:
        whole = int(factor)
        fitted = picture.resize(
            (picture.width * whole, picture.height * whole), Image.Resampling.NEAREST
        )
    else:
        sides = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        fitted = picture.resize(sides, Image.Resampling.LANCZOS)
    frame = Image.new("RGB", size, (_PAPERS[options.paper],) * 3)
    place = (size[0] - fitted.width) // 2, (size[1] - fitted.height) // 2
    frame.paste(fitted, place, fitted if fitted.mode == "RGBA" else None)
    return np.asarray(frame)


EXPORTER: Final[Exporter] = Video()
