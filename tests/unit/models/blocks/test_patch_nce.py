"""PatchNCE against its equations."""

import math

import pytest
import torch

from genstudio.models.blocks.patch_nce import PatchProjections, patch_nce_loss, sampled_locations


def test_places_are_drawn_from_all_of_a_layer_and_none_twice() -> None:
    torch.manual_seed(0)
    many, few = sampled_locations([torch.empty(1, 3, 32, 32), torch.empty(1, 3, 8, 8)])

    assert (len(many), len(few)) == (256, 64)
    assert len(many.unique()) == 256
    assert few.sort().values.tolist() == list(range(64))
    assert many.max() > 768


def test_descriptions_are_of_the_places_and_of_length_one() -> None:
    torch.manual_seed(0)
    heads, layers = PatchProjections([3, 8]), [torch.randn(2, 3, 16, 16), torch.randn(2, 8, 4, 4)]
    places = sampled_locations(layers)
    described = heads(layers, places)

    assert [it.shape for it in described] == [(2, 256, 128), (2, 16, 128)]
    for it in described:
        torch.testing.assert_close(it.norm(dim=2), torch.ones(it.shape[:2]))
    row, column = divmod(int(places[1][5]), 4)
    alone = torch.nn.functional.normalize(heads.heads[1](layers[1][1, :, row, column]), dim=0)
    torch.testing.assert_close(described[1][1, 5], alone)


def test_what_cannot_be_told_apart_costs_chance_and_what_can_next_to_nothing() -> None:
    alike = torch.nn.functional.normalize(torch.ones(2, 32, 128), dim=2)
    apart = torch.eye(32, 128)[None].repeat(2, 1, 1)

    assert patch_nce_loss([alike], [alike]).item() == pytest.approx(math.log(32), rel=1e-5)
    assert patch_nce_loss([apart, apart], [apart, apart]).item() < 1e-4
    assert patch_nce_loss([apart], [apart.roll(1, dims=1)]).item() > 10


def test_it_is_the_cross_entropy_over_the_temperature_and_keys_learn_nothing() -> None:
    torch.manual_seed(0)
    queries, keys = (
        torch.nn.functional.normalize(torch.randn(2, 9, 16), dim=2).requires_grad_()
        for _ in range(2)
    )
    found = patch_nce_loss([queries], [keys])
    logits = (queries @ keys.transpose(1, 2) / 0.07).flatten(0, 1)
    wanted = torch.nn.functional.cross_entropy(logits, torch.arange(9).repeat(2))
    torch.testing.assert_close(found, wanted)
    found.backward()

    assert queries.grad is not None
    assert queries.grad.any()
    assert keys.grad is None
