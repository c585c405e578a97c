"""The self-supervised GAN against its papers: the game, redrawing, R1 and R2, kinds."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from genstudio.domain.errors import SettingsError
from genstudio.models.blocks import augmentation
from genstudio.models.blocks.augmentation import Augmentation
from genstudio.models.blocks.self_supervised import SelfSupervisedDiscriminator
from genstudio.models.gan.self_supervised import (
    Generator,
    SelfSupervisedGAN,
    SelfSupervisedGANConfig,
    SelfSupervisedGANSampling,
)
from genstudio.models.protocol import Batch, DataSpec
from genstudio.models.sampling import to_uint8


def gan(**config: Any) -> SelfSupervisedGAN:
    torch.manual_seed(0)
    values: dict[str, Any] = {
        "width": 32, "latent_size": 8, "augment": "off", "loss": "logistic",
        "reconstruction_weight": 0.0,
        **config,
    }  # fmt: skip
    return SelfSupervisedGAN(SelfSupervisedGANConfig(**values), DataSpec(size=32))


@pytest.fixture
def batch() -> Batch:
    generator = torch.Generator().manual_seed(1)
    return Batch.of_images(
        images_NCHW=torch.rand(4, 3, 32, 32, generator=generator) * 2 - 1, images_seen=0
    )


class Ruler(nn.Module):
    """A discriminator whose slope is known: the sum of all pixels, each times its own weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(
            torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(2))
        )

    def forward(
        self, images_NCHW: Tensor, _kinds: None, *, batches: int, reconstructs: bool
    ) -> tuple[Tensor, Tensor]:
        assert (batches, reconstructs) == (2, False)
        return (images_NCHW * self.weight).sum(dim=(1, 2, 3)), torch.zeros(())


@pytest.mark.parametrize("size", [32, 64, 128, 256])
def test_generator_and_discriminator_fit_together_at_every_size(size: int) -> None:
    torch.manual_seed(0)
    config, data = SelfSupervisedGANConfig(width=32, latent_size=8), DataSpec(size=size)
    with torch.no_grad():
        images = Generator(config, data)(torch.randn(2, 8))

        assert images.shape == (2, 3, size, size)
        assert images.abs().max() <= 1
        logits, error = SelfSupervisedDiscriminator(config.width, data)(
            images, None, reconstructs=True
        )
        assert logits.shape == (2,)
        assert error > 0


def test_an_undecided_discriminator_costs_what_chance_costs(batch: Batch) -> None:
    by_chance = {"logistic": (2 * math.log(2), math.log(2)), "relativistic": (math.log(2),) * 2,
                 "hinge": (2.0, 0.0)}  # fmt: skip
    for loss, (discriminator, generator) in by_chance.items():
        model = gan(gamma=0.0, loss=loss)
        nn.init.zeros_(model.network["discriminator"].logits.weight)

        assert model.losses("discriminator", batch, 0).total.item() == pytest.approx(discriminator)
        assert model.losses("generator", batch, 0).total.item() == pytest.approx(generator)


def test_two_batches_in_one_pass_are_judged_as_one_after_the_other(batch: Batch) -> None:
    discriminator = gan().network["discriminator"]
    others = batch.images_NCHW.flip(2) / 2
    corner = torch.random.get_rng_state()

    logits, error = discriminator(
        torch.cat([batch.images_NCHW, others]), None, batches=2, reconstructs=True
    )

    torch.random.set_rng_state(corner)
    first, error_of_first = discriminator(batch.images_NCHW, None, reconstructs=True)
    torch.testing.assert_close(logits, torch.cat([first, discriminator(others, None)[0]]))
    torch.testing.assert_close(error, error_of_first)


class Says(nn.Module):
    """A discriminator that gives the answers that it was told, one for each batch, in order."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self.logits = list(logits)

    def forward(
        self, images_NCHW: Tensor, _kinds: None, *, batches: int, reconstructs: bool
    ) -> tuple[Tensor, Tensor]:
        assert not reconstructs
        said, self.logits = self.logits[:batches], self.logits[batches:]
        count = len(images_NCHW) // batches
        return torch.tensor(said).repeat_interleave(count), torch.zeros(())


def test_each_player_is_paid_for_what_the_other_pays_for(batch: Batch) -> None:
    model = gan(gamma=0.0)

    def cost(phase: str, *logits: float) -> float:
        model.network["discriminator"] = Says(*logits)
        return model.losses(phase, batch, 0).total.item()

    # Above 0 the discriminator takes a picture for real; it sees the real ones first.
    assert cost("discriminator", 9.0, -9.0) == pytest.approx(0, abs=1e-3)
    assert cost("discriminator", -9.0, -9.0) == pytest.approx(9, abs=1e-3)
    assert cost("discriminator", 9.0, 9.0) == pytest.approx(9, abs=1e-3)
    assert cost("generator", 9.0) == pytest.approx(0, abs=1e-3)
    assert cost("generator", -9.0) == pytest.approx(9, abs=1e-3)


def test_relativistic_players_are_paid_for_the_difference(batch: Batch) -> None:
    model = gan(gamma=0.0, loss="relativistic")

    def cost(phase: str, *logits: float) -> float:
        model.network["discriminator"] = Says(*logits)
        return model.losses(phase, batch, 0).total.item()

    # The discriminator sees the real ones first, the generator's picture is judged first.
    assert cost("discriminator", 5.0, -5.0) == pytest.approx(0, abs=1e-3)
    assert cost("discriminator", -5.0, 5.0) == pytest.approx(10, abs=1e-3)
    assert cost("generator", 5.0, -5.0) == pytest.approx(0, abs=1e-3)
    assert cost("generator", -5.0, 5.0) == pytest.approx(10, abs=1e-3)


def test_the_discriminator_must_redraw_what_it_sees(batch: Batch) -> None:
    without, honest = gan(gamma=0.0), gan(gamma=0.0, reconstruction_weight=2.0)

    losses = honest.losses("discriminator", batch, 0)

    error = losses.values["redrawing"]
    assert "redrawing" not in without.losses("discriminator", batch, 0).values
    torch.testing.assert_close(losses.total, losses.values["discriminator"] + 2 * error)
    losses.total.backward()
    assert all(
        parameter.grad is not None and parameter.grad.abs().sum() > 0
        for name in ("whole", "corner")
        for parameter in getattr(honest.network["discriminator"], name).parameters()
    )


def test_the_discriminator_is_regularised_on_its_steps_only(batch: Batch) -> None:
    model = gan(gamma=1.0, r1_interval=4)

    calmed = ["R1 + R2" in model.losses("discriminator", batch, step).values for step in range(9)]

    assert calmed == [step % 4 == 0 for step in range(9)]
    assert "R1 + R2" not in model.losses("generator", batch, 0).values


def test_without_strength_the_discriminator_is_never_regularised(batch: Batch) -> None:
    assert "R1 + R2" not in gan(gamma=0.0, r1_interval=1).losses("discriminator", batch, 0).values


def test_it_is_regularised_by_the_gradient_penalties_made_up_for_the_steps_without_them(
    batch: Batch,
) -> None:
    model = gan(gamma=3.0, r1_interval=5)
    ruler = Ruler()
    model.network["discriminator"] = ruler

    losses = model.losses("discriminator", batch, 10)

    # The slope is the same on real and on made pictures.
    slopes = 2 * ruler.weight.square().sum()
    torch.testing.assert_close(losses.values["R1 + R2"], slopes.detach())
    torch.testing.assert_close(losses.total, losses.values["discriminator"] + slopes * 3.0 / 2 * 5)
    (slope,) = torch.autograd.grad(losses.total, ruler.weight)
    assert slope.isfinite().all()


def test_the_discriminators_lesson_teaches_the_generator_nothing(batch: Batch) -> None:
    model = gan(r1_interval=1, reconstruction_weight=1.0)

    model.losses("discriminator", batch, 0).total.backward()

    assert all(p.grad is None for p in model.network["generator"].parameters())
    assert all(p.grad is not None for p in model.network["discriminator"].parameters())


@pytest.mark.parametrize(
    ("augment", "flags"),
    [
        ("full", [{"translation": 1, "colour": 1, "cutout": 1}]),
        ("shift only", [{"translation": 1}]),
        ("off", []),
    ],
)
def test_real_and_painted_pictures_are_augmented_alike_as_chosen(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, augment: str, flags: list[dict[str, float]]
) -> None:
    used: list[tuple[int, dict[str, float]]] = []

    def watched(images_NCHW: Tensor, **chosen: float) -> Tensor:
        used.append((len(images_NCHW), chosen))
        return images_NCHW

    monkeypatch.setattr(augmentation, "diff_augment", watched)
    model = gan(augment=augment)
    model.losses("discriminator", batch, 0)
    model.losses("generator", batch, 0)

    # For the discriminator real and painted ones in one go, then painted ones for the generator.
    assert used == [(count, flag) for count in (8, 4) for flag in flags]


def test_less_adventure_stays_closer_to_the_middle() -> None:
    model = gan()
    full = model.latents([1, 2], SelfSupervisedGANSampling(truncation=1.0))

    torch.testing.assert_close(
        model.latents([1, 2], SelfSupervisedGANSampling(truncation=0.5)), full * 0.5
    )


def test_discriminator_and_generator_take_turns_with_an_optimizer_each() -> None:
    model = gan(learning_rate=1e-3)
    discriminator, generator = model.phases()

    assert (discriminator.name, generator.name) == ("discriminator", "generator")
    assert discriminator.optimizer.learning_rate == 1e-3
    both = {id(p) for p in [*discriminator.parameters, *generator.parameters]}
    assert both == {id(p) for p in model.network.parameters()}
    assert len(both) == len(discriminator.parameters) + len(generator.parameters)


def test_a_class_that_is_asked_for_is_painted_and_others_are_refused(batch: Batch) -> None:
    torch.manual_seed(0)
    config = SelfSupervisedGANConfig(width=32, latent_size=8)
    model = SelfSupervisedGAN(config, DataSpec(size=32, classes={"cats": 30, "dogs": 10}))
    told = Batch.of_images(
        images_NCHW=batch.images_NCHW, images_seen=0, labels_N=torch.tensor([0, 1, 1, 0])
    )

    model.losses("discriminator", told, 0).total.backward()
    cats, dogs = (
        model.latents(range(8), SelfSupervisedGANSampling(kind=kind)) for kind in ("cats", "dogs")
    )

    assert model.network["discriminator"].class_projection.weight.grad.abs().sum() > 0
    assert cats[:, 8:].tolist() == [[1, 0]] * 8
    assert dogs[:, 8:].tolist() == [[0, 1]] * 8
    assert torch.equal(cats[:, :8], dogs[:, :8])
    anything = model.latents(range(200), SelfSupervisedGANSampling())[:, 8].mean()
    assert 0.65 < anything < 0.85, "kinds are drawn as often as there are pictures of them"
    with pytest.raises(SettingsError, match="birds"):
        model.latents([1], SelfSupervisedGANSampling(kind="birds"))


def steered(real_logits: float, *, steps: int, begin: float = 0.0) -> float:
    controller = Augmentation()
    controller.probability.fill_(begin)
    for step in range(steps):
        # In two parts.
        for logit in torch.full((2, 50), real_logits):
            controller.steer(logit, -logit, step=step, step_size=100)
    return controller.probability.item()


def test_a_discriminator_that_is_always_right_is_shown_more_changed_pictures() -> None:
    assert steered(1.0, steps=8) == pytest.approx(800 / 500_000)
    assert steered(1.0, steps=3) == 0
    assert steered(1.0, steps=8, begin=0.8) == pytest.approx(0.8)


def test_a_discriminator_that_is_wrong_is_shown_fewer() -> None:
    assert steered(-1.0, steps=8, begin=0.5) == pytest.approx(0.5 - 800 / 500_000)
    assert steered(-1.0, steps=8) == 0


@pytest.mark.parametrize(("size", "layers"), [(32, [0, 1, 2]), (64, [0, 0, 1, 2])])
def test_zones_are_drawn_by_groups_of_layers(size: int, layers: list[int]) -> None:
    torch.manual_seed(0)
    config = SelfSupervisedGANConfig(width=32, latent_size=8)
    model = SelfSupervisedGAN(config, DataSpec(size=size))
    settings = SelfSupervisedGANSampling()
    one, other = model.latents([1, 2], settings)
    plain = model.decode(one[None], settings)

    same = model.decode_zones(one.repeat(3, 1)[None], settings)
    np.testing.assert_allclose(same.astype(int), plain.astype(int), atol=1)
    generator = model.network["generator"]
    assert isinstance(generator, Generator)
    for zone in range(3):
        latents = one.repeat(3, 1)
        latents[zone] = other
        mixed = model.decode_zones(latents[None], settings)
        assert (mixed != plain).any()
        wanted = [other if it == zone else one for it in layers]
        with torch.no_grad():
            drawn = generator.draw_layers([it[None] for it in wanted])
        np.testing.assert_array_equal(mixed, to_uint8(drawn))


def test_a_latent_is_followed_back_by_gradients() -> None:
    model = gan()
    latents = model.latents([1], SelfSupervisedGANSampling())[:, None].requires_grad_(True)
    (gradient,) = torch.autograd.grad(model.draw_latents(latents).square().sum(), [latents])
    assert gradient.any()
