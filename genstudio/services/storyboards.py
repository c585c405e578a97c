"""What a story is written down as beside its text: a page, a PDF, and subtitles for the clip."""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from genstudio.data.text_pictures import font_of, wrapped
from genstudio.domain.language import tr
from genstudio.services.narrating import Beat, Part
from genstudio.services.report_pages import report_page
from genstudio.services.unseen_words import Unseen

PAGE_NAME: Final = "storyboard.html"
PDF_NAME: Final = "storyboard.pdf"
_PICTURE_PX = 480
# A4 at 100 dots an inch.
_WIDTH, _HEIGHT, _MARGIN = 827, 1169, 60
_PER_PAGE = 4
_BODY_PX, _SMALL_PX = 17, 13
_INK, _QUIET, _UNSEEN = (30, 30, 33), (120, 116, 108), (176, 58, 30)
_LINE_CHARACTERS, _LINES = 42, 2
_SHORTEST_S = 0.8


@dataclass(frozen=True, slots=True)
class ToldPart:
    """A part of a story: its picture, what was known, what was written, and what nobody saw."""

    part: Part
    beat: Beat
    text: str
    unseen: Sequence[Unseen]


def storyboard(title: str, parts: Sequence[ToldPart], remarks: Sequence[str]) -> dict[str, bytes]:
    """The page and the PDF, by their names; both need nothing beside them."""
    body = "\n".join(map(_figure, parts))
    said = "".join(f"<p>{html.escape(remark)}</p>" for remark in remarks)
    page = report_page("storyboard.html", title=title, parts=body, remarks=said)
    return {PAGE_NAME: page, PDF_NAME: _pdf(title, parts)}


def subtitles(parts: Sequence[ToldPart]) -> dict[str, bytes]:
    """The story over its clip, as .srt and .vtt; lines of up to 42 characters, two at a time."""
    cues: list[tuple[float, float, str]] = []
    for it in parts:
        blocks = _blocks(it.text)
        length = max(it.part.end_s - it.part.start_s, _SHORTEST_S) / max(len(blocks), 1)
        for number, block in enumerate(blocks):
            start = it.part.start_s + number * length
            cues.append((start, start + length, block))
    srt = "".join(
        f"{number}\n{_stamp(start, ',')} --> {_stamp(end, ',')}\n{text}\n\n"
        for number, (start, end, text) in enumerate(cues, start=1)
    )
    vtt = "WEBVTT\n\n" + "".join(
        f"{_stamp(start, '.')} --> {_stamp(end, '.')}\n{text.replace('-->', '→')}\n\n"
        for start, end, text in cues
    )
    return {"story.srt": srt.encode(), "story.vtt": vtt.encode()}


def _figure(it: ToldPart) -> str:
    picture = Image.fromarray(it.part.image_HWC)
    picture.thumbnail((_PICTURE_PX, _PICTURE_PX))
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=85)
    data = base64.b64encode(content.getvalue()).decode()
    alt = html.escape(it.beat.facts)
    return (
        f'<figure><img alt="{alt}" width="{picture.width}" height="{picture.height}" '
        f'src="data:image/jpeg;base64,{data}"><blockquote>{_marked(it)}</blockquote>'
        f"<figcaption>{it.beat.number}. {alt}</figcaption></figure>"
    )


def _marked(it: ToldPart) -> str:
    parts: list[str] = []
    at = 0
    for unseen in it.unseen:
        parts.append(html.escape(it.text[at : unseen.start]))
        word = html.escape(it.text[unseen.start : unseen.end])
        parts.append(f'<mark title="not seen in the picture">{word}</mark>')
        at = unseen.end
    return "".join([*parts, html.escape(it.text[at:])])


def _pdf(title: str, parts: Sequence[ToldPart]) -> bytes:
    pages = [
        _page(title if start == 0 else "", parts[start : start + _PER_PAGE])
        for start in range(0, len(parts), _PER_PAGE)
    ]
    content = io.BytesIO()
    pages[0].save(
        content, "PDF", save_all=True, append_images=pages[1:], resolution=100.0, title=title
    )
    return content.getvalue()


def _page(title: str, parts: Sequence[ToldPart]) -> Image.Image:
    page = Image.new("RGB", (_WIDTH, _HEIGHT), "white")
    pen = ImageDraw.Draw(page)
    top = _MARGIN
    if title:
        for line in wrapped(title, font_of(28), _WIDTH - 2 * _MARGIN, 2):
            pen.text((_MARGIN, top), line, fill=_INK, font=font_of(28))
            top += 36
        top += 12
    height = (_HEIGHT - top - _MARGIN) // _PER_PAGE
    for it in parts:
        picture = Image.fromarray(it.part.image_HWC)
        picture.thumbnail((300, height - 24))
        page.paste(picture, (_MARGIN, top))
        left, room = _MARGIN + 324, _WIDTH - 2 * _MARGIN - 324
        y = _write(pen, it.text, (left, top), room, height - 60, _BODY_PX, _INK)
        told = tr("Not seen: {words}", words=", ".join(dict.fromkeys(u.word for u in it.unseen)))
        if it.unseen:
            y = _write(pen, told, (left, y + 4), room, 34, _SMALL_PX, _UNSEEN)
        _write(pen, it.beat.facts, (left, y + 4), room, top + height - y - 24, _SMALL_PX, _QUIET)
        top += height
    return page


def _write(
    pen: ImageDraw.ImageDraw,
    text: str,
    place: tuple[int, int],
    width: int,
    height: int,
    size: int,
    colour: tuple[int, int, int],
) -> int:
    """Write as many lines as there is room for; gives the place below them."""
    step = round(size * 1.35)
    left, top = place
    for line in wrapped(text, font_of(size), width, max(1, height // step)):
        pen.text((left, top), line, fill=colour, font=font_of(size))
        top += step
    return top


def _blocks(text: str) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and len(longer) > _LINE_CHARACTERS:
            lines.append(line)
            longer = word
        line = longer
    lines += [line] if line else []
    return ["\n".join(lines[at : at + _LINES]) for at in range(0, len(lines), _LINES)]


def _stamp(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    whole, thousandths = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{whole:02}{point}{thousandths:03}"


def facts_of(parts: Mapping[int, Part], beat: Beat) -> list[str]:
    """All that may be named in a part of a story."""
    return [beat.facts, *parts[beat.number].tags]
