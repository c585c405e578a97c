"""Photoshop and TIFF documents: which channel is transparency, which page is the picture."""

import io
from typing import BinaryIO

from PIL import Image, TiffImagePlugin

from genstudio.data.formats import PARSER_ERRORS
from genstudio.domain.language import tr, tr_noop

_PSD_SIGNATURE = b"8BPS\0\1"
_PSD_HEADER_BYTES = 26
_PSD_COLOURS = {
    0: tr_noop("black and white"), 1: tr_noop("grey"), 2: tr_noop("palette"), 3: "RGB", 4: "CMYK",
    7: tr_noop("multichannel"), 8: tr_noop("duotone"), 9: "Lab",
}  # fmt: skip
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_DAMAGED_TIFF = tr_noop("It is a TIFF that is damaged, or of a kind that cannot be read.")
_WIDTH, _BITS, _SAMPLES, _FORMAT, _FLOAT = 256, 258, 277, 339, 3
# A first page that is larger is no thumbnail.
_LARGEST_THUMBNAIL = 512
_MOST_PAGES = 64


def psd_is_opaque(file: BinaryIO) -> bool:
    """Whether the fourth channel of a Photoshop file is a saved selection.

    Only where the number of layers is negative its first further channel is transparency (Adobe
    Photoshop File Formats Specification, layer and mask information).
    """
    file.seek(_PSD_HEADER_BYTES)
    for _ in range(2):  # Palette and image resources.
        file.seek(int.from_bytes(file.read(4)), io.SEEK_CUR)
    has_layers = int.from_bytes(file.read(4)) >= 6 and int.from_bytes(file.read(4)) >= 2
    return not has_layers or int.from_bytes(file.read(2), signed=True) >= 0


def why_unreadable(file: BinaryIO) -> str | None:
    """Say of a Photoshop or TIFF file why Pillow does not read it; None if it is neither."""
    file.seek(0)
    head = file.read(_PSD_HEADER_BYTES)
    if head.startswith(_PSD_SIGNATURE) and len(head) == _PSD_HEADER_BYTES:
        bits = int.from_bytes(head[22:24])
        colours = tr(_PSD_COLOURS.get(int.from_bytes(head[24:26]), "unknown"))
        return _reason(tr("Photoshop file"), bits, tr("{colours} colours", colours=colours))
    if head.startswith(_TIFF_STARTS):
        return _why_tiff_unreadable(file, head)
    return None


def _why_tiff_unreadable(file: BinaryIO, head: bytes) -> str:
    try:
        file.seek(0)
        tags = TiffImagePlugin.ImageFileDirectory_v2(file.read(16 if head[2] in b"+\0+" else 8))
        file.seek(tags.next)
        tags.load(file)
        if _WIDTH not in tags:
            return tr(_DAMAGED_TIFF)
        bits = tags.get(_BITS, 1)
        bits = max(bits) if isinstance(bits, tuple) else bits
        numbers = tags.get(_FORMAT, 1)
        is_float = _FLOAT in (numbers if isinstance(numbers, tuple) else (numbers,))
        channels = tr(
            "{tags} channels{value}",
            tags=tags.get(_SAMPLES, 1),
            value=tr(" of floating point") if is_float else "",
        )
        return _reason("TIFF", bits, channels)
    except PARSER_ERRORS:
        return tr(_DAMAGED_TIFF)


def _reason(kind: str, bits: int, colours: str) -> str:
    if bits > 8:
        return tr(
            "It is a {kind} with {bits} bits per channel ({colours}); save it with 8.",
            kind=kind,
            bits=bits,
            colours=colours,
        )
    return tr(
        "It is a {kind} of a kind that cannot be read ({colours}, {bits} bits per channel).",
        kind=kind,
        colours=colours,
        bits=bits,
    )


def seek_largest_page(image: Image.Image) -> None:
    """Go to the page of a TIFF that is the picture, where the first one is a thumbnail of it."""
    if image.format != "TIFF" or max(image.size) > _LARGEST_THUMBNAIL:
        return
    best, area = 0, 4 * image.width * image.height
    page = 0
    try:
        for page in range(1, _MOST_PAGES):
            image.seek(page)
            if image.width * image.height >= area:
                best, area = page, image.width * image.height
    except PARSER_ERRORS:
        pass  # There are no more, or none that can be read.
    if page > 0:
        image.seek(best)
