"""Three questions that set everything: what is it, how long may it take, how good shall it be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from genstudio.domain.cards import ModelCard
from genstudio.domain.language import inside, tr, tr_noop
from genstudio.domain.training import SIZES, Budget
from genstudio.services.fitting import PictureFacts, suggest_model

What = Literal["one kind", "many kinds", "texture", "small"]
HowGood = Literal["look", "good", "best"]

WHAT: Final[dict[What, str]] = {
    "one kind": tr_noop("One kind of thing: faces, flowers, chairs"),
    "many kinds": tr_noop("Many kinds of things"),
    "texture": tr_noop("Textures and patterns"),
    "small": tr_noop("Small drawings: sprites, icons, logos"),
}
MINUTES: Final[dict[int, str]] = {
    10: tr_noop("Ten minutes"),
    60: tr_noop("An hour"),
    240: tr_noop("An evening — four hours"),
    600: tr_noop("A night — ten hours"),
}
HOW_GOOD: Final[dict[HowGood, str]] = {
    "look": tr_noop("A first look: does it work at all?"),
    "good": tr_noop("Good"),
    "best": tr_noop("As good as can be"),
}
_PRESETS: Final[dict[HowGood, str]] = {"look": "quick", "good": "balanced", "best": "thorough"}
# From so many minutes on, a size is worth its time: on a processor, and on a graphics card.
_WORTH_CPU: Final = {32: 0, 64: 10, 128: 240, 256: 2400}
_WORTH_CARD: Final = {64: 0, 128: 10, 256: 60, 512: 600}
_LARGEST_LOOK_PX = 64
_LARGEST_SMALL_PX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a person answered."""

    what: What = "one kind"
    minutes: int = 60
    how_good: HowGood = "good"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What follows from the answers.

    Attributes:
        model_key: Of the architecture; empty to leave it as it is.
        preset: Key of the preset.
        size: Side of the pictures in pixels.
        budget: How long it trains.
        reasons: Why, a sentence each.
    """

    model_key: str
    preset: str
    size: int
    budget: Budget
    reasons: tuple[str, ...]


def propose(
    answers: Answers,
    pictures: PictureFacts | None,
    cards: Sequence[ModelCard],
    *,
    accelerator: str,
    smallest_px: int = SIZES[-1],
) -> Proposal:
    """Settings that answer three questions.

    Args:
        answers: What a person said.
        pictures: What is known of them; None before any are.
        cards: Architectures that can learn from them.
        accelerator: "cpu", "cuda" or "mps".
        smallest_px: Shorter side of a usual picture: larger sizes would only enlarge it.
    """
    size, why_size = _size(answers, accelerator, smallest_px)
    model, why_model = _model(answers, pictures, cards)
    preset = _PRESETS[answers.how_good]
    if preset == "thorough" and answers.minutes < 60:
        preset = "balanced"
    return Proposal(
        model_key=model,
        preset=preset,
        size=size,
        budget=Budget(unit="minutes", amount=answers.minutes),
        reasons=tuple(it for it in (why_model, why_size) if it),
    )


def _size(answers: Answers, accelerator: str, smallest_px: int) -> tuple[int, str]:
    worth = _WORTH_CPU if accelerator == "cpu" else _WORTH_CARD
    size = max(it for it, minutes in worth.items() if minutes <= answers.minutes)
    device = tr("a processor") if accelerator == "cpu" else tr("a graphics card")
    why = tr(
        "{size} px is what {device} learns well in {minutes}.",
        size=size,
        device=device,
        minutes=inside(tr(MINUTES[answers.minutes])),
    )
    if answers.how_good == "look" and size > _LARGEST_LOOK_PX:
        size, why = (
            _LARGEST_LOOK_PX,
            tr(
                "{largest_look_px} px tell soonest whether it works.",
                largest_look_px=_LARGEST_LOOK_PX,
            ),
        )
    if answers.what == "small" and size > _LARGEST_SMALL_PX:
        size, why = (
            _LARGEST_SMALL_PX,
            tr(
                "{largest_small_px} px keep the pixels of small drawings.",
                largest_small_px=_LARGEST_SMALL_PX,
            ),
        )
    fitting = [it for it in SIZES if it <= max(smallest_px, SIZES[0])]
    if size > fitting[-1]:
        size, why = (
            fitting[-1],
            tr("Your pictures are no larger than {fitting} px.", fitting=fitting[-1]),
        )
    return size, why


def _model(
    answers: Answers, pictures: PictureFacts | None, cards: Sequence[ModelCard]
) -> tuple[str, str]:
    if pictures is None or not cards:
        return "", ""
    by_key = {card.key: card for card in cards}
    if answers.what == "texture" and "self-supervised-gan" in by_key:
        card = by_key["self-supervised-gan"]
        return card.key, tr("“{title}” is crispest at textures.", title=card.title)
    if answers.what == "many kinds" and answers.minutes >= 240 and "token-flow" in by_key:
        card = by_key["token-flow"]
        if (card.suggested_from or 300) <= pictures.count:
            return card.key, tr("“{title}” keeps many kinds apart, given hours.", title=card.title)
    found = suggest_model(pictures, cards)
    return (found.model_key, found.why) if found else ("", "")
