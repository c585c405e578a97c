"""What choices add to a loss, and what is said of what that costs."""

import numpy as np
import pytest
import torch
from tiny_studio import dataset_for, flowers_NHWC
from torch import Tensor

from genstudio.data.dataset import Dataset
from genstudio.domain import metric_names
from genstudio.domain.errors import CheckpointError
from genstudio.domain.words import PADDING
from genstudio.engine.lessons import Lesson
from genstudio.engine.teaching import ANCHOR, TasteTeacher, drawing_parameters, teacher_of
from genstudio.metrics.preferences import learn_taste
from genstudio.metrics.taste_features import taste_features
from genstudio.models.catalog import model_class
from genstudio.models.protocol import Batch, Losses, TrainableModel
from genstudio.models.teachable import DrawsWithGradients

GAN, VAE, TEXTS = "self-supervised-gan", "residual-vae", "text-transformer"
NOTHING = Losses(torch.zeros(()), {})


def built(key: str) -> tuple[TrainableModel, Dataset]:
    dataset = dataset_for(key, flowers_NHWC())
    chosen = model_class(key)
    torch.manual_seed(0)
    small = {"width": 32, "depth": 1} if key == TEXTS else {"width": 32, "latent_size": 8}
    return chosen(chosen.Config(**small), dataset.spec), dataset


def likes_light(model: DrawsWithGradients) -> Lesson:
    shades = torch.linspace(-1, 1, 40)[:, None, None, None].expand(40, 3, 32, 32)
    noise = torch.randn(40, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    features = taste_features(shades + 0.1 * noise)
    pairs = torch.tensor([(a, b) for a in range(40) for b in range(a)])
    taste = learn_taste(features, pairs)
    assert taste is not None
    anchors = {
        ANCHOR + name: it.detach().clone()
        for name, it in drawing_parameters(model.network, model.drawing_modules).items()
    }
    own = {"middle": torch.tensor(0.0), "spread": torch.tensor(10.0)}
    return Lesson(kind="taste", tensors={**taste.tensors(), **own, **anchors})


def batch(dataset: Dataset) -> Batch:
    images = torch.as_tensor(dataset.fields["images"].values[:4]).permute(0, 3, 1, 2)
    return Batch.of_images(images.float() / 127.5 - 1, 4)


@pytest.mark.parametrize("key", [GAN, VAE])
def test_a_taste_for_light_makes_pictures_lighter(key: str) -> None:
    model, dataset = built(key)
    assert isinstance(model, DrawsWithGradients)
    teacher = teacher_of(likes_light(model), model, dataset, 1)
    assert teacher.phase in [phase.name for phase in model.phases()]
    parameters = drawing_parameters(model.network, model.drawing_modules).values()
    optimizer = torch.optim.Adam(parameters, lr=2e-3)
    told: list[float] = []
    light: list[float] = []
    for step in range(25):
        torch.manual_seed(step)
        losses = teacher.add_to(NOTHING, model, batch(dataset), 1.0)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
        told.append(float(losses.values["taste"]))
        with torch.no_grad():
            light.append(float(model.draw(batch(dataset)).mean()))
    assert told[-1] > told[0]
    assert light[-1] > light[0] + 0.02
    assert float(losses.values["off the anchor"]) > 0


def test_without_strength_the_anchor_alone_pulls() -> None:
    model, dataset = built(GAN)
    assert isinstance(model, DrawsWithGradients)
    teacher = teacher_of(likes_light(model), model, dataset, 1)
    at_anchor = teacher.add_to(NOTHING, model, batch(dataset), 0.0)
    assert float(at_anchor.total.detach()) == 0.0
    with torch.no_grad():
        for it in drawing_parameters(model.network, model.drawing_modules).values():
            it.mul_(1.1)
    away = teacher.add_to(NOTHING, model, batch(dataset), 0.0)
    assert float(away.values["off the anchor"]) == pytest.approx(0.1, rel=1e-3)
    assert float(away.total.detach()) == pytest.approx(10 * 0.1**2, rel=1e-3)


def test_what_the_model_says_itself_stays() -> None:
    model, dataset = built(GAN)
    assert isinstance(model, DrawsWithGradients)
    teacher = teacher_of(likes_light(model), model, dataset, 1)
    own = Losses(torch.tensor(2.0), {"generator": torch.tensor(2.0)})
    torch.manual_seed(0)
    alone = teacher.add_to(NOTHING, model, batch(dataset), 1.0)
    torch.manual_seed(0)
    both = teacher.add_to(own, model, batch(dataset), 1.0)
    assert float(both.total.detach()) == pytest.approx(float(alone.total.detach()) + 2, rel=1e-5)
    assert both.values["generator"] == 2


def figures(coverage: float, *heads: float) -> dict[str, float]:
    return {metric_names.COVERAGE: coverage} | {f"head {at}": it for at, it in enumerate(heads)}


@pytest.mark.parametrize(
    ("now", "trouble"),
    [
        (figures(0.75, 10, 11, 9), ""),
        (figures(0.73, 10, 11, 9), ""),
        (figures(0.71, 10, 11, 9), "Variety fell from 80% to 71%"),
        (figures(0.80, 30, -2, 8), "contradicts itself"),
        (figures(0.80, 3, -3, 1), ""),  # So little was gained that there is nothing to contradict.
    ],
)
def test_lost_variety_and_disputed_gains_are_said(now: dict[str, float], trouble: str) -> None:
    model, dataset = built(GAN)
    assert isinstance(model, DrawsWithGradients)
    teacher = teacher_of(likes_light(model), model, dataset, 1)
    verdict = teacher.judge(now, figures(0.80, 0, 0, 0))
    if trouble:
        assert trouble in verdict.trouble
    else:
        assert verdict.trouble == ""
    assert verdict.figures[metric_names.LESSON_WITHIN_BOUNDS] == float(not trouble)
    gain = np.mean([it for name, it in now.items() if "head" in name]) / 10
    assert verdict.figures[metric_names.TASTE_GAIN] == pytest.approx(gain, rel=1e-5)


def test_measuring_is_the_same_each_time_and_leaves_random_numbers_alone() -> None:
    model, dataset = built(GAN)
    assert isinstance(model, DrawsWithGradients)
    teacher = teacher_of(likes_light(model), model, dataset, 1)
    assert isinstance(teacher, TasteTeacher)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    found = teacher.measure(model)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert found == teacher.measure(model)
    assert len([name for name in found if name.startswith("head")]) == 5
    assert 0 <= found[metric_names.COVERAGE] <= 1


def test_a_lesson_of_another_model_is_refused() -> None:
    model, dataset = built(GAN)
    assert isinstance(model, DrawsWithGradients)
    lesson = likes_light(model)
    cut = {name: it for name, it in lesson.tensors.items() if "first.weight" not in name}
    with pytest.raises(CheckpointError, match="does not fit"):
        teacher_of(Lesson(kind="taste", tensors=cut), model, dataset, 1)
    with pytest.raises(CheckpointError, match="cannot be taught"):
        teacher_of(Lesson(kind="texts", tensors={}), model, dataset, 1)


# Texts


def pairs_lesson(model: TrainableModel, dataset: Dataset, reference: float = 0.0) -> Lesson:
    rows = torch.as_tensor(dataset.fields["tokens"].values).int()
    count = 8
    tensors: dict[str, Tensor] = {
        "better": rows[:count],
        "worse": rows[count : 2 * count],
        "begins": torch.full((count,), 3, dtype=torch.int32),
        "reference_better": torch.full((count,), reference),
        "reference_worse": torch.full((count,), reference),
        "is_kept_back": torch.arange(count) % 4 == 0,
    }
    with torch.no_grad():
        for name in ("better", "worse"):
            said = model.log_likelihoods(tensors[name].long(), tensors["begins"])  # type: ignore[attr-defined]
            tensors[f"reference_{name}"] = said + reference
    return Lesson(kind="texts", tensors=tensors)


def test_the_likelihood_of_an_end_leaves_out_what_was_given() -> None:
    model, dataset = built(TEXTS)
    ids = torch.as_tensor(dataset.fields["tokens"].values[:2]).long()
    with torch.no_grad():
        said = model.log_likelihoods(ids, torch.tensor([3, 5]))  # type: ignore[attr-defined]
        model.network.eval()
        logits = model.network["writer"](ids[:, :-1]).log_softmax(dim=2)
    for row, begin in enumerate((3, 5)):
        own = sum(
            float(logits[row, at - 1, ids[row, at]])
            for at in range(begin, ids.shape[1])
            if ids[row, at] != PADDING
        )
        assert float(said[row]) == pytest.approx(own, rel=1e-4)
    assert model.network.training is False


def test_the_loss_of_pairs_is_that_of_the_paper() -> None:
    model, dataset = built(TEXTS)
    lesson = pairs_lesson(model, dataset)
    teacher = teacher_of(lesson, model, dataset, 1)
    any_batch = Batch(fields={"tokens": torch.zeros(2, 257)}, images_seen=0)
    torch.manual_seed(0)
    # As likely as by the reference: -log σ(0).
    losses = teacher.add_to(NOTHING, model, any_batch, 2.0)
    assert float(losses.total.detach()) == pytest.approx(2 * np.log(2), rel=1e-4)

    tensors = dict(lesson.tensors)
    tensors["reference_worse"] = tensors["reference_worse"] + 7.0
    teacher = teacher_of(Lesson(kind="texts", tensors=tensors), model, dataset, 1)
    losses = teacher.add_to(NOTHING, model, any_batch, 1.0)
    assert float(losses.total.detach()) == pytest.approx(np.log(1 + np.exp(-0.7)), rel=1e-4)
    assert float(losses.values["followed"]) == 1


def test_pairs_are_followed_after_some_steps() -> None:
    model, dataset = built(TEXTS)
    teacher = teacher_of(pairs_lesson(model, dataset), model, dataset, 1)
    optimizer = torch.optim.Adam(model.network.parameters(), lr=1e-3)
    batch = Batch(fields={"tokens": torch.zeros(2, 257)}, images_seen=0)
    told: list[float] = []
    for step in range(12):
        torch.manual_seed(step)
        losses = teacher.add_to(NOTHING, model, batch, 1.0)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
        told.append(float(losses.values["choices"]))
    assert told[-1] < 0.8 * told[0]


def test_a_model_that_forgets_pages_is_said_to() -> None:
    model, dataset = built(TEXTS)
    teacher = teacher_of(pairs_lesson(model, dataset), model, dataset, 1)
    before = {"followed": 0.5, "nats per token": 4.0}
    fine = teacher.judge({"followed": 0.8, "nats per token": 4.09}, before)
    assert fine.trouble == ""
    assert fine.figures[metric_names.CHOICES_FOLLOWED] == 0.8
    worse = teacher.judge({"followed": 0.9, "nats per token": 4.11}, before)
    assert "rose by 12%" in worse.trouble
    assert worse.figures[metric_names.LESSON_WITHIN_BOUNDS] == 0
