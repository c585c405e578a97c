"""The catalogue finds architectures by key or family, also those that other packages bring."""

from collections.abc import Callable, Iterator

import pytest
from tiny_studio import ToyModel, install_models

from genstudio.domain.errors import UnknownModelError
from genstudio.models import catalog
from genstudio.models.catalog import model_cards, model_class, model_keys

Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    yield lambda **locations: install_models(monkeypatch, **locations)
    monkeypatch.undo()
    catalog._locations.cache_clear()


def test_the_built_in_architectures_are_there() -> None:
    assert {"self-supervised-gan", "residual-vae"} <= set(model_keys())
    assert [card.key for card in model_cards()] == model_keys()


@pytest.mark.parametrize(
    ("family", "key"), [("gan", "self-supervised-gan"), ("VAE", "residual-vae")]
)
def test_a_familys_name_stands_for_its_default(family: str, key: str) -> None:
    assert model_class(family) is model_class(key)
    assert model_class(family).card.key == key


@pytest.mark.parametrize(
    "key", ["diffusion", "", "self-supervised-gan ", "genstudio.models:ResidualGAN"]
)
def test_an_unknown_key_is_refused_with_the_known_ones(key: str) -> None:
    with pytest.raises(UnknownModelError) as caught:
        model_class(key)

    assert f"“{key}”" in caught.value.title
    assert all(known in caught.value.hint for known in [*model_keys(), "gan", "vae"])


def test_an_architecture_of_another_package_is_found_after_the_built_in_ones(
    install: Install,
) -> None:
    install(toy="tiny_studio:ToyModel")

    assert model_keys()[-1] == "toy"
    assert model_class("toy") is ToyModel
    assert model_cards()[-1] is ToyModel.card


def test_two_architectures_of_one_name_are_both_named(install: Install) -> None:
    install(**{"self-supervised-gan": "other_package:TheirGAN"})

    with pytest.raises(UnknownModelError) as caught:
        model_keys()
    assert "“self-supervised-gan”" in caught.value.title
    assert "genstudio.models.gan.self_supervised:SelfSupervisedGAN" in caught.value.message
    assert "other_package:TheirGAN" in caught.value.message
    assert caught.value.hint


def test_an_architecture_that_is_declared_twice_is_one(install: Install) -> None:
    location = "genstudio.models.gan.self_supervised:SelfSupervisedGAN"
    install(**{"self-supervised-gan": location})

    assert model_keys().count("self-supervised-gan") == 1
