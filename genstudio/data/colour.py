"""Colour management: pixels of whatever colour space a picture is in, to sRGB.

As in viewers, the embedded ICC profile counts, with relative colorimetric intent and black point
compensation; without one, the gamma and primaries of a PNG, and the Adobe RGB mark of cameras
(DCF 2.0, “R03”). Profiles that are broken or of another kind of pixels are passed over.
"""

import hashlib
import io
import struct
import threading
from functools import lru_cache

import numpy as np
from PIL import ExifTags, Image, ImageCms

from genstudio.data.formats import PARSER_ERRORS
from genstudio.data.metadata import MAX_PROFILE_BYTES

# Colour spaces of profiles, as they name them, for each mode of pixels.
_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
_PICTURE_CLASSES = frozenset({"mntr", "scnr", "prtr", "spac"})
_MOST_KNOWN = 64
# Colours differ by no more where a profile is only another way to write sRGB.
_SAME_COLOUR = 2
_LEAST_CONTRAST = 16
_SRGB_GAMMA = 1 / 2.2
_SRGB_XY = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_ADOBE_XY = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
_ADOBE_GAMMA = 563 / 256
_INTEROP_INDEX, _ADOBE_INDEX = 1, "R03"
_COLOUR_SPACE, _ADOBE_SPACE = 0xA001, 2
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)

_known: dict[tuple[bytes, str], ImageCms.ImageCmsTransform | None] = {}
_known_lock = threading.Lock()


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert opaque pixels (mode L, RGB or CMYK) that a profile describes to sRGB."""
    transform = None if profile is None else _transform(profile, image.mode)
    if transform is None:
        return image if image.mode == "RGB" else image.convert("RGB")
    return ImageCms.applyTransform(image, transform) or image


def profile_of(image: Image.Image) -> bytes | None:
    """The ICC profile of a picture, or one that says the same as its other metadata."""
    profile = image.info.get("icc_profile")
    if isinstance(profile, bytes) and 128 < len(profile) <= MAX_PROFILE_BYTES:
        return profile
    if image.format == "PNG":
        return _profile_of_png(image)
    if image.format in ("JPEG", "MPO", "TIFF") and _is_marked_adobe(image):
        return matrix_profile(_ADOBE_GAMMA, _ADOBE_XY)
    return None


def _profile_of_png(image: Image.Image) -> bytes | None:
    gamma = image.info.get("gamma")
    if "srgb" in image.info or not gamma or not 0.1 <= gamma <= 2:
        return None
    if image.mode in ("1", "L", "LA", "I", "I;16"):
        return None if abs(gamma - _SRGB_GAMMA) < 0.01 else grey_profile(1 / gamma)
    primaries = tuple(image.info.get("chromaticity", _SRGB_XY))
    is_srgb = np.allclose(primaries, _SRGB_XY, atol=0.005) and abs(gamma - _SRGB_GAMMA) < 0.01
    if is_srgb or len(primaries) != len(_SRGB_XY):
        return None
    return matrix_profile(1 / gamma, primaries)


def _is_marked_adobe(image: Image.Image) -> bool:
    try:
        exif = image.getexif()
        if exif.get_ifd(ExifTags.IFD.Exif).get(_COLOUR_SPACE) == _ADOBE_SPACE:
            return True
        index = exif.get_ifd(ExifTags.IFD.Interop).get(_INTEROP_INDEX)
        return isinstance(index, str) and index.startswith(_ADOBE_INDEX)
    except PARSER_ERRORS:
        return False


def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way to sRGB; None if it changes nothing, or there is none. Kept, as sets share one."""
    key = hashlib.blake2b(profile, digest_size=16).digest(), mode
    with _known_lock:
        if key in _known:
            return _known[key]
    transform = _built(profile, mode)
    with _known_lock:
        if len(_known) >= _MOST_KNOWN:
            del _known[next(iter(_known))]
        _known[key] = transform
    return transform


def _built(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        header = source.profile
        assert isinstance(header, ImageCms.core.CmsProfile)
        is_fitting = header.xcolor_space.strip() == _SPACES[mode]
        if not is_fitting or header.device_class not in _PICTURE_CLASSES:
            return None
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        probe = _probe(mode)
        converted = ImageCms.applyTransform(probe, transform)
    except (ImageCms.PyCMSError, *PARSER_ERRORS):
        return None
    assert converted is not None  # Only a conversion in place gives nothing.
    now, before = np.asarray(converted).astype(int), np.asarray(probe.convert("RGB")).astype(int)
    is_broken = now.max() - now.min() < _LEAST_CONTRAST
    return None if is_broken or np.abs(now - before).max() <= _SAME_COLOUR else transform


def _probe(mode: str) -> Image.Image:
    """Colours from all over a colour space."""
    bands = Image.new(mode, (1, 1)).getbands()
    levels = np.linspace(0, 255, 17 if len(bands) < 4 else 7).astype(np.uint8)
    colours = np.stack(np.meshgrid(*[levels] * len(bands)), axis=-1).reshape(-1, len(bands))
    return Image.frombytes(mode, (len(colours), 1), colours.tobytes())


@lru_cache(maxsize=_MOST_KNOWN)
def matrix_profile(gamma: float, primaries: tuple[float, ...]) -> bytes:
    """An ICC profile of an RGB space.

    Args:
        gamma: Exponent that makes light of levels.
        primaries: x and y of white, red, green and blue.
    """
    xyz = [
        np.array([x, y, 1 - x - y]) / max(y, 1e-6)
        for x, y in zip(primaries[::2], primaries[1::2], strict=True)
    ]
    white, colours = xyz[0], np.stack(xyz[1:], axis=1)
    try:
        colours = colours * np.linalg.solve(colours, white)
    except np.linalg.LinAlgError:
        return b""  # Three primaries on a line span no colours.
    adapted = np.linalg.solve(
        _BRADFORD, np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white)) @ _BRADFORD
    )
    red, green, blue = (_xyz_tag(column) for column in (adapted @ colours).T)
    curve = _curve_tag(gamma)
    tags = {b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue}
    return _profile(b"RGB ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


@lru_cache(maxsize=_MOST_KNOWN)
def grey_profile(gamma: float) -> bytes:
    """An ICC profile of grey levels; ``gamma`` is the exponent that makes light of them."""
    return _profile(b"GRAY", {b"kTRC": _curve_tag(gamma)})


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Lay out a display profile of version 2 (ICC.1:2001-04, sections 6.1 to 6.3)."""
    tags = {b"wtpt": _xyz_tag(_D50), **tags}
    start, table, data = 132 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(data), len(content))
        data += content
    body = struct.pack(">I", len(tags)) + table + data
    sizes = struct.pack(
        ">I4sI4s4s4s", 128 + len(body), b"none", 0x02400000, b"mntr", space, b"XYZ "
    )
    illuminant = _xyz_tag(_D50)[8:]
    head = sizes + bytes(12) + b"acsp" + bytes(28) + illuminant
    return head.ljust(128, b"\0") + body


def _xyz_tag(xyz: np.ndarray) -> bytes:
    fixed = (np.clip(xyz, -4, 4) * 65536).round().astype(int)
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *fixed.tolist())


def _curve_tag(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IHH", 1, round(gamma * 256), 0)
