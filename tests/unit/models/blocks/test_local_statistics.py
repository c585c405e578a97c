"""What surroundings are like: strange places stand out, in both directions."""

import pytest
import torch
from torch.nn import functional

from genstudio.models.blocks.local_statistics import LocalStatistics, Strangeness, blurred


def textures(count: int, seed: int = 0, channels: int = 3) -> torch.Tensor:
    """Grain of one kind, in [-1, 1]."""
    generator = torch.Generator().manual_seed(seed)
    grain = torch.randn(count, 1, 64, 64, generator=generator)
    smooth = functional.avg_pool2d(functional.pad(grain, (1, 1, 1, 1), mode="reflect"), 3, 1)
    return (smooth * 0.5).clamp(-1, 1).expand(-1, channels, -1, -1).contiguous()


def fitted(channels: int = 3) -> LocalStatistics:
    statistics = LocalStatistics(channels)
    statistics.fit(textures(16, 0, channels), textures(8, 1, channels), lambda images: images * 0.9)
    return statistics


def strangeness(statistics: LocalStatistics, images: torch.Tensor) -> Strangeness:
    return statistics(images, images * 0.9)


@pytest.mark.parametrize("spoiled", ["rough", "smooth", "bright"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_strange_place_stands_out_whichever_way_it_is_strange(
    spoiled: str, channels: int
) -> None:
    statistics = fitted(channels)
    image = textures(1, 5, channels)
    usual = strangeness(statistics, image).map_NHW[0]
    part = image[:, :, 20:36, 20:36]
    changed = {
        "rough": torch.randn(part.shape, generator=torch.Generator().manual_seed(9)) * 0.5,
        "smooth": part * 0.05,
        "bright": part + 0.9,
    }[spoiled]
    image[:, :, 20:36, 20:36] = changed
    strange = strangeness(statistics, image).map_NHW[0]

    assert strange[22:34, 22:34].mean() > usual.max()
    assert strange[50:, 50:].mean() < strange[22:34, 22:34].mean() - 0.5


def test_what_is_wrong_everywhere_shows_in_the_whole() -> None:
    statistics = fitted()
    whole = statistics.overall(strangeness(statistics, textures(8, 2)).described_NC)
    wrong = statistics.overall(strangeness(statistics, textures(8, 3) * 0.8).described_NC)
    assert wrong.min() > whole.max()


def test_the_same_pictures_give_the_same_statistics() -> None:
    first, again = fitted().state_dict(), fitted().state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert all(value.isfinite().all() for value in first.values())


def test_pictures_without_any_variation_give_numbers() -> None:
    statistics = LocalStatistics(3)
    plain = torch.full((6, 3, 32, 32), 0.25)
    statistics.fit(plain, plain[:3], lambda images: images)
    looked = strangeness(statistics, textures(1)[:, :, :32, :32])
    assert looked.map_NHW.isfinite().all()
    assert statistics.overall(looked.described_NC).isfinite().all()


def test_blur_keeps_the_mean_and_flat_pictures() -> None:
    flat = torch.full((1, 2, 9, 40), 0.3)
    torch.testing.assert_close(blurred(flat, 6.0), flat)
    spot = torch.zeros(1, 1, 31, 31)
    spot[0, 0, 15, 15] = 1
    blot = blurred(spot, 2.0)
    assert blot.sum() == pytest.approx(1, abs=1e-4)
    assert blot.max() < 0.05
