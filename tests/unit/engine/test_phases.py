"""Optimizers and their state: written down, put back, refused where they do not belong."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from genstudio.domain.errors import CheckpointError
from genstudio.engine.phases import (
    freeze_except,
    make_optimizer,
    optimizer_tensors,
    restore_optimizers,
    scale_learning_rates,
)
from genstudio.models.protocol import OptimizerSpec, ParameterGroup, Phase

Optimizers = dict[str, torch.optim.Optimizer]


def network() -> nn.ModuleDict:
    torch.manual_seed(0)
    layers = {"first": nn.Conv2d(3, 4, 3, padding=1), "second": nn.Conv2d(4, 2, 1)}
    return nn.ModuleDict(layers).to(memory_format=torch.channels_last)


def optimizers_of(net: nn.ModuleDict) -> Optimizers:
    return {
        name: make_optimizer(
            Phase(
                name=name,
                parameters=list(net[name].parameters()),
                optimizer=OptimizerSpec(learning_rate=0.01, betas=(0.5, 0.9)),
            )
        )
        for name in net
    }


def learn(net: nn.ModuleDict, optimizers: Optimizers, num_steps: int) -> None:
    for step in range(num_steps):
        torch.manual_seed(step)
        images = torch.randn(2, 3, 8, 8).to(memory_format=torch.channels_last)
        net["second"](net["first"](images)).square().mean().backward()
        for optimizer in optimizers.values():
            optimizer.step()
            optimizer.zero_grad()


def test_an_optimizer_is_what_the_phase_asks_for() -> None:
    spec = OptimizerSpec(learning_rate=0.02, betas=(0.1, 0.2), eps=1e-3, weight_decay=0.3)
    optimizer = make_optimizer(
        Phase(name="any", parameters=[nn.Parameter(torch.zeros(2))], optimizer=spec)
    )

    (group,) = optimizer.param_groups
    assert (group["lr"], group["betas"], group["eps"], group["weight_decay"]) == (
        0.02, (0.1, 0.2), 1e-3, 0.3,
    )  # fmt: skip


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_weights_change_the_same_however_they_and_their_gradients_lie_in_memory(
    layout: torch.memory_format,
) -> None:
    torch.manual_seed(0)
    weights, gradients = torch.randn(4, 3, 3, 3), torch.randn(5, 4, 3, 3, 3)
    expected = nn.Parameter(weights.clone())
    plain = torch.optim.AdamW([expected], lr=0.01, betas=(0.5, 0.9), weight_decay=0.1)
    found = nn.Parameter(weights.to(memory_format=torch.channels_last))
    spec = OptimizerSpec(learning_rate=0.01, betas=(0.5, 0.9), weight_decay=0.1)
    optimizer = make_optimizer(Phase(name="any", parameters=[found], optimizer=spec))
    for gradient in gradients:
        expected.grad, found.grad = gradient, gradient.contiguous(memory_format=layout)
        plain.step()
        optimizer.step()

    torch.testing.assert_close(found, expected)


def phase_of_both(net: nn.ModuleDict) -> Phase:
    """The second layer has a rate of its own."""
    second = ParameterGroup(
        name="second",
        parameters=list(net["second"].parameters()),
        optimizer=OptimizerSpec(learning_rate=0.02, betas=(0.1, 0.8)),
    )
    return Phase(
        name="first",
        parameters=list(net.parameters()),
        optimizer=OptimizerSpec(learning_rate=0.01, betas=(0.5, 0.9)),
        param_groups=[second],
    )


def test_parameters_apart_are_changed_in_a_way_of_their_own() -> None:
    net = network()
    phase = phase_of_both(net)
    optimizers = {"first": make_optimizer(phase)}

    assert [(it["name"], it["lr"], it["betas"]) for it in optimizers["first"].param_groups] == [
        ("first", 0.01, (0.5, 0.9)), ("second", 0.02, (0.1, 0.8)),
    ]  # fmt: skip
    scale_learning_rates(optimizers, [phase], 0.5)
    assert [group["lr"] for group in optimizers["first"].param_groups] == [0.005, 0.01]


def test_what_phases_of_their_own_learned_goes_on_in_one_and_back() -> None:
    net, other = network(), network()
    in_turns = optimizers_of(net)
    learn(net, in_turns, 2)
    other.load_state_dict(net.state_dict())
    together = {"first": make_optimizer(phase_of_both(other))}

    restore_optimizers(together, optimizer_tensors(in_turns))

    restored = optimizer_tensors(together)
    assert restored.keys() == optimizer_tensors(in_turns).keys()
    for name, value in optimizer_tensors(in_turns).items():
        assert torch.equal(restored[name], value)
    restore_optimizers(optimizers_of(other), restored)


def test_only_a_phases_own_weights_take_gradients() -> None:
    net = network()
    freeze_except(net["first"].parameters(), net)

    assert all(p.requires_grad for p in net["first"].parameters())
    assert not any(p.requires_grad for p in net["second"].parameters())
    freeze_except(net["second"].parameters(), net)
    assert not any(p.requires_grad for p in net["first"].parameters())
    assert all(p.requires_grad for p in net["second"].parameters())


def test_the_state_is_named_by_phase_parameter_and_entry() -> None:
    net = network()
    optimizers = optimizers_of(net)
    assert optimizer_tensors(optimizers) == {}
    learn(net, optimizers, 1)

    names = set(optimizer_tensors(optimizers))
    assert names == {
        f"{phase}/{index}/{entry}"
        for phase in ("first", "second")
        for index in (0, 1)
        for entry in ("step", "exp_avg", "exp_avg_sq")
    }


@pytest.mark.parametrize("layout", [torch.preserve_format, torch.contiguous_format])
def test_what_is_put_back_goes_on_exactly_whatever_its_layout_in_the_file(
    layout: torch.memory_format,
) -> None:
    net, other = network(), network()
    unbroken = optimizers_of(net)
    learn(net, unbroken, 2)
    saved = {
        name: value.clone(memory_format=layout)
        for name, value in optimizer_tensors(unbroken).items()
    }
    other.load_state_dict(net.state_dict())
    resumed = optimizers_of(other)

    restore_optimizers(resumed, saved)
    learn(net, unbroken, 3)
    learn(other, resumed, 3)

    for name, value in net.state_dict().items():
        assert torch.equal(other.state_dict()[name], value)
    for name, value in optimizer_tensors(unbroken).items():
        assert torch.equal(optimizer_tensors(resumed)[name], value)


def test_settings_of_the_phase_stay_those_of_today() -> None:
    net = network()
    optimizers = optimizers_of(net)
    learn(net, optimizers, 1)
    saved = optimizer_tensors(optimizers)
    changed = optimizers_of(net)
    changed["first"].param_groups[0]["lr"] = 0.5

    restore_optimizers(changed, saved)

    assert changed["first"].param_groups[0]["lr"] == 0.5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("third/0/exp_avg", torch.zeros(4, 3, 3, 3)),
        ("first/many/exp_avg", torch.zeros(4, 3, 3, 3)),
        ("first", torch.zeros(4)),
        ("first/2/exp_avg", torch.zeros(4)),
        ("first/99999999999999999999/exp_avg", torch.zeros(4)),
        ("first/0/exp_avg", torch.zeros(3, 4, 3, 3)),
        ("first/0/exp_avg", torch.zeros(0)),
    ],
)
def test_state_of_another_model_is_refused(name: str, value: Tensor) -> None:
    net = network()
    optimizers = optimizers_of(net)
    learn(net, optimizers, 1)
    saved = {**optimizer_tensors(optimizers), name: value}

    with pytest.raises(CheckpointError, match="does not fit this model"):
        restore_optimizers(optimizers_of(net), saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.pop("mix/0/exp_avg"),
        lambda state: state.pop("mix/0/step"),
        lambda state: state.update({"mix/0/surprise": torch.ones(())}),
        lambda state: state.update({"mix/0/exp_avg": torch.ones(())}),
        lambda state: state.update({"mix/0/step": torch.ones(2)}),
        lambda state: state.update({"mix/0/exp_avg_sq": torch.ones(2, dtype=torch.float64)}),
    ],
)
def test_a_state_that_is_none_of_adam_is_refused(
    change: Callable[[dict[str, torch.Tensor]], object],
) -> None:
    weight = torch.nn.Parameter(torch.zeros(2))
    phase = Phase(name="mix", parameters=[weight], optimizer=OptimizerSpec(learning_rate=0.1))
    optimizers = {"mix": make_optimizer(phase)}
    whole = {
        "mix/0/step": torch.ones(()),
        "mix/0/exp_avg": torch.ones(2),
        "mix/0/exp_avg_sq": torch.ones(2),
    }
    restore_optimizers(optimizers, whole)
    damaged = dict(whole)
    change(damaged)

    with pytest.raises(CheckpointError, match="does not fit this model"):
        restore_optimizers(optimizers, damaged)
