"""Exporter "sheet": a contact sheet, as one picture or as pages to print."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Final, Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import genstudio
from genstudio.artifacts.image import save_bare, save_marked
from genstudio.domain.files import explained, replacing, write_bytes
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working
from genstudio.domain.recipes import Recipe
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
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.outputs import free_place

_PAPERS = {"white": 255, "grey": 119, "black": 0}
# Height of a page by its width, as of A4.
_PORTRAIT = math.sqrt(2)
_MOST_COLUMNS = 8
# Larger pictures cannot be opened by many programs.
_LARGEST_SIDE_PX = 16_384
_DOTS_PER_INCH = 200


class SheetOptions(ExportOptions):
    """How a contact sheet looks."""

    columns: int = setting(
        0,
        title="Pictures in a row",
        help="0 takes as many as look well.",
        ge=0,
        le=40,
    )
    cell: int = setting(
        256,
        title="Size of each",
        help="Side of the square that each picture fits into. Small pictures are enlarged by "
        "whole numbers, so that their pixels stay sharp.",
        ge=32,
        le=1024,
        unit="px",
    )
    captions: Literal["none", "seed", "model and seed"] = setting(
        "seed",
        title="What is written below",
        help="The number that makes each picture again, with or without the model.",
    )
    paper: Literal["white", "grey", "black"] = setting(
        "white", title="Colour of the paper", help="What lies between and behind the pictures."
    )


class Sheet:
    """All pictures on one sheet, or on the pages of a PDF."""

    card: ClassVar[ExporterCard] = ExporterCard(
        key="sheet",
        title="As a contact sheet",
        summary="All pictures side by side: one PNG, or a PDF with pages to print.",
        icon="layout-grid",
        suffixes=(".png", ".pdf"),
    )
    Options: ClassVar[type[ExportOptions]] = SheetOptions

    def export(
        self, items: Sequence[GalleryItem], to: Path, title: str, options: ExportOptions
    ) -> Working[ExportDone]:
        """Draw the sheet, page by page, so that memory does not grow with their number."""
        assert isinstance(options, SheetOptions)
        finisher = Finisher(options)
        is_pdf = to.suffix.lower() == ".pdf"
        layout = _Layout(options, len(items), is_pdf=is_pdf)
        left_out: list[LeftOut] = []
        pages = _pages(items, layout, left_out)
        if not is_pdf:
            first = to
            for page in pages:
                if isinstance(page, Progress):
                    yield page
                else:
                    _save_png(page, to, options)
                    _finish(to, finisher)
                    to = free_place(first)
            return finished(first, items, left_out)
        with explained(to), replacing(to) as temporary:
            is_begun = False
            for page in pages:
                if isinstance(page, Progress):
                    yield page
                else:
                    about = {} if options.metadata == "nothing" else _about(title)
                    page.save(temporary, "PDF", append=is_begun, resolution=_DOTS_PER_INCH, **about)
                    is_begun = True
            finished(to, items, left_out)
        _finish(to, finisher)
        return finished(to, items, left_out, finisher.unsigned)


def _finish(path: Path, finisher: Finisher) -> None:
    with explained(path):
        content = path.read_bytes()
    told = finisher.finished(content, path)
    if told != content:
        write_bytes(path, told)


def _about(title: str) -> dict[str, str]:
    tool = f"GenStudio {genstudio.__version__}"
    return {"title": title, "creator": tool, "keywords": "trainedAlgorithmicMedia"}


def _save_png(page: Image.Image, to: Path, options: SheetOptions) -> None:
    if options.metadata == "nothing":
        save_bare(np.asarray(page), to)
    else:
        save_marked(np.asarray(page), to, f"GenStudio {genstudio.__version__}")


class _Layout:
    """Where pictures lie on a page.

    Attributes:
        columns, rows: Of a page.
        options: What a person chose.
    """

    def __init__(self, options: SheetOptions, count: int, *, is_pdf: bool) -> None:
        self.options = options
        self._gap = max(4, options.cell // 16)
        has_captions = options.captions != "none" and options.metadata == "everything"
        self._text_px = max(10, options.cell // 14) if has_captions else 0
        self._font = ImageFont.load_default(self._text_px) if has_captions else None
        wanted = options.columns or min(_MOST_COLUMNS, math.ceil(math.sqrt(count)))
        self.columns = min(wanted, count, max(1, _LARGEST_SIDE_PX // self._cell_width))
        page_height = self.width * _PORTRAIT if is_pdf else float(_LARGEST_SIDE_PX)
        self.rows = max(1, int(page_height - self._gap) // self._cell_height)

    @property
    def _cell_width(self) -> int:
        return self.options.cell + self._gap

    @property
    def _cell_height(self) -> int:
        text = self._text_px + self._gap if self._text_px else 0
        return self.options.cell + self._gap + text

    @property
    def width(self) -> int:
        """Of a page, in pixels."""
        return self._gap + self.columns * self._cell_width

    def height(self, count: int) -> int:
        """Of a page with so many pictures, in pixels."""
        return self._gap + math.ceil(count / self.columns) * self._cell_height

    def draw(self, parts: Sequence[tuple[Image.Image, str]]) -> Image.Image:
        """A page with these pictures and what is written below each."""
        level = _PAPERS[self.options.paper]
        page = Image.new("RGB", (self.width, self.height(len(parts))), (level,) * 3)
        pen = ImageDraw.Draw(page)
        ink = (0, 0, 0) if level > 127 else (255, 255, 255)
        for at, (picture, words) in enumerate(parts):
            left = self._gap + at % self.columns * self._cell_width
            top = self._gap + at // self.columns * self._cell_height
            cell = self.options.cell
            place = left + (cell - picture.width) // 2, top + (cell - picture.height) // 2
            page.paste(picture, place, picture if picture.mode == "RGBA" else None)
            if self._font is not None:
                below = left + cell / 2, top + cell + self._gap / 2
                pen.text(below, words, fill=ink, font=self._font, anchor="ma")
        return page


def _pages(
    items: Sequence[GalleryItem], layout: _Layout, left_out: list[LeftOut]
) -> Iterator[Progress | Image.Image]:
    """Progress, and each page when it is full."""
    parts: list[tuple[Image.Image, str]] = []
    for done, item in enumerate(items, start=1):
        try:
            picture = drawn(item, content_of(item, "everything"), layout.options.cell)
        except UnusableItemError as error:
            left_out.append(LeftOut(item.name, error.title))
        else:
            words = _words(item.recipe, layout.options)
            parts.append((_fitted(picture, layout.options.cell), words))
        if parts and (done == len(items) or len(parts) == layout.columns * layout.rows):
            yield layout.draw(parts)
            parts = []
        yield Progress(tr("Exporting"), done, len(items))


def _fitted(picture: Image.Image, cell: int) -> Image.Image:
    longest = max(picture.size)
    if longest > cell:
        picture.thumbnail((cell, cell), Image.Resampling.LANCZOS)
        return picture
    factor = cell // longest
    size = picture.width * factor, picture.height * factor
    return picture.resize(size, Image.Resampling.NEAREST)


def _words(recipe: Recipe, options: SheetOptions) -> str:
    made = str(recipe.seed) if recipe.seed is not None else recipe.operation
    return f"{recipe.model_key} {made}" if options.captions == "model and seed" else made


EXPORTER: Final[Exporter] = Sheet()
