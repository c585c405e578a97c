"""Cards of modalities: what one example is, as data that the window and the command line show."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from genstudio.domain.language import Spoken

IMAGES = "images"
PAIRS = "pairs"
TWO_SETS = "two-sets"
CAPTIONS = "captions"
SOUND = "sound"
NOTES = "notes"
MOLECULES = "molecules"
TEXTS = "texts"


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
