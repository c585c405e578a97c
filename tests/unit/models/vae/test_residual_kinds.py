"""The residual VAE and kinds of pictures, and the prior that it draws from."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from genstudio.domain.errors import SettingsError
from genstudio.models.protocol import Batch, DataSpec, Request
from genstudio.models.vae.residual import ResidualVAE, ResidualVAEConfig, ResidualVAESampling

KINDS = {"cats": 3, "dogs": 1}
Z = 8


def vae(kinds: dict[str, int] | None = None) -> ResidualVAE:
    torch.manual_seed(0)
    config = ResidualVAEConfig(width=32, latent_size=Z)
    return ResidualVAE(config, DataSpec(size=32, classes=kinds or {}))


def pictures(count: int) -> Tensor:
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1


class Notes(nn.Module):
    """A decoder that notes its latents and draws grey."""

    def __init__(self) -> None:
        super().__init__()
        self.latents: list[Tensor] = []

    def forward(self, z: Tensor) -> Tensor:
        self.latents.append(z)
        return torch.zeros(len(z), 3, 32, 32)


def test_classes_are_told_to_the_decoder_and_now_and_then_not() -> None:
    model, notes = vae(KINDS), Notes()
    model.network["decoder"] = notes
    labels_N = torch.arange(400) % 2
    images = torch.zeros(400, 3, 32, 32)
    model.losses(
        "autoencoder", Batch.of_images(images_NCHW=images, images_seen=0, labels_N=labels_N), 0
    )
    # What lies between latents follows, and is told.
    told, between = notes.latents[0][:, Z:].split([400, 200])

    assert torch.equal(between.argmax(dim=1), labels_N[200:])
    assert (between.sum(dim=1) == 1).all()
    untold = told.sum(dim=1) == 0
    assert 0.05 < untold.float().mean() < 0.16
    assert torch.equal(told[~untold].argmax(dim=1), labels_N[~untold])


def test_redrawing_tells_no_class_and_drawing_tells_the_one_that_is_asked_for() -> None:
    model, notes = vae(KINDS), Notes()
    model.network["decoder"] = notes
    model.reconstruct(pictures(3))
    settings = ResidualVAESampling(kind="dogs")
    model.decode(model.latents([0, 1], settings), settings)

    assert notes.latents[0][:, Z:].abs().max() == 0
    assert notes.latents[1][:, Z:].tolist() == [[0, 1], [0, 1]]


def test_a_seed_has_the_same_latent_with_and_without_kinds() -> None:
    settings = ResidualVAESampling()

    assert torch.equal(vae(KINDS).latents([3, 4], settings)[:, :Z], vae().latents([3, 4], settings))
    with pytest.raises(SettingsError, match="birds"):
        vae(KINDS).latents([0], ResidualVAESampling(kind="birds"))


def test_every_class_is_drawn_differently_of_the_same_seed() -> None:
    model = vae(KINDS)
    drawn = [
        next(
            iter(model.run("generate", Request(seeds=[5], settings=ResidualVAESampling(kind=kind))))
        )
        for kind in KINDS
    ]

    assert not np.array_equal(drawn[0].data, drawn[1].data)


class Places(nn.Module):
    """An encoder that puts pictures into two heaps far apart, by their brightness."""

    def forward(self, images_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        sign = images_NCHW.mean(dim=(1, 2, 3)).sign()[:, None]
        near = images_NCHW[:, 0, 0, :Z] * 0.1
        return 5 * sign + near, torch.full_like(near, -4.0)


def two_heaps(model: ResidualVAE, count: int = 200) -> Tensor:
    model.network["encoder"] = Places()
    images = pictures(count)
    return images.abs() * (torch.arange(count) % 2 * 2 - 1)[:, None, None, None]


def test_it_draws_from_where_latents_lie_once_it_concluded() -> None:
    model, settings = vae(), ResidualVAESampling()
    images = two_heaps(model)
    before = model.latents(range(50), settings)
    state = torch.get_rng_state()
    model.finalize({"images": images})
    after = model.latents(range(50), settings)

    assert torch.equal(torch.get_rng_state(), state)
    # Not in the gap between the heaps, where the standard normal mostly is; in both of them.
    assert (before.mean(dim=1).abs() < 2).all()
    assert (after.mean(dim=1).abs() > 4).all()
    assert 10 < (after.mean(dim=1) > 0).sum() < 40


def test_concluding_again_changes_nothing_and_weights_never_change() -> None:
    model = vae()
    images = pictures(80)
    weights = {name: value.clone() for name, value in model.network.named_parameters()}
    model.finalize({"images": images})
    first = {name: value.clone() for name, value in model.network.named_buffers()}
    model.finalize({"images": images})

    assert model.network.training
    for name, value in model.network.named_buffers():
        assert torch.equal(value, first[name])
    for name, value in model.network.named_parameters():
        assert torch.equal(value, weights[name])
        assert value.grad is None


def test_a_class_that_is_asked_for_comes_from_where_its_latents_lie() -> None:
    model = vae(KINDS)
    images = two_heaps(model)
    labels_N = torch.arange(len(images)) % 2
    model.finalize({"images": images, "labels": labels_N})

    cats, dogs = (model.latents(range(40), ResidualVAESampling(kind=kind))[:, :Z] for kind in KINDS)
    assert (cats.mean(dim=1) < 0).all()
    assert (dogs.mean(dim=1) > 0).all()


def test_a_rare_kind_is_drawn_from_its_own_latents_and_checkpoints_keep_that() -> None:
    model = vae(KINDS)
    # Of three dark pictures for each bright one.
    labels_N = (torch.arange(64) % 4 == 3).long()
    images = pictures(64) * 0.1 + torch.where(labels_N == 1, 0.8, -0.8)[:, None, None, None]
    model.finalize({"images": images, "labels": labels_N})
    saved = vae(KINDS)
    saved.network.load_state_dict(model.network.state_dict())

    means = model.encode(images)[:, :Z]
    centres = torch.stack([means[labels_N == kind].mean(0) for kind in range(2)])
    for number, kind in enumerate(("cats", "dogs")):
        settings = ResidualVAESampling(kind=kind)
        drawn = saved.latents(range(40), settings)[:, :Z]
        assert torch.equal(drawn, model.latents(range(40), settings)[:, :Z])
        # Posteriors of an untrained model are wide: the middle of many tells.
        distances = (drawn.mean(0) - centres).norm(dim=1)
        assert distances[number] < 0.6 * distances[1 - number]
