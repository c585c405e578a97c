"""Names of the figures that tell how a run is doing, for measurements, plots and the coach."""

from dataclasses import dataclass
from typing import Final

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
class ShownFigure:
    """How a figure is shown beside a run.

    Attributes:
        words: A painter's, with the technical term in brackets.
        form: Of the number, as ``format`` takes it.
        help: What it says, and which way is better.
    """

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
    COPIES: ShownFigure(
        "Copies", ".0%", "Share that nearly is one of your pictures. Lower is better."
    ),
}
