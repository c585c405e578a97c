"""A picture that a model can draw is found again, and always at the same place."""

import torch
from torch import nn

from genstudio.domain.progress import Progress, drain
from genstudio.domain.settings import Settings
from genstudio.models.inversion import invert
from genstudio.models.sampling import seeded_latents


class Waves:
    """Draws 16 × 16 pictures of waves; form from the first zone, colour from the last."""

    def latents(self, seeds: list[int], settings: Settings) -> torch.Tensor:
        return torch.cat([seeded_latents(seeds, 6), torch.ones(len(seeds), 2)], dim=1)

    def draw_latents(self, zone_latents: torch.Tensor) -> torch.Tensor:
        first, last = zone_latents[:, 0], zone_latents[:, -1]
        across = torch.linspace(-1, 1, 16)
        rows = torch.sin(first[:, :1, None] * 2 * across[:, None] + first[:, 1:2, None] * across)
        colours = last[:, 2:5, None, None].tanh()
        return rows[:, None] * colours


def test_what_it_can_draw_is_found_nearer_than_any_seed_and_the_class_stays() -> None:
    model = Waves()
    wanted = model.latents([1000], Settings())[:, None]
    target = model.draw_latents(wanted)[0]
    nearest = min(
        nn.functional.mse_loss(
            model.draw_latents(model.latents([seed], Settings())[:, None])[0], target
        )
        for seed in range(64)
    )
    told: list[Progress] = []

    found = drain(
        invert(model, target, Settings(), zones=3, num_classes=2, num_steps=120), told.append
    )

    assert found.shape == (3, 8)
    assert torch.equal(found[:, 6:], torch.ones(3, 2))
    error = nn.functional.mse_loss(model.draw_latents(found[None])[0], target)
    assert error < 0.2 * nearest
    assert (told[-1].done, told[-1].total) == (64 + 120, 64 + 120)
    again = drain(invert(model, target, Settings(), zones=3, num_classes=2, num_steps=120))
    assert torch.equal(again, found)
