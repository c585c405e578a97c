"""Molecules between molecules, and better ones, found in the latent space of a trained model.

Better ones are searched for as Gómez-Bombarelli et al. 2018 (arXiv:1610.02415, section 4) do, in
the space of descriptions; by selection and small changes, since properties are reckoned from the
molecules themselves and have no gradients.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor

from genstudio.data import chemistry
from genstudio.domain.artifacts import Artifact
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings
from genstudio.models.capabilities import Blends
from genstudio.models.protocol import Request, TrainableModel
from genstudio.models.tasks import task_of

_POPULATION = 128
_KEPT = 32
# How far children lie from their parents, by how far latents lie apart.
_STEP = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a better molecule is.

    Attributes:
        name: Property that :func:`genstudio.data.chemistry.properties` gives.
        is_higher_better: Or else lower.
        limits: Name of a property => lowest and highest value that is allowed.
    """

    name: str
    is_higher_better: bool
    limits: Mapping[str, tuple[float, float]]

    def allows(self, values: Mapping[str, float | str]) -> bool:
        """Whether all limits are kept."""
        return all(low <= float(values[name]) <= high for name, (low, high) in self.limits.items())

    def score(self, artifact: Artifact) -> float:
        """Higher is better; what is outside of the limits, or no molecule, is worst."""
        if self.name not in artifact.values or not self.allows(artifact.values):
            return -float("inf")
        value = float(artifact.values[self.name])
        return value if self.is_higher_better else -value


def describe(model: TrainableModel, smiles: Sequence[str]) -> Tensor:
    """Latents of molecules, (N, Z)."""
    longest = max(map(len, smiles))
    points = [[ord(it) for it in text.ljust(longest, "\0")] for text in smiles]
    return cast("Blends", model).describe({"smiles": torch.tensor(points)})


def between(model: TrainableModel, smiles: Sequence[str], count: int) -> Generator[Artifact]:
    """Molecules on the way from each to the next.

    Args:
        model: Describes molecules.
        smiles: Two or more.
        count: Of each stretch, with both its ends, which are the given molecules themselves.
    """
    latents = describe(model, smiles)
    settings = _settings(model)
    yield given(smiles[0])
    for number in range(len(smiles) - 1):
        shares = torch.linspace(0, 1, count)[1:-1, None]
        way = torch.lerp(latents[number][None], latents[number + 1][None], shares)
        if len(way):
            yield from cast("Blends", model).remake(way, settings)
        yield given(smiles[number + 1])


def given(smiles: str) -> Artifact:
    """A molecule of a person's own."""
    values: dict[str, float | str] = {"smiles": smiles, **chemistry.properties(smiles)}
    return Artifact(kind="molecule", data=smiles, values=values)


def search(
    model: TrainableModel,
    goal: Goal,
    *,
    count: int,
    rounds: int,
    seed: int,
    start: Sequence[str] = (),
    known: Sequence[str] = (),
) -> Generator[Artifact | Progress]:
    """Look for molecules that are better.

    Args:
        model: Describes molecules, and makes them from descriptions.
        goal: What better is.
        count: How many different ones are given, the best first; fewer where no more were found.
        rounds: Of selection.
        seed: The same seed finds the same ones.
        start: Molecules to begin with; given ones are no results.
        known: Molecules that the model learned from: where there are none to begin with, some of
            them are, and they fill up what new ones are missing.
    """
    settings = _settings(model)
    generator = torch.Generator().manual_seed(seed)
    found: dict[str, Artifact] = {}
    made: list[Artifact] = [given(smiles) for smiles in start or _some(known, generator)]
    if not start:
        seeds = [(seed + number) % 2**63 for number in range(_POPULATION)]
        made += model.run(GENERATE, Request(seeds=seeds, settings=settings))
    for number in range(rounds + 1):
        for artifact in made:
            if goal.score(artifact) > -float("inf"):
                found.setdefault(str(artifact.data), replace(artifact, seed=None))
        yield Progress(tr("Looking for better ones"), number, rounds)
        if number == rounds:
            break
        parents = _best(found, goal, max(_KEPT, count)) or made
        usable = [str(it.data) for it in parents if chemistry.is_valid(str(it.data))]
        if not usable:
            break
        latents = describe(model, usable)
        spread = latents.std(0) if len(latents) > 1 else torch.ones(latents.shape[1])
        chosen = torch.randint(len(latents), (2, _POPULATION), generator=generator)
        shares = torch.rand(_POPULATION, 1, generator=generator) * 0.5
        children = torch.lerp(latents[chosen[0]], latents[chosen[1]], shares)
        noise = torch.randn(children.shape, generator=generator)
        children = children + _STEP * spread.clamp_min(0.1) * noise
        made = list(cast("Blends", model).remake(children, settings))
    learned = frozenset(known)
    new = {it: own for it, own in found.items() if it not in start and it not in learned}
    best = _best(new, goal, count)
    rest = {it: own for it, own in found.items() if it in learned and it not in start}
    yield from (*best, *_best(rest, goal, count - len(best)))


def _some(known: Sequence[str], generator: torch.Generator) -> list[str]:
    chosen = torch.randperm(len(known), generator=generator)[:_POPULATION]
    return [known[int(at)] for at in chosen]


def _best(found: Mapping[str, Artifact], goal: Goal, count: int) -> list[Artifact]:
    ranked = sorted(found.values(), key=lambda it: (-goal.score(it), str(it.data)))
    return ranked[: max(0, count)]


def _settings(model: TrainableModel) -> Settings:
    return task_of(model, GENERATE).settings()
