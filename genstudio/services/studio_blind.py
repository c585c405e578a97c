"""What the window asks of picking blindly: pairs of pictures of two saved states."""

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from genstudio.domain.artifacts import IMAGE
from genstudio.domain.errors import SettingsError
from genstudio.domain.language import quoted, tr
from genstudio.domain.progress import Progress
from genstudio.services.blind_picks import State
from genstudio.services.jobs import Job

_SEEDS_END = 2**31


@dataclass(frozen=True, slots=True)
class Candidate:
    """A saved state that can be picked.

    Attributes:
        run: Folder of its run.
        step: Step of the checkpoint.
        name: For people, among all others.
        title: Of its architecture.
    """

    run: Path
    step: int
    name: str
    title: str

    @property
    def state(self) -> State:
        """As it is remembered."""
        return State(run=self.run.name, step=self.step)


def short_names(first: Candidate, second: Candidate) -> tuple[str, str]:
    """What two are called in a sentence: by their architectures, if these are enough."""
    if first.title != second.title:
        return quoted(first.title), quoted(second.title)
    return quoted(first.name), quoted(second.name)


@dataclass(frozen=True, slots=True)
class BlindPairs:
    """Pictures of both states on the same seeds.

    Attributes:
        pairs: uint8 (S, S, 3), of one size, so that nothing but the picture tells them apart.
    """

    pairs: tuple[tuple[np.ndarray, np.ndarray], ...]


def draw_pairs(first: Candidate, second: Candidate, count: int) -> Job[Progress | BlindPairs]:
    """Draw pictures of two states on seeds that nobody has seen; gives progress, then the pairs.

    Args:
        first: One state.
        second: Another.
        count: Pictures of each.
    """

    def items() -> Iterator[Progress | BlindPairs]:
        runs = import_module("genstudio.services.runs")
        generation = import_module("genstudio.services.generation")
        sampling = import_module("genstudio.models.sampling")
        generator = random.Random(secrets.randbits(64))  # noqa: S311 - seeds are no secrets.
        seeds = generator.sample(range(_SEEDS_END), count)
        sides: list[list[np.ndarray]] = [[], []]
        for side, candidate in zip(sides, (first, second), strict=True):
            run = runs.Run(candidate.run)
            for made in generation.generate(run, seeds, checkpoint=str(candidate.step)):
                if made.artifact.kind != IMAGE:
                    raise SettingsError(
                        tr("Only pictures can be picked so"),
                        tr("{name} makes something else.", name=candidate.run.name),
                    )
                side.append(sampling.over_white(made.image_HWC))
                done = len(sides[0]) + len(sides[1])
                # Which of the two is at work stays hidden.
                yield Progress(tr("Drawing pictures"), done, 2 * count)
        yield BlindPairs(tuple(_of_one_size(*pair) for pair in zip(*sides, strict=True)))

    return Job("blind-pairs", items)


def _of_one_size(first_HWC: np.ndarray, second_HWC: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as large as the larger one: sizes are powers of two, and every pixel stays one."""
    side = max(len(first_HWC), len(second_HWC))
    first, second = (
        it.repeat(side // len(it), axis=0).repeat(side // len(it), axis=1)
        for it in (first_HWC, second_HWC)
    )
    return first, second
