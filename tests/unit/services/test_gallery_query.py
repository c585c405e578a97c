"""Filters over a small gallery."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from genstudio.domain.artifacts import Artifact
from genstudio.domain.recipes import Recipe
from genstudio.services.gallery import Gallery
from genstudio.services.projects import open_or_create

# Seed => model, run, stars, tags.
PICTURES = {
    1: ("self-supervised-gan", "night", 5, ["Sea", "high tide"]),
    2: ("self-supervised-gan", "dawn", 3, ["hills"]),
    3: ("residual-vae", "night", 0, ["sea", "sketch"]),
    12: ("residual-vae", "dawn", 2, []),
}


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    project = open_or_create(tmp_path_factory.mktemp("projects") / "Coast")
    pixels = np.zeros((4, 4, 3), np.uint8)
    with Gallery(project) as opened:
        for seed, (model, run, stars, tags) in PICTURES.items():
            recipe = Recipe(
                software="GenStudio", model_key=model, run=run, project="Coast", step=5,
                weights_sha256="ab", seed=seed, size=4, created=datetime(2026, 1, 1, tzinfo=UTC),
                operation="translate" if seed == 12 else "generate",
            )  # fmt: skip
            item = opened.hang(Artifact(kind="image", data=pixels, seed=seed), recipe)
            opened.rate(item.name, stars)
            opened.tag(item.name, tags)
        yield opened


@pytest.mark.parametrize(
    ("query", "seeds"),
    [
        ("", {1, 2, 3, 12}),
        ("sea", {1, 3}),
        ("SEA night", {1, 3}),
        ("tag:sea", {1, 3}),
        ("tag:tide", {1}),
        ("tag:", {1, 2, 3}),
        ("-tag:", {12}),
        ('tag:"high tide"', {1}),
        ("stars:>=3", {1, 2}),
        ("stars:<3", {3, 12}),
        ("stars:5", {1}),
        ("stars:=0", {3}),
        ("model:gan", {1, 2}),
        ("run:night model:vae", {3}),
        ("seed:1", {1}),
        ("seed:12", {12}),
        ("made:translate", {12}),
        ("hills OR sketch", {2, 3}),
        ("model:gan AND stars:>3 OR model:vae AND stars:>1", {1, 12}),
        ("model:gan (hills OR tide)", {1, 2}),
        ("NOT model:gan", {3, 12}),
        ("-sea", {2, 12}),
        ("-(sea OR hills)", {12}),
        ("sea -sketch", {1}),
        # What is not finished, or wrong, is understood as far as can be.
        ("(sea", {1, 3}),
        ("sea) night", {1, 3}),
        ("((", {1, 2, 3, 12}),
        ("OR sea", {1, 3}),
        ("NOT", set()),
        ('tag:"high', {1}),
        ("stars:many", set()),
        ("no:field", set()),
        ("'; DROP TABLE pictures; --", set()),
        ("(" * 30 + "sea", {1, 3}),
    ],
)
def test_queries(gallery: Gallery, query: str, seeds: set[int]) -> None:
    found = {item.recipe.seed for item in gallery.items(query)}
    assert found == seeds
    assert gallery.count(query) == len(seeds)


def test_stars_that_are_chosen_count_besides(gallery: Gallery) -> None:
    assert {it.recipe.seed for it in gallery.items("sea OR hills", minimum_rating=3)} == {1, 2}
