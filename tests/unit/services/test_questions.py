"""Three answers set everything, each with a reason."""

import pytest

from genstudio.domain.cards import ModelCard
from genstudio.models.catalog import usable_models
from genstudio.services.fitting import PictureFacts
from genstudio.services.presets import preset_named
from genstudio.services.questions import HOW_GOOD, MINUTES, WHAT, Answers, propose


@pytest.fixture(scope="module")
def cards() -> list[ModelCard]:
    return [it.card for it in usable_models()[0] if "images" in it.card.modalities]


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("minutes", MINUTES)
@pytest.mark.parametrize("how_good", HOW_GOOD)
def test_all_answers_lead_to_settings_that_there_are(
    cards: list[ModelCard], what: str, minutes: int, how_good: str
) -> None:
    answers = Answers(what=what, minutes=minutes, how_good=how_good)  # type: ignore[arg-type]
    found = propose(answers, PictureFacts(count=800), cards, accelerator="cpu")
    assert found.model_key in {card.key for card in cards}
    assert preset_named(found.preset)
    assert found.budget.amount == minutes
    assert found.size in (32, 64, 128, 256)
    assert found.reasons


def test_more_time_and_a_graphics_card_allow_larger_pictures(cards: list[ModelCard]) -> None:
    def size(minutes: int, accelerator: str) -> int:
        answers = Answers(minutes=minutes)
        facts = PictureFacts(count=800)
        return propose(answers, facts, cards, accelerator=accelerator).size

    assert [size(it, "cpu") for it in MINUTES] == [64, 64, 128, 128]
    assert [size(it, "cuda") for it in MINUTES] == [128, 256, 256, 512]


def test_small_pictures_and_first_looks_stay_small(cards: list[ModelCard]) -> None:
    facts = PictureFacts(count=800)
    small = propose(Answers(minutes=600), facts, cards, accelerator="cuda", smallest_px=48)
    assert small.size == 32
    assert "no larger" in " ".join(small.reasons)
    sprites = propose(Answers(what="small", minutes=600), facts, cards, accelerator="cuda")
    assert sprites.size == 64
    look = propose(Answers(how_good="look", minutes=600), facts, cards, accelerator="cuda")
    assert (look.size, look.preset) == (64, "quick")


def test_before_pictures_are_known_the_model_stays(cards: list[ModelCard]) -> None:
    assert propose(Answers(), None, cards, accelerator="cpu").model_key == ""
