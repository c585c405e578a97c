"""Ways through a latent space keep to where the model was trained, and directions are found."""

from collections.abc import Generator

import numpy as np
import pytest
import torch
from torch import Tensor

from genstudio.domain.progress import drain
from genstudio.domain.settings import Settings
from genstudio.models.latents import between, find_directions, on_plane

SIZE = 64


def normal(seed: int, size: int = SIZE) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_a_way_between_two_keeps_its_distance_from_the_middle(share: float) -> None:
    start, end = normal(0), normal(1)
    on_way = between(start, end, share)

    expected = torch.lerp(start.norm(), end.norm(), share)
    torch.testing.assert_close(on_way.norm(), expected)
    angle = torch.arccos(torch.cosine_similarity(start, end, 0))
    torch.testing.assert_close(
        torch.arccos(torch.cosine_similarity(start, on_way, 0).clamp(-1, 1)),
        share * angle,
        atol=1e-3,
        rtol=1e-3,
    )


def test_ends_are_reached_and_the_same_or_opposite_ones_are_no_trouble() -> None:
    start, end = normal(0), normal(1)
    torch.testing.assert_close(between(start, end, 0.0), start)
    torch.testing.assert_close(between(start, end, 1.0), end)
    torch.testing.assert_close(between(start, start, 0.3), start)
    assert between(start, -start, 0.5).isfinite().all()
    assert between(start, torch.zeros(SIZE), 0.5).isfinite().all()


def test_the_class_goes_straight() -> None:
    start = torch.cat([normal(0), torch.tensor([1.0, 0.0])])
    end = torch.cat([normal(1), torch.tensor([0.0, 1.0])])
    on_way = between(start, end, 0.25, num_classes=2)

    torch.testing.assert_close(on_way[-2:], torch.tensor([0.75, 0.25]))
    torch.testing.assert_close(on_way[:-2], between(start[:-2], end[:-2], 0.25))


def test_the_corners_of_a_plane_are_where_they_belong() -> None:
    corners = [normal(seed) for seed in range(4)]
    for at, (across, down) in enumerate([(0, 0), (1, 0), (0, 1), (1, 1)]):
        torch.testing.assert_close(on_plane(corners, across, down), corners[at])
    torch.testing.assert_close(on_plane(corners[:2], 1, 0), corners[1])
    torch.testing.assert_close(on_plane(corners[:1], 0.5, 0.5), corners[0])


class _Painter:
    """Two of its latent numbers are seen: much of one, little of another."""

    def __init__(self, num_classes: int = 0) -> None:
        self.num_classes = num_classes
        generator = torch.Generator().manual_seed(5)
        self.much, self.little = torch.randn(2, SIZE, generator=generator)
        self.much /= self.much.norm()
        self.little -= (self.little @ self.much) * self.much
        self.little /= self.little.norm()

    def latents(self, seeds: range, settings: Settings) -> Tensor:
        del settings
        rows = torch.stack([normal(seed) for seed in seeds])
        return torch.cat([rows, torch.ones(len(rows), self.num_classes)], dim=1)

    def decode(self, latents: Tensor, settings: Settings) -> np.ndarray:
        del settings
        rows = latents[:, :SIZE]
        pictures = torch.full((len(rows), 32, 32, 3), 128.0)
        pictures[:, :, :16] += 30 * (rows @ self.much)[:, None, None, None]
        pictures[:, :8, 16:] += 15 * (rows @ self.little)[:, None, None, None]
        return pictures.clamp(0, 255).to(torch.uint8).numpy()


def test_what_changes_pictures_most_is_found_first_in_sigmas() -> None:
    generator = _Painter()
    found = drain(find_directions(generator, Settings(), count=2, samples=512))

    one, other = found.steps_NZ
    assert torch.cosine_similarity(one, generator.much, 0) > 0.93
    assert torch.cosine_similarity(other, generator.little, 0).abs() > 0.85
    # One sigma of the latent number is one sigma along the direction.
    assert float(one.norm()) == pytest.approx(1, abs=0.25)
    assert found.shares_N[0] > 0.7
    assert found.shares_N.sum() <= 1.0001


class _SlowPainter(_Painter):
    """The same, in parts."""

    def draft(self, latents: Tensor, settings: Settings) -> None:
        del latents, settings

    def decode_in_parts(
        self, latents: Tensor, settings: Settings
    ) -> Generator[None, None, np.ndarray]:
        yield
        yield
        return self.decode(latents, settings)


def test_directions_of_a_slow_model_are_the_same_with_pauses_while_it_draws() -> None:
    def found_of(painter: _Painter) -> tuple[Tensor, int]:
        search, pauses = find_directions(painter, Settings(), count=2, samples=64), 0
        while True:
            try:
                next(search)
            except StopIteration as end:
                return end.value.steps_NZ, pauses
            pauses += 1

    (steps, pauses), (slow_steps, slow_pauses) = found_of(_Painter()), found_of(_SlowPainter())
    assert torch.equal(steps, slow_steps)
    assert slow_pauses == 3 * pauses


def test_directions_change_no_class_and_come_again_the_same() -> None:
    generator = _Painter(num_classes=3)
    first, again = (
        drain(find_directions(generator, Settings(), count=2, samples=256, num_classes=3))
        for _ in range(2)
    )
    assert first.steps_NZ.shape == (2, SIZE + 3)
    assert (first.steps_NZ[:, SIZE:] == 0).all()
    torch.testing.assert_close(first.steps_NZ, again.steps_NZ, rtol=0, atol=0)
    latent = generator.latents(range(1), Settings())[0]
    torch.testing.assert_close(
        first.moved(latent, {1: 2.0, 2: -1.0}), latent + 2 * first.steps_NZ[0] - first.steps_NZ[1]
    )
