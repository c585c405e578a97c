"""What a scan finds in a folder, and the manifest that a run learns from."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from genstudio.domain.language import tr, tr_noop

# Layouts of pairs: the left and the right half of one picture, or two folders.
HALVES = "halves"
FOLDERS = "folders"

# What a scan of pictures says that it does first.
LOOKING: Final = tr_noop("Looking through the pictures")

# Topic of advice on pictures of more than eight bits.
GREYS = "greys"

# Of all greys, what is in less than this share of them is hardly seen, or looks flat.
_FAINT = 0.25
# From this share on, what some pictures have is what the whole set is like.
_MOSTLY = 0.5


# Left and top edge and side of a square, in pixels of the upright picture.
Crop = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)], Annotated[int, Field(ge=1)]]


class Remark(StrEnum):
    """Something worth knowing about one picture; the picture stays usable."""

    TINY = "tiny"
    ODD_ASPECT = "odd aspect"
    GREY = "grey"
    BLURRED = "blurred"
    TRANSPARENT = "transparent"
    ANIMATED = "animated"
    DUPLICATE = "duplicate"
    TOO_LONG = "too long"
    SALT = "salt"

    @property
    def words(self) -> str:
        """A word or two in the language spoken, such as for a badge."""
        return tr(_SAID[self])


_SAID: Mapping[Remark, str] = {
    Remark.TINY: tr_noop("tiny"),
    Remark.ODD_ASPECT: tr_noop("odd aspect"),
    Remark.GREY: tr_noop("grey"),
    Remark.BLURRED: tr_noop("blurred"),
    Remark.TRANSPARENT: tr_noop("transparent"),
    Remark.ANIMATED: tr_noop("animated"),
    Remark.DUPLICATE: tr_noop("duplicate"),
    Remark.TOO_LONG: tr_noop("too long"),
    Remark.SALT: tr_noop("salt"),
}


class PictureInfo(BaseModel):
    """One usable picture, or a file of another material.

    Attributes:
        name: Path relative to the folder, with forward slashes.
        width, height: Pixels, after the camera's rotation is applied; 0 of what is no picture.
        content_hash: BLAKE2b-128 of the file's bytes, hexadecimal.
        remarks: What the scan noticed.
        duplicate_of: Name of the picture that looks the same, and is larger or comes first.
        words: What is said of a file that is no picture, in a line, such as how long it is.
        values: Numbers that its modality goes by, such as its seconds; none of pictures.
        greys: Of a grey picture of more than eight bits, in its own unit: what 99 of 100 of its
            levels lie between, and the level that becomes white.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    width: int = Field(default=0, ge=0)
    height: int = Field(default=0, ge=0)
    content_hash: str
    remarks: frozenset[Remark] = frozenset()
    duplicate_of: str | None = None
    words: str = ""
    values: dict[str, float] = Field(default_factory=dict)
    greys: tuple[float, float, float] | None = None

    @property
    def is_faint(self) -> bool:
        """Whether almost all of a picture of many greys lies in a small part of them."""
        if self.greys is None:
            return False
        low, high, white = self.greys
        return high - low < _FAINT * white


def count_with(remark: Remark, pictures: Sequence[PictureInfo]) -> int:
    """How many pictures carry a remark."""
    # Most carry none: of very many, asking each for one would hold up the window.
    return sum(remark in it.remarks for it in pictures if it.remarks)


def by_remark(pictures: Sequence[PictureInfo]) -> dict[Remark, list[PictureInfo]]:
    """Pictures that carry each remark, in their order; gone through once."""
    found: dict[Remark, list[PictureInfo]] = {}
    for picture in pictures:
        for remark in picture.remarks:
            found.setdefault(remark, []).append(picture)
    return found


def are_mostly_cut_out(pictures: Sequence[PictureInfo]) -> bool:
    """Whether more pictures than not have see-through parts."""
    count = count_with(Remark.TRANSPARENT, pictures)
    return count > _MOSTLY * len(pictures)


def are_grey(pictures: Sequence[PictureInfo]) -> bool:
    """Whether there are pictures, and none of them has colours."""
    return bool(pictures) and all(Remark.GREY in picture.remarks for picture in pictures)


class UnreadablePicture(BaseModel):
    """A file that looks like a picture by its name and cannot be used."""

    model_config = ConfigDict(frozen=True)

    name: str
    reason: str


class Advice(BaseModel):
    """A suggestion from the scan, with its reason in plain words.

    Attributes:
        title: What to do or to know, in a few words.
        reason: Why, in a sentence.
        topic: What a report shows it beside: a remark's value, or "unreadable"; ``GREYS`` where
            the range of grey can be chosen; empty for advice on the whole set.
    """

    model_config = ConfigDict(frozen=True)

    title: str
    reason: str
    topic: str = ""


class ScansFound(BaseModel):
    """A folder of scans, such as DICOM, which have to become pictures before they are learned.

    Attributes:
        folder: That holds them.
    """

    model_config = ConfigDict(frozen=True)

    folder: Path


class CaptionReport(BaseModel):
    """Captions that were found beside pictures, or written in a project.

    Attributes:
        texts: Name of a picture => its caption.
        sources: Where captions come from => how many.
        without_picture: What captions that belong to no picture are about, or their files.
        faults: What could not be read, or not as it is, a sentence each.
    """

    model_config = ConfigDict(frozen=True)

    texts: dict[str, str] = Field(default_factory=dict)
    sources: dict[str, int] = Field(default_factory=dict)
    without_picture: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


class ScanReport(BaseModel):
    """All that a scan found, in a stable order.

    Attributes:
        unreadable: Files, and folders inside the folder, that cannot be read.
        passed_over: How many files there are that are no pictures by their names, for each kind.
        captions: What belongs to the pictures in words.
        material: Key of the modality whose own files these are; empty for pictures.
        columns: Names of the columns of a table, where examples are read from one.
        column: The one that is read.
        within: Folders inside the folder that alone were looked through; by default all.
        crops: Name of a picture => the squares of it that are learned instead of the middle one.
    """

    model_config = ConfigDict(frozen=True)

    folder: Path
    material: str = ""
    columns: tuple[str, ...] = ()
    column: str = ""
    pictures: tuple[PictureInfo, ...]
    unreadable: tuple[UnreadablePicture, ...] = ()
    passed_over: dict[str, int] = Field(default_factory=dict)
    advice: tuple[Advice, ...] = ()
    suggested_size: int = 64
    captions: CaptionReport = CaptionReport()
    within: tuple[str, ...] = ()
    crops: dict[str, tuple[Crop, ...]] = Field(default_factory=dict[str, tuple[Crop, ...]])

    def with_captions(self, texts: Mapping[str, str]) -> "ScanReport":
        """The report with other captions, by the names of pictures."""
        captions = self.captions.model_copy(update={"texts": dict(texts)})
        return self.model_copy(update={"captions": captions})

    def with_remark(self, remark: Remark) -> list[PictureInfo]:
        """Pictures that carry a remark."""
        return [picture for picture in self.pictures if remark in picture.remarks]


_Side = Annotated[int, Field(ge=1, lt=2**31)]


def inside_folder(name: str) -> str:
    """The name, where it leads to something inside the folder that it is relative to.

    Raises:
        ValueError: It leads out of that folder.
    """
    path = PurePath(name)
    if path.anchor or ".." in path.parts or "\0" in name:
        raise ValueError("the name leads out of the folder")
    return name


class Manifest(BaseModel):
    """The exact pictures that a run learns from; saved as ``manifest.toml``.

    Attributes:
        folder: The user's folder, read-only to us.
        pictures: Name and content hash of each used picture, in order.
        excluded: Names that a person took out.
        decoding: Version of the decoding that their pixels are learned in.
        modality: Key of what they are taken for.
        layout: How examples lie in the folder, where the modality knows several ways.
        captions: Name and caption of each picture that has one, where they are learned from.
        crops: Place in ``pictures``, left, top, side of each square that is not the middle one. A
            picture of which several are learned is in ``pictures`` as often.
        within: Folders inside the folder that alone it was looked for in; none for all.
        sizes: Width and height of each picture in pixels, upright, where that decides the shape
            that it is learned in; none otherwise.
    """

    model_config = ConfigDict(frozen=True)

    folder: Path
    pictures: tuple[tuple[Annotated[str, AfterValidator(inside_folder)], str], ...]
    excluded: tuple[str, ...] = ()
    # Before it was written down it was this one.
    decoding: int = Field(default=4, ge=1)
    modality: str = Field(default="images", max_length=60)
    layout: str = Field(default="", max_length=60)
    captions: tuple[tuple[str, str], ...] = ()
    crops: tuple[tuple[int, int, int, int], ...] = ()
    sizes: tuple[tuple[_Side, _Side], ...] = ()
    within: tuple[Annotated[str, AfterValidator(inside_folder)], ...] = ()
