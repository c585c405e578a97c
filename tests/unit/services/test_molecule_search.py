"""Searching for better molecules, and finding those between two."""

from collections.abc import Iterator, Mapping, Sequence

import pytest
import torch
from torch import Tensor

pytest.importorskip("rdkit", reason="molecules need the extra “molecules”")

from genstudio.data import chemistry
from genstudio.domain.artifacts import Artifact
from genstudio.domain.operations import generation
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings
from genstudio.models.protocol import Request
from genstudio.services.molecule_search import Goal, between, given, search


class Nothing(Settings):
    """Nothing to choose."""


class Chains:
    """Stands in for a model: a latent is how many carbons an alcohol has."""

    tasks = (generation(Nothing, "molecule"),)

    def describe(self, fields: Mapping[str, Tensor]) -> Tensor:
        return (fields["smiles"] == ord("C")).sum(1, keepdim=True).float()

    def remake(self, latents: Tensor, settings: Settings) -> Iterator[Artifact]:
        for row in latents:
            yield given("C" * max(1, round(float(row))) + "O")

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        yield from self.remake(torch.tensor([[1 + seed % 3] for seed in request.seeds]), Nothing())


HEAVY = Goal(name="weight", is_higher_better=True, limits={"weight": (0.0, 150.0)})


def found(goal: Goal = HEAVY, **wanted: object) -> list[Artifact]:
    values = {"count": 3, "rounds": 12, "seed": 5, **wanted}
    return [it for it in search(Chains(), goal, **values) if not isinstance(it, Progress)]  # type: ignore[arg-type]


def test_it_climbs_to_the_limit_and_never_over_it() -> None:
    weights = [float(it.values["weight"]) for it in found()]
    assert weights == sorted(weights, reverse=True)
    assert 140 < weights[0] <= 150
    assert len({str(it.data) for it in found()}) == 3


def test_the_same_seed_finds_the_same() -> None:
    assert [it.data for it in found()] == [it.data for it in found()]


def test_what_it_began_with_is_no_result() -> None:
    made = found(start=["CCCCCO", "CCCCCCO"], rounds=2)
    assert not {"CCCCCO", "CCCCCCO"} & {str(it.data) for it in made}


def test_learned_ones_only_fill_up() -> None:
    known = ["C" * count + "O" for count in range(1, 9)]
    made = [str(it.data) for it in found(known=known, count=12)]
    new = [text for text in made if text not in known]
    assert made[: len(new)] == new
    assert len(made) > len(new)


def test_nothing_within_the_limits_is_nothing_found() -> None:
    assert found(Goal(name="qed", is_higher_better=True, limits={"weight": (0.0, 5.0)})) == []


def test_the_way_between_two_begins_and_ends_with_them() -> None:
    way: Sequence[Artifact] = list(between(Chains(), ["CCO", "CCCCCCCCO"], 4))  # type: ignore[arg-type]
    texts = [str(it.data) for it in way]
    assert (texts[0], texts[-1], len(texts)) == ("CCO", "CCCCCCCCO", 4)
    lengths = [chemistry.properties(text)["atoms"] for text in texts]
    assert lengths == sorted(lengths)
