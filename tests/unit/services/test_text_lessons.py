"""What choices between texts teach: pairs of one beginning, as rows of ids, and not by chance."""

import random
from datetime import UTC, datetime

import pytest
import torch
from tiny_studio import dataset_for, flowers_NHWC

from genstudio.domain.artifacts import TEXT, Artifact
from genstudio.domain.byte_pairs import BOUNDARY
from genstudio.domain.errors import SettingsError
from genstudio.domain.recipes import Recipe, RecipeInput
from genstudio.domain.words import PADDING
from genstudio.engine.teaching import teacher_of
from genstudio.models.catalog import model_class
from genstudio.models.language.text_transformer import TextTransformer
from genstudio.services.choices import choose, two_to_compare
from genstudio.services.gallery import Gallery
from genstudio.services.projects import Project
from genstudio.services.text_lessons import Told, implied_pairs, lesson_of_pairs, text_pairs

KEY = "text-transformer"
WORDS = [
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


def recipe(seed: int, beginning: str = "", **changes: object) -> Recipe:
    values: dict[str, object] = {
        "software": "GenStudio", "model_key": KEY, "run": "r", "step": 2, "seed": seed,
        "sampling": {"beginning": beginning}, "created": datetime(2026, 1, 31, tzinfo=UTC),
    }  # fmt: skip
    return Recipe.model_validate({**values, **changes})


def hang(gallery: Gallery, text: str, noted: Recipe) -> str:
    return gallery.hang(Artifact(kind=TEXT, data=text, seed=noted.seed), noted).name


def model() -> TextTransformer:
    torch.manual_seed(0)
    chosen = model_class(KEY)
    built = chosen(chosen.Config(width=32, depth=1), dataset_for(KEY, flowers_NHWC()).spec)
    assert isinstance(built, TextTransformer)
    return built


def told_pairs(count: int, *, flips: float) -> list[tuple[Told, Told]]:
    """Choices for short sentences."""
    generator = random.Random(1)

    def told() -> Told:
        length = generator.randint(3, 12)
        words = [generator.choice(WORDS) for _ in range(36)]
        for at in range(length - 1, 36, length):
            words[at] += "."
        return Told("Once", " " + " ".join(words))

    pairs: list[tuple[Told, Told]] = []
    while len(pairs) < count:
        one, other = told(), told()
        is_better = one.text.count(".") > other.text.count(".")
        if generator.random() < flips:
            is_better = not is_better
        pairs.append((one, other) if is_better else (other, one))
    return pairs


def test_only_texts_of_one_beginning_make_a_pair(project: Project) -> None:
    with Gallery(project) as gallery:
        first = hang(gallery, "Once a sea sang.", recipe(1, "Once"))
        second = hang(gallery, "Once a hill walked.", recipe(2, "Once"))
        other = hang(gallery, "Night fell.", recipe(3))
        choose(project, first, second)
        choose(project, first, other)
        choose(project, first, "gone.txt")
        assert text_pairs(project) == [
            (Told("Once", " a sea sang."), Told("Once", " a hill walked."))
        ]
        gallery.rate(other, 5)
        gallery.rate(hang(gallery, "Day broke.", recipe(4)), 1)
    assert (Told("", "Night fell."), Told("", "Day broke.")) in text_pairs(project)


def test_a_continued_text_of_the_gallery_is_what_it_goes_on_from(project: Project) -> None:
    with Gallery(project) as gallery:
        source = hang(gallery, "The sea was green.", recipe(1))
        noted = [
            recipe(
                seed,
                operation="continue-text",
                inputs=(RecipeInput(name=source, content_hash="ab"),),
            )
            for seed in (2, 3)
        ]
        texts = ("It sang.", "It fell.")
        names = [hang(gallery, text, it) for text, it in zip(texts, noted, strict=True)]
        choose(project, *names)
        assert text_pairs(project) == [
            (Told("The sea was green.", " It sang."), Told("The sea was green.", " It fell."))
        ]
        # Where it is no longer there, nobody knows what the two went on from.
        gallery.remove(source)
    assert text_pairs(project) == []


def test_a_choice_is_asked_between_texts_of_one_beginning(project: Project) -> None:
    with Gallery(project) as gallery:
        for seed, beginning in enumerate(["Once", "Then", "Once", "Now"]):
            hang(gallery, f"{beginning} it was {seed}.", recipe(seed, beginning))
        items = gallery.items()
    generator = random.Random(0)
    pairs = [two_to_compare(items, generator) for _ in range(20)]
    beginnings = {it.recipe.sampling["beginning"] for pair in pairs if pair for it in pair}
    assert all(pairs)
    assert beginnings == {"Once"}
    alone = [it for it in items if it.recipe.sampling["beginning"] != "Once"]
    assert two_to_compare(alone, generator) is None


def test_pairs_become_rows_and_what_was_given_is_counted() -> None:
    own = model()
    lesson = lesson_of_pairs(told_pairs(200, flips=0.0), own)
    tensors = lesson.tensors
    count = len(tensors["better"])
    assert count > 300
    assert tensors["better"].shape == (count, 257)
    given = [BOUNDARY, *own.tokeniser.ids("Once")]
    assert tensors["begins"].tolist() == [len(given)] * count
    assert tensors["better"][0, : len(given)].tolist() == given
    assert (tensors["worse"] != PADDING).any(dim=1).all()
    assert int(tensors["is_kept_back"].sum()) == 40
    with torch.no_grad():
        said = own.log_likelihoods(tensors["worse"][:3].long(), tensors["begins"][:3])
    torch.testing.assert_close(said, tensors["reference_worse"][:3], rtol=1e-3, atol=1e-2)


def test_what_choices_have_in_common_tells_further_pairs() -> None:
    pairs = told_pairs(200, flips=0.1)
    implied = implied_pairs(pairs)
    right = [one.text.count(".") > other.text.count(".") for one, other in implied]
    assert len(implied) > 300
    assert sum(right) / len(right) > 0.95
    asked = {it for pair in pairs for it in pair}
    assert {it for pair in implied for it in pair} <= asked
    assert implied_pairs(told_pairs(200, flips=0.5)) == []
    assert implied == implied_pairs(pairs)


def test_a_beginning_longer_than_the_window_leaves_room() -> None:
    long = " ".join(WORDS * 60)
    pairs = [(Told(long, a.text), Told(long, b.text)) for a, b in told_pairs(200, flips=0.0)]
    lesson = lesson_of_pairs(pairs, model())
    assert int(lesson.tensors["begins"].max()) == 128


def test_too_few_and_random_choices_are_refused_in_words() -> None:
    with pytest.raises(SettingsError, match="too few") as few:
        lesson_of_pairs(told_pairs(199, flips=0.0), model())
    assert "199 so far" in few.value.message
    with pytest.raises(SettingsError, match="do not show a taste") as random_ones:
        lesson_of_pairs(told_pairs(220, flips=0.5), model())
    assert "do not agree with themselves" in random_ones.value.message


def test_a_lesson_of_texts_fits_its_model() -> None:
    own = model()
    teacher = teacher_of(
        lesson_of_pairs(told_pairs(200, flips=0.1), own), own, dataset_for(KEY, flowers_NHWC()), 1
    )
    assert teacher.num_judged == 40
    assert teacher.measure(own)["nats per token"] > 0
