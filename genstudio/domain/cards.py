"""Model cards: what an architecture is for, as data that the window and the command line show."""

from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict

from genstudio.domain.language import Spoken

# Capabilities are an open set of names: each stands for a small Protocol in
# genstudio.models.capabilities, and a third-party architecture may bring its own.
INTERPOLATE: Final = "interpolate"
RECONSTRUCT: Final = "reconstruct"
# A person's own pictures can be described, and pictures drawn that lie between them.
ENCODE: Final = "encode"
# What is no picture, such as a sound, can be described, and remade from what lies between two.
BLEND: Final = "blend"
# Its phrases can be steered by what is seen.
PLAY: Final = "play"
# It can be taught to tell kinds (classes) of pictures apart, and be asked for one.
KINDS: Final = "kinds"
# One of the materials that it learns together goes in, another one comes out.
CROSS: Final = "cross"
# It writes texts, and says how likely one is.
WRITE: Final = "write"
# A person's choices can take part in its training.
TEACH: Final = "teach"
# Its form, texture and colour can be drawn from latents of their own.
ZONES: Final = "zones"
# The latent that draws a person's picture can be searched for.
INVERT: Final = "invert"
# It says how unlike everything that it has seen a picture is, and where.
SCORE: Final = "score"
# What it learned is a LoRA, which other programs use with the same base model.
HAS_LORA: Final = "lora"
# Pictures go in, and pictures of another kind come out.
TRANSLATE: Final = "translate"


class ModelCard(Spoken, BaseModel):
    """Everything a person needs to choose an architecture.

    Attributes:
        key: Name used in commands and saved files; never changes once released.
        title: Name shown on the card.
        summary: What it is for, in a sentence without jargon.
        family: Field's name for the kind of model, such as "GAN" or "VAE".
        modalities: Keys of the materials that it learns from, such as "images".
        output: What it makes, such as "image".
        capabilities: What can be done with a trained model.
        cost: How long to expect, in a few words.
        needs: What the pictures must be like, in a few words.
        paper: Title, authors, year and arXiv number of the source.
        fewest: Examples that it needs at least; with fewer, nothing is begun.
        suggested_from: Examples from which on it is suggested; None if never by itself.
        draws_slowly: Whether a picture takes so long that few are drawn as previews, and none to be
            measured.
        batch: Examples in a step that suit it; 0 for as many as suit pictures.
        revision: Raised when weights that were saved before would fit, but make other pictures.
        renamed_tensors: Regular expressions for beginnings of former names of tensors, and what
            took their place; the first that fits counts.
        added_tensors: Names of single numbers that older weights have not, and what they were then.
    """

    spoken: ClassVar[frozenset[str]] = frozenset({"title", "summary", "cost", "needs"})

    model_config = ConfigDict(frozen=True)

    key: str
    title: str
    summary: str
    family: str
    modalities: tuple[str, ...] = ("images",)
    output: str = "image"
    capabilities: frozenset[str] = frozenset()
    cost: str
    needs: str
    paper: str
    fewest: int = 0
    suggested_from: int | None = None
    draws_slowly: bool = False
    batch: int = 0
    revision: int = 1
    renamed_tensors: tuple[tuple[str, str], ...] = ()
    added_tensors: tuple[tuple[str, float], ...] = ()
