"""The two-stage model against its papers: rounding, tokens, the flow's direction, guidance."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from genstudio.domain.errors import SettingsError
from genstudio.models.protocol import Batch, DataSpec, Request
from genstudio.models.vae.token_flow import (
    _DRAFT_TIMES,
    Decoder,
    Encoder,
    TokenFlow,
    TokenFlowConfig,
    TokenFlowSampling,
    _from_tokens,
    _rounded,
    _to_tokens,
)

KINDS = {"cats": 3, "dogs": 1}
TOKENS, TOKEN = 16, 32


def token_flow(*, kinds: dict[str, int] | None = None, **config: Any) -> TokenFlow:
    torch.manual_seed(0)
    values: dict[str, Any] = {
        "width": 32,
        "flow_width": 128,
        "depth": 1,
        "noise_samples": 1,
        **config,
    }
    return TokenFlow(TokenFlowConfig(**values), DataSpec(size=32, classes=kinds or {}))


def batch_of(count: int = 4, labels_N: Tensor | None = None) -> Batch:
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(count, 3, 32, 32, generator=generator) * 2 - 1
    return Batch.of_images(images_NCHW=images, images_seen=0, labels_N=labels_N)


class Asked(nn.Module):
    """A flow that notes what it is asked, and answers with the same direction each time.

    Where kinds are told, it is the number of the kind, from 1 on; untold, it is 0.
    """

    def __init__(self, answer: float = 0.0) -> None:
        super().__init__()
        self.answer = answer
        self.tokens: list[Tensor] = []
        self.times: list[Tensor] = []
        self.kinds: list[Tensor | None] = []

    def forward(self, tokens: Tensor, times_N: Tensor, labels_NK: Tensor | None) -> Tensor:
        self.tokens.append(tokens)
        self.times.append(times_N)
        self.kinds.append(labels_NK)
        if labels_NK is None:
            return torch.full_like(tokens, self.answer)
        numbers = (labels_NK * torch.arange(1, labels_NK.shape[1] + 1)).sum(dim=1)
        return numbers[:, None, None].expand_as(tokens)


# Rounding


def test_numbers_are_rounded_to_five_levels_however_large_they_are() -> None:
    rounded = _rounded(torch.linspace(-50, 50, 4001))

    assert rounded.unique().tolist() == [-1, -0.5, 0, 0.5, 1]
    # Each to the nearest one: the borders lie where the bounded number is halfway.
    border = math.atanh(0.25)
    near = torch.tensor([border - 1e-3, border + 1e-3, -border + 1e-3, -border - 1e-3])
    assert _rounded(near).tolist() == [0, 0.5, 0, -0.5]


def test_gradients_pass_as_if_nothing_was_rounded() -> None:
    numbers = torch.linspace(-2, 2, 41, requires_grad=True)
    (through,) = torch.autograd.grad(_rounded(numbers).sum(), numbers)
    (smooth,) = torch.autograd.grad(numbers.tanh().sum(), numbers)

    torch.testing.assert_close(through, smooth)


def test_rounded_numbers_come_back_from_their_tokens() -> None:
    numbers = _rounded(torch.randn(3, 8, 8, 8, generator=torch.Generator().manual_seed(0)))
    tokens = _to_tokens(numbers)

    assert tokens.shape == (3, TOKENS, TOKEN)
    assert torch.equal(_from_tokens(tokens), numbers)
    # A flow that is a little off writes the same numbers.
    assert torch.equal(_from_tokens(tokens + 0.3), numbers)
    assert _from_tokens(tokens * 9).abs().max() <= 1


def test_a_token_is_a_patch_of_places() -> None:
    numbers = torch.zeros(1, 8, 8, 8)
    numbers[0, :, 2:4, 4:6] = 1  # The second row of patches, the third column.
    tokens = _to_tokens(numbers)

    assert tokens[0].abs().sum(dim=1).nonzero().flatten().tolist() == [4 + 2]


@pytest.mark.parametrize("size", [32, 64, 128])
def test_the_grid_of_numbers_is_the_same_at_every_size(size: int) -> None:
    torch.manual_seed(0)
    config, data = TokenFlowConfig(width=32), DataSpec(size=size)
    with torch.no_grad():
        numbers = Encoder(config, data)(torch.randn(2, 3, size, size))

        assert numbers.shape == (2, 8, 8, 8)
        assert Decoder(config, data)(numbers).shape == (2, 3, size, size)


def test_redrawing_costs_what_the_best_sigma_costs() -> None:
    model, batch = token_flow(), batch_of()
    model.network["decoder"] = _Says(torch.zeros(4, 3, 32, 32))
    square = batch.images_NCHW.square().mean().item()

    losses = model.losses("redrawing", batch, 0)
    assert losses.total.item() == pytest.approx(0.5 * math.log(square + 1e-4))
    assert losses.values["error"].item() == pytest.approx(math.sqrt(square))

    model.network["decoder"] = _Says(batch.images_NCHW)
    # Finer than that is rounding, and earns nothing.
    assert model.losses("redrawing", batch, 0).total.item() == pytest.approx(math.log(1e-2))


class _Says(nn.Module):
    def __init__(self, answer: Tensor) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, _: Tensor) -> Tensor:
        return self.answer


# The flow


def test_the_flow_is_told_to_go_from_the_noise_to_the_tokens() -> None:
    model, batch = token_flow(noise_samples=3), batch_of()
    asked = Asked()
    model.network["flow"] = asked
    torch.manual_seed(5)
    loss = model.losses("flow", batch, 0).total.item()
    with torch.no_grad():
        tokens = _to_tokens(_rounded(model.network["encoder"](batch.images_NCHW)))
    tokens = tokens.repeat(3, 1, 1)
    torch.manual_seed(5)
    noise = torch.randn_like(tokens)

    # On the straight line between both, as far along it as the time says.
    times = asked.times[0][:, None, None]
    assert times.shape == (12, 1, 1)
    assert 0 < times.min() < times.max() < 1
    torch.testing.assert_close(asked.tokens[0], (1 - times) * noise + times * tokens)
    # Its answer was zero: what is missing is the whole way.
    assert loss == pytest.approx((tokens - noise).square().mean().item(), rel=1e-5)


def test_the_flow_teaches_the_encoder_nothing() -> None:
    model = token_flow()
    model.losses("flow", batch_of(), 0).total.backward()

    assert all(parameter.grad is None for parameter in model.network["encoder"].parameters())
    assert model.network["flow"].outward.weight.grad is not None


def test_a_flow_that_knows_the_way_arrives_whatever_the_number_of_steps() -> None:
    model = token_flow()
    target = _to_tokens(
        _rounded(torch.randn(1, 8, 8, 8, generator=torch.Generator().manual_seed(2)))
    )

    class Knows(nn.Module):
        def forward(self, tokens: Tensor, times_N: Tensor, _: None) -> Tensor:
            return (target - tokens) / (1 - times_N[:, None, None])

    model.network["flow"] = Knows()
    model.network["decoder"] = nn.Identity()
    seen: list[Tensor] = []
    model.network["decoder"].register_forward_hook(lambda *given: seen.append(given[1][0]))
    for steps in (1, 5, 25):
        settings = TokenFlowSampling(steps=steps)
        model.decode(model.latents([0], settings), settings)
    for numbers in seen:
        assert torch.equal(numbers, _from_tokens(target))


def test_it_steps_evenly_from_noise_at_time_nought() -> None:
    model = token_flow()
    asked = Asked(answer=0.5)
    model.network["flow"] = asked
    settings = TokenFlowSampling(steps=4)
    latents = model.latents([7], settings)
    model.decode(latents, settings)

    assert [times.item() for times in asked.times] == [0, 0.25, 0.5, 0.75]
    torch.testing.assert_close(asked.tokens[0].flatten(), latents[0])
    torch.testing.assert_close(asked.tokens[3], asked.tokens[0] + 3 * 0.5 / 4)


def test_a_draft_takes_few_steps_of_second_order_and_none_where_few_are_wanted() -> None:
    model = token_flow()

    class Grows(nn.Module):
        """A direction that grows with time, which steps of second order follow exactly."""

        asked = 0

        def forward(self, tokens: Tensor, times_N: Tensor, _: None) -> Tensor:
            self.asked += 1
            return times_N[:, None, None].expand_as(tokens)

    flow = Grows()
    model.network["flow"] = flow
    seen: list[Tensor] = []
    finished = model._finished
    model._finished = lambda tokens: (seen.append(tokens), finished(tokens))[1]  # type: ignore
    settings = TokenFlowSampling(steps=25)
    latents = model.latents([7], settings)
    draft = model.draft(latents, settings)

    assert draft is not None
    assert draft.shape == (1, 32, 32, 3)
    assert flow.asked == len(_DRAFT_TIMES) - 1 < 5
    # Of ∫ t dt = 1/2 only the first step, which knows no other, misses its half square.
    first = _DRAFT_TIMES[1]
    noise = latents[0].unflatten(0, (TOKENS, TOKEN))
    torch.testing.assert_close(seen[0][0], noise + 0.5 - first**2 / 2)
    for steps in range(1, flow.asked + 1):
        assert model.draft(latents, TokenFlowSampling(steps=steps)) is None


def test_a_draft_insists_on_the_kind_as_the_picture_does() -> None:
    model = token_flow(kinds=KINDS)
    asked = Asked()
    model.network["flow"] = asked
    seen: list[Tensor] = []
    finished = model._finished
    model._finished = lambda tokens: (seen.append(tokens), finished(tokens))[1]  # type: ignore
    for guidance in (1.0, 2.5):
        settings = TokenFlowSampling(kind="dogs", guidance=guidance)
        latents = model.latents([1], settings)
        model.draft(latents, settings)
        noise, _ = model._split(latents)
        # The flow answers 0 untold and 2 for dogs.
        torch.testing.assert_close(seen[-1], noise + 2 * guidance)
    assert [len(times) for times in asked.times] == [1, 1, 1, 2, 2, 2]


# Kinds


def test_classes_are_told_and_now_and_then_not() -> None:
    model = token_flow(kinds=KINDS, noise_samples=2)
    asked = Asked()
    model.network["flow"] = asked
    labels_N = torch.arange(400) % 2
    images = torch.zeros(400, 3, 32, 32)
    model.losses("flow", Batch.of_images(images_NCHW=images, images_seen=0, labels_N=labels_N), 0)
    told = asked.kinds[0]

    assert told is not None
    assert told.shape == (800, 2)
    # Each look at a picture is told the same.
    assert torch.equal(told[:400], told[400:])
    untold = told[:400].sum(dim=1) == 0
    assert 0.1 < untold.float().mean() < 0.2
    assert torch.equal(told[:400][~untold].argmax(dim=1), labels_N[~untold])


def test_guidance_goes_beyond_what_is_untold() -> None:
    model = token_flow(kinds=KINDS)
    asked = Asked()
    model.network["flow"] = asked

    def way(kind: str, guidance: float) -> Tensor:
        settings = TokenFlowSampling(steps=1, kind=kind, guidance=guidance)
        latents = model.latents([1], settings)
        tokens = latents[:, : TOKENS * TOKEN].unflatten(1, (TOKENS, TOKEN))
        return model._guided(tokens, torch.zeros(1), latents[:, TOKENS * TOKEN :], guidance)

    # The flow answers 0 untold, 1 for cats and 2 for dogs.
    assert way("cats", 1.0).unique().tolist() == [1]
    assert way("dogs", 1.0).unique().tolist() == [2]
    assert len(asked.kinds) == 2  # At 1 it need not be asked twice.
    assert way("dogs", 1.5).unique().tolist() == [3]
    assert way("dogs", 4.0).unique().tolist() == [8]


def test_a_class_that_it_does_not_know_is_refused() -> None:
    settings = TokenFlowSampling(kind="birds")
    with pytest.raises(SettingsError, match="birds") as refused:
        token_flow(kinds=KINDS).latents([0], settings)
    assert "cats, dogs" in refused.value.hint
    with pytest.raises(SettingsError) as refused:
        token_flow().latents([0], settings)
    assert "not taught" in refused.value.hint


def test_noise_of_a_seed_is_the_same_with_and_without_kinds() -> None:
    settings = TokenFlowSampling()
    with_kinds, without = token_flow(kinds=KINDS), token_flow()

    latents = with_kinds.latents([3, 4], settings)
    assert torch.equal(latents[:, :-2], without.latents([3, 4], settings))
    assert latents[:, -2:].sum(dim=1).tolist() == [1, 1]


# Pictures


@pytest.mark.parametrize("kinds", [None, KINDS])
def test_a_seed_draws_the_same_picture_each_time_alone_and_in_company(
    kinds: dict[str, int] | None,
) -> None:
    model, settings = token_flow(kinds=kinds), TokenFlowSampling(steps=2)
    nn.init.normal_(model.network["flow"].outward.weight)
    together = model.decode(model.latents([0, 1, 2], settings), settings)
    drawn = [*model.sample(Request(seeds=[0, 1, 2], settings=settings))]
    again = [*model.sample(Request(seeds=[2], settings=settings))]

    assert together.shape == (3, 32, 32, 3)
    np.testing.assert_array_equal(drawn[2].data, again[0].data)
    for row, artifact in zip(together, drawn, strict=True):
        # One place on the other side of a border moves a few pixels.
        assert np.abs(row.astype(int) - artifact.data).mean() < 2


def test_redrawing_can_be_left_out_in_most_steps() -> None:
    redrawing, flow = token_flow(autoencoder_interval=4, learning_rate=2e-3).phases()

    assert (redrawing.name, redrawing.every) == ("redrawing", 4)
    assert (flow.name, flow.every) == ("flow", 1)
    assert redrawing.optimizer.learning_rate == 2e-3
    own = {id(parameter) for parameter in flow.parameters}
    assert not own & {id(parameter) for parameter in redrawing.parameters}
