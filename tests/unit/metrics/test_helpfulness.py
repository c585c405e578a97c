"""Whether further pictures help is said only where it can be told."""

import numpy as np
import pytest
import torch

from genstudio.domain.errors import DatasetError
from genstudio.domain.progress import drain
from genstudio.metrics import helpfulness
from genstudio.metrics.helpfulness import (
    ARMS,
    PLAIN,
    SYNTHETIC,
    Labelled,
    _shares,
    difference,
    does_it_help,
)


def bars(count: int, seed: int, *, noise: float = 70.0, is_random: bool = False) -> Labelled:
    """Upright and lying bars at random places, under noise; or with labels that mean nothing."""
    random = np.random.default_rng(seed)
    images = random.normal(100, noise, (count, 16, 16, 3))
    labels = random.integers(0, 2, count)
    for image, label in zip(images, labels, strict=True):
        at = int(random.integers(2, 12))
        if label:
            image[:, at : at + 3] += 60
        else:
            image[at : at + 3] += 60
    if is_random:
        labels = random.permutation(labels)
    return Labelled(images_NHWC=images.clip(0, 255).astype(np.uint8), labels_N=labels)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helpfulness, "_STEPS", 30)
    monkeypatch.setattr(helpfulness, "_BATCH", 32)


def test_more_of_the_same_kind_helps_where_there_is_little(brief: None) -> None:
    found = drain(does_it_help(bars(8, 0), bars(300, 1), bars(200, 2)))
    assert found.differences[SYNTHETIC].verdict == "helps"
    assert found.words.startswith("The synthetic pictures help")
    assert set(found.accuracies) == set(ARMS)
    assert set(found.differences) == set(ARMS) - {PLAIN}


def test_what_means_nothing_does_not_help(brief: None) -> None:
    real, made, tests = (bars(60, seed, is_random=True) for seed in (3, 4, 5))
    found = drain(does_it_help(real, made, tests))
    assert found.differences[SYNTHETIC].verdict == "cannot be told"
    assert "cannot be told" in found.words


def test_the_same_twice_gives_the_same_answer(brief: None) -> None:
    first, again = (drain(does_it_help(bars(9, 0), bars(20, 1), bars(30, 2))) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("tests", [bars(5, 0), Labelled(
    images_NHWC=np.zeros((40, 8, 8, 3), np.uint8), labels_N=np.zeros(40, np.int64)
)])  # fmt: skip
def test_too_few_tests_are_refused(tests: Labelled) -> None:
    with pytest.raises(DatasetError, match="Too few pictures were held out"):
        drain(does_it_help(bars(8, 0), bars(8, 1), tests))


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        # Ten rounds, sixty tests; each test has a gain of its own, each round a luck of its own.
        chance = random.normal(0.0, 0.1, 60)[None, :] + random.normal(0, 0.02, (10, 1))
        gains = (random.random((10, 60)) < 0.5 + chance / 2).astype(float) * 2 - 1
        found = difference(gains, [str(number) for number in range(60)])
        held += found.low <= 0 <= found.high
    assert held / 400 >= 0.94


def test_pictures_of_one_group_count_as_one() -> None:
    random = np.random.default_rng(1)
    of_group = random.choice([-1.0, 0.0, 1.0], 6)
    gains = np.repeat(of_group, 20)[None, :].repeat(10, axis=0)
    groups = [str(number // 20) for number in range(120)]
    grouped = difference(gains, groups)
    alone = difference(gains, [str(number) for number in range(120)])
    assert grouped.mean == alone.mean
    assert grouped.high - grouped.low > 3 * (alone.high - alone.low)


def test_the_words_name_a_control_that_adds_more() -> None:
    from genstudio.metrics.helpfulness import Difference, Helpfulness

    more = Difference(mean=0.2, low=0.1, high=0.3)
    little = Difference(mean=0.1, low=0.05, high=0.15)
    found = Helpfulness(
        accuracies=dict.fromkeys(ARMS, 0.5),
        differences={SYNTHETIC: little, "noise": more},
        num_rounds=10, num_tests=50, num_groups=50,
    )  # fmt: skip
    assert "“noise” adds more" in found.words


def test_controls_balance_as_the_synthetic_pictures_do() -> None:
    real, made = torch.tensor([0] * 30 + [1] * 2), torch.tensor([1] * 28 + [0] * 7)
    weights = _shares(real, made)
    assert float(weights[real == 1].sum() / weights.sum()) == pytest.approx(0.8)


@pytest.mark.usefixtures("brief")
def test_grey_pictures_go_with_the_same_in_rgb() -> None:
    def grey(own: Labelled) -> Labelled:
        return Labelled(images_NHWC=own.images_NHWC[..., :1], labels_N=own.labels_N)

    def as_rgb(own: Labelled) -> Labelled:
        return Labelled(images_NHWC=own.images_NHWC.repeat(3, -1), labels_N=own.labels_N)

    real, made, tests = grey(bars(16, 0)), grey(bars(16, 1)), grey(bars(24, 2))
    mixed = drain(does_it_help(real, as_rgb(made), tests))
    same = drain(does_it_help(as_rgb(real), as_rgb(made), as_rgb(tests)))
    assert mixed.accuracies.keys() == same.accuracies.keys()
    # Products of matrices may differ in their last bits with where memory lies, and by what is
    # learned from them a picture or two of the 240.
    assert mixed.accuracies == pytest.approx(same.accuracies, abs=0.02)
