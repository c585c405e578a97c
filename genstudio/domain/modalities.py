"""Cards of modalities: what one example is, as data that the window and the command line show."""

import re
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from genstudio.domain.artifacts import SOUND as SOUND_KIND
from genstudio.domain.artifacts import TEXT
from genstudio.domain.language import Spoken

IMAGES = "images"
PAIRS = "pairs"
TWO_SETS = "two-sets"
CAPTIONS = "captions"
SOUND = "sound"
NOTES = "notes"
MOLECULES = "molecules"
TEXTS = "texts"
PAIRED_MATERIALS = "paired-materials"

# How the layout of a run names what its pictures were paired with.
_PARTNER = re.compile(r"^\w+; \d+ px; ([\w-]+): ")


class ModalityCard(Spoken, BaseModel):
    """A kind of material.

    Attributes:
        key: Name used in commands and saved files; never changes once released.
        title: Name shown to people.
        folder: What a folder must look like, in a sentence.
        roles: Names of what goes in and what should come out; one where there is no difference.
        has_classes: Whether folders can be told apart as classes.
        suffixes: Of the files that it is made of, in small letters with the dot; none for pictures.
        noun: What its files are called, one and several.
        fewest_split: Files from which on some are held out.
        has_pictures: Whether pictures belong to it though it has files of its own.
    """

    spoken: ClassVar[frozenset[str]] = frozenset({"title", "folder", "noun"})

    model_config = ConfigDict(frozen=True)

    key: str
    title: str
    folder: str
    roles: tuple[str, ...] = ("images",)
    has_classes: bool = False
    suffixes: tuple[str, ...] = ()
    noun: tuple[str, str] = ("picture", "pictures")
    fewest_split: int = 50
    has_pictures: bool = False


def words_beside(size: int) -> str:
    """The layout of a run that learned pictures of so many pixels both ways with their captions."""
    return f"name; {size} px; {TEXT}: "


def partner_kind(modality: str, layout: str) -> str:
    """Key of the kind of artifact that the pictures of a run were learned together with.

    Args:
        modality: What the run learned.
        layout: How its examples are laid out.

    Returns:
        Empty where there is no such kind.
    """
    if modality == CAPTIONS:
        return TEXT
    if modality != PAIRED_MATERIALS:
        return ""
    # Materials with files of their own are called as what is made of them.
    found = _PARTNER.match(layout)
    return found[1] if found else SOUND_KIND
