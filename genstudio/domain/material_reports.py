"""What a comparison finds of runs that make no pictures: sounds, notes, molecules, texts."""

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from genstudio.domain.artifacts import MOLECULE, NOTES, SOUND, TEXT
from genstudio.domain.language import tr_noop
from genstudio.domain.reports import Better, FigureCard, WhyNot


class MaterialFigure(BaseModel):
    """A figure, and how to read it.

    Attributes:
        value: Of what the run made, or of held-out examples.
        sd: How far it may be off by chance.
        floor: What real examples get; None where that says nothing.
        parts: Of each example that runs are asked alike, in order: two runs that have as many are
            told apart by their differences. Empty where each has its own examples.
    """

    model_config = ConfigDict(frozen=True)

    value: float
    sd: float
    floor: float | None = None
    parts: tuple[float, ...] = Field(default=(), max_length=4096)


class MaterialReport(BaseModel):
    """All that is known of a run.

    Attributes:
        kind: Of its results.
        count: Results that it made to be judged.
        num_held_out: Examples that it did not learn from, as far as they were asked.
        figures: Key => figure.
        missing: Key => why it was not taken.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    count: int
    num_held_out: int
    figures: dict[str, MaterialFigure] = Field(default_factory=dict, max_length=16)
    missing: dict[str, WhyNot] = Field(default_factory=dict, max_length=16)


BOUND: Final = "bound"
VARIETY: Final = "variety"
# What is as near to the learned as held-out examples are is best: nearer is copied.
COPIES: Final = "copies"


def _bound(title: str, term: str, beside: str = "") -> FigureCard:
    return FigureCard(
        key=BOUND,
        title=title,
        term=term,
        better=Better.LESS,
        better_words="less is better",
        help="How surprised the model is by examples that it never saw (upper bound of the "
        "negative log-likelihood). Whoever knows the material well is surprised little. "
        "Runs can be set against each other by it, if they held out the same and write it "
        "down alike.",
        beside=beside,
    )


_HELD_OUT = tr_noop("held-out ones: {floor}")

MATERIAL_FIGURES: Final[Mapping[str, Sequence[FigureCard]]] = {
    SOUND: (
        _bound(
            tr_noop("Surprise at sounds it never heard"),
            tr_noop("bound in nats per level, held out"),
        ),
        FigureCard(
            key=COPIES,
            title="Distance to what it learned",
            term="to the nearest sound, dB, median",
            better=Better.NEAR_FLOOR,
            better_words="as held-out ones is best",
            help="How far the middle one of the made sounds is from the nearest that was "
            "learned, by its spectrogram. Much nearer than held-out sounds are: it repeats."
            " Much farther: it does not sound like yours.",
            beside=_HELD_OUT,
        ),
        FigureCard(
            key=VARIETY,
            title="Differences among them",
            term="mean distance of two, held out = 1",
            better=Better.NEAR_FLOOR,
            better_words="about 1 is best",
            help="How much the made sounds differ from each other by their spectrograms, where "
            "your held-out ones count as 1.",
            beside=_HELD_OUT,
        ),
    ),
    NOTES: (
        _bound(
            tr_noop("Surprise at phrases it never heard"),
            tr_noop("bound in nats per token, held out"),
        ),
        FigureCard(
            key=COPIES,
            title="Known patterns",
            term="patterns of six notes that were learned",
            better=Better.NEAR_FLOOR,
            better_words="as held-out ones is best",
            help="How many of the patterns of six notes in the made phrases stand in what was "
            "learned from, in any key. Many more than in held-out phrases: it repeats.",
            is_share=True,
            beside=_HELD_OUT,
        ),
        FigureCard(
            key=VARIETY,
            title="Differences among them",
            term="different patterns of six notes",
            better=Better.NEAR_FLOOR,
            better_words="as held-out ones is best",
            help="How many of the patterns of six notes in the made phrases are different ones. "
            "It falls when a model plays the same thing again and again.",
            is_share=True,
            beside=_HELD_OUT,
        ),
    ),
    MOLECULE: (
        _bound(
            tr_noop("Surprise at molecules it never saw"),
            tr_noop("bound in nats per molecule, held out"),
        ),
        FigureCard(
            key="valid",
            title="Molecules at the first try",
            term="valid",
            better=Better.MORE,
            better_words="more is better",
            help="How many texts that it writes keep to the rules of chemistry, without trying "
            "again.",
            is_share=True,
            beside="",
        ),
        FigureCard(
            key=VARIETY,
            title="Different ones",
            term="unique of the valid ones",
            better=Better.MORE,
            better_words="more is better",
            help="How many of the molecules are different from all others that it made.",
            is_share=True,
            beside="",
        ),
        FigureCard(
            key="novel",
            title="New ones",
            term="novel of the different ones",
            better=Better.MORE,
            better_words="more is better",
            help="How many of the different molecules were not learned from.",
            is_share=True,
            beside="",
        ),
        FigureCard(
            key="scaffolds",
            title="Likeness of their frames",
            term="cosine of scaffold counts, held out",
            better=Better.MORE,
            better_words="more is better",
            help="Whether rings and what joins them (Bemis–Murcko scaffolds) occur as often as "
            "in held-out molecules.",
            beside=tr_noop("as many that were learned: {floor}"),
        ),
    ),
    TEXT: (
        _bound(
            tr_noop("Surprise at texts it never read"),
            tr_noop("bits per byte, held out"),
            tr_noop("counting pieces of words (n-gram): {floor}"),
        ),
        FigureCard(
            key=COPIES,
            title="Copied words",
            term="words in long runs that were learned",
            better=Better.NEAR_FLOOR,
            better_words="as held-out ones is best",
            help="How many of the words stand word for word in what was learned from. Many more "
            "than in held-out texts: it repeats.",
            is_share=True,
            beside=_HELD_OUT,
        ),
        FigureCard(
            key=VARIETY,
            title="Differences among them",
            term="different groups of three words",
            better=Better.NEAR_FLOOR,
            better_words="as held-out ones is best",
            help="How many groups of three words in a row are different ones. It falls when a "
            "model writes the same thing again and again.",
            is_share=True,
            beside=_HELD_OUT,
        ),
    ),
}
