"""Recipes go by the titles of models and operations, and by keys where these are not known."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from genstudio.domain.language import speak
from genstudio.domain.recipes import Recipe, RecipeInput
from genstudio.models.catalog import model_class
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.operations.catalog import OPERATIONS
from genstudio.services.studio import CatalogueEntry
from genstudio.services.studio_operations import OperationEntry
from genstudio.ui.recipe_words import RecipeWords, caption, described

MODEL = model_class("paired-translation")
ENTRY = CatalogueEntry(card=MODEL.card, config=MODEL.Config, sampling=None)
CARD = OPERATIONS.get("style-transfer").card
KNOWING = RecipeWords(
    lambda: {MODEL.card.key: ENTRY}, lambda: {CARD.key: OperationEntry(card=CARD, settings={})}
)
UNKNOWING = RecipeWords(dict, dict)


def item(**changes: Any) -> GalleryItem:
    recipe = Recipe(software="GenStudio 1", created=datetime(2026, 1, 1, tzinfo=UTC), **changes)
    return GalleryItem("a.png", Path("gallery"), recipe.model_dump_json(), 0, ())


OF_RUN = {
    "model_key": MODEL.card.key, "run": "a", "project": "p", "step": 1234,
    "weights_sha256": "0" * 64,
}  # fmt: skip
GIVEN = [RecipeInput(name="cat.png", content_hash="0" * 32)]


def test_what_a_model_made_goes_by_its_title() -> None:
    title = MODEL.card.title
    made = item(**OF_RUN, seed=5)
    assert caption(made, KNOWING, is_copy=False) == f"{title}, step 1,234, seed 5"
    assert described([made], KNOWING).splitlines()[0] == f"{title} · step 1,234 · seed 5"
    assert caption(made, UNKNOWING, is_copy=False).startswith(MODEL.card.key)


def test_what_has_no_seed_goes_by_what_was_done() -> None:
    made = item(**OF_RUN, operation=CARD.key, inputs=GIVEN)
    assert caption(made, KNOWING, is_copy=False).endswith(f"step 1,234, {CARD.title}")
    assert f"{CARD.title} of cat.png" in described([made], KNOWING)


def test_what_no_model_made_goes_by_its_operation() -> None:
    made = item(operation=CARD.key, seed=5, inputs=GIVEN)
    assert caption(made, KNOWING, is_copy=False) == CARD.title
    assert caption(made, UNKNOWING, is_copy=False) == CARD.key
    assert described([made], KNOWING).splitlines()[0] == f"{CARD.title} of cat.png"


@pytest.mark.parametrize("is_copy", [False, True])
def test_a_damaged_recipe_may_be_that_of_a_copy(is_copy: bool) -> None:
    damaged = GalleryItem("a.png", Path("gallery"), "{}", 0, ())
    assert ("nearly a copy" in caption(damaged, KNOWING, is_copy=is_copy)) == is_copy
    assert described([damaged], KNOWING)


def test_choices_are_told_in_the_words_of_the_form() -> None:
    operation = OPERATIONS.get("style-transfer")
    entry = OperationEntry(card=CARD, settings={"": operation.settings(None)})
    words = RecipeWords(dict, lambda: {CARD.key: entry})
    recipe = item(operation=CARD.key, sampling={"colours": "of the picture", "mark": True}).recipe
    assert words.choices(recipe) == "Colours: of the picture, Say so in the picture: yes"
    speak("fr")
    told = words.choices(recipe)
    speak("en")
    assert "of the picture" not in told
    assert "\u00a0: " in told
