"""Names of the figures that tell how a run is doing, for measurements, plots and the coach."""

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
