"""What judging made pictures finds: figures beside their floors, and what each of them means."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from genstudio.domain.language import Spoken, tr, tr_noop


class Figure(BaseModel):
    """A figure and how to read it.

    Attributes:
        value: Of the made pictures.
        sd: How far it may be off by chance; None if that is not known.
        floor: What real pictures get on average.
        floor_sd: How far single ones of those are from it.
        verdict: A sentence for people.
    """

    model_config = ConfigDict(frozen=True)

    value: float
    sd: float | None = None
    floor: float
    floor_sd: float
    verdict: str = ""


class LevelFigure(Figure):
    """The distance at one scale; ``side`` is that of the pictures there, in pixels."""

    side: int


class Pair(BaseModel):
    """A made picture and the nearest training picture, both by their index.

    Nearer than ``alarm``, it is a copy.
    """

    model_config = ConfigDict(frozen=True)

    made: int
    training: int
    distance: float
    alarm: float


class CopyingFigure(Figure):
    """The share of copies, and the pairs that come nearest to one, the nearest first.

    No alarm lies above ``threshold``.
    """

    threshold: float
    pairs: tuple[Pair, ...]


class Report(BaseModel):
    """All that is known about made pictures.

    Attributes:
        swd: Sliced Wasserstein distance times 1,000; less is better.
        swd_levels: The same at each scale, the finest first.
        kid: Kernel distance times 1,000; less is better.
        density: How believable single pictures are; about 1.
        coverage: How much of the real pictures' variety there is; up to about 0.97.
        diversity: How much they differ from each other; 1 for real ones.
        copying: Share of copies; None without training pictures.
        count: Pictures on each side.
        features: Digest of the features: figures with another one cannot be compared.
    """

    model_config = ConfigDict(frozen=True)

    swd: Figure
    swd_levels: tuple[LevelFigure, ...]
    kid: Figure
    density: Figure
    coverage: Figure
    diversity: Figure
    copying: CopyingFigure | None
    count: int
    features: str


class OfficialFID(BaseModel):
    """The figure that papers give (FID); only with weights that a person supplied.

    Attributes:
        clean: Of pictures that were resized as image programs do it.
        legacy: Of the same pictures, resized as early programs for it did.
        num_made: Made pictures; papers take 50,000.
        num_real: Pictures that they were compared with: all that there are.
        size: Side of the pictures in pixels, before they were resized for it.
        weights: Name of the file of the weights.
        weights_sha256: What was in it: figures of other weights cannot be compared.
    """

    model_config = ConfigDict(frozen=True)

    clean: float
    legacy: float
    num_made: int
    num_real: int
    size: int
    weights: str
    weights_sha256: str


class WhyNot(StrEnum):
    """Why a figure was not taken; files keep the values."""

    NO_LATENTS = "no latents"
    ALL_ALIKE = "all alike"
    NO_REDRAWING = "no redrawing"
    NO_ENCODER = "no encoder"
    NO_HELD_OUT_PICTURES = "no held-out pictures"
    NO_KINDS = "no kinds"
    NO_HELD_OUT = "nothing held out"
    NO_BOUND = "no bound"
    TOO_LITTLE = "too little made"

    @property
    def words(self) -> str:
        """A sentence for people."""
        return tr(_WHY_NOT[self])


_WHY_NOT: Mapping[WhyNot, str] = {
    WhyNot.NO_LATENTS: tr_noop("This model has no latents that can be walked between."),
    WhyNot.ALL_ALIKE: tr_noop("It paints nearly the same at all seeds: there is no way between."),
    WhyNot.NO_REDRAWING: tr_noop("This model cannot redraw a picture that it is given."),
    WhyNot.NO_ENCODER: tr_noop("This model has no encoder: it gives pictures no latents."),
    WhyNot.NO_HELD_OUT_PICTURES: tr_noop("Too few pictures were held out of training."),
    WhyNot.NO_KINDS: tr_noop("The pictures lie in one folder: there are no kinds to tell apart."),
    WhyNot.NO_HELD_OUT: tr_noop("Too little was held out of training."),
    WhyNot.NO_BOUND: tr_noop("This model does not say how likely an example is."),
    WhyNot.TOO_LITTLE: tr_noop("Too little of what it made can be measured."),
}


class Better(Enum):
    """Which value of a figure is the better one."""

    LESS = auto()
    MORE = auto()
    NEAR_FLOOR = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureCard(Spoken):
    """A figure as people meet it.

    Attributes:
        key: Name in :class:`Report`.
        title: What it is about, in a painter's words.
        term: What the field calls it, with its unit.
        better: Which value is the better one.
        better_words: The same in words.
        help: What it looks at, in a sentence or two.
        is_share: It is a part of a whole, and shown in per cent.
        beside: What its floor is, with ``{floor}`` and ``{sd}`` for the values.
    """

    spoken: ClassVar[frozenset[str]] = frozenset({"title", "term", "better_words", "help"})

    key: str
    title: str
    term: str
    better: Better
    better_words: str
    help: str
    is_share: bool = False
    beside: str = tr_noop("floor {floor} ± {sd}")

    def of(self, report: BaseModel) -> Figure | None:
        """This figure of a report that has one of that name; None if it was not taken."""
        return getattr(report, self.key)

    def beside_words(self, figure: Figure) -> str:
        """What stands beside the value."""
        return tr(self.beside, floor=self.told(figure.floor), sd=self.told(figure.floor_sd))

    def told(self, value: float) -> str:
        """A value of this figure, as it is written: three digits, or all before the point."""
        if self.is_share:
            return tr("{share:.1f} %", share=100 * value)
        if abs(value) >= 100:
            return tr("{value:,.0f}", value=value).replace("-", "−")
        return tr("{value:.3g}", value=value).replace("-", "−")


FIGURES = (
    FigureCard(
        key="swd",
        title="Surface",
        term="SWD × 1,000",
        better=Better.LESS,
        better_words="less is better",
        help="How far colours, edges and textures are from those of your pictures "
        "(sliced Wasserstein distance).",
    ),
    FigureCard(
        key="kid",
        title="Likeness",
        term="KID × 1,000",
        better=Better.LESS,
        better_words="less is better",
        help="How easily the pictures as a whole can be told from yours (kernel distance). "
        "It sees shapes as well as surfaces.",
    ),
    FigureCard(
        key="density",
        title="Believable pictures",
        term="density",
        better=Better.NEAR_FLOOR,
        better_words="about 1 is best",
        help="Whether single pictures look like pictures of yours. It falls with blur, noise "
        "and nonsense.",
    ),
    FigureCard(
        key="coverage",
        title="Variety of your pictures",
        term="coverage",
        better=Better.MORE,
        better_words="up to 97 %",
        help="How many kinds of your pictures occur among the made ones. It falls when kinds "
        "were forgotten.",
        is_share=True,
    ),
    FigureCard(
        key="diversity",
        title="Differences among them",
        term="diversity",
        better=Better.NEAR_FLOOR,
        better_words="about 1 is best",
        help="How much the made pictures differ from each other, where yours count as 1. It "
        "falls when a model paints the same thing again and again.",
    ),
    FigureCard(
        key="copying",
        title="Copies",
        term="share of near-copies",
        better=Better.LESS,
        better_words="less is better",
        help="How many made pictures nearly repeat one that the model learned from.",
        is_share=True,
    ),
)
