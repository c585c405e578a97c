"""Pictures of texts: a page with as many of their words as it has room for."""

from functools import cache
from typing import Final, TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_PAPER, _INK, _MORE = (250, 248, 243), (38, 38, 42), (150, 146, 138)
# Those of systems have more scripts than the one that Pillow brings.
_FONTS: Final = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "arial.ttf")
_MOST_CHARACTERS = 4000
_LINES_OF_A_PAGE = 15
_SMALLEST_PX = 7

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont


def draw_text(text: str, side: int) -> np.ndarray:
    """Draw the beginning of a text on a square page: uint8 (side, side, 3)."""
    size = max(_SMALLEST_PX, side // _LINES_OF_A_PAGE)
    font = font_of(size)
    margin = max(1, side // 16)
    page = Image.new("RGB", (side, side), _PAPER)
    pen = ImageDraw.Draw(page)
    height = round(size * 1.3)
    room = max(1, (side - 2 * margin) // height)
    lines = wrapped(text[:_MOST_CHARACTERS], font, side - 2 * margin, room + 1)
    for number, line in enumerate(lines[:room]):
        is_cut = number == room - 1 and len(lines) > room
        pen.text(
            (margin, margin + number * height), line, fill=_MORE if is_cut else _INK, font=font
        )
    return np.asarray(page)


def wrapped(text: str, font: Font, width_px: int, most: int) -> list[str]:
    """Break a text into lines no wider than so many pixels; at most so many lines."""
    lines: list[str] = []
    for paragraph in text.strip().splitlines():
        line = ""
        for word in _breakable(paragraph, font, width_px):
            longer = f"{line} {word}" if line else word
            if line and font.getlength(longer) > width_px:
                lines.append(line)
                longer = word
            line = longer
            if len(lines) >= most:
                return lines[:most]
        lines.append(line)
    return lines[:most]


def _breakable(paragraph: str, font: Font, width_px: int) -> list[str]:
    """Words; those that are wider than a line are cut."""
    found: list[str] = []
    for word in paragraph.split():
        rest = word
        while len(rest) > 1 and font.getlength(rest) > width_px:
            cut = max(1, int(len(rest) * width_px / font.getlength(rest)))
            found.append(rest[:cut])
            rest = rest[cut:]
        found.append(rest)
    return found


@cache
def font_of(size: int) -> Font:
    """A font of so many pixels that is there."""
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)
