"""Choices between texts by one property are foretold from what the texts are like."""

import random

import torch

from genstudio.metrics.preferences import learn_taste
from genstudio.metrics.text_features import text_features

WORDS = [
    "the",
    "a",
    "sea",
    "hill",
    "green",
    "stone",
    "walked",
    "sang",
    "under",
    "over",
    "bright",
    "night",
    "river",
    "quiet",
    "wooden",
]


def tales(count: int) -> list[str]:
    generator = random.Random(3)
    found: list[str] = []
    for _ in range(count):
        length = generator.randint(3, 14)
        sentences = [
            " ".join(generator.choice(WORDS) for _ in range(length)).capitalize() + "."
            for _ in range(60 // length)
        ]
        found.append(" ".join(sentences))
    return found


def sentence_length(text: str) -> float:
    return len(text.split()) / text.count(".")


def choices(texts: list[str], *, flips: float) -> torch.Tensor:
    generator = random.Random(4)
    pairs: list[tuple[int, int]] = []
    for one in range(0, len(texts), 2):
        is_better = sentence_length(texts[one]) < sentence_length(texts[one + 1])
        if generator.random() < flips:
            is_better = not is_better
        pairs.append((one, one + 1) if is_better else (one + 1, one))
    return torch.tensor(pairs)


def test_a_hidden_property_is_found_though_a_tenth_is_wrong() -> None:
    texts = tales(400)
    taste = learn_taste(text_features(texts), choices(texts, flips=0.1))
    assert taste is not None
    assert taste.agreement.is_enough
    assert taste.agreement.accuracy > 0.75


def test_chance_is_no_taste() -> None:
    texts = tales(400)
    taste = learn_taste(text_features(texts), choices(texts, flips=0.5))
    assert taste is not None
    assert not taste.agreement.is_enough


def test_texts_without_words_are_told_apart_from_others() -> None:
    features = text_features(["", "…", "A tale of the sea."])
    assert bool(features.isfinite().all())
    assert not torch.equal(features[0], features[2])
