"""Pictures that say how they were made: the recipe and the mark of a trained model, in the PNG."""

import hashlib
import html
import io
import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from PIL import Image, PngImagePlugin
from pydantic import ValidationError

from genstudio.artifacts.protocol import ArtifactCard, ArtifactKind, Metadata
from genstudio.data.decode import PARSER_ERRORS, UnreadablePictureError, decode_thumbnail
from genstudio.domain.artifacts import IMAGE, LORA, Artifact
from genstudio.domain.errors import DatasetError, ProjectError
from genstudio.domain.files import is_file, replacing
from genstudio.domain.language import tr
from genstudio.domain.recipes import Recipe

RECIPE_KEY: Final = "genstudio"
XMP_KEY: Final = "XML:com.adobe.xmp"
LARGEST_RECIPE_BYTES: Final = 64 * 2**10
# The text of a picture in which other programs look for the prompt, and the setting that asks for
# it.
PARAMETERS_KEY: Final = "parameters"

# The IPTC's term for "made by a model that was trained on pictures".
SOURCE_TYPE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmp:CreatorTool="{tool}"
    Iptc4xmpExt:DigitalSourceType="{source_type}"/>{authorship}
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""

_PLAIN_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{authorship}
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""
# Elements of Dublin Core, as XMP part 1 has them: a sequence, and alternatives by language.
_AUTHORSHIP = """
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">{elements}
  </rdf:Description>"""
_CREATOR = "\n   <dc:creator><rdf:Seq><rdf:li>{text}</rdf:li></rdf:Seq></dc:creator>"
_IN_WORDS = """
   <dc:{name}><rdf:Alt><rdf:li xml:lang="x-default">{text}</rdf:li></rdf:Alt></dc:{name}>"""

# Two pictures that agree in these are the same picture.
_IDENTITY = {"run", "step", "seed", "size", "sampling", "weights_sha256"}
_LATER_IDENTITY = {"operation", "inputs", "position", "batch", "device"}
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TELLING_CHUNKS = frozenset({b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"tIME", b"caBX"})
# Half the time of Pillow's own choice, 6, at files of -15 to +9 % of the size: what takes longest
# of keeping a small picture.
_COMPRESS_LEVEL = 3
_READABLE = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
# Pillow warns of some hostile files, which may be an error, too.
_UNREADABLE = (*PARSER_ERRORS, Image.DecompressionBombError, MemoryError, Warning)


def save_marked(image_HWC: np.ndarray, path: Path, software: str) -> None:
    """Write a picture that no recipe can make again, with the mark of a trained model.

    Args:
        image_HWC: uint8 array of shape (height, width, channels), with 1, 3 or 4 channels.
        path: A PNG file; replaced if it exists.
        software: Program and version.

    Raises:
        ProjectError: The disk is full or the folder cannot be written to.
    """
    _save(image_HWC, path, {XMP_KEY: xmp_packet(software)})


def save_bare(image_HWC: np.ndarray, path: Path) -> None:
    """Write a picture that says nothing of how it was made; see :func:`save_marked`."""
    _save(image_HWC, path, {})


def save_picture(image_HWC: np.ndarray, path: Path, recipe: Recipe) -> None:
    """Write a generated picture with its recipe inside.

    Args:
        image_HWC: uint8 array of shape (height, width, channels), with 1, 3 or 4 channels.
        path: A PNG file; replaced if it exists.
        recipe: All that is needed to make the picture again.

    Raises:
        ProjectError: The disk is full, the folder cannot be written to, or the
            recipe is longer than :func:`read_recipe` accepts.
    """
    record = recipe.model_dump_json()
    if len(record.encode()) > LARGEST_RECIPE_BYTES:
        raise _too_long(path)
    texts = {RECIPE_KEY: record}
    if recipe.synthetic:
        texts[XMP_KEY] = xmp_packet(recipe.software)
    if recipe.sampling.get(PARAMETERS_KEY) is True:
        height, width = image_HWC.shape[:2]
        texts[PARAMETERS_KEY] = parameters_text(recipe, width, height)
    _save(image_HWC, path, texts)


def parameters_text(recipe: Recipe, width: int, height: int) -> str:
    """What a Stable Diffusion drew, in the lines that other programs write and read.

    Args:
        recipe: Of such a picture.
        width: Of the picture in pixels.
        height: Of the picture in pixels.
    """
    said = recipe.sampling
    loras = [it.name.rpartition(".")[0] for it in recipe.inputs if it.role == LORA]
    strengths = [it.strip() for it in str(said.get("lora_strengths", "1")).split(",")]
    named = [
        f"<lora:{name}:{strengths[min(number, len(strengths) - 1)]}>"
        for number, name in enumerate(loras)
    ]
    lines = [" ".join([str(said.get("prompt", "")), *named])]
    if negative := said.get("negative_prompt"):
        lines.append(f"Negative prompt: {negative}")
    told = {
        "Steps": said.get("steps"),
        "Sampler": said.get("sampler"),
        "CFG scale": said.get("guidance"),
        "Seed": recipe.seed,
        "Size": f"{width}x{height}",
        "Model hash": str(said.get("base", "")).removeprefix("sha256:")[:10],
        "Denoising strength": said.get("strength"),
        "Version": recipe.software,
    }
    lines.append(", ".join(f"{name}: {value}" for name, value in told.items() if value is not None))
    return "\n".join(lines)


def _save(image_HWC: np.ndarray, path: Path, texts: Mapping[str, str]) -> None:
    chunks = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        chunks.add_itxt(key, text)
    pixels = image_HWC[..., 0] if image_HWC.shape[-1] == 1 else image_HWC
    with replacing(path) as temporary:
        Image.fromarray(pixels).save(
            temporary, "PNG", pnginfo=chunks, compress_level=_COMPRESS_LEVEL
        )


def encoded(picture: Image.Image, software: str, *, clear_index: int | None = None) -> bytes:
    """The bytes of a PNG in the mode of the picture, palette included.

    Args:
        picture: Any mode that a PNG has.
        software: Program and version for the mark of a trained model; empty for no mark.
        clear_index: Of a palette, the colour that is not seen.
    """
    chunks = PngImagePlugin.PngInfo()
    if software:
        chunks.add_itxt(XMP_KEY, xmp_packet(software))
    clear = {} if clear_index is None else {"transparency": clear_index}
    content = io.BytesIO()
    picture.save(content, "PNG", pnginfo=chunks, **clear)
    return content.getvalue()


def xmp_packet(software: str, added: str = "") -> str:
    """What a picture says of itself in XMP: that a trained model made it, and with what.

    Args:
        software: Program and version.
        added: Further descriptions, as RDF.
    """
    return _XMP.format(tool=_as_xml(software), source_type=SOURCE_TYPE, authorship=added)


def _as_xml(text: str) -> str:
    return html.escape("".join(character for character in text if character.isprintable()))


def with_authorship(content: bytes, *, author: str, licence: str, statement: str) -> bytes:
    """The same PNG, saying whose it is; the pixels are not encoded anew.

    Args:
        content: Of a PNG file, with or without the mark of a trained model.
        author: Name; empty for none.
        licence: What others may do with it; empty for none.
        statement: What the artist says of it; empty for none.

    Raises:
        DatasetError: It is damaged.
    """
    elements = _CREATOR.format(text=_as_xml(author)) if author else ""
    for name, text in (("rights", licence), ("description", statement)):
        elements += _IN_WORDS.format(name=name, text=_as_xml(text)) if text else ""
    added = _AUTHORSHIP.format(elements=elements)
    begin, end = b"<rdf:RDF", b" </rdf:RDF>"
    written: list[bytes] = [_SIGNATURE]
    is_written = False
    for name, chunk in _chunks(content):
        data = chunk[8:-4]
        if name == b"iTXt" and data.startswith(XMP_KEY.encode() + b"\0") and begin in data:
            packet = data.replace(end, added.encode() + b"\n" + end, 1)
            written.append(_chunk(b"iTXt", packet))
            is_written = True
            continue
        if name == b"IDAT" and not is_written:
            # What nobody made, such as a frame of a person's own film, carries no mark.
            packet = _PLAIN_XMP.format(authorship=added)
            written.append(_chunk(b"iTXt", _itxt(packet)))
            is_written = True
        written.append(chunk)
    return b"".join(written)


def _itxt(text: str) -> bytes:
    """Not compressed, in no language, as XMP wants it."""
    return XMP_KEY.encode() + b"\0\0\0\0\0" + text.encode()


def _chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG: names, and all of each.

    Raises:
        DatasetError: It is none, or damaged.
    """
    if not content.startswith(_SIGNATURE):
        raise _unreadable(Path("The picture"))
    at = len(_SIGNATURE)
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4].rjust(4, b"\0"))
        chunk = content[at : at + 12 + length]
        if len(chunk) < 12 + length:
            raise _unreadable(Path("The picture"))
        yield content[at + 4 : at + 8], chunk
        at += len(chunk)


def identity(recipe: Recipe) -> str:
    """A hash that artifacts share which are the same: of one run, step and seed, made alike."""
    content = recipe.model_dump(mode="json", include=_IDENTITY)
    # What was made before there were other operations keeps its hash.
    later = recipe.model_dump(mode="json", include=_LATER_IDENTITY, exclude_defaults=True)
    values = json.dumps({**content, **later}, sort_keys=True)
    return hashlib.blake2b(values.encode(), digest_size=16).hexdigest()


def read_recipe(path: Path) -> Recipe | None:
    """Read how a picture was made; the pixels are not looked at.

    Returns:
        None when the picture carries no recipe.

    Raises:
        DatasetError: The file is missing or is no picture.
        ProjectError: What it carries under our name is no recipe, or too long for one.
    """
    record = _recipe_text(path)
    if record is None:
        return None
    if len(record) > LARGEST_RECIPE_BYTES or len(record.encode()) > LARGEST_RECIPE_BYTES:
        raise _too_long(path)
    try:
        return Recipe.model_validate_json(record)
    except ValidationError as error:
        raise ProjectError(
            tr("The recipe in {name} is damaged", name=path.name),
            tr("{count} of its entries cannot be read.", count=error.error_count()),
            tr("Use the original picture, as GenStudio saved it."),
        ) from error


def _recipe_text(path: Path) -> str | None:
    if not is_file(path):  # Reading a pipe would wait for ever.
        raise _unreadable(path)
    try:
        with Image.open(path, formats=_READABLE) as picture:
            text = picture.info.get(RECIPE_KEY)
    except _UNREADABLE as error:
        raise _unreadable(path) from error
    return text if isinstance(text, str) else None


def _unreadable(path: Path) -> DatasetError:
    return DatasetError(
        tr("{name} cannot be read as a picture", name=path.name),
        tr("The file is missing, damaged, or of another kind."),
        tr("Choose a picture that GenStudio made."),
    )


def _too_long(path: Path) -> ProjectError:
    return ProjectError(
        tr("The recipe of {name} is too long", name=path.name),
        tr(
            "Recipes have up to {largest_recipe_bytes} KiB.",
            largest_recipe_bytes=LARGEST_RECIPE_BYTES // 1024,
        ),
        tr("Pictures made by GenStudio carry short recipes; this one came from elsewhere."),
    )


def _without_texts(content: bytes, metadata: Metadata) -> bytes:
    """Leave out what a PNG says about itself, but for the mark where that shall stay."""
    kept = [_SIGNATURE]
    for name, chunk in _chunks(content):
        is_mark = name == b"iTXt" and chunk[8:].startswith(XMP_KEY.encode() + b"\0")
        if name not in _TELLING_CHUNKS or (is_mark and metadata == "mark"):
            kept.append(chunk)
    return b"".join(kept)


class Images:
    """Kind "image": PNG files."""

    card: ClassVar[ArtifactCard] = ArtifactCard(
        key=IMAGE,
        title="Picture",
        noun=("picture", "pictures"),
        suffix=".png",
        media_type="image/png",
    )

    def write(self, artifact: Artifact, path: Path, recipe: Recipe) -> None:
        """Write a PNG."""
        save_picture(artifact.data, path, recipe)

    def read(self, path: Path) -> Artifact:
        """Read the pixels as they were written."""
        recipe = self.read_recipe(path)
        try:
            with Image.open(path, formats=("PNG",)) as picture:
                pixels = np.asarray(picture)
        except _UNREADABLE as error:
            raise _unreadable(path) from error
        data = pixels if pixels.ndim == 3 else pixels[..., None]
        return Artifact(kind=IMAGE, data=data, seed=None if recipe is None else recipe.seed)

    def read_recipe(self, path: Path) -> Recipe | None:
        """Read how it was made."""
        return read_recipe(path)

    def with_metadata(self, content: bytes, metadata: Metadata) -> bytes:
        """The same pixels, not encoded anew, without the chunks that tell more."""
        return content if metadata == "everything" else _without_texts(content, metadata)

    def thumbnail(self, path: Path, side: int) -> np.ndarray:
        """Draw it small."""
        try:
            return decode_thumbnail(path, side=side, with_opacity=True)
        except UnreadablePictureError as error:
            raise _unreadable(path) from error

    def is_same(self, one: Artifact, other: Artifact) -> bool:
        """Compare pixels."""
        return np.array_equal(one.data, other.data)

    def words(self, artifact: Artifact) -> str:
        """Say how large it is."""
        height, width = artifact.data.shape[:2]
        return f"{width} × {height} px"


KIND: Final[ArtifactKind] = Images()
