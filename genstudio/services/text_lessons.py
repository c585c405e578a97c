"""What choices between texts teach a language model that a run has learned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from genstudio.artifacts.catalog import kind_of_file
from genstudio.data.modalities.texts import WINDOW
from genstudio.domain.artifacts import TEXT
from genstudio.domain.byte_pairs import BOUNDARY, Tokeniser, cleaned
from genstudio.domain.errors import GenStudioError, SettingsError
from genstudio.domain.language import tr
from genstudio.domain.operations import CONTINUE_TEXT, GENERATE
from genstudio.domain.recipes import Recipe
from genstudio.domain.words import PADDING
from genstudio.engine.lessons import TEXTS, Lesson
from genstudio.metrics.preferences import learn_taste, pairs_of_ratings
from genstudio.metrics.text_features import text_features
from genstudio.models.capabilities import Writes
from genstudio.models.teachable import WeighsTexts
from genstudio.services.choices import choices_of
from genstudio.services.gallery import Gallery
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.opinions import FEWEST_TO_TEACH
from genstudio.services.projects import Project
from genstudio.services.runs import Run

_MOST_PAIRS = 2_000
_MOST_RATED = 600
_KEPT_BACK_EVERY: Final = 5
_AT_A_TIME = 16
# Of each text, so many pairs with others are looked at for being sure of.
_DRAWN_FOR_EACH = 8
_SEED = 20230529


@dataclass(frozen=True, slots=True)
class Told:
    """A text that a model wrote.

    Attributes:
        beginning: What it was given.
        text: How it went on.
    """

    beginning: str
    text: str


def told_in(item: GalleryItem) -> Told | None:
    """A text of a gallery; None for what is none, or cannot be read."""
    kind = kind_of_file(item.path)
    if kind is None or kind.card.key != TEXT:
        return None
    try:
        recipe, text = item.recipe, str(kind.read(item.path).data)
        beginning = beginning_of(recipe, item)
    except GenStudioError:
        return None
    if beginning is None:
        return None
    if recipe.operation == GENERATE:
        if not text.startswith(beginning):
            return None
        text = text[len(beginning) :]
    elif beginning and not beginning[-1].isspace():
        text = f" {text}"
    return Told(beginning, text)


def beginning_of(recipe: Recipe, item: GalleryItem) -> str | None:
    """What a text was to go on from; None where that is no longer known."""
    if recipe.operation == GENERATE:
        return cleaned(str(recipe.sampling.get("beginning", ""))).strip()
    if recipe.operation != CONTINUE_TEXT or len(recipe.inputs) != 1:
        return None
    # Texts that are gone on with are usually of the same gallery.
    path = item.folder / recipe.inputs[0].name
    kind = kind_of_file(path)
    if kind is None or kind.card.key != TEXT or not path.is_file():
        return None
    return str(kind.read(path).data).strip()


def text_pairs(project: Project) -> list[tuple[Told, Told]]:
    """Pairs of texts with one beginning, the better one first: of choices, then of stars.

    Raises:
        ProjectError: The gallery cannot be read.
    """
    with Gallery(project, syncs=False) as gallery:
        items = {it.name: it for it in gallery.items()}
    texts: dict[str, Told | None] = {}

    def told(name: str) -> Told | None:
        if name not in texts:
            texts[name] = told_in(items[name]) if name in items else None
        return texts[name]

    named = [(it.better, it.worse) for it in choices_of(project)]
    rated = [it for it in items.values() if it.rating and told(it.name)][:_MOST_RATED]
    by_stars = pairs_of_ratings([it.rating for it in rated])
    named += [(rated[int(better)].name, rated[int(worse)].name) for better, worse in by_stars]
    found: list[tuple[Told, Told]] = []
    for better, worse in dict.fromkeys(named):
        one, other = told(better), told(worse)
        if one and other and one.beginning == other.beginning and one.text != other.text:
            found.append((one, other))
    return found[:_MOST_PAIRS]


def text_lesson(run: Run, model: WeighsTexts) -> Lesson:
    """What the choices between texts of a project teach.

    Raises:
        SettingsError: They are too few, or do not agree with each other.
    """
    return lesson_of_pairs(text_pairs(run.project()), model)


def lesson_of_pairs(pairs: Sequence[tuple[Told, Told]], model: WeighsTexts) -> Lesson:
    """What pairs of texts teach, the better one first.

    Raises:
        SettingsError: They are too few, or do not agree with each other.
    """
    if len(pairs) < FEWEST_TO_TEACH:
        raise SettingsError(
            tr("There are too few choices to teach the model by"),
            tr(
                "{count} so far between texts with one beginning; {fewest} are needed.",
                count=len(pairs),
                fewest=FEWEST_TO_TEACH,
            ),
            tr(
                "Make some texts with one beginning; “A or B” in the Gallery asks which you like "
                "more."
            ),
        )
    _refuse_chance(pairs)
    assert isinstance(model, Writes)
    chosen = len(pairs)
    # What is only measured with tells nothing of the others, either.
    learned = [pair for at, pair in enumerate(pairs) if at % _KEPT_BACK_EVERY]
    pairs = [*pairs, *implied_pairs(learned)]
    numbers = torch.arange(len(pairs))
    kept_back = (numbers % _KEPT_BACK_EVERY == 0) & (numbers < chosen)
    better, begins = _rows(model.tokeniser, [one for one, _ in pairs])
    worse, _ = _rows(model.tokeniser, [other for _, other in pairs])
    tensors = {"better": better, "worse": worse, "begins": begins, "is_kept_back": kept_back}
    for name in ("better", "worse"):
        tensors[f"reference_{name}"] = _log_likelihoods(model, tensors[name], begins)
    return Lesson(kind=TEXTS, tensors=tensors)


def implied_pairs(pairs: Sequence[tuple[Told, Told]]) -> list[tuple[Told, Told]]:
    """Further pairs of the same texts and beginnings that a taste learned from these is sure of.

    A few hundred choices teach a model little; what they have in common tells the rest, and
    outvotes choices that were slips.
    """
    told = list(dict.fromkeys(it for pair in pairs for it in pair))
    at = {it: number for number, it in enumerate(told)}
    numbers = torch.tensor([(at[one], at[other]) for one, other in pairs])
    features = text_features([it.text for it in told])
    taste = learn_taste(features, numbers)
    if taste is None or not taste.agreement.is_enough:
        return []
    scores = taste(features)
    by_beginning: dict[str, list[int]] = {}
    for it, number in at.items():
        by_beginning.setdefault(it.beginning, []).append(number)
    generator = torch.Generator().manual_seed(_SEED)
    found: list[tuple[float, int, int]] = []
    for own in by_beginning.values():
        drawn = torch.randint(len(own), (_DRAWN_FOR_EACH * len(own), 2), generator=generator)
        for one, other in (sorted((own[int(a)], own[int(b)])) for a, b in drawn):
            found.append((float(scores[one] - scores[other]), one, other))
    surest = sorted(dict.fromkeys(found), key=lambda it: -abs(it[0]))[: len(found) // 3]
    return [
        (told[one], told[other]) if margin > 0 else (told[other], told[one])
        for margin, one, other in surest[:_MOST_PAIRS]
        if margin
    ]


def _refuse_chance(pairs: Sequence[tuple[Told, Told]]) -> None:
    """See that choices foretell each other better than chance would."""
    texts = list(dict.fromkeys(it.text for pair in pairs for it in pair))
    at = {text: number for number, text in enumerate(texts)}
    numbers = torch.tensor([(at[one.text], at[other.text]) for one, other in pairs])
    taste = learn_taste(text_features(texts), numbers)
    if taste is None or not taste.agreement.is_enough:
        accuracy = 0.5 if taste is None else taste.agreement.accuracy
        raise SettingsError(
            tr("Your choices do not show a taste that could be taught"),
            tr(
                "{count} choices between texts do not agree with themselves yet: of those kept "
                "back, {accuracy:.0%} are foretold, and chance has 50 %.",
                count=len(pairs),
                accuracy=accuracy,
            ),
            tr("Choose by one thing that you like, or make some more choices."),
        )


def _rows(tokeniser: Tokeniser, texts: Sequence[Told]) -> tuple[Tensor, Tensor]:
    """Ids (N, 257), padded at the end, and how many of each are given (N,)."""
    rows = torch.full((len(texts), WINDOW + 1), PADDING, dtype=torch.int32)
    begins = torch.empty(len(texts), dtype=torch.int32)
    for number, told in enumerate(texts):
        given = [BOUNDARY, *tokeniser.ids(told.beginning)]
        # Of a long beginning the end counts, and half of the window is for what follows.
        given = given[-(WINDOW // 2) :]
        ids = [*given, *tokeniser.ids(told.text)][: WINDOW + 1]
        rows[number, : len(ids)] = torch.tensor(ids, dtype=torch.int32)
        begins[number] = len(given)
    return rows, begins


@torch.inference_mode()
def _log_likelihoods(model: WeighsTexts, rows: Tensor, begins: Tensor) -> Tensor:
    found: list[Tensor] = []
    for first in range(0, len(rows), _AT_A_TIME):
        some = slice(first, first + _AT_A_TIME)
        found.append(model.log_likelihoods(rows[some].long(), begins[some]))
    return torch.cat(found).float().clone()
