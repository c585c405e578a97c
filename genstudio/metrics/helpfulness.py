"""Does it help? A small classifier learns with and without further pictures, many times over.

Each round has a seed, which decides the first weights and the order of pictures; with it, the same
classifier learns from the real pictures alone, and from these and others: the synthetic ones, and
as controls the real ones once more, with noise, and shifted, turned and mirrored. Of each class
controls have the share that the synthetic pictures have: where these balance classes, so do
repeated real ones, which cost nothing. All take as many steps. What is compared are rounds of the
same seed, on pictures that neither the classifier nor what made the synthetic ones has seen.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.progress import Progress, Working

SYNTHETIC: Final = tr_noop("synthetic")
PLAIN: Final = tr_noop("without")
DUPLICATES: Final = tr_noop("duplicates")
NOISE: Final = tr_noop("noise")
CLASSICAL: Final = tr_noop("shifted, turned, mirrored")
ARMS: Final = (PLAIN, SYNTHETIC, DUPLICATES, NOISE, CLASSICAL)
FEWEST_ROUNDS: Final = 10
FEWEST_TESTS: Final = 20
_SIDE_PX = 32
_BATCH = 64
_STEPS = 240
_LEARNING_RATE = 2e-3
_NOISE = 0.2
_SHIFT = 0.1
_ANGLE = 0.25
_SPREAD = 0.1

# Two-sided 95 % quantiles of Student's t for 9, 10, … 30 degrees of freedom.
_T95 = (
    2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080,
    2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Pictures and what they show.

    Attributes:
        images_NHWC: uint8 squares of one size.
        labels_N: Number of the class of each, int64.
        groups: Name of what each belongs to, such as a patient; where empty, each is alone.
    """

    images_NHWC: np.ndarray
    labels_N: np.ndarray
    groups: Sequence[str] = ()

    def __len__(self) -> int:
        """How many there are."""
        return len(self.labels_N)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much more of the tests is right than without.

    Attributes:
        mean: Of the share of right answers, from -1 to 1.
        low, high: Its 95 % interval.
    """

    mean: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """In a word or two: it helps only where the interval excludes nought."""
        if self.low > 0:
            return tr_noop("helps")
        return tr_noop("harms") if self.high < 0 else tr_noop("cannot be told")


@dataclass(frozen=True, slots=True, kw_only=True)
class Helpfulness:
    """What came of all rounds.

    Attributes:
        accuracies: Arm => mean share of right answers.
        differences: Arm => what it adds; all but "without".
        num_rounds: Rounds.
        num_tests: Pictures that were asked about.
        num_groups: Groups that these belong to.
    """

    accuracies: Mapping[str, float]
    differences: Mapping[str, Difference] = field(default_factory=dict[str, Difference])
    num_rounds: int
    num_tests: int
    num_groups: int

    @property
    def words(self) -> str:
        """The answer, for people."""
        own = self.differences[SYNTHETIC]
        interval = tr(
            "{mean:+.1%} of the answers right (95 % interval {low:+.1%} to {high:+.1%}; "
            "{num_rounds} paired rounds, {num_tests} pictures in {num_groups} groups held out)",
            mean=own.mean,
            low=own.low,
            high=own.high,
            num_rounds=self.num_rounds,
            num_tests=self.num_tests,
            num_groups=self.num_groups,
        )
        if own.verdict == "helps":
            best = max(self.differences, key=lambda arm: self.differences[arm].mean)
            beside = (
                "" if best == SYNTHETIC else tr(" “{best}” adds more, at no cost.", best=tr(best))
            )
            return tr(
                "The synthetic pictures help: {interval}.{beside}", interval=interval, beside=beside
            )
        if own.verdict == "harms":
            return tr("The synthetic pictures harm: {interval}.", interval=interval)
        return tr(
            "Whether the synthetic pictures help cannot be told: {interval}.", interval=interval
        )


def does_it_help(
    real: Labelled, synthetic: Labelled, tests: Labelled, *, rounds: int = FEWEST_ROUNDS
) -> Working[Helpfulness]:
    """Train the classifiers and compare them.

    Args:
        real: What is learned from in every arm.
        synthetic: What one arm has besides.
        tests: What neither has seen; of the same classes.
        rounds: Seeds; ten or more.

    Raises:
        DatasetError: There are too few tests, or only one class.
    """
    if len(tests) < FEWEST_TESTS or len(np.unique(tests.labels_N)) < 2:
        raise DatasetError(
            tr("Too few pictures were held out to say whether it helps"),
            tr(
                "{num_tests} pictures of {num_unique} classes are left for it.",
                num_tests=len(tests),
                num_unique=len(np.unique(tests.labels_N)),
            ),
            tr(
                "Hold out {fewest_tests} or more, of two classes or more; or give labelled "
                "pictures to test on.",
                fewest_tests=FEWEST_TESTS,
            ),
        )
    assert rounds >= FEWEST_ROUNDS
    count = int(max(real.labels_N.max(), synthetic.labels_N.max(), tests.labels_N.max())) + 1
    own, made, asked = (_small(it.images_NHWC) for it in (real, synthetic, tests))
    labels, made_labels, wanted = (
        torch.from_numpy(it.labels_N).long() for it in (real, synthetic, tests)
    )
    share = _shares(labels, made_labels)
    arms: dict[str, _Extra | None] = {
        PLAIN: None,
        SYNTHETIC: _Extra(made, made_labels, torch.ones(len(made_labels))),
        DUPLICATES: _Extra(own, labels, share),
        NOISE: _Extra(own, labels, share, _noisy),
        CLASSICAL: _Extra(own, labels, share, _moved),
    }
    right = {arm: np.zeros((rounds, len(tests)), np.float64) for arm in arms}
    for seed in range(rounds):
        for number, (arm, extra) in enumerate(arms.items(), start=1):
            answers = _learn_and_ask(seed, own, labels, extra, asked, count)
            right[arm][seed] = (answers == wanted).double().numpy()
            yield Progress(
                tr("Testing whether it helps"), seed * len(arms) + number, rounds * len(arms)
            )
    groups = list(tests.groups) or [str(number) for number in range(len(tests))]
    return Helpfulness(
        accuracies={arm: float(rows.mean()) for arm, rows in right.items()},
        differences={
            arm: difference(right[arm] - right[PLAIN], groups) for arm in ARMS if arm != PLAIN
        },
        num_rounds=rounds,
        num_tests=len(tests),
        num_groups=len(set(groups)),
    )


def difference(gains_NC: np.ndarray, groups: Sequence[str]) -> Difference:
    """Mean of paired gains, with an interval for other seeds and for other groups of tests.

    The variance between rounds says what another seed may change, that between groups what other
    pictures may: pictures of one group count as one. Both are added, so the interval is rather
    too wide than too narrow.

    Args:
        gains_NC: Of each round (row) and test (column): 1 where the answer is right only with, -1
            where only without, else 0.
        groups: Name of the group of each test.
    """
    rounds = len(gains_NC)
    mean = float(gains_NC.mean())
    numbers = np.unique(np.asarray(groups), return_inverse=True)[1]
    # Of each group, the sum of what its pictures are off the mean.
    sums = np.bincount(numbers, weights=gains_NC.mean(0) - mean)
    of_groups = float((sums**2).sum()) / len(numbers) ** 2
    of_rounds = float(gains_NC.mean(1).var(ddof=1)) / rounds
    quantile = _T95[min(rounds - 10, len(_T95) - 1)]
    reach = quantile * (of_groups + of_rounds) ** 0.5
    return Difference(mean=mean, low=mean - reach, high=mean + reach)


@dataclass(frozen=True, slots=True)
class _Extra:
    """What half of each batch is drawn from, how often each picture, and what is done to it."""

    images_NCHW: Tensor
    labels_N: Tensor
    weights_N: Tensor
    change: Callable[[Tensor, torch.Generator], Tensor] | None = None


def _shares(labels_N: Tensor, wanted_N: Tensor) -> Tensor:
    """How often to draw each real picture, so that classes are as frequent as in ``wanted_N``."""
    count = int(max(labels_N.max(), wanted_N.max())) + 1
    frequent = torch.bincount(wanted_N, minlength=count) / torch.bincount(
        labels_N, minlength=count
    ).clamp_min(1)
    weights = frequent[labels_N]
    # Where no real picture is of a class that was made, all are alike.
    return weights if weights.sum() > 0 else torch.ones(len(labels_N))


def _small(images_NHWC: np.ndarray) -> Tensor:
    pixels = torch.from_numpy(np.ascontiguousarray(images_NHWC[..., :3])).permute(0, 3, 1, 2)
    # Grey as RGB, so that pictures of both kinds go together.
    images = pixels.expand(-1, 3, -1, -1).float().div(127.5).sub(1)
    return functional.adaptive_avg_pool2d(images, min(_SIDE_PX, images.shape[-1]))


def _learn_and_ask(
    seed: int, own: Tensor, labels: Tensor, extra: _Extra | None, asked: Tensor, count: int
) -> Tensor:
    """Numbers of the classes that a classifier of this seed answers."""
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)
        network = _classifier(own.shape[1], count)
        optimizer = torch.optim.AdamW(network.parameters(), _LEARNING_RATE, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=_LEARNING_RATE, total_steps=_STEPS
        )
        order = torch.Generator().manual_seed(seed)
        share = torch.Generator().manual_seed(seed + 2**20)
        for _ in range(_STEPS):
            # The same real pictures in every arm of a round.
            chosen = torch.randint(len(own), (_BATCH,), generator=order)
            images, wanted = own[chosen], labels[chosen]
            if extra is not None:
                half = _BATCH // 2
                other = torch.multinomial(extra.weights_N, half, replacement=True, generator=share)
                further = extra.images_NCHW[other]
                if extra.change is not None:
                    further = extra.change(further, share)
                images = torch.cat([images[:half], further])
                wanted = torch.cat([wanted[:half], extra.labels_N[other]])
            loss = functional.cross_entropy(network(images), wanted)
            optimizer.zero_grad()
            loss.backward()  # pyright: ignore[reportUnknownMemberType]
            optimizer.step()
            schedule.step()
        network.eval()
        with torch.no_grad():
            return torch.cat([network(part).argmax(1) for part in asked.split(256)])


def _classifier(channels: int, count: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in ((channels, 16), (16, 32), (32, 64)):
        layers += [
            nn.Conv2d(before, after, 3, padding=1),
            nn.GroupNorm(1, after),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(64 * 4, count))


def _noisy(images: Tensor, random: torch.Generator) -> Tensor:
    return images + _NOISE * torch.randn(images.shape, generator=random)


def _moved(images: Tensor, random: torch.Generator) -> Tensor:
    """Each shifted, turned, scaled a little, and mirrored or not."""
    count = len(images)

    def drawn(reach: float) -> Tensor:
        return (torch.rand(count, generator=random) * 2 - 1) * reach

    angle, scale = drawn(_ANGLE), 1 + drawn(_SPREAD)
    mirror = (torch.rand(count, generator=random) < 0.5).float() * 2 - 1
    cosine, sine = angle.cos() * scale, angle.sin() * scale
    across = torch.stack([mirror * cosine, -sine, 2 * drawn(_SHIFT)], dim=1)
    down = torch.stack([mirror * sine, cosine, 2 * drawn(_SHIFT)], dim=1)
    grid = functional.affine_grid(
        torch.stack([across, down], dim=1), list(images.shape), align_corners=False
    )
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
