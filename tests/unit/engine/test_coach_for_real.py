"""Each trouble, really provoked with a tiny model, is told; a healthy run gives no alarm."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coach_helpers import look_often, noise_NHWC, said, topics, watch
from engine_helpers import the_ending
from tiny_studio import flowers_NHWC, of_kind

from genstudio.domain import events, metric_names
from genstudio.domain.events import HEALTHY
from genstudio.engine import troubles
from genstudio.engine.stepper import Stepper
from genstudio.models.gan.self_supervised import SelfSupervisedGAN
from genstudio.models.protocol import OptimizerSpec, ParameterGroup, Phase
from genstudio.models.vae.residual import ResidualVAE

GAN, VAE = "self-supervised-gan", "residual-vae"
# No stretching, no calming, nothing to redraw: the bare game, which is easily upset.
BARE = {
    "latent_size": 8,
    "gamma": 0.0,
    "augment": "off",
    "reconstruction_weight": 0.0,
    "loss": "logistic",
}
Provoke = Callable[..., list[events.Event]]

pytestmark = pytest.mark.usefixtures("small_sheets")


@pytest.fixture
def provoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Provoke:
    look_often(monkeypatch)

    def train(images_NHWC: np.ndarray, **how: Any) -> list[events.Event]:
        return watch(tmp_path, images_NHWC, **how)

    return train


def learn_at(monkeypatch: pytest.MonkeyPatch, architecture: type, **times: float) -> None:
    """Multiply the learning rate of some groups of parameters."""
    phases = architecture.phases

    def rated(group: Phase | ParameterGroup) -> OptimizerSpec:
        rate = group.optimizer.learning_rate * times.get(group.name, 1.0)
        return replace(group.optimizer, learning_rate=rate)

    def changed(model: Any) -> list[Phase]:
        return [
            replace(
                phase,
                optimizer=rated(phase),
                param_groups=[
                    replace(group, optimizer=rated(group)) for group in phase.param_groups
                ],
            )
            for phase in phases(model)
        ]

    monkeypatch.setattr(architecture, "phases", changed)


def test_too_few_pictures(provoke: Provoke) -> None:
    told = provoke(
        flowers_NHWC(30), model_key=GAN, model={"latent_size": 8}, num_steps=1, look_every=9
    )

    assert "30 examples" in said(troubles.TOO_FEW, told).title


def test_numbers_that_run_away(provoke: Provoke, monkeypatch: pytest.MonkeyPatch) -> None:
    # The bounds of the settings are there so that a person cannot do this.
    learn_at(monkeypatch, ResidualVAE, autoencoder=1e30)
    told = provoke(
        flowers_NHWC(8), model_key=VAE, model={"latent_size": 8}, num_steps=9, look_every=9
    )

    found = said(troubles.RUNAWAY, told)
    assert found.level == "warning"
    assert "for the first time" in found.evidence
    assert the_ending(told).title == "The numbers ran away"


@pytest.mark.slow
def test_a_plateau_where_nothing_is_learned(provoke: Provoke) -> None:
    told = provoke(
        flowers_NHWC(8), model_key=VAE, model={"latent_size": 8, "learning_rate": 1e-6},
        num_steps=44, look_every=4,
    )  # fmt: skip

    assert troubles.PLATEAU in topics(told)
    assert {*topics(told)} <= {troubles.TOO_FEW, troubles.PLATEAU, HEALTHY}


@pytest.mark.slow
def test_a_setback_of_a_model_that_suddenly_learns_too_fast(
    provoke: Provoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn_at(monkeypatch, ResidualVAE, autoencoder=30.0)
    take_step = Stepper.take_step

    def slow_until_step_150(training: Stepper) -> None:
        training.state.set_learning_rate_scale(1.0 if training.state.step >= 150 else 1 / 30)
        take_step(training)

    monkeypatch.setattr(Stepper, "take_step", slow_until_step_150)
    told = provoke(
        flowers_NHWC(24), model_key=VAE,
        model={"latent_size": 16, "adversarial_weight": 0, "warmup_kimg": 0, "learning_rate": 1e-3},
        num_steps=225, look_every=25,
    )  # fmt: skip

    assert "at best" in said(troubles.SETBACK, told).evidence


@pytest.mark.slow
def test_copying_of_three_pictures_that_are_there_again_and_again(provoke: Provoke) -> None:
    three, others = flowers_NHWC(3), flowers_NHWC(30)[10:]
    told = provoke(
        np.concatenate([np.tile(three, (8, 1, 1, 1)), others]), model_key=VAE,
        model={"latent_size": 8, "learning_rate": 2e-3, "warmup_kimg": 0.0, "free_bits": 0.0},
        num_steps=200, look_every=50, num_held_out=len(others), mirror=False,
    )  # fmt: skip

    assert said(troubles.COPYING, told).level == "warning"
    assert of_kind(events.MetricsReady, told)[-1].metrics[metric_names.COPIES] > 0.2


@pytest.mark.slow
def test_posterior_collapse_on_pictures_with_nothing_in_common(provoke: Provoke) -> None:
    told = provoke(
        noise_NHWC(24), model_key=VAE,
        model={"latent_size": 16, "learning_rate": 1e-3, "warmup_kimg": 0.0, "free_bits": 0.0},
        num_steps=80, look_every=40,
    )  # fmt: skip

    found = said(troubles.POSTERIOR_COLLAPSE, told)
    assert "0% of the latent numbers" in found.evidence
    assert found.action is not None
    assert found.action.setting == "free_bits"
    assert troubles.COPYING not in topics(told)


@pytest.mark.slow
def test_collapse_of_a_generator_whose_discriminator_sees_one_picture_at_a_time(
    provoke: Provoke,
) -> None:
    # In parts of one picture, the discriminator cannot see that all are alike.
    told = provoke(
        flowers_NHWC(24), model_key=GAN, model={**BARE, "learning_rate": 1e-3},
        num_steps=240, look_every=20, batch=4, accumulate=4,
    )  # fmt: skip

    found = said(troubles.COLLAPSE, told)
    assert "differ from each other" in found.evidence
    assert found.action is not None
    assert (found.action.setting, found.action.before) == ("gamma", 0.0)


@pytest.mark.slow
def test_a_discriminator_that_learns_a_thousand_times_more_slowly_is_too_weak(
    provoke: Provoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn_at(monkeypatch, SelfSupervisedGAN, discriminator=1e-3)
    told = provoke(
        flowers_NHWC(24), model_key=GAN, model={**BARE, "learning_rate": 1e-3},
        num_steps=110, look_every=10,
    )  # fmt: skip

    assert "guessing" in said(troubles.WEAK_DISCRIMINATOR, told).evidence


@pytest.mark.slow
def test_a_discriminator_that_is_regularised_a_hundred_times_too_much_is_too_weak(
    provoke: Provoke,
) -> None:
    told = provoke(
        flowers_NHWC(60), model_key=GAN,
        model={"latent_size": 8, "gamma": 100.0, "r1_interval": 1, "learning_rate": 1e-4},
        num_steps=220, look_every=10, num_held_out=10,
    )  # fmt: skip

    found = said(troubles.WEAK_DISCRIMINATOR, told)
    assert "sure" in found.evidence
    assert found.action is not None
    assert (found.action.setting, found.action.value) == ("gamma", 50.0)


@pytest.mark.slow
def test_a_discriminator_of_pictures_that_cannot_be_painted_is_too_strong(provoke: Provoke) -> None:
    told = provoke(
        noise_NHWC(24), model_key=GAN, model={**BARE, "learning_rate": 4e-4},
        num_steps=110, look_every=10,
    )  # fmt: skip

    found = said(troubles.STRONG_DISCRIMINATOR, told)
    assert found.action is not None
    assert (found.action.setting, found.action.before) == ("gamma", 0.0)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("key", "model"),
    [
        (GAN, {"latent_size": 64}),
        (VAE, {"latent_size": 32, "learning_rate": 1e-3, "warmup_kimg": 2.0}),
    ],
)
def test_a_healthy_run_gives_no_alarm(provoke: Provoke, key: str, model: dict[str, Any]) -> None:
    told = provoke(
        flowers_NHWC(120), model_key=key, model=model, num_steps=300, look_every=25,
        num_held_out=20, seed=2,
    )  # fmt: skip

    assert {*topics(told)} == {HEALTHY}
    assert topics(told).count(HEALTHY) >= 8
