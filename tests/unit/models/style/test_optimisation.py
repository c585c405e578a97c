"""The honest test of style transfer: closer to the style, and still the picture."""

import numpy as np
import pytest
import torch
from torch import Tensor

from genstudio.data.samples import paint_flower
from genstudio.models.style.optimisation import Effort, Stage, edge_correlation, restyled
from genstudio.models.style.patches import patch_distance
from genstudio.models.style.textures import grown

SIDE = 96
CLOSER, KEPT = 0.6, 0.5


def picture() -> Tensor:
    flower = torch.as_tensor(paint_flower(SIDE, seed=0, index=3).copy())
    return flower.permute(2, 0, 1)[None] / 127.5 - 1


def strokes(side: int = SIDE) -> Tensor:
    """Slanted strokes in two colours."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    light = torch.sin((rows * 0.5 + columns) * 0.7)
    return torch.stack([light, 0.3 - 0.5 * light, -0.2 * light])[None].clamp(-1, 1)


def distance(image: Tensor, style: Tensor) -> float:
    generator = torch.Generator().manual_seed(99)
    return patch_distance(
        image, [style], directions=128, most_patches=10**6, generator=generator
    ).item()


def end(stages: list[Stage]) -> Tensor:
    assert [stage.done for stage in stages] == list(range(1, stages[-1].total + 1))
    image = stages[-1].image_NCHW
    assert image is not None
    return image


def passes(made: Tensor, content: Tensor, style: Tensor) -> tuple[bool, bool]:
    closer = 1 - distance(made, style) / distance(content, style)
    return closer >= CLOSER, edge_correlation(made, content).item() >= KEPT


def test_it_comes_close_to_the_style_and_keeps_the_edges() -> None:
    content, style = picture(), strokes()
    effort = Effort(coarsest_px=48, steps=120)
    made = end(list(restyled(content, [style], seed=0, keep_edges=0.65, effort=effort)))
    assert made.shape == content.shape
    assert made.abs().max() <= 1
    assert passes(made, content, style) == (True, True)


def test_neither_the_picture_nor_the_style_itself_passes() -> None:
    content, style = picture(), strokes()
    assert passes(content, content, style) == (False, True)
    assert passes(style, content, style) == (True, False)


def test_the_same_seed_gives_the_same_picture_and_torch_is_left_alone() -> None:
    effort = Effort(coarsest_px=48, steps=3)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, again, other = (
        end(list(restyled(picture(), [strokes()], seed=seed, effort=effort))) for seed in (1, 1, 2)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_outside_of_a_mask_nothing_changes() -> None:
    content = picture()
    inside = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    inside[:, : SIDE // 2] = True
    effort = Effort(coarsest_px=SIDE, steps=10)
    made = end(list(restyled(content, [strokes()], seed=0, inside_HW=inside, effort=effort)))
    assert torch.equal(made[..., SIDE // 2 :], content[..., SIDE // 2 :])
    assert (made - content)[..., : SIDE // 2].abs().mean() > 0.05


@pytest.mark.parametrize("wraps", [True, False])
def test_a_texture_is_of_the_sample_and_fits_beside_itself_where_that_is_wanted(
    wraps: bool,
) -> None:
    sample = strokes(72)
    made = end(list(grown([sample], height=56, width=80, seed=0, wraps=wraps)))
    assert made.shape == (1, 3, 56, 80)
    noise = torch.randn(made.shape, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)
    assert distance(made, sample) < 0.35 * distance(noise, sample)
    levels = made.numpy()
    steps = np.abs(np.diff(levels, axis=3)).mean()
    seam = np.abs(levels[..., 0] - levels[..., -1]).mean()
    if wraps:
        assert seam < 1.6 * steps
