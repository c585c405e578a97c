"""Names of the figures that tell how a run is doing, for measurements, plots and the coach."""

from dataclasses import dataclass
from typing import ClassVar, Final

from genstudio.domain.language import Spoken, tr_noop

# Of what it makes, against the pictures that it learns from.
SWD: Final = "SWD"
KID: Final = "KID"
COVERAGE: Final = "coverage"
DIVERSITY: Final = "diversity"
COPIES: Final = "copies"
# Around nought for real pictures against other real ones; this is how far it strays there.
KID_CHANCE: Final = "KID by chance"
# The same among real pictures: nothing better can be expected.
COPIES_FLOOR: Final = "copies among real pictures"

# Of a translation, between held-out inputs and what is made of them.
# Mean absolute difference to what should have come out, from 0 to 1 (paired examples only).
L1: Final = "L1"
# Correlation of brightness between input and output, from -1 (a negative) to 1.
LUMINANCE_CORRELATION: Final = "brightness kept"
# Share of strong edges that input and output have in common (intersection over union).
EDGE_IOU: Final = "edges kept"
# The same between inputs and what was made of others.
EDGE_IOU_CHANCE: Final = "edges kept by chance"

# Of a language model.
# Its surprise at held-out pages, in bits for each byte; and that of a 5-gram of the same tokens.
BITS_PER_BYTE: Final = "bits per byte"
BITS_PER_BYTE_NGRAM: Final = "bits per byte of a 5-gram"
# Share of the words that it writes in runs of eight or more that stand in what it learned from; and
# the same of held-out pages.
COPIED_WORDS: Final = "copied words"
COPIED_WORDS_FLOOR: Final = "copied words of held-out pages"

# Of a run that is taught by a person's choices.
# How much more its pictures are liked than before, in standard deviations of what it drew then.
TASTE_GAIN: Final = "gain in taste"
# Share of choices kept back in which it has become likelier to write what was chosen.
CHOICES_FOLLOWED: Final = "choices followed"

# 1 as long as variety, or fluency, and the agreement on what is liked are what they were; else 0.
LESSON_WITHIN_BOUNDS: Final = "lesson within bounds"

# Of the inside of a model that knows better than its pictures tell.
# Chance that a critic finds a real picture more real than a made one; 0.5 is guessing.
DISCRIMINATOR_ADVANTAGE: Final = "critic's advantage"
# How sure it is of that, on average: 0.5 says that both are worth the same to it.
DISCRIMINATOR_CONFIDENCE: Final = "critic's confidence"
# As its advantage, for a picture that it learned from and one that was held out; 0.5 remembers
# nothing.
DISCRIMINATOR_MEMORY: Final = "critic's memory"
# Share of the latent numbers that say anything about a picture, from 0 to 1.
ACTIVE_UNITS: Final = "active units"


@dataclass(frozen=True, slots=True)
class ShownFigure(Spoken):
    """How a figure is shown beside a run.

    Attributes:
        words: A painter's, with the technical term in brackets.
        form: Of the number, as ``format`` takes it.
        help: What it says, and which way is better.
    """

    spoken: ClassVar[frozenset[str]] = frozenset({"words", "help"})

    words: str
    form: str
    help: str


# What is shown while a run goes on, in this order.
SHOWN: Final = {
    EDGE_IOU: ShownFigure(
        "Edges kept",
        ".0%",
        "Share of strong edges that stay where they were (edge IoU). Low: shapes get lost.",
    ),
    LUMINANCE_CORRELATION: ShownFigure(
        "Brightness kept",
        ".2f",
        "Correlation of brightness before and after: 1 keeps light and dark, −1 is a negative.",
    ),
    L1: ShownFigure(
        "Off the answers",
        ".1%",
        "Mean difference to what should have come out (L1). Lower is better.",
    ),
    SWD: ShownFigure(
        "Surfaces off",
        ".3g",
        "How far brushwork and texture are from your pictures' (SWD × 1,000). Lower is better.",
    ),
    KID: ShownFigure(
        "Distance",
        ".3g",
        "How far all of them are from your pictures (KID × 1,000). Lower is "
        "better; 0 is as near as your pictures are to each other.",
    ),
    COVERAGE: ShownFigure(
        "Variety reached",
        ".0%",
        "Share of your pictures that have a made one near (coverage). Higher is better.",
    ),
    DIVERSITY: ShownFigure(
        "Unlike each other",
        ".0%",
        "How much they differ from each other, of how much yours do "
        "(diversity). Falling: they become alike.",
    ),
    BITS_PER_BYTE: ShownFigure(
        "Surprised by unknown pages",
        ".3f",
        "Bits that it needs for each byte of pages that it never saw. Lower is better; rising: it "
        "learns yours by heart.",
    ),
    BITS_PER_BYTE_NGRAM: ShownFigure(
        "a table of word parts is",
        ".3f",
        "The same of a 5-gram with Kneser-Ney smoothing, counted in a second: what to beat.",
    ),
    COPIED_WORDS: ShownFigure(
        "Words of yours",
        ".0%",
        "Share of the words that it writes in runs of eight or more as they stand in your texts. "
        "Lower is better.",
    ),
    TASTE_GAIN: ShownFigure(
        "Nearer to your taste",
        "+.2f",
        "How much more you will like what it makes than before the teaching, in standard "
        "deviations of what it made then (reward). Higher is better.",
    ),
    CHOICES_FOLLOWED: ShownFigure(
        "Choices followed",
        ".0%",
        "Share of choices that were kept back in which it has become likelier to write what you "
        "chose. 50 % is chance.",
    ),
    COPIES: ShownFigure(
        "Copies", ".0%", "Share that nearly is one of your pictures. Lower is better."
    ),
}

# What models call their losses, and what is drawn beside them: looked up where it is shown.
LOSSES: Final = (
    tr_noop("generator"), tr_noop("discriminator"), tr_noop("redrawing"), tr_noop("R1 + R2"),
    tr_noop("bound"), tr_noop("error"), tr_noop("critic"), tr_noop("flow"), tr_noop("repair"),
    tr_noop("contrast"), tr_noop("patches"), tr_noop("edges kept"), tr_noop("prior"),
    tr_noop("nats per token"), tr_noop("wrong tokens"), tr_noop("KL per picture"),
    tr_noop("KL per sound"), tr_noop("KL per molecule"), tr_noop("KL per phrase"),
    tr_noop("coverage"), tr_noop("diversity"),
)  # fmt: skip
# Kinds of models, as cards have them.
FAMILIES: Final = (
    tr_noop("translation"), tr_noop("style"), tr_noop("anomaly"), tr_noop("text-to-image"),
    tr_noop("music"), tr_noop("sound"), tr_noop("molecules"), tr_noop("language"),
    tr_noop("multimodal"),
)  # fmt: skip
