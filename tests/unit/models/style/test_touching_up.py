"""Quantiles of a style, learned bit by bit, and pictures that are brought closer to it."""

import torch
from torch import Tensor, nn

from genstudio.data.samples import paint_flower
from genstudio.models.style.optimisation import edge_correlation
from genstudio.models.style.patches import patch_distance
from genstudio.models.style.touching_up import StyleQuantiles

SIDE = 96
ALL_SETS = 2 * 16  # of directions, at each of two scales


def picture() -> Tensor:
    flower = torch.as_tensor(paint_flower(SIDE, seed=0, index=3).copy())
    return flower.permute(2, 0, 1)[None] / 127.5 - 1


def strokes(side: int = SIDE) -> Tensor:
    """Slanted strokes in two colours."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    light = torch.sin((rows * 0.5 + columns) * 0.7)
    return torch.stack([light, 0.3 - 0.5 * light, -0.2 * light])[None]


def distance(image: Tensor, style: Tensor) -> float:
    generator = torch.Generator().manual_seed(99)
    return patch_distance(
        image, [style], directions=128, most_patches=10**6, generator=generator
    ).item()


def taught(style: Tensor, steps: int = ALL_SETS) -> StyleQuantiles:
    quantiles = StyleQuantiles(3, SIDE)
    for step in range(steps):
        quantiles.see(style, step)
    return quantiles


def test_a_picture_comes_close_to_the_style_and_keeps_the_edges() -> None:
    content, style = picture(), strokes()
    made = taught(style).touched_up(content)
    assert made.shape == content.shape
    assert made.abs().max() <= 1
    assert distance(made, style) < 0.5 * distance(content, style)
    assert edge_correlation(made, content) > 0.5


def test_another_style_is_not_what_it_comes_close_to() -> None:
    content, style = picture(), strokes()
    made = taught(-style.flip(1)).touched_up(content)
    assert distance(made, style) > 0.6 * distance(content, style)


def test_without_a_style_the_picture_stays() -> None:
    assert torch.equal(taught(strokes(), steps=0).touched_up(picture()), picture())


def test_the_same_picture_comes_out_whatever_else_draws_random_numbers() -> None:
    quantiles = taught(strokes())
    one = quantiles.touched_up(picture())
    torch.rand(3)
    assert torch.equal(quantiles.touched_up(picture()), one)


def test_pictures_of_any_size_and_number_of_channels() -> None:
    quantiles = taught(strokes())
    assert quantiles.touched_up(picture()[..., :41, :77]).shape == (1, 3, 41, 77)
    grey = StyleQuantiles(1, 32)
    for step in range(16):
        grey.see(strokes(32)[:, :1], step)
    assert grey.touched_up(picture()[:, :1]).shape == (1, 1, SIDE, SIDE)


def test_weights_from_before_it_are_loaded_and_nothing_is_touched_up() -> None:
    with torch.device("meta"):
        network = nn.ModuleDict({"style": StyleQuantiles(3, SIDE)})
    network.load_state_dict({}, assign=True)
    style = network["style"]
    assert isinstance(style, StyleQuantiles)
    assert torch.equal(style.touched_up(picture()), picture())
    style.see(strokes(), 0)
    assert not torch.equal(style.touched_up(picture()), picture())


def test_what_was_learned_is_saved_with_the_weights() -> None:
    style = taught(strokes())
    with torch.device("meta"):
        other = StyleQuantiles(3, SIDE)
    other.load_state_dict(style.state_dict(), assign=True)
    assert torch.equal(other.touched_up(picture()), style.touched_up(picture()))
