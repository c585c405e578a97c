"""Presets that a person saves: shared as files, told where they come from another version."""

from pathlib import Path

import pytest

import genstudio
from genstudio.domain.errors import SettingsError
from genstudio.domain.training import TrainingSettings
from genstudio.services.own_presets import (
    OwnPreset,
    own_presets,
    own_presets_folder,
    preset_of,
    read_preset,
    save_preset,
    usable_part,
)

SETTINGS = TrainingSettings(
    model_key="residual-vae", model={"width": 32}, size=128, batch=8, seed=7, device="cpu"
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_what_decides_how_something_is_learned_comes_back() -> None:
    path = save_preset(preset_of("Böse & gut", SETTINGS))
    assert path.parent == own_presets_folder()
    ((found_at, found),) = own_presets()
    assert found_at == path
    assert found.title == "Böse & gut"
    assert found.training["size"] == 128
    assert found.model == {"width": 32}
    assert not {"seed", "device", "devices"} & found.training.keys()


def test_a_damaged_one_is_told_when_it_is_opened_and_hides_no_other(tmp_path: Path) -> None:
    save_preset(preset_of("Good", SETTINGS))
    (own_presets_folder() / "bad.toml").write_text("title = 3", encoding="utf-8")
    assert [it.title for _, it in own_presets()] == ["Good"]
    for content in ("title = 3", "x", "format_version = 99\ntitle='a'\nmodel_key='b'"):
        (tmp_path / "given.toml").write_text(content, encoding="utf-8")
        with pytest.raises(SettingsError) as told:
            read_preset(tmp_path / "given.toml")
        assert told.value.hint
    with pytest.raises(SettingsError):
        read_preset(tmp_path / "none.toml")


def test_one_of_another_version_is_told_with_what_is_left_out() -> None:
    given = OwnPreset(
        title="x",
        genstudio="0.0.1",
        model_key="residual-vae",
        preset="forgotten",
        training={"size": 64, "charm": 3, "device": "cuda"},
        model={"width": 48, "colour": "red"},
    )
    known = TrainingSettings.model_fields, {"width": 32}
    usable, told = usable_part(given, *known)
    assert usable.training == {"size": 64}
    assert usable.model == {"width": 48}
    assert usable.preset == "balanced"
    assert "0.0.1" in told
    assert genstudio.__version__ in told
    assert "charm, colour" in told
    own, told = usable_part(preset_of("x", SETTINGS), TrainingSettings.model_fields, {"width": 1})
    assert told == ""
    assert own.model == {"width": 32}
