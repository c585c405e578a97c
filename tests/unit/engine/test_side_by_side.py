"""Small maps are convolved side by side, with the same result."""

import copy

import pytest
import torch
from torch import Tensor, nn

from genstudio.engine import side_by_side
from genstudio.engine.side_by_side import lay_side_by_side

PICTURES = 16
BENEATH = 8  # channels
# Kernel, stride, padding; what a transposed one adds; and the side of what goes in.
CASES = [
    (nn.Conv2d(BENEATH, 4, 3, padding=1), 4),
    (nn.Conv2d(BENEATH, 4, 3, padding=1), 3),
    (nn.Conv2d(BENEATH, 4, 3, 2, 1), 8),
    (nn.Conv2d(BENEATH, 4, 3, 2, 1), 7),
    (nn.Conv2d(BENEATH, 4, 4, 2, 1), 8),
    (nn.Conv2d(BENEATH, 4, 4, 2, 1), 7),
    (nn.Conv2d(BENEATH, 4, 5, padding=2), 4),
    (nn.Conv2d(BENEATH, 4, 2, 2), 8),
    (nn.Conv2d(BENEATH, 4, (1, 3), padding=(0, 1)), 4),
    (nn.ConvTranspose2d(BENEATH, 4, 3, 2, 1, 1), 4),
    (nn.ConvTranspose2d(BENEATH, 4, 4, 2, 1), 4),
    (nn.ConvTranspose2d(BENEATH, 4, 3, padding=1), 2),
]


@pytest.fixture(autouse=True)
def no_work_is_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "_FEWEST_PRODUCTS", 1)


def whole_numbers(*shape: int) -> Tensor:
    """Few of them, so that their sums are exact in bf16."""
    return torch.randint(-1, 2, shape).float()


def features(side: int, pictures: int = PICTURES) -> Tensor:
    given = whole_numbers(pictures, BENEATH, side, side)
    return given.to(memory_format=torch.channels_last).requires_grad_()


def fresh(module: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    made = copy.deepcopy(module)
    for parameter in made.parameters():
        parameter.data.copy_(whole_numbers(*parameter.shape))
    return made.to(memory_format=torch.channels_last)


def laid(module: nn.Module) -> tuple[nn.Module, list[torch.Size]]:
    """A copy that lays pictures side by side, and the shapes of what reaches the convolution."""
    made, shapes = copy.deepcopy(module), []
    lay_side_by_side(made)
    made.register_forward_pre_hook(lambda _module, args: shapes.append(args[0].shape))
    return made, shapes


def run(module: nn.Module, given: Tensor) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        return module(given)


@pytest.mark.parametrize(("module", "side"), CASES, ids=str)
def test_pictures_and_gradients_are_the_same(module: nn.Module, side: int) -> None:
    plain = fresh(module)
    in_rows, shapes = laid(plain)
    given = features(side)
    expected, found = run(plain, given), run(in_rows, given)
    assert shapes[0][3] > PICTURES // 2 * side, "they lie in rows"
    assert torch.equal(found, expected)
    assert found.is_contiguous(memory_format=torch.channels_last)
    slope = whole_numbers(*expected.shape).to(expected.dtype)
    for one, other in zip(
        torch.autograd.grad(expected, [given, *plain.parameters()], slope),
        torch.autograd.grad(found, [given, *in_rows.parameters()], slope),
        strict=True,
    ):
        # A sum over all pictures is rounded to bf16, whose steps are a 128th and more.
        torch.testing.assert_close(other, one, rtol=1 / 64, atol=1)
        assert one.stride() == other.stride()


def test_no_picture_sees_its_neighbours() -> None:
    in_rows, _ = laid(fresh(CASES[0][0]))
    given = features(4)
    (seen,) = torch.autograd.grad(run(in_rows, given)[5].sum(), given)
    assert seen[5].any()
    assert not seen[:5].any()
    assert not seen[6:].any()


def test_the_slope_of_a_slope_is_the_same() -> None:
    plain = fresh(nn.Sequential(CASES[0][0], nn.Softplus(), nn.Conv2d(4, 1, 3, padding=1)))
    in_rows, given = copy.deepcopy(plain), features(4)
    lay_side_by_side(in_rows)
    penalties: list[tuple[Tensor, ...]] = []
    for module in (plain, in_rows):
        (slope,) = torch.autograd.grad(run(module, given).sum(), given, create_graph=True)
        penalties.append(torch.autograd.grad(slope.square().sum(), [*module.parameters()][:3]))
    for one, other in zip(*penalties, strict=True):
        assert one.any()
        torch.testing.assert_close(other, one, rtol=0.02, atol=0.02 * one.abs().max().item())


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("pictures", [8, 24, 32, 33])
def test_threads_share_the_rows(threads: int, pictures: int) -> None:
    plain = fresh(CASES[0][0])
    in_rows, shapes = laid(plain)
    given = features(4, pictures)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = run(in_rows, given)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(found, run(plain, given))
    rows = shapes[0][0]
    assert threads % rows == 0
    assert pictures // rows >= 8


@pytest.mark.parametrize(
    ("module", "side", "pictures"),
    [
        (nn.Conv2d(BENEATH, 4, 3, padding=1), 8, 16),  # large maps
        (nn.Conv2d(BENEATH, 4, 3, padding=1), 4, 7),  # few pictures
        (nn.Conv2d(BENEATH, 4, 1), 4, 16),  # nothing is reached over
        (nn.Conv2d(BENEATH, 4, 4), 4, 16),  # gets smaller at the edges
        (nn.Conv2d(BENEATH, 4, 3, padding=1, groups=2), 4, 16),
        (nn.Conv2d(BENEATH, 4, 3, padding=2, dilation=2), 4, 16),
        (nn.Conv2d(BENEATH, 4, 3, padding="same"), 4, 16),
        (nn.Conv2d(BENEATH, 4, 3, padding=1, padding_mode="reflect"), 4, 16),
        (nn.ConvTranspose2d(BENEATH, 4, 3, 2), 4, 16),
    ],
    ids=str,
)
def test_what_does_not_pay_or_fit_is_left_as_it_is(
    module: nn.Module, side: int, pictures: int
) -> None:
    plain = fresh(module)
    in_rows, shapes = laid(plain)
    given = features(side, pictures)
    assert torch.equal(run(in_rows, given), run(plain, given))
    assert shapes == [given.shape]


def test_it_is_for_learning_in_bf16() -> None:
    in_rows, shapes = laid(fresh(CASES[0][0]))
    given = features(4)
    in_rows(given)
    with torch.no_grad():
        run(in_rows, given)
    assert shapes == [given.shape, given.shape]


def test_work_for_each_thread_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "_FEWEST_PRODUCTS", PICTURES * BENEATH * 4 + 1)
    in_rows, shapes = laid(fresh(CASES[0][0]))
    given = features(4)
    run(in_rows, given)
    assert shapes == [given.shape]


def test_other_ways_to_call_a_convolution_are_left_as_they_are() -> None:
    in_rows, shapes = laid(fresh(CASES[0][0]))
    one = features(4)[0]
    assert run(in_rows, one).shape == (4, 4, 4)
    turned, _ = laid(fresh(nn.ConvTranspose2d(BENEATH, 4, 4, 2, 1)))
    with torch.autocast("cpu", torch.bfloat16):
        assert turned(features(4), [8, 8]).shape == (PICTURES, 4, 8, 8)
    assert shapes == [one.shape]


def test_a_copy_lays_its_own_rows() -> None:
    in_rows, _ = laid(fresh(CASES[0][0]))
    twin = copy.deepcopy(in_rows)
    given = features(4)
    run(in_rows, given)
    with torch.no_grad():
        apart = run(twin, given)
    assert torch.equal(apart, run(in_rows, given))
