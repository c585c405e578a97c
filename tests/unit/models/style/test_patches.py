import numpy as np
import pytest
import torch

from genstudio.models.style.patches import patch_distance, random_directions, transported


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_directions_are_unit_vectors() -> None:
    kernels = random_directions(5, 3, drawn(0))
    assert kernels.shape == (5, 3, 7, 7)
    torch.testing.assert_close(kernels.flatten(1).norm(dim=1), torch.ones(5))


@pytest.mark.parametrize("length", [4000, 6000])
def test_transport_is_what_sorting_gives(length: int) -> None:
    values = torch.randn(3, 4000, generator=drawn(1))
    wanted = torch.rand(3, length, generator=drawn(2)).square() * 4 - 1
    moved = transported(values, wanted)

    ranks = values.argsort(1).argsort(1)
    places = (ranks.float() + 0.5) / 4000
    exact = torch.stack(
        [
            torch.as_tensor(np.quantile(row.numpy(), at.numpy()))
            for row, at in zip(wanted, places, strict=True)
        ]
    )
    assert (moved - exact).abs().mean() < 0.005
    assert (moved.argsort(1) == values.argsort(1)).float().mean() > 0.9


def test_one_value_only_is_moved_to_one_value_only() -> None:
    moved = transported(torch.zeros(1, 10), torch.full((1, 7), 0.5))
    torch.testing.assert_close(moved, torch.full((1, 10), 0.5), atol=2e-3, rtol=0)


def test_the_distance_is_small_for_the_same_patches_and_its_gradient_leads_there() -> None:
    torch.manual_seed(0)
    stripes = torch.sin(torch.arange(64.0))[None, None, None].expand(1, 3, 64, 64)
    noise = torch.randn(1, 3, 64, 64).clamp(-1, 1).requires_grad_()

    def distance(image: torch.Tensor, seed: int = 3) -> torch.Tensor:
        return patch_distance(
            image, [stripes], directions=32, most_patches=4096, generator=drawn(seed)
        )

    assert distance(stripes.roll(11, dims=3)) < 0.05
    before = distance(noise)
    assert before > 0.2
    optimizer = torch.optim.Adam([noise], lr=0.1)
    for step in range(60):
        optimizer.zero_grad()
        distance(noise, step).backward()
        optimizer.step()
    assert distance(noise) < 0.6 * before


def test_only_patches_inside_count() -> None:
    image = torch.zeros(1, 3, 40, 40)
    image[..., 20:] = 1
    dark = torch.zeros(40, 40, dtype=torch.bool)
    dark[:, :14] = True
    black = torch.zeros(1, 3, 20, 20)
    distances = [
        patch_distance(
            image,
            [black],
            directions=8,
            most_patches=4096,
            generator=drawn(0),
            inside_HW=inside,
        )
        for inside in (dark, ~dark, torch.zeros_like(dark))
    ]
    assert distances[0] < 1e-3
    assert distances[1] > 0.05
    assert distances[2] == 0


def test_each_picture_is_matched_on_its_own() -> None:
    grain = torch.randn(1, 3, 24, 24, generator=drawn(1)) * 0.05
    dark_and_light = torch.cat([grain - 0.5, grain + 0.5])

    def distance(is_each: bool) -> torch.Tensor:
        return patch_distance(
            dark_and_light,
            [dark_and_light],
            directions=8,
            most_patches=4096,
            generator=drawn(0),
            is_each=is_each,
        )

    assert distance(is_each=False) < 0.01
    assert distance(is_each=True) > 0.1
    alone = [
        patch_distance(
            picture[None],
            [dark_and_light],
            directions=8,
            most_patches=4096,
            generator=drawn(0),
        )
        for picture in dark_and_light
    ]
    torch.testing.assert_close(distance(is_each=True), torch.stack(alone).mean())
