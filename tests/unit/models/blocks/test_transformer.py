"""The steered transformer: it begins as nothing, sees all tokens, and is steered."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.models.blocks.transformer import ModulatedTransformer, _attention, _Block, _sinusoids

T, C, K = 5, 6, 3


def transformer(kinds: int = 0, *, begun: bool = False, depth: int = 2) -> ModulatedTransformer:
    torch.manual_seed(0)
    network = ModulatedTransformer(T, C, width=128, depth=depth, num_classes=kinds)
    if begun:
        for module in network.modules():
            # What begins at zero hides everything behind it.
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.05)
    return network


def tokens(count: int = 2, seed: int = 1) -> Tensor:
    return torch.randn(count, T, C, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kinds", [0, K])
def test_tokens_go_in_and_as_many_come_out(kinds: int) -> None:
    told = torch.eye(K)[:2] if kinds else None

    assert transformer(kinds)(tokens(), torch.rand(2), told).shape == (2, T, C)


def test_it_begins_by_answering_nothing() -> None:
    assert transformer()(tokens(), torch.rand(2), None).abs().max() == 0


def test_each_block_begins_as_the_identity() -> None:
    x, steering = torch.randn(2, T, 128), torch.randn(2, 128)

    assert torch.equal(_Block(128)(x, steering), x)


def test_every_weight_learns_once_it_has_begun() -> None:
    network = transformer(K, begun=True)
    network(tokens(), torch.rand(2), torch.eye(K)[:2]).square().sum().backward()

    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.05)])
def test_tokens_are_attended_to_as_torch_does_it(dtype: torch.dtype, tolerance: float) -> None:
    torch.manual_seed(0)
    asked = torch.randn(3, 2, 4, 16, 64, dtype=dtype).requires_grad_()
    found = _attention(*asked)
    expected = functional.scaled_dot_product_attention(*asked)

    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)
    (slope,) = torch.autograd.grad(found.square().sum(), asked)
    (expected_slope,) = torch.autograd.grad(expected.square().sum(), asked)
    torch.testing.assert_close(slope, expected_slope, rtol=tolerance, atol=tolerance)


@torch.no_grad()
def test_each_token_sees_all_others_and_pictures_do_not_see_each_other() -> None:
    network, times = transformer(begun=True), torch.tensor([0.3, 0.3])
    before = tokens()
    changed = before.clone()
    changed[0, 2] += 1
    difference = (network(changed, times, None) - network(before, times, None)).abs()

    assert (difference[0].amax(dim=1) > 1e-6).all()
    assert difference[1].max() == 0


@torch.no_grad()
def test_places_are_told_apart() -> None:
    network = transformer(begun=True)
    same = tokens()[:, :1].expand(-1, T, -1)
    told_apart = network(same, torch.tensor([0.5, 0.5]), None)

    assert (told_apart[:, 0] - told_apart[:, 1]).abs().max() > 1e-5


@torch.no_grad()
def test_times_and_classes_steer_it() -> None:
    network = transformer(K, begun=True)

    def answer(time: float, kind: int | None) -> Tensor:
        kinds = torch.zeros(1, K) if kind is None else torch.eye(K)[[kind]]
        return network(tokens(1), torch.tensor([time]), kinds)

    assert torch.equal(answer(0.5, 1), answer(0.5, 1))
    for other in (answer(0.6, 1), answer(0.5, 2), answer(0.5, None)):
        assert (other - answer(0.5, 1)).abs().max() > 1e-5


def test_times_become_waves_slow_and_fast() -> None:
    waves = _sinusoids(torch.tensor([0.0, 0.5, 0.501]))

    assert waves.shape == (3, 64)
    assert waves[0].tolist() == [0.0] * 32 + [1.0] * 32
    assert waves.abs().max() <= 1
    torch.testing.assert_close(waves[1, 0], torch.tensor(0.5).sin())
    # The slowest hardly sees a thousandth, and the fastest does.
    near = (waves[2] - waves[1]).abs()
    assert near[0] < 1e-3
    assert near[31] > 0.1


def test_neighbours_in_a_batch_change_nothing() -> None:
    network = transformer(begun=True)
    times = torch.tensor([0.2, 0.9])
    with torch.no_grad():
        together, alone = network(tokens(), times, None), network(tokens()[1:], times[1:], None)

    torch.testing.assert_close(together[1:], alone)
