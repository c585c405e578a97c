"""Which picture files are read, and what the others are called."""

import re
import struct
from typing import BinaryIO

from genstudio.domain.language import tr, tr_noop

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "TGA", "AVIF", "JPEG2000", "PSD")
SUFFIXES = frozenset(
    f".{kind}"
    for kind in [
        "apng",
        "avif",
        "bmp",
        "gif",
        "icb",
        "j2c",
        "j2k",
        "jfif",
        "jp2",
        "jpc",
        "jpe",
        "jpeg",
        "jpf",
        "jpg",
        "jpx",
        "mpo",
        "pbm",
        "pfm",
        "pgm",
        "png",
        "pnm",
        "ppm",
        "psd",
        "tga",
        "tif",
        "tiff",
        "vda",
        "vst",
        "webp",
    ]
)

# What Pillow's parsers raise on damaged files; they share no base class.
PARSER_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
    AttributeError,
    struct.error,
)

# What systems and programs leave beside pictures; nobody misses these.
_NOT_MISSED = frozenset(
    {
        "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "picasa.ini",
        # What belongs together, and how scans became pictures: both are of this program.
        "groups.csv", "scans.json",
    }
)  # fmt: skip
NO_ENDING = tr_noop("no ending")
_LONGEST_SUFFIX = 12
_HEAD_BYTES = 64
_SAVE_AS = tr_noop("save it as PNG or JPEG")
_FTYP_BRANDS = {
    "HEIC": (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"heif"),
    "Canon raw (CR3)": (b"crx ",),
    "video": (b"isom", b"iso2", b"mp41", b"mp42", b"avc1", b"qt  ", b"M4V ", b"dash", b"3gp4"),
}
_SIGNATURES = (
    (rb"\xff\x0a|\x00\x00\x00\x0cJXL ", tr_noop("JPEG XL")),
    (rb"%PDF", tr_noop("PDF")),
    (rb"%!PS|\xc5\xd0\xd3\xc6", tr_noop("EPS")),
    (rb"gimp xcf", tr_noop("GIMP")),
    (rb"8BPS\x00\x02", tr_noop("large Photoshop (PSB)")),
    (rb"PK\x03\x04", tr_noop("zip")),
    (rb"II\*\0.{4}CR|FUJIFILMCCD-RAW|IIRO|IIU\x00|MMOR", tr_noop("camera raw")),
    (rb"SIMPLE  =", tr_noop("FITS")),
    (rb"\x76\x2f\x31\x01", tr_noop("OpenEXR")),
    (rb"#\?RADIANCE|#\?RGBE", tr_noop("Radiance HDR")),
    (rb"DDS ", tr_noop("DDS")),
    (rb"\x00\x00[\x01\x02]\x00", tr_noop("Windows icon")),
    (rb"icns", tr_noop("Mac icon")),
    (rb"qoif", tr_noop("QOI")),
    (rb"\x1a\x45\xdf\xa3|RIFF....AVI ", tr_noop("video")),
    (rb"(?i:\s*(<\?xml[^>]*>\s*)?<svg)", tr_noop("SVG")),
    (rb"(?i:\s*<(!doctype )?html)", tr_noop("web page")),
)


def may_be_picture(name: str) -> bool:
    """Whether a file is a picture by its name; hidden files are not looked at."""
    # A Path for each of very many files would take longer than finding them.
    _, dot, suffix = name.rpartition(".")
    return name[0] != "." and dot + suffix.lower() in SUFFIXES


def passed_over_kind(name: str) -> str | None:
    """What a file that is no picture by its name is counted as; None if nobody misses it."""
    if name[0] == "." or name.lower() in _NOT_MISSED:
        return None
    stem, _, suffix = name.rpartition(".")
    if (
        not stem
        or not 0 < len(suffix) <= _LONGEST_SUFFIX
        or not (suffix.isascii() and suffix.isalnum())
    ):
        return tr(NO_ENDING)
    return suffix.upper()


def why_of_another_kind(file: BinaryIO) -> str | None:
    """Say of a file that is not read what it is, by its first bytes; None if they do not tell."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if not head:
        return tr("It is empty.")
    kind = _kind_by_signature(head)
    return kind and tr(
        "It is a file of another kind ({kind}), whatever its name: {save_as}.",
        kind=tr(kind),
        save_as=tr(_SAVE_AS),
    )


def _kind_by_signature(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, len(head), 4))}
        for kind, known in _FTYP_BRANDS.items():
            if brands & set(known):
                return kind
    return next((kind for start, kind in _SIGNATURES if re.match(start, head, re.DOTALL)), None)
