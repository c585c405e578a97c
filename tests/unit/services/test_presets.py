"""Presets fit every architecture, and a person's own settings come first."""

from pathlib import Path

import pytest

from genstudio.domain.errors import SettingsError
from genstudio.domain.settings import parse_settings
from genstudio.models.catalog import model_class, model_keys
from genstudio.services import presets as presets_module
from genstudio.services.presets import DEFAULT_PRESET, preset_named, presets, resolve_settings


@pytest.mark.parametrize("key", [preset.key for preset in presets()])
@pytest.mark.parametrize("model_key", model_keys())
def test_every_preset_fits_every_architecture(key: str, model_key: str) -> None:
    settings = resolve_settings(preset=key, model_key=model_key)

    assert (settings.preset, settings.model_key) == (key, model_key)
    parse_settings(model_class(model_key).Config, settings.model)


def test_presets_have_words_for_people_and_an_order() -> None:
    found = presets()

    assert [preset.order for preset in found] == sorted(preset.order for preset in found)
    assert DEFAULT_PRESET in {preset.key for preset in found}
    for preset in found:
        assert preset.title
        assert preset.summary.endswith(("?", "."))
        assert set(preset.model) <= set(model_keys()), f"{preset.key} names an unknown model"


def test_longer_presets_have_larger_models() -> None:
    for key in model_keys():
        widths = [preset.model[key]["width"] for preset in presets() if key in preset.model]
        assert widths == sorted(widths)


def test_an_unknown_preset_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="“slow”") as caught:
        preset_named("slow")
    assert all(preset.key in caught.value.hint for preset in presets())


def test_a_persons_own_settings_lie_over_the_presets() -> None:
    base = preset_named("quick")
    settings = resolve_settings(
        preset="quick",
        model_key="residual-vae",
        training={"batch": 7, "size": 128},
        model={"latent_size": 16},
    )

    assert (settings.batch, settings.size) == (7, 128)
    assert settings.model == {**base.model["residual-vae"], "latent_size": 16}
    assert settings.budget.model_dump() == base.training["budget"]


def test_an_architecture_that_a_preset_does_not_name_keeps_its_defaults() -> None:
    assert resolve_settings(preset="quick", model_key="of-another-package").model == {}


@pytest.mark.parametrize(
    "training", [{"batch": 0}, {"no_such": 1}, {"size": 33}, {"budget": {"unit": "years"}}]
)
def test_settings_of_the_run_out_of_bounds_are_refused(training: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve_settings(preset="quick", model_key="residual-vae", training=training)
    assert caught.value.title


def test_a_preset_is_a_file_and_its_key_the_files_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "night.toml").write_text('title = "Night"\nsummary = "Long."\norder = 1\n')
    (tmp_path / "day.toml").write_text('title = "Day"\nsummary = "Short."\n')
    monkeypatch.setattr(presets_module, "resource", lambda _: tmp_path)
    monkeypatch.setattr(presets_module, "presets", presets_module.presets.__wrapped__)

    assert [preset.key for preset in presets_module.presets()] == ["day", "night"]
    assert preset_named("night").title == "Night"
