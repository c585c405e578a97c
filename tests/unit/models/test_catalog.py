"""The catalogue finds architectures by key or family, also those that other packages bring."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tiny_studio import ToyModel, forget_models, install_models

from genstudio.domain.errors import UnknownModelError
from genstudio.models.catalog import model_cards, model_class, model_keys, usable_models

Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    yield lambda **locations: install_models(monkeypatch, **locations)
    monkeypatch.undo()
    forget_models()


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


def test_of_two_architectures_of_one_name_the_built_in_one_is_used_and_both_are_named(
    install: Install,
) -> None:
    install(**{"self-supervised-gan": "other_package:TheirGAN", "toy": "tiny_studio:ToyModel"})

    models, (trouble,) = usable_models()
    assert [model.card.key for model in models] == model_keys()
    assert model_class("self-supervised-gan").__module__ == "genstudio.models.gan.self_supervised"
    assert model_class("toy") is ToyModel
    assert "“self-supervised-gan”" in trouble.title
    assert "genstudio.models.gan.self_supervised:SelfSupervisedGAN" in trouble.message
    assert "other_package:TheirGAN" in trouble.message
    assert trouble.hint


def test_a_family_is_no_name_for_an_architecture_of_another_package(install: Install) -> None:
    install(GAN="tiny_studio:ToyModel")

    models, (trouble,) = usable_models()
    assert ToyModel not in models
    assert "“GAN”" in trouble.title
    assert model_class("GAN") is model_class("self-supervised-gan")


BROKEN = {
    "no-package": "a_package_that_is_not_there:Model",
    "no-class": "tiny_studio:NoSuchModel",
    "no-place": "",
    "no-card": "tiny_studio:Script",
    "other-key": "tiny_studio:ToyModel",
    "raises": "broken_plugin_raising:Model",
    "leaves": "broken_plugin_leaving:Model",
    "no-syntax": "broken_plugin_syntax:Model",
    "no-settings": "broken_plugin_settings:Model",
}


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Modules of other packages that are broken in many ways."""
    sources = {
        "raising": "raise ZeroDivisionError('of the plug-in')",
        "leaving": "import sys; sys.exit(3)",
        "syntax": "class Model(:",
        "settings": "from tiny_studio import ToyModel\n"
        "class Model(ToyModel):\n"
        "    card = ToyModel.card.model_copy(update={'key': 'no-settings'})\n"
        "    Config = dict\n",
    }
    for name, source in sources.items():
        (tmp_path / f"broken_plugin_{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in sources:
        sys.modules.pop(f"broken_plugin_{name}", None)


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize("key", BROKEN)
def test_a_broken_architecture_harms_no_other_and_is_told_of(install: Install, key: str) -> None:
    install(**{key: BROKEN[key], "toy": "tiny_studio:ToyModel"})

    models, (trouble,) = usable_models()
    assert {"self-supervised-gan", "residual-vae", "toy"} <= {model.card.key for model in models}
    assert key not in {card.key for card in model_cards()}
    assert model_class("toy") is ToyModel
    assert f"“{key}”" in trouble.title
    assert trouble.message
    assert trouble.hint
    with pytest.raises(UnknownModelError, match="cannot be used"):
        model_class(key)


def test_an_architecture_that_is_declared_twice_is_one(install: Install) -> None:
    location = "genstudio.models.gan.self_supervised:SelfSupervisedGAN"
    install(**{"self-supervised-gan": location})

    assert model_keys().count("self-supervised-gan") == 1
    assert usable_models()[1] == []
